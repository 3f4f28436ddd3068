import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { useAccess } from '../../api/access';
import { type Api, answer } from '../../api/client';
import type { Delivery, Webhook } from '../../api/types';
import { Alert } from '../../components/alert';
import { useSettings } from '../../components/settings';
import { ConfirmDialog } from '../../components/dialog';
import { Ago, useNow } from '../../components/time';
import { useToast } from '../../components/toasts';
import { formatCount, formatDuration } from '../../format';
import { Link } from '../../router';
import { useSwitch } from './actions';
import { HealthBadge } from './health_badge';
import { pathOf } from './paths';
import { EnableAndRecoverDialog } from './recover';
import { adviceFor, healthOf } from './words';

const shownFailures = 4;
const lookedAt = 50;

/** An attempt that failed: when, and with what. */
interface Cause {
  deliveryId: string;
  at: string;
  status: number | null;
  error: string | null;
}

/**
 * Why a webhook fails: its newest attempt, preferably one that was answered. Deliveries that were held back meanwhile end
 * later, and say nothing of it.
 */
async function causeOf(api: Api, failures: Delivery[]): Promise<Cause | null> {
  const tried = failures.filter(({ attempt_count }) => attempt_count > 0);
  const newest = tried.find(({ response_status }) => response_status !== null) ?? tried[0];
  if (newest === undefined) return null;
  const { attempts } = await answer(api.GET('/v1/deliveries/{id}', { params: { path: { id: newest.id } } }));
  const last = attempts.findLast(({ response }) => response !== null) ?? attempts.at(-1);
  if (last === undefined) return { deliveryId: newest.id, at: newest.updated_at, status: newest.response_status, error: newest.error };
  return { deliveryId: newest.id, at: last.at, status: last.response?.status ?? null, error: last.error };
}

/** What failed last, with why: deliveries that ended so, and those that are tried again. */
function useFailures(webhook: Webhook) {
  const { api } = useAccess();
  return useQuery({
    queryKey: ['deliveries', 'failures', webhook.id],
    queryFn: async () => {
      const read = async (status: 'failed' | 'retrying') => {
        const query = { status, limit: lookedAt };
        return (await answer(api.GET('/v1/webhooks/{id}/deliveries', { params: { path: { id: webhook.id }, query } }))).data;
      };
      const both = await Promise.all([read('failed'), read('retrying')]);
      const failures = both.flat().filter(({ test }) => !test).sort((a, b) => Date.parse(b.updated_at) - Date.parse(a.updated_at));
      return { failures: failures.slice(0, shownFailures), cause: await causeOf(api, failures) };
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
  const [skipping, setSkipping] = useState(false);
  const id = webhook.blocked_by?.delivery_id ?? '';
  const acting = useMutation({
    mutationFn: async (action: 'retry' | 'skip') => {
      const call = { params: { path: { id } } };
      await (action === 'retry' ? api.POST('/v1/deliveries/{id}/retry', call) : api.POST('/v1/deliveries/{id}/skip', call));
      await queries.invalidateQueries({ queryKey: ['webhooks'] });
      return action;
    },
    onSuccess: (action) => {
      setSkipping(false);
      say(action === 'retry' ? 'Tried again' : 'Skipped');
    },
  });
  if (webhook.blocked_by === null) return null;
  return (
    <div>
      <p>Deliveries wait in order for <Link href={`/logs/${id}`}>one</Link> that is tried again <Ago at={webhook.blocked_by.next_attempt_at} />.</p>
      {canChange && (
        <div className="buttons">
          <button type="button" className="button button-second" onClick={() => acting.mutate('retry')}>Retry now</button>
          <button type="button" className="button button-second" onClick={() => setSkipping(true)}>Skip it…</button>
        </div>
      )}
      <ConfirmDialog title="Skip this delivery?" action="Skip delivery" open={skipping} pending={acting.isPending} error={acting.error} onConfirm={() => acting.mutate('skip')} onClose={() => setSkipping(false)}>
        <p>No further attempt is made, and what waits behind it goes on. It can be retried later.</p>
      </ConfirmDialog>
      {!skipping && acting.error !== null && <Alert>{acting.error.message}</Alert>}
    </div>
  );
}

/** Once its time has come, the next delivery is the probe. */
function NextProbe({ at }: { at: string }) {
  const due = Date.parse(at) <= useNow();
  return <p>{due ? 'The next delivery is sent as a probe' : <>The next probe is sent <Ago at={at} /></>}; when it succeeds, what waits goes out.</p>;
}

function WhatToDo({ webhook, cause }: { webhook: Webhook; cause: Cause | null }) {
  const settings = useSettings().data;
  const advice = cause === null ? null : adviceFor(cause.error, cause.status);
  const { breaker } = webhook;
  return (
    <>
      {webhook.failing_since !== null && <p>The first failure since the last success was <Ago at={webhook.failing_since} />.{settings !== undefined && ` A webhook that only fails for ${formatDuration(settings.webhook_defaults.disabled_after_seconds)} is disabled.`}</p>}
      {cause !== null && <p>The last attempt, <Link href={`/logs/${cause.deliveryId}`}><Ago at={cause.at} /></Link>: <strong>{cause.status === null ? (cause.error ?? 'no answer') : `answered ${cause.status}`}</strong>.</p>}
      {breaker.next_probe_at !== null && <NextProbe at={breaker.next_probe_at} />}
      {advice !== null && <p><strong>What to do:</strong> {advice}</p>}
    </>
  );
}

function Enable({ webhook, onRecover }: { webhook: Webhook; onRecover(): void }) {
  const enabling = useSwitch(webhook);
  return (
    <>
      <p>Once the receiver works again, enable the webhook. What it missed can be recovered.</p>
      <div className="buttons">
        <button type="button" className="button" onClick={onRecover}>Enable and recover…</button>
        <button type="button" className="button button-second" aria-disabled={enabling.isPending} onClick={() => enabling.mutate(true)}>Enable</button>
      </div>
      {enabling.error !== null && <Alert>{enabling.error.message}</Alert>}
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
      <WhatToDo webhook={webhook} cause={(troubled ? failures.data?.cause : null) ?? null} />
      <Blocked webhook={webhook} />
      {!webhook.enabled && canChange && <Enable webhook={webhook} onRecover={() => setRecovering(true)} />}
      {failures.data !== undefined && failures.data.failures.length > 0 && (
        <div>
          <h3>Last failures</h3>
          <Failures failures={failures.data.failures} />
        </div>
      )}
      {troubled && canChange && <Link href={pathOf(webhook.id, '/test')} className="button button-second">Test Webhook</Link>}
      {canChange && <EnableAndRecoverDialog webhook={webhook} open={recovering} onClose={() => setRecovering(false)} />}
    </section>
  );
}
