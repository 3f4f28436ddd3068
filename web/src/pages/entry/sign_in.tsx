import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { answer, openApi } from '../../api/client';
import type { SignInOptions } from '../../api/types';
import { Alert } from '../../components/alert';
import { Loading } from '../../components/answered';
import { CardPage } from '../../components/card_page';
import { SignInForm } from '../../components/sign_in_form';
import { noCookies } from '../../cookies';
import { Link, navigate, returnPath } from '../../router';
import { useSession } from '../../session';

// What /v1/oidc puts behind '#' when single sign-on has failed.
const oidcProblems: Record<string, string> = {
  unavailable: 'Single sign-on does not answer at the moment. Try again later, or sign in with a password.',
  refused: 'Single sign-on did not work. Try again.',
  no_account: 'There is no account for you here. Ask whoever manages your team for an invitation.',
};

function takeOidcProblem(): string | null {
  const code = location.hash.match(/^#error=([a-z_]+)$/)?.[1];
  if (code === undefined) return null;
  return oidcProblems[code] ?? 'Single sign-on did not work. Try again.';
}

function Others({ options }: { options: SignInOptions }) {
  const start = `/v1/oidc/start?return_to=${encodeURIComponent(returnPath())}`;
  return (
    <>
      {options.oidc_name !== null && <p><a className="button button-second" href={start}>{options.oidc_name}</a></p>}
      {options.password_reset && <p><Link href="/reset-password">Forgotten password</Link></p>}
      {!options.password_reset && <p className="hint">Forgotten the password? An admin can make a link for a new one.</p>}
    </>
  );
}

export function SignInPage() {
  const { state, refresh } = useSession();
  const options = useQuery({ queryKey: ['sign-in'], queryFn: () => answer(openApi.GET('/v1/sign-in')) });
  const [oidcProblem, setOidcProblem] = useState(takeOidcProblem);
  const [codeAsked, setCodeAsked] = useState(false);

  useEffect(() => {
    if (oidcProblem !== null) history.replaceState(history.state, '', location.pathname);
  }, [oidcProblem]);
  useEffect(() => {
    if (state.status === 'in') navigate(returnPath(), { replace: true });
  }, [state.status]);

  if (state.status === 'loading' || state.status === 'in') return <Loading />;
  if (options.data?.setup === true) {
    return (
      <CardPage title="Welcome">
        <p>Nobody has an account here yet. Open the link that the server printed when it started: it makes the first admin.</p>
        <p className="hint">It is valid for 24 hours and once. A new one is printed at every start, until there is an admin.</p>
      </CardPage>
    );
  }
  return (
    <CardPage title="Sign in">
      {oidcProblem !== null && <Alert>{oidcProblem}</Alert>}
      {!navigator.cookieEnabled && <Alert>{noCookies}</Alert>}
      <SignInForm onTry={() => setOidcProblem(null)} onStep={setCodeAsked} onSignedIn={refresh} />
      {!codeAsked && options.data !== undefined && <Others options={options.data} />}
    </CardPage>
  );
}
