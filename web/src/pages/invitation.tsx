import { useState } from 'react';

import { openClient } from '../api/client';
import type { LinkInfo } from '../api/types';
import { Alert } from '../components/alert';
import { Loading } from '../components/answered';
import { CardPage } from '../components/card_page';
import { Field, Form, Submit, type Values } from '../components/form';
import { LinkPage } from '../components/link_page';
import { NewPassword } from '../components/new_password';
import { useAction } from '../components/use_action';
import { Link, navigate } from '../router';
import { useSession } from '../session';
import { forgetLinkToken, takeLinkToken } from '../storage';

interface StepProps {
  link: LinkInfo;
  token: string;
  onAccepted(): Promise<void>;
}

function What({ link }: { link: LinkInfo }) {
  if (link.role === 'admin') return <p>You are invited to be an admin here.</p>;
  const may = link.role === 'manage' ? 'You may manage its webhooks.' : 'You may look at its webhooks.';
  return <p>You are invited to the team <strong>{link.team_id}</strong>. {may}</p>;
}

function NewAccount({ link, token, onAccepted }: StepProps) {
  const accept = async (values: Values) => {
    await openClient.send('POST', '/v1/invitations/accept', { ...values, token });
    await onAccepted();
  };
  return (
    <Form onSubmit={accept} fields={['name', 'password']}>
      <Field name="email" label="E-mail address" type="email" autoComplete="username" defaultValue={link.email ?? ''} disabled />
      <Field name="name" label="Name" autoComplete="name" autoCapitalize="words" defaultValue={link.name ?? ''} />
      <NewPassword name="password" label="Password" />
      <Submit>Create account</Submit>
    </Form>
  );
}

/** Who has an account joins with it: signs in first, unless that has been done. */
function ExistingAccount({ link, token, onAccepted }: StepProps) {
  const { state, client, signOut } = useSession();
  const joining = useAction(async () => {
    await client.send('POST', '/v1/invitations/accept', { token });
    await onAccepted();
  });
  const leaving = useAction(() => signOut());
  if (state.status === 'loading') return <Loading />;
  const signIn = () => navigate('/sign-in', { returnTo: '/invitation' });
  if (state.status !== 'in') {
    return (
      <>
        <p><strong>{link.email}</strong> has an account already. Sign in, then you can join.</p>
        <button type="button" className="button" onClick={signIn}>Sign in</button>
      </>
    );
  }
  if (state.user.email !== link.email) {
    return (
      <>
        <Alert>You are signed in as {state.user.email}; the invitation is for {link.email}.</Alert>
        <button type="button" className="button" aria-disabled={leaving.pending} onClick={leaving.run}>Sign out</button>
      </>
    );
  }
  return (
    <>
      {joining.error !== null && <Alert>{joining.error.message}</Alert>}
      <p>You are signed in as <strong>{link.email}</strong>.</p>
      <button type="button" className="button" aria-disabled={joining.pending} onClick={joining.run}>Join</button>
    </>
  );
}

export function InvitationPage() {
  const { refresh } = useSession();
  const [token] = useState(() => takeLinkToken('invitation'));
  if (token === null) {
    return (
      <CardPage title="Invitation">
        <p>Open the whole link of your invitation.</p>
        <p><Link href="/sign-in">Sign in</Link></p>
      </CardPage>
    );
  }
  const accepted = async () => {
    forgetLinkToken('invitation');
    await refresh();
    navigate('/', { replace: true });
  };
  return (
    <LinkPage title="Invitation" page="invitation" kind="invitation" token={token}>
      {(link) => {
        const Step = link.account_exists ? ExistingAccount : NewAccount;
        return <><What link={link} /><Step link={link} token={token} onAccepted={accepted} /></>;
      }}
    </LinkPage>
  );
}
