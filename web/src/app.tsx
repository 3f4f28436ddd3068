// Which page belongs to which path. src/api/pages.cpp has the same paths.

import { type ReactNode, useEffect } from 'react';

import { Alert } from './components/alert';
import { Loading } from './components/answered';
import { CardPage } from './components/card_page';
import { Shell } from './components/shell';
import { AccountPage } from './pages/account';
import { HomePage } from './pages/home';
import { InvitationPage } from './pages/invitation';
import { NotFoundPage } from './pages/not_found';
import { PortalPage } from './pages/portal';
import { ResetPasswordPage } from './pages/reset_password';
import { SetupPage } from './pages/setup';
import { SignInPage } from './pages/sign_in';
import { navigate, usePath } from './router';
import { SessionProvider, useSession } from './session';

/** Of people who are signed in; others go to the sign-in page first and come back. */
function Private({ children }: { children: ReactNode }) {
  const { state } = useSession();
  const path = usePath();
  const out = state.status === 'out';
  useEffect(() => {
    if (out) navigate('/sign-in', { replace: true, returnTo: path });
  }, [out, path]);
  if (state.status === 'failed') return <CardPage title="Limehook"><Alert>{state.error.message}</Alert></CardPage>;
  return state.status === 'in' ? <Shell>{children}</Shell> : <Loading />;
}

function pageOf(path: string): ReactNode {
  switch (path) {
    case '/': return <Private><HomePage /></Private>;
    case '/account': return <Private><AccountPage /></Private>;
    case '/sign-in': return <SignInPage />;
    case '/setup': return <SetupPage />;
    case '/invitation': return <InvitationPage />;
    case '/reset-password': return <ResetPasswordPage />;
    default: return <NotFoundPage />;
  }
}

export function App() {
  const path = usePath();
  if (path === '/portal') return <PortalPage />;  // its visitors have no account, and no cookie in a frame
  return <SessionProvider>{pageOf(path)}</SessionProvider>;
}
