import { useSyncExternalStore } from 'react';

import { formatAgo, formatClock, formatTime } from '../format';

// One clock for all that is on the page.
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void) {
  listeners.add(listener);
  if (listeners.size === 1) {
    now = Date.now();
    timer = setInterval(() => {
      now = Date.now();
      for (const tell of listeners) tell();
    }, 1000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearInterval(timer);
  };
}

/** The time in milliseconds, every second. */
export const useNow = () => useSyncExternalStore(subscribe, () => now);

/** How long ago, or in how long; the exact time is told by hovering and to screen readers. */
export function Ago({ at }: { at: string }) {
  const text = formatAgo(at, useNow());
  return <time dateTime={at} title={formatTime(at)}>{text}</time>;
}

/** The time of day to the second, with the date where that is not today's. */
export function Clock({ at }: { at: string }) {
  return <time dateTime={at} title={formatTime(at)}>{formatClock(at, new Date())}</time>;
}
