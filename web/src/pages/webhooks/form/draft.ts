// What is being typed into a form outlives reloads, crashes of the page and going elsewhere, for as long as the tab is open.

import { useRef, useState } from 'react';

import { useAccess } from '../../../api/access';
import { jsonOf, parseJson } from '../../../json';
import { recall, remember } from '../../../storage';

// For browsers that let a page in a frame remember nothing.
const memory = new Map<string, string>();

const read = (key: string) => recall(key) ?? memory.get(key) ?? null;

function write(key: string, text: string | null) {
  remember(key, text);
  if (text === null) memory.delete(key);
  else memory.set(key, text);
}

export interface Draft<T> {
  value: T;
  /** Has what was typed before been brought back? */
  restored: boolean;
  set(value: T): void;
  /** It is saved or given up: from now on it is `value`. */
  settle(value: T): void;
}

/** `initial` unless something was typed under this name before; drafts belong to the person and team that typed them. */
export function useDraft<T>(name: string, initial: () => T): Draft<T> {
  const { identity } = useAccess();
  const key = `draft.${identity}.${name}`;
  const [{ value, restored }, setState] = useState(() => {
    const kept = read(key);
    return kept === null ? { value: initial(), restored: false } : { value: parseJson(kept) as T, restored: true };
  });
  const keyNow = useRef(key);
  keyNow.current = key;
  return {
    value,
    restored,
    set(next) {
      write(keyNow.current, jsonOf(next));
      setState((was) => ({ ...was, value: next }));
    },
    settle(next) {
      write(keyNow.current, null);
      setState({ value: next, restored: false });
    },
  };
}
