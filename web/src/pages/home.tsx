import { type Client } from '../api/client';
import type { Stats, User } from '../api/types';
import { Answered } from '../components/answered';
import { Heading } from '../components/heading';
import { useAnswer } from '../components/use_answer';
import { WebhookList } from '../components/webhook_list';
import { formatCount, formatMilliseconds, formatShare } from '../format';
import { useSession, useUser } from '../session';

function Figures({ client, team }: { client: Client; team: string | null }) {
  const { answer } = useAnswer<Stats>(client, '/v1/stats', team);
  return (
    <Answered answer={answer}>
      {({ totals }) => (
        <dl className="figures">
          <div><dt>Delivered</dt><dd>{formatCount(totals.delivered)}</dd></div>
          <div><dt>Failed</dt><dd>{formatCount(totals.failed)}</dd></div>
          <div><dt>Success rate</dt><dd>{totals.success_rate === null ? '–' : formatShare(totals.success_rate)}</dd></div>
          <div><dt>Half answered within</dt><dd>{totals.latency_ms === null ? '–' : formatMilliseconds(totals.latency_ms.p50)}</dd></div>
        </dl>
      )}
    </Answered>
  );
}

function whoIs(user: User, team: string | null): string {
  const name = user.name ?? user.email;
  if (user.admin) return `You are ${name}, an admin: you see all teams.`;
  const role = user.teams.find(({ team_id }) => team_id === team)?.role;
  return `You are ${name}, in the team ${team} with the role ${role}.`;
}

export function HomePage() {
  const user = useUser();
  const { client, team } = useSession();
  if (!user.admin && team === null) {
    return (
      <>
        <Heading>Overview</Heading>
        <p>You are not a member of any team. Ask an admin for an invitation.</p>
      </>
    );
  }
  return (
    <>
      <Heading>Overview</Heading>
      <p className="hint">{whoIs(user, team)}</p>
      <section aria-labelledby="figures">
        <h2 id="figures">Last 24 hours</h2>
        <Figures client={client} team={team} />
      </section>
      <section aria-labelledby="webhooks">
        <h2 id="webhooks">Webhooks</h2>
        <WebhookList client={client} team={team} showTeam={user.admin} />
      </section>
    </>
  );
}
