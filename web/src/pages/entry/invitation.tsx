import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { openApi } from '../../api/client';
import type { LinkInfo, Schemas } from '../../api/types';
import { Alert } from '../../components/alert';
import { Loading } from '../../components/answered';
import { CardPage } from '../../components/card_page';
import { Field, Form, Submit } from '../../components/form';
import { LinkPage } from '../../components/link_page';
import { NewPassword } from '../../components/new_password';
import { expectCookie } from '../../cookies';
import { Link, navigate } from '../../router';
import { useSession } from '../../session';
import { forgetLinkToken, takeLinkToken } from '../../storage';

interface StepProps {
  link: LinkInfo;
  token: string;
  onAccepted(): Promise<void>;
}

function What({ link }: { link: LinkInfo }) {
  if (link.role === 'admin') return <p>You are invited to be an admin here.</p>;
  const may = link.role === 'manage' ? 'You may manage its webhooks.' : 'You may look at its webhooks.';
  return <p>You are invited to the team <strong>{link.team_name ?? link.team_id}</strong>. {may}</p>;
}

function NewAccount({ link, token, onAccepted }: StepProps) {
  const accept = async (values: Omit<Schemas['InvitationAcceptance'], 'token'>) => {
    await openApi.POST('/v1/invitations/accept', { body: { ...values, token } });
    await expectCookie();
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
  const { state, api, signOut } = useSession();
  const joining = useMutation({
    mutationFn: async () => {
      await api.POST('/v1/invitations/accept', { body: { token } });
      await onAccepted();
    },
  });
  const leaving = useMutation({ mutationFn: () => signOut() });
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
        <button type="button" className="button" aria-disabled={leaving.isPending} onClick={() => leaving.mutate()}>Sign out</button>
      </>
    );
  }
  return (
    <>
      {joining.error !== null && <Alert>{joining.error.message}</Alert>}
      <p>You are signed in as <strong>{link.email}</strong>.</p>
      <button type="button" className="button" aria-disabled={joining.isPending} onClick={() => joining.mutate()}>Join</button>
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
