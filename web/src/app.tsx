// Which pages belong to which paths: each area has its pages, which are loaded when somebody goes there.
// src/api/pages.cpp has the same paths.

import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { type ComponentType, lazy, type ReactNode, useEffect } from 'react';
import { matchRoute, useLocation, useRouter, useSearch } from 'wouter';

import { AccessProvider, newQueryClient } from './api/access';
import { Alert } from './components/alert';
import { Loading } from './components/answered';
import { CardPage } from './components/card_page';
import { Part } from './components/part';
import { Shell } from './components/shell';
import { SignInAgain } from './components/sign_in_again';
import { Toasts } from './components/toasts';
import { NotFoundPage } from './pages/not_found';
import { navigate } from './router';
import { SessionProvider, useSession } from './session';

const Overview = lazy(() => import('./pages/overview'));
const Logs = lazy(() => import('./pages/logs'));
const Events = lazy(() => import('./pages/events'));
const Webhooks = lazy(() => import('./pages/webhooks'));
const Numbers = lazy(() => import('./pages/numbers'));
const Sources = lazy(() => import('./pages/sources'));
const Keys = lazy(() => import('./pages/keys'));
const People = lazy(() => import('./pages/people'));
const Audit = lazy(() => import('./pages/audit'));
const Settings = lazy(() => import('./pages/settings'));
const Account = lazy(() => import('./pages/account'));
const Entry = lazy(() => import('./pages/entry'));
const Portal = lazy(() => import('./pages/portal'));

/** Of people who are signed in; others go to the sign-in page first and come back. */
function Private({ children }: { children: ReactNode }) {
  const { state, send, team, role } = useSession();
  const [path] = useLocation();
  const search = useSearch();
  const out = state.status === 'out';
  useEffect(() => {
    if (out) navigate('/sign-in', { replace: true, returnTo: search === '' ? path : `${path}?${search}` });
  }, [out, path, search]);
  if (state.status === 'failed') return <CardPage title="Limehook"><Alert>{state.error.message}</Alert></CardPage>;
  if (state.status !== 'in') return <Loading />;
  return (
    <AccessProvider send={send} identity={`${state.user.id} ${team}`} team={team} role={role}>
      <Shell><Part>{children}</Part></Shell>
      {state.ended && <SignInAgain user={state.user} />}
    </AccessProvider>
  );
}

const privatePages: [path: string, Page: ComponentType][] = [
  ['/', Overview],
  ['/logs/*?', Logs],
  ['/events/*?', Events],
  ['/settings/webhooks/*?', Webhooks],
  ['/settings/numbers', Numbers],
  ['/settings/sources', Sources],
  ['/settings/keys', Keys],
  ['/settings/users', People],
  ['/settings/teams/*?', People],
  ['/settings/audit', Audit],
  ['/settings', Settings],
  ['/account', Account],
];

function PrivatePages() {
  const { parser } = useRouter();
  const [path] = useLocation();
  const found = privatePages.find(([pattern]) => matchRoute(parser, pattern, path)[0]);
  if (found === undefined) return <NotFoundPage />;
  const [pattern, Page] = found;
  return <Private><Page key={pattern} /></Private>;  // another entry is another page, also where both are in one area
}

const entryPaths = ['/sign-in', '/setup', '/invitation', '/reset-password', '/confirm-email'];
const openQueries = newQueryClient();

export function App() {
  const [path] = useLocation();
  return (
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={openQueries}>
        <Toasts>
          <Part>
            {/^\/portal(\/|$)/.test(path)
              ? <Portal />  // its visitors have no account, and no cookie in a frame
              : <SessionProvider holds={!entryPaths.includes(path)}>{entryPaths.includes(path) ? <Entry /> : <PrivatePages />}</SessionProvider>}
          </Part>
        </Toasts>
      </QueryClientProvider>
    </CSPProvider>
  );
}
