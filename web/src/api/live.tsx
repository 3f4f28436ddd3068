// Keeps what pages show up to date: the server says which kinds of things have changed (GET /v1/updates, server-sent
// events), and what is shown of these is asked for again, at most once a second.

import { useQueryClient } from '@tanstack/react-query';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';

import type { Fetch } from './client';

/** What changes; the first part of the key of every query says what it shows. */
export type Kind = 'webhooks' | 'deliveries' | 'events' | 'stats' | 'numbers' | 'keys' | 'users' | 'teams' | 'audit';

// What one kind of change shows in: a delivery's end is in its webhook's health and in the statistics.
const shownIn: Record<string, Kind[]> = {
  deliveries: ['deliveries', 'webhooks', 'stats', 'events'],
  recoveries: ['webhooks'],
  invitations: ['users'],
};

const pauseMs = 1000;
const reconnectMs = { first: 1000, most: 15_000 };

type Listener = (kinds: string[] | 'all') => void;

/** Reads the stream until it ends. */
async function listen(send: Fetch, signal: AbortSignal, connected: () => void, changed: Listener) {
  const response = await send(new Request('/v1/updates', { headers: { accept: 'text/event-stream' }, signal }));
  connected();
  const events = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  const reader = events?.getReader();
  changed('all');  // whatever happened before
  for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
    if (next.value.event !== 'changed') continue;
    changed((JSON.parse(next.value.data) as { changed: string[] }).changed);
  }
}

/** Listens until `signal` is aborted, and again after each loss of the connection. */
async function keepListening(send: Fetch, signal: AbortSignal, setConnected: (on: boolean) => void, changed: Listener) {
  let wait = reconnectMs.first;
  const begun = () => {
    wait = reconnectMs.first;
    setConnected(true);
  };
  while (!signal.aborted) {
    await listen(send, signal, begun, changed).catch(() => undefined);
    if (signal.aborted) return;
    setConnected(false);
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 2, reconnectMs.most);
  }
}

/**
 * Collects what has changed and passes it on: the first at once, then what has come since the one before was dealt with,
 * once a second at most. What comes while something is dealt with is not lost in it.
 */
function coalesced(deal: (kinds: string[] | 'all') => Promise<void>): Listener {
  let waiting: Set<string> | 'all' = new Set();
  let busy = false;
  const flush = async () => {
    busy = true;
    while (waiting === 'all' || waiting.size > 0) {
      const kinds: string[] | 'all' = waiting === 'all' ? 'all' : [...waiting];
      waiting = new Set();
      await Promise.all([deal(kinds), new Promise((resolve) => setTimeout(resolve, pauseMs))]);
    }
    busy = false;
  };
  return (kinds) => {
    if (kinds === 'all') waiting = 'all';
    else if (waiting !== 'all') for (const kind of kinds) waiting.add(kind);
    if (!busy) void flush();
  };
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
      return queries.invalidateQueries({ predicate });
    });
    const leave = () => {
      stop?.abort();
      stop = null;
      setConnected(false);
    };
    // Browsers open six connections to a server, so a tab that nobody looks at keeps none.
    const follow = () => {
      if (document.hidden) return leave();
      if (stop !== null) return;
      stop = new AbortController();
      void keepListening(send, stop.signal, setConnected, changed);
    };
    // A stream over a network that is gone looks like one on which nothing happens.
    const begin = () => {
      leave();
      follow();
    };
    follow();
    document.addEventListener('visibilitychange', follow);
    addEventListener('offline', begin);
    addEventListener('online', begin);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      removeEventListener('offline', begin);
      removeEventListener('online', begin);
      leave();
    };
  }, [send, queries]);
  return <ConnectedContext.Provider value={connected}>{children}</ConnectedContext.Provider>;
}
