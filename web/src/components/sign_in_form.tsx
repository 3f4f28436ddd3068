import { useState } from 'react';

import { ApiError, openApi } from '../api/client';
import type { Schemas } from '../api/types';
import { expectCookie } from '../cookies';
import { Field, Form, Submit } from './form';

type Credentials = Schemas['SignIn'];

function PasswordForm({ onSignIn, email }: { onSignIn(credentials: Credentials): Promise<void>; email: string }) {
  return (
    <Form onSubmit={onSignIn} fields={['email', 'password']}>
      <Field name="email" label="E-mail address" type="email" autoComplete="username" autoFocus={email === ''} defaultValue={email} />
      <Field name="password" label="Password" type="password" autoComplete="current-password" autoFocus={email !== ''} />
      <Submit>Sign in</Submit>
    </Form>
  );
}

function CodeForm({ onSignIn, onBack }: { onSignIn(code: Pick<Credentials, 'code'>): Promise<void>; onBack(): void }) {
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

interface SignInFormProps {
  email?: string;
  /** Told when a try begins. */
  onTry?(): void;
  /** Told whether a code is asked for now, not the password. */
  onStep?(codeAsked: boolean): void;
  onSignedIn(): Promise<void>;
}

/** E-mail address and password, then the second factor where there is one. */
export function SignInForm({ email: known = '', onTry, onStep, onSignedIn }: SignInFormProps) {
  const [credentials, setCredentials] = useState<Credentials | null>(null);
  const [email, setEmail] = useState(known);
  const goTo = (next: Credentials | null) => {
    setCredentials(next);
    onStep?.(next !== null);
  };
  const signIn = async (entered: Credentials) => {
    onTry?.();
    try {
      await openApi.POST('/v1/session', { body: entered });
    } catch (error) {
      if (!(error instanceof ApiError && error.codeRequired)) throw error;
      return goTo(entered);
    }
    await expectCookie();
    await onSignedIn();
  };
  const back = () => {
    setEmail(credentials?.email ?? '');
    goTo(null);
  };
  if (credentials === null) return <PasswordForm onSignIn={signIn} email={email} />;
  return <CodeForm onSignIn={(code) => signIn({ ...credentials, ...code })} onBack={back} />;
}
