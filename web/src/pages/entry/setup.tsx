import { useState } from 'react';

import { openApi } from '../../api/client';
import type { Schemas } from '../../api/types';
import { CardPage } from '../../components/card_page';
import { Field, Form, Submit } from '../../components/form';
import { LinkPage } from '../../components/link_page';
import { NewPassword } from '../../components/new_password';
import { expectCookie } from '../../cookies';
import { Link, navigate } from '../../router';
import { useSession } from '../../session';
import { forgetLinkToken, takeLinkToken } from '../../storage';

export function SetupPage() {
  const { refresh } = useSession();
  const [token] = useState(() => takeLinkToken('setup'));
  if (token === null) {
    return (
      <CardPage title="Set up Limehook">
        <p>Open the whole link that the server printed when it started.</p>
        <p><Link href="/sign-in">Sign in</Link></p>
      </CardPage>
    );
  }
  const setUp = async (values: Omit<Schemas['SetUp'], 'token'>) => {
    await openApi.POST('/v1/setup', { body: { ...values, token } });
    forgetLinkToken('setup');
    await expectCookie();
    await refresh();
    navigate('/', { replace: true });
  };
  return (
    <LinkPage title="Set up Limehook" page="setup" kind="setup" token={token}>
      {() => (
        <>
          <p>You become the first admin. Others are invited later.</p>
          <Form onSubmit={setUp} fields={['name', 'email', 'password']}>
            <Field name="name" label="Name" autoComplete="name" autoCapitalize="words" autoFocus />
            <Field name="email" label="E-mail address" type="email" autoComplete="username" />
            <NewPassword name="password" label="Password" />
            <Submit>Create account</Submit>
          </Form>
        </>
      )}
    </LinkPage>
  );
}
