// Keeps what pages show up to date: the server says which kinds of things have changed (GET /v1/updates, server-sent
// events), and what is shown of these is asked for again, at most once a second.

import { useQueryClient } from '@tanstack/react-query';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';

import type { Fetch } from './client';

/** What changes; the first part of the key of every query says what it shows. */
export type Kind = 'webhooks' | 'deliveries' | 'events' | 'stats' | 'numbers' | 'keys' | 'users' | 'teams' | 'audit';

// What one kind of change shows in: a delivery's end is in its webhook's health and in the statistics.
const shownIn: Record<string, Kind[]> = { deliveries: ['deliveries', 'webhooks', 'stats', 'events'] };

const pauseMs = 1000;
const reconnectMs = { first: 1000, most: 15_000 };

type Listener = (kinds: string[] | 'all') => void;

/** Reads the stream until it ends; answers whether it had begun. */
async function listen(send: Fetch, signal: AbortSignal, connected: () => void, changed: Listener): Promise<boolean> {
  const response = await send(new Request('/v1/updates', { headers: { accept: 'text/event-stream' }, signal }));
  connected();
  const events = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  const reader = events?.getReader();
  changed('all');  // whatever happened before
  for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
    if (next.value.event !== 'changed') continue;
    changed((JSON.parse(next.value.data) as { changed: string[] }).changed);
  }
  return true;
}

/** Listens until `signal` is aborted, and again after each loss of the connection. */
async function keepListening(send: Fetch, signal: AbortSignal, setConnected: (on: boolean) => void, changed: Listener) {
  let wait = reconnectMs.first;
  while (!signal.aborted) {
    const begun = await listen(send, signal, () => setConnected(true), changed).catch(() => false);
    setConnected(false);
    wait = begun ? reconnectMs.first : Math.min(wait * 2, reconnectMs.most);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/** Collects what has changed and tells it once a second at most, the first at once; once more where `tell` answers false. */
function coalesced(tell: (kinds: string[] | 'all') => boolean): Listener {
  let waiting = new Set<string>();
  let all = false;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const flush = () => {
    timer = null;
    if (!all && waiting.size === 0) return;
    const kinds = all ? 'all' : [...waiting];
    waiting = new Set();
    all = false;
    timer = setTimeout(flush, pauseMs);
    if (!tell(kinds)) collect(kinds);
  };
  const collect: Listener = (kinds) => {
    if (kinds === 'all') all = true;
    else for (const kind of kinds) waiting.add(kind);
    timer ??= setTimeout(flush, 0);
  };
  return collect;
}

const ConnectedContext = createContext(false);

/** Is what is shown kept up to date at the moment? */
export const useConnected = () => useContext(ConnectedContext);

export function LiveUpdates({ send, children }: { send: Fetch; children: ReactNode }) {
  const queries = useQueryClient();
  const [connected, setConnected] = useState(false);
  useEffect(() => {
    let stop: AbortController | null = null;
    const changed = coalesced((kinds) => {
      const shown = kinds === 'all' ? null : new Set<unknown>(kinds.flatMap((kind) => shownIn[kind] ?? [kind]));
      const predicate = ({ queryKey }: { queryKey: readonly unknown[] }) => shown === null || shown.has(queryKey[0]);
      // A request that is under way is not begun anew: with changes every second it might never end. As it may answer what
      // was before the change, it is made once more later.
      const underWay = queries.isFetching({ predicate }) > 0;
      void queries.invalidateQueries({ predicate }, { cancelRefetch: false });
      return !underWay;
    });
    // Browsers open six connections to a server, so a tab that nobody looks at keeps none.
    const follow = () => {
      if (document.hidden) {
        stop?.abort();
        stop = null;
      } else if (stop === null) {
        stop = new AbortController();
        void keepListening(send, stop.signal, setConnected, changed);
      }
    };
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      stop?.abort();
    };
  }, [send, queries]);
  return <ConnectedContext.Provider value={connected}>{children}</ConnectedContext.Provider>;
}
