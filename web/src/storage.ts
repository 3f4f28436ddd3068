// What a tab remembers while it is open, and a browser for good. A browser may refuse (in a frame of another site, say):
// then nothing is kept.

export function remember(name: string, value: string | null) {
  try {
    if (value === null) sessionStorage.removeItem(`limehook.${name}`);
    else sessionStorage.setItem(`limehook.${name}`, value);
  } catch {
    // as said above
  }
}

export function recall(name: string): string | null {
  try {
    return sessionStorage.getItem(`limehook.${name}`);
  } catch {
    return null;
  }
}

/** Does this tab remember anything? */
export function remembers(): boolean {
  remember('test', 'yes');
  const kept = recall('test') !== null;
  remember('test', null);
  return kept;
}

/** What this browser remembers for good. */
export function rememberForGood(name: string, value: string | null) {
  try {
    if (value === null) localStorage.removeItem(`limehook.${name}`);
    else localStorage.setItem(`limehook.${name}`, value);
  } catch {
    // as said above
  }
}

export function recallForGood(name: string): string | null {
  try {
    return localStorage.getItem(`limehook.${name}`);
  } catch {
    return null;
  }
}

/**
 * The token of the link that was opened: behind '#', from where it goes to the tab's memory, so that it is neither in
 * the address line nor in the history. It stays until `forgetLinkToken`, so that a page can be loaded again.
 */
export function takeLinkToken(page: string): string | null {
  const token = location.hash.match(/^#(lhl_[\w-]+)$/)?.[1];
  if (token === undefined) return recall(page);
  history.replaceState(history.state, '', location.pathname);
  remember(page, token);
  return token;
}

export const forgetLinkToken = (page: string) => remember(page, null);
