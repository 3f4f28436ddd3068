import { useEffect, useState } from 'react';

import type { Client } from '../api/client';
import type { Page, Webhook } from '../api/types';
import { Answered } from './answered';
import { Alert } from './alert';
import { useAction } from './use_action';
import { useAnswer } from './use_answer';

function Health({ webhook }: { webhook: Webhook }) {
  if (!webhook.enabled) return <span className="badge badge-off">Disabled</span>;
  if (webhook.failing_since !== null) return <span className="badge badge-bad">Failing</span>;
  return <span className="badge badge-good">Enabled</span>;
}

function Rows({ client, first, showTeam }: { client: Client; first: Page<Webhook>; showTeam: boolean }) {
  const [page, setPage] = useState(first);
  useEffect(() => setPage(first), [first]);
  const more = useAction(async () => {
    const next = await client.get<Page<Webhook>>(`/v1/webhooks?cursor=${page.next_cursor}`);
    setPage({ data: [...page.data, ...next.data], next_cursor: next.next_cursor });
  });
  if (page.data.length === 0) return <p className="hint">There are no webhooks yet.</p>;
  return (
    <>
      <table className="table">
        <thead>
          <tr><th scope="col">Name</th><th scope="col">URL</th>{showTeam && <th scope="col">Team</th>}<th scope="col">State</th></tr>
        </thead>
        <tbody>
          {page.data.map((webhook) => (
            <tr key={webhook.id}>
              <th scope="row">{webhook.name}</th>
              <td className="url" data-label="URL">{webhook.url ?? 'polled, nothing is sent'}</td>
              {showTeam && <td data-label="Team">{webhook.team_id ?? 'all teams'}</td>}
              <td data-label="State"><Health webhook={webhook} /></td>
            </tr>
          ))}
        </tbody>
      </table>
      {more.error !== null && <Alert>{more.error.message}</Alert>}
      {page.next_cursor !== null && (
        <button type="button" className="button-plain" aria-disabled={more.pending} onClick={more.run}>Show more</button>
      )}
    </>
  );
}

/** The webhooks that `client` may see, newest first; `team` is whose they are. */
export function WebhookList({ client, team, showTeam = false }: { client: Client; team: string | null; showTeam?: boolean }) {
  const { answer } = useAnswer<Page<Webhook>>(client, '/v1/webhooks', team);
  return <Answered answer={answer}>{(page) => <Rows client={client} first={page} showTeam={showTeam} />}</Answered>;
}
