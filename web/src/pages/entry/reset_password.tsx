import { useState } from 'react';

import { openApi } from '../../api/client';
import type { Schemas } from '../../api/types';
import { Alert } from '../../components/alert';
import { CardPage } from '../../components/card_page';
import { Field, Form, Submit } from '../../components/form';
import { LinkPage } from '../../components/link_page';
import { NewPassword } from '../../components/new_password';
import { Link } from '../../router';
import { useSession } from '../../session';
import { forgetLinkToken, takeLinkToken } from '../../storage';

function RequestLink() {
  const [sentTo, setSentTo] = useState<string | null>(null);
  const request = async (values: Schemas['PasswordResetRequest']) => {
    await openApi.POST('/v1/password-reset', { body: values });
    setSentTo(values.email);
  };
  return (
    <CardPage title="Forgotten password">
      {sentTo === null ? (
        <>
          <p>A link with which you can choose a new one is sent to your address.</p>
          <Form onSubmit={request} fields={['email']}>
            <Field name="email" label="E-mail address" type="email" autoComplete="username" autoFocus />
            <Submit>Send the link</Submit>
          </Form>
        </>
      ) : (
        <Alert kind="notice">If {sentTo} has an account here, the link is on its way. It is valid for one hour.</Alert>
      )}
      <p><Link href="/sign-in">Back to sign in</Link></p>
    </CardPage>
  );
}

function ChoosePassword({ token }: { token: string }) {
  const { refresh } = useSession();
  const [done, setDone] = useState(false);
  const complete = async (values: Pick<Schemas['NewPassword'], 'password'>) => {
    await openApi.POST('/v1/password-reset/complete', { body: { ...values, token } });
    forgetLinkToken('reset_password');
    setDone(true);
    await refresh();  // all sessions have ended
  };
  if (done) {
    return (
      <CardPage title="New password">
        <Alert kind="notice">The new password is set, and you are signed out everywhere.</Alert>
        <p><Link href="/sign-in" className="button">Sign in</Link></p>
      </CardPage>
    );
  }
  return (
    <LinkPage title="New password" page="reset_password" kind="password_reset" token={token}>
      {(link) => (
        <>
          <p>You are signed out everywhere when it is set.</p>
          <Form onSubmit={complete} fields={['password']}>
            <Field name="email" label="E-mail address" type="email" autoComplete="username" defaultValue={link.email ?? ''} disabled />
            <NewPassword name="password" label="New password" />
            <Submit>Set password</Submit>
          </Form>
        </>
      )}
    </LinkPage>
  );
}

export function ResetPasswordPage() {
  const [token] = useState(() => takeLinkToken('reset_password'));
  return token === null ? <RequestLink /> : <ChoosePassword token={token} />;
}
