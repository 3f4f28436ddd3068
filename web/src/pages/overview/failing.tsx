import type { Schemas, Webhook } from '../../api/types';
import { TeamName } from '../../components/team';
import { Ago } from '../../components/time';
import { Link } from '../../router';
import { useLastFailure } from './queries';

/** The reason, and where all of it is to be seen. */
function Why({ webhook }: { webhook: Webhook }) {
  const { data: delivery } = useLastFailure(webhook.id);
  return (
    <>
      {webhook.disabled_reason !== null && <div>{webhook.disabled_reason}</div>}
      {delivery?.error != null && <div>{delivery.error}</div>}
      {delivery != null && <Link href={`/logs/${delivery.id}`}>See the delivery</Link>}
    </>
  );
}

function Row({ webhook, showTeam }: { webhook: Webhook; showTeam: boolean }) {
  return (
    <tr>
      <th scope="row">
        <Link href={`/settings/webhooks/${webhook.id}`}>{webhook.name}</Link>{' '}
        {webhook.enabled ? <span className="badge badge-bad">Failing</span> : <span className="badge">Disabled</span>}
        <div className="url">{webhook.url}</div>
      </th>
      {showTeam && <td data-label="Team">{webhook.team_id === null ? 'All teams' : <TeamName id={webhook.team_id} />}</td>}
      <td data-label="Since"><Ago at={webhook.failing_since ?? webhook.updated_at} /></td>
      <td data-label="Why"><Why webhook={webhook} /></td>
      <td data-label="Next"><Link href={`/settings/webhooks/${webhook.id}`}>Fix it<span className="visually-hidden">: <bdi>{webhook.name}</bdi></span></Link></td>
    </tr>
  );
}

/** What needs somebody, before anything else. */
export function Failing({ webhooks, showTeam }: { webhooks: Schemas['WebhookList']; showTeam: boolean }) {
  if (webhooks.data.length === 0) return null;
  return (
    <section aria-labelledby="failing">
      <h2 id="failing">Failing webhooks</h2>
      <table className="table failing">
        <thead>
          <tr><th scope="col">Webhook</th>{showTeam && <th scope="col">Team</th>}<th scope="col">Since</th><th scope="col">Why</th><th scope="col"><span className="visually-hidden">Next</span></th></tr>
        </thead>
        <tbody>{webhooks.data.map((webhook) => <Row key={webhook.id} webhook={webhook} showTeam={showTeam} />)}</tbody>
      </table>
      {webhooks.next_cursor !== null && <p><Link href="/settings/webhooks">There are more: see all webhooks</Link></p>}
    </section>
  );
}
