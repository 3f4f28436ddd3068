import { useEffect, useState } from 'react';

import { ApiError, openClient } from '../api/client';
import type { SignInOptions } from '../api/types';
import { Alert } from '../components/alert';
import { Loading } from '../components/answered';
import { CardPage } from '../components/card_page';
import { Field, Form, Submit, type Values } from '../components/form';
import { useAnswer } from '../components/use_answer';
import { Link, navigate, returnPath } from '../router';
import { useSession } from '../session';

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

function PasswordForm({ onSignIn, email }: { onSignIn(values: Values): Promise<void>; email: string }) {
  return (
    <Form onSubmit={onSignIn} fields={['email', 'password']}>
      <Field name="email" label="E-mail address" type="email" autoComplete="username" autoFocus defaultValue={email} />
      <Field name="password" label="Password" type="password" autoComplete="current-password" />
      <Submit>Sign in</Submit>
    </Form>
  );
}

function CodeForm({ onSignIn, onBack }: { onSignIn(values: Values): Promise<void>; onBack(): void }) {
  return (
    <>
      <p role="status">This account has a second factor.</p>
      <Form onSubmit={onSignIn} fields={['code']}>
        <Field name="code" label="Code" autoComplete="one-time-code" autoFocus hint="The six digits that your app shows now, or one of your recovery codes." />
        <Submit>Sign in</Submit>
      </Form>
      <p><button type="button" className="button-plain" onClick={onBack}>Back</button></p>
    </>
  );
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
  const { answer } = useAnswer<SignInOptions>(openClient, '/v1/sign-in');
  const [oidcProblem, setOidcProblem] = useState(takeOidcProblem);
  const [credentials, setCredentials] = useState<Values | null>(null);
  const [email, setEmail] = useState('');

  useEffect(() => {
    if (oidcProblem !== null) history.replaceState(history.state, '', location.pathname);
  }, [oidcProblem]);
  useEffect(() => {
    if (state.status === 'in') navigate(returnPath(), { replace: true });
  }, [state.status]);

  const signIn = async (values: Values) => {
    setOidcProblem(null);
    try {
      await openClient.send('POST', '/v1/session', values);
    } catch (error) {
      if (!(error instanceof ApiError && error.codeRequired)) throw error;
      setCredentials(values);
      return;
    }
    await refresh();
  };
  const back = () => {
    setEmail(credentials?.['email'] ?? '');
    setCredentials(null);
  };

  if (state.status === 'loading' || state.status === 'in') return <Loading />;
  if (answer.status === 'there' && answer.value.setup) {
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
      {credentials === null
        ? <PasswordForm onSignIn={signIn} email={email} />
        : <CodeForm onSignIn={({ code }) => signIn({ ...credentials, ...(code !== undefined && { code }) })} onBack={back} />}
      {credentials === null && answer.status === 'there' && <Others options={answer.value} />}
    </CardPage>
  );
}
