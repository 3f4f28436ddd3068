// Where one is and where one goes. What only this browser may know travels in the history's state.

import { navigate as go } from 'wouter/use-browser-location';

export { Link } from 'wouter';

interface Target {
  replace?: boolean;
  returnTo?: string; // where signing in leads
}

/** To a page by its whole path; pages that the portal has too use useLocation() of wouter, which knows where they are. */
export function navigate(path: string, { replace = false, returnTo }: Target = {}) {
  go(path, { replace, state: returnTo === undefined ? null : { returnTo } });
}

/** Where to go after signing in. */
export function returnPath(): string {
  const state = history.state as { returnTo?: unknown } | null;
  return typeof state?.returnTo === 'string' ? state.returnTo : '/';
}
