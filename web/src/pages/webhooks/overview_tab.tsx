import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import type { CreatedWebhook, Webhook } from '../../api/types';
import { Answered } from '../../components/answered';
import { TeamName } from '../../components/team';
import { isolated } from '../../direction';
import { formatCount, formatDuration, formatMilliseconds, formatShare, formatTime } from '../../format';
import { Link } from '../../router';
import { Created } from './created';
import { HealthPanel } from './health_panel';
import { pathOf } from './paths';
import { Recoveries } from './recover';
import { SecretPanel } from './secret';
import { operators, valueInWords } from './form/conditions';
import { payloadInWords } from './words';

/** The last 24 hours in figures. */
function Figures({ webhook }: { webhook: Webhook }) {
  const { api } = useAccess();
  const stats = useQuery({ queryKey: ['stats', webhook.id], queryFn: () => answer(api.GET('/v1/webhooks/{id}/stats', { params: { path: { id: webhook.id } } })) });
  return (
    <section aria-labelledby="figures">
      <h2 id="figures">Last 24 hours</h2>
      <Answered query={stats}>
        {({ totals, backlog }) => (
          <dl className="figures">
            <div><dt>Delivered</dt><dd>{formatCount(totals.delivered)}</dd></div>
            <div><dt>Failed</dt><dd>{formatCount(totals.failed)}</dd></div>
            <div><dt>Success rate</dt><dd>{totals.success_rate === null ? '–' : formatShare(totals.success_rate)}</dd></div>
            <div><dt>Latency, median</dt><dd>{totals.latency_ms === null ? '–' : formatMilliseconds(totals.latency_ms.p50)}</dd></div>
            <div><dt>Latency, 99 %</dt><dd>{totals.latency_ms === null ? '–' : formatMilliseconds(totals.latency_ms.p99)}</dd></div>
            <div><dt>Waiting now</dt><dd>{formatCount(backlog)}</dd></div>
          </dl>
        )}
      </Answered>
    </section>
  );
}

function filtersInWords({ filters }: Webhook): ReactNode {
  if (filters === null) return 'None';
  const words = filters.conditions.map((condition) => {
    const { field, op, value } = condition;
    const name = op === 'exists' && value === false ? 'missing' : op;
    const said = operators.find(([known]) => known === name)?.[1] ?? op;
    return `${isolated(field)} ${said}${op === 'exists' ? '' : ` ${isolated(valueInWords(condition))}`}`;
  });
  return words.join(filters.match === 'any' ? ' or ' : ' and ');
}

const orders = { false: 'Side by side', call: 'In order within a call', webhook: 'Strictly in order' };

function settings(webhook: Webhook): [name: string, value: ReactNode][] {
  return [
    ['Webhook URL', webhook.url ?? 'None: the receiver polls'],
    ['Event Type(s)', webhook.events.join(', ')],
    ['Team', webhook.team_id === null ? 'All teams' : <TeamName key="team" id={webhook.team_id} />],
    ['Numbers', webhook.numbers.length === 0 ? 'All' : webhook.numbers.join(', ')],
    ['Filters', filtersInWords(webhook)],
    ['Payload', payloadInWords(webhook.payload)],
    ['Retries', webhook.retry_schedule === null ? "The server's schedule" : `After ${webhook.retry_schedule.map(formatDuration).join(', ')}`],
    ['Limits', `${formatMilliseconds(webhook.timeout_ms)} to answer, ${webhook.max_concurrency} at a time${webhook.rate_limit === null ? '' : `, ${webhook.rate_limit} per second`}`],
    ['Order', orders[String(webhook.ordered) as keyof typeof orders]],
    ['Fallback URL', webhook.fallback_url ?? 'None'],
    ...(webhook.unconfirmed_emails.length === 0 ? [] : [['Not confirmed', `${webhook.unconfirmed_emails.join(', ')}: nothing is sent there until the link in the e-mail is opened`] as [string, string]]),
    ['Created', formatTime(webhook.created_at)],
    ['Webhook ID', <code key="id">{webhook.id}</code>],
  ];
}

function Settings({ webhook }: { webhook: Webhook }) {
  const { canChange } = useAccess();
  return (
    <section className="panel" aria-labelledby="settings">
      <h2 id="settings">Settings</h2>
      <dl className="facts webhook-facts">
        {settings(webhook).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
      </dl>
      {canChange && <Link href={pathOf(webhook.id, '/edit')} className="button button-second">Edit</Link>}
    </section>
  );
}

interface OverviewTabProps {
  webhook: Webhook;
  created: CreatedWebhook | null;
  onSeen(): void;
}

/** The tab Overview of a webhook's page: how it fares, and why. */
export function OverviewTab({ webhook, created, onSeen }: OverviewTabProps) {
  const { canChange } = useAccess();
  return (
    <>
      {created !== null && <Created webhook={created} onDone={onSeen} />}
      <HealthPanel webhook={webhook} />
      <Figures webhook={webhook} />
      <div className="panels">
        <Settings webhook={webhook} />
        <div className="webhook-side">
          {canChange && <SecretPanel webhook={webhook} />}
          {webhook.mode === 'push' && <Recoveries webhook={webhook} />}
        </div>
      </div>
    </>
  );
}
