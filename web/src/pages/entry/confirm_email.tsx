import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { answer, openApi } from '../../api/client';
import { Alert } from '../../components/alert';
import { CardPage } from '../../components/card_page';
import { LinkPage } from '../../components/link_page';
import { Link } from '../../router';
import { forgetLinkToken, takeLinkToken } from '../../storage';

function Confirming({ token, email, team }: { token: string; email: string; team: string }) {
  const confirming = useMutation({
    mutationFn: async () => {
      await answer(openApi.POST('/v1/links/confirm-email', { body: { token } }));
      forgetLinkToken('confirm_email');
    },
  });
  if (confirming.isSuccess) return <Alert kind="notice">Confirmed. {email} gets an e-mail when one of these webhooks fails.</Alert>;
  return (
    <>
      {confirming.error !== null && <Alert>{confirming.error.message}</Alert>}
      <p>Send notices about the webhooks of <strong>{team}</strong> to <strong>{email}</strong>?</p>
      <button type="button" className="button" aria-disabled={confirming.isPending} onClick={() => !confirming.isPending && confirming.mutate()}>Confirm</button>
    </>
  );
}

/** Where the link leads that is sent to addresses which webhooks name. */
export function ConfirmEmailPage() {
  const [token] = useState(() => takeLinkToken('confirm_email'));
  if (token === null) {
    return (
      <CardPage title="Confirm your address">
        <p>Open the whole link of the e-mail.</p>
        <p><Link href="/sign-in">Sign in</Link></p>
      </CardPage>
    );
  }
  return (
    <LinkPage title="Confirm your address" page="confirm_email" kind="confirm_email" token={token}>
      {(link) => <Confirming token={token} email={link.email ?? ''} team={link.team_name ?? 'all teams'} />}
    </LinkPage>
  );
}
