import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import type { Delivery, Webhook } from '../../api/types';
import { Alert } from '../../components/alert';
import { Ago } from '../../components/time';
import { useToast } from '../../components/toasts';
import { formatCount } from '../../format';
import { Link } from '../../router';
import { useSwitch } from './actions';
import { HealthBadge } from './health_badge';
import { pathOf } from './paths';
import { RecoverDialog } from './recover';
import { adviceFor, healthOf } from './words';

const shownFailures = 4;

/** What failed last, with why: deliveries that ended so, and those that are tried again. */
function useFailures(webhook: Webhook) {
  const { api } = useAccess();
  return useQuery({
    queryKey: ['deliveries', 'failures', webhook.id],
    queryFn: async () => {
      const read = async (status: 'failed' | 'retrying') => {
        const query = { status, limit: shownFailures };
        return (await answer(api.GET('/v1/webhooks/{id}/deliveries', { params: { path: { id: webhook.id }, query } }))).data;
      };
      const both = await Promise.all([read('failed'), read('retrying')]);
      return both.flat().sort((a, b) => Date.parse(b.updated_at) - Date.parse(a.updated_at)).slice(0, shownFailures);
    },
  });
}

const errorOf = ({ response_status, error }: Delivery) => (response_status === null ? (error ?? 'no answer') : `Answered ${response_status}`);

function Failures({ failures }: { failures: Delivery[] }) {
  return (
    <ul className="webhook-failures">
      {failures.map((delivery) => (
        <li key={delivery.id}>
          <Link href={`/logs/${delivery.id}`}>{delivery.event}</Link> <Ago at={delivery.updated_at} />: {errorOf(delivery)}
          {delivery.next_attempt_at !== null && <span className="hint"> · next attempt <Ago at={delivery.next_attempt_at} /></span>}
        </li>
      ))}
    </ul>
  );
}

/** The delivery that holds back an ordered webhook. */
function Blocked({ webhook }: { webhook: Webhook }) {
  const { api, canChange } = useAccess();
  const queries = useQueryClient();
  const say = useToast();
  const id = webhook.blocked_by?.delivery_id ?? '';
  const acting = useMutation({
    mutationFn: async (action: 'retry' | 'skip') => {
      const call = { params: { path: { id } } };
      await (action === 'retry' ? api.POST('/v1/deliveries/{id}/retry', call) : api.POST('/v1/deliveries/{id}/skip', call));
      await queries.invalidateQueries({ queryKey: ['webhooks'] });
      return action;
    },
    onSuccess: (action) => say(action === 'retry' ? 'Tried again' : 'Skipped'),
  });
  if (webhook.blocked_by === null) return null;
  return (
    <div>
      <p>Deliveries wait in order for <Link href={`/logs/${id}`}>one</Link> that is tried again <Ago at={webhook.blocked_by.next_attempt_at} />.</p>
      {canChange && (
        <div className="buttons">
          <button type="button" className="button button-second" onClick={() => acting.mutate('retry')}>Retry now</button>
          <button type="button" className="button button-second" onClick={() => acting.mutate('skip')}>Skip it</button>
        </div>
      )}
      {acting.error !== null && <Alert>{acting.error.message}</Alert>}
    </div>
  );
}

function WhatToDo({ webhook, last }: { webhook: Webhook; last: Delivery | undefined }) {
  const advice = last === undefined ? null : adviceFor(last.error, last.response_status);
  const { breaker } = webhook;
  return (
    <>
      {webhook.failing_since !== null && <p>The first failure since the last success was <Ago at={webhook.failing_since} />. A webhook that only fails for 5 days is disabled.</p>}
      {breaker.next_probe_at !== null && <p>The next probe is sent <Ago at={breaker.next_probe_at} />; when it succeeds, what waits goes out.</p>}
      {advice !== null && <p><strong>What to do:</strong> {advice}</p>}
    </>
  );
}

function Enable({ webhook, onEnabled }: { webhook: Webhook; onEnabled(): void }) {
  // Two, as each says what follows: this part is gone once the webhook is enabled.
  const enabling = useSwitch(webhook);
  const recovering = useSwitch(webhook, onEnabled);
  const pending = enabling.isPending || recovering.isPending;
  const error = recovering.error ?? enabling.error;
  return (
    <>
      <p>Once the receiver works again, enable it; what it missed meanwhile can be recovered then.</p>
      <div className="buttons">
        <button type="button" className="button" aria-disabled={pending} onClick={() => recovering.mutate(true)}>Enable and recover…</button>
        <button type="button" className="button button-second" aria-disabled={pending} onClick={() => enabling.mutate(true)}>Enable</button>
      </div>
      {error !== null && <Alert>{error.message}</Alert>}
    </>
  );
}

/** How the webhook fares, in words: what is wrong, since when, and what to do. */
export function HealthPanel({ webhook }: { webhook: Webhook }) {
  const { canChange } = useAccess();
  const [recovering, setRecovering] = useState(false);
  const failures = useFailures(webhook);
  const { mood, words } = healthOf(webhook);
  const troubled = mood === 'bad' || mood === 'warn';
  return (
    <section className={`panel webhook-health webhook-health-${mood}`} aria-labelledby="health">
      <h2 id="health">Health <HealthBadge webhook={webhook} /></h2>
      <p>{words}{webhook.backlog > 0 && ` ${formatCount(webhook.backlog)} ${webhook.backlog === 1 ? 'delivery waits' : 'deliveries wait'}.`}</p>
      <WhatToDo webhook={webhook} last={troubled ? failures.data?.[0] : undefined} />
      <Blocked webhook={webhook} />
      {!webhook.enabled && canChange && <Enable webhook={webhook} onEnabled={() => setRecovering(true)} />}
      {failures.data !== undefined && failures.data.length > 0 && (
        <div>
          <h3>Last failures</h3>
          <Failures failures={failures.data} />
        </div>
      )}
      {troubled && canChange && <Link href={pathOf(webhook.id, '/test')} className="button button-second">Test Webhook</Link>}
      {canChange && <RecoverDialog webhook={webhook} open={recovering} onClose={() => setRecovering(false)} />}
    </section>
  );
}
