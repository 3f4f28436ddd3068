// Which page is shown: the path of the URL. What only this browser may know travels in the history's state.

import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from 'react';

const changed = 'limehook:navigated';

function subscribe(listener: () => void) {
  addEventListener('popstate', listener);
  addEventListener(changed, listener);
  return () => {
    removeEventListener('popstate', listener);
    removeEventListener(changed, listener);
  };
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}

interface Target {
  replace?: boolean;
  returnTo?: string; // where signing in leads
}

export function navigate(path: string, { replace = false, returnTo }: Target = {}) {
  const state = returnTo === undefined ? null : { returnTo };
  if (replace) history.replaceState(state, '', path);
  else history.pushState(state, '', path);
  dispatchEvent(new Event(changed));
}

/** Where to go after signing in. */
export function returnPath(): string {
  const state = history.state as { returnTo?: unknown } | null;
  return typeof state?.returnTo === 'string' ? state.returnTo : '/';
}

export function Link({ href, onClick, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(href);
  };
  return <a href={href} onClick={follow} {...rest} />;
}
