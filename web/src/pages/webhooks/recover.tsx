// Bulk redelivery: what failed, or what was missed while the webhook was disabled.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';

import { useAccess } from '../../api/access';
import { type Api, answer, ApiError } from '../../api/client';
import type { Recovery, Schemas, Webhook } from '../../api/types';
import { Alert } from '../../components/alert';
import { Answered, Loading } from '../../components/answered';
import { Dialog } from '../../components/dialog';
import { useEventTypes } from '../../components/event_types';
import { Form, Submit } from '../../components/form';
import { SelectField, TextField } from '../../components/fields';
import { MomentField } from '../../components/moment_field';
import { Ago } from '../../components/time';
import { useToast } from '../../components/toasts';
import { formatCount } from '../../format';
import { searchTerm } from '../../phone_number';
import { outcomes } from './words';
import './recover.css';

type Status = Recovery['status'];
type Request = Schemas['RecoverRequest'];

/** What a recovery is limited to when its dialog opens: times as in the API; what is missing is not limited. */
export interface RecoverPreset {
  status: Status;
  since?: string | undefined;
  until?: string | undefined;
  event?: string | undefined;
  q?: string | undefined;
}

const settleMs = 300;

/** The value as it is once it has not changed for a moment. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), settleMs);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/** How many deliveries the recovery would start, counted by the server; `request` as JSON. */
function useEstimate(webhook: Webhook, request: string) {
  const { api } = useAccess();
  const settled = useSettled(request);
  const estimate = useQuery({
    queryKey: ['recovery estimate', webhook.id, settled],
    queryFn: async () => {
      const body = { ...(JSON.parse(settled) as Request), dry_run: true };
      const { data } = await api.POST('/v1/webhooks/{id}/recover', { params: { path: { id: webhook.id } }, body });
      return data as Schemas['RecoveryEstimate'];
    },
    retry: (failures, error) => error.status === 429 && failures < 5,
    gcTime: 0,
    staleTime: 0,
  });
  return settled === request ? estimate : null;
}

async function start(api: Api, webhook: Webhook, body: Request) {
  const path = { params: { path: { id: webhook.id } } };
  if (!webhook.enabled) await api.POST('/v1/webhooks/{id}/enable', path);
  try {
    await api.POST('/v1/webhooks/{id}/recover', { ...path, body });
  } catch (error) {
    if (webhook.enabled || !(error instanceof ApiError)) throw error;
    throw new ApiError(error.status, `The webhook is enabled now, but the recovery did not start. ${error.message}`, error.fields);
  }
}

interface Wanted {
  status: Status;
  since: string;
  until: string;
  event: string;
  q: string;
  http_status: string;
  outcome: string;
}

function requestOf({ status, since, until, event, q, http_status, outcome }: Wanted): Request {
  const failed = status === 'failed';
  return {
    status,
    ...(since !== '' && { since }),
    ...(until !== '' && { until }),
    ...(event !== '' && { event: [event as Schemas['EventType']] }),
    ...(q.trim() !== '' && { q: searchTerm(q) }),
    ...(failed && http_status !== '' && { http_status: Number(http_status) }),
    ...(failed && outcome !== '' && { outcome: outcome as Schemas['AttemptOutcome'] }),
  };
}

function presetOf({ status, since = '', until = '', event = '', q = '' }: RecoverPreset): Wanted {
  return { status, since, until, event, q, http_status: '', outcome: '' };
}

/** What the button does, with the number where it is known. */
function actionOf(webhook: Webhook, status: Status, found: Schemas['RecoveryEstimate'] | undefined): string {
  const verb = status === 'failed' ? 'Retry' : 'Recover';
  const count = found === undefined ? '' : ` ${formatCount(found.would_redeliver)}${found.complete ? '' : ' or more'}`;
  if (webhook.enabled) return `${verb}${count}`;
  return found?.would_redeliver === 0 && found.complete ? 'Enable' : `Enable and ${verb.toLowerCase()}${count}`;
}

interface RecoverProps {
  webhook: Webhook;
  preset?: RecoverPreset | undefined;
  onClose(): void;
}

const lastDay = (webhook: Webhook): RecoverPreset => ({ status: 'failed', since: webhook.failing_since ?? new Date(Date.now() - 86_400_000).toISOString() });

export function RecoverForm({ webhook, preset, onClose }: RecoverProps) {
  const { api } = useAccess();
  const queries = useQueryClient();
  const say = useToast();
  const types = useEventTypes().data ?? [];
  const [wanted, setWanted] = useState(() => presetOf(preset ?? lastDay(webhook)));
  const [filtered] = useState(wanted.event !== '' || wanted.q !== '');
  const set = (name: keyof Wanted) => (value: string) => setWanted((was) => ({ ...was, [name]: value }));
  const request = requestOf(wanted);
  const estimate = useEstimate(webhook, JSON.stringify(request));
  const found = estimate?.data;
  const nothing = found?.would_redeliver === 0 && found.complete;
  const counting = estimate === null || estimate.isPending;
  const submit = async () => {
    if (counting || (nothing && webhook.enabled)) return;
    if (estimate.error?.status === 422) throw estimate.error;  // nothing is enabled for what cannot be recovered
    if (nothing) await api.POST('/v1/webhooks/{id}/enable', { params: { path: { id: webhook.id } } });
    else await start(api, webhook, request).finally(() => void queries.invalidateQueries({ queryKey: ['webhooks'] }));
    await queries.invalidateQueries({ queryKey: ['webhooks'] });
    say(nothing ? 'Webhook enabled' : webhook.enabled ? 'Recovery started' : 'Webhook enabled, recovery started');
    onClose();
  };
  const failed = wanted.status === 'failed';
  return (
    <Form onSubmit={submit} fields={['status', 'since', 'until', 'event', 'q', 'http_status', 'outcome']}>
      {!webhook.enabled && <p>The webhook is disabled. It stays so until you confirm.</p>}
      <SelectField name="status" label="What to send again" value={wanted.status} onChange={set('status')}>
        <option value="failed">Failed and canceled deliveries</option>
        <option value="missing">Missed events</option>
      </SelectField>
      <div className="webhook-recover-fields">
        <MomentField name="since" label="Since" value={wanted.since} onChange={set('since')} hint="Empty: from the oldest that is kept." />
        <MomentField name="until" label="Until" value={wanted.until} onChange={set('until')} hint="Empty: until now." />
      </div>
      <details className="webhook-recover-more" open={filtered}>
        <summary>Filters</summary>
        <div className="webhook-recover-fields">
          <SelectField name="event" label="Event type" value={wanted.event} onChange={set('event')}>
            <option value="">Any event</option>
            {types.map(({ name }) => <option key={name} value={name}>{name}</option>)}
          </SelectField>
          <TextField name="q" label="Number, call ID or message ID" value={wanted.q} onChange={set('q')} placeholder="Any" />
          {failed && <TextField name="http_status" label="Last HTTP status" inputMode="numeric" value={wanted.http_status} onChange={set('http_status')} placeholder="Any" />}
          {failed && (
            <SelectField name="outcome" label="Last outcome" value={wanted.outcome} onChange={set('outcome')}>
              <option value="">Any outcome</option>
              {Object.entries(outcomes).map(([value, words]) => <option key={value} value={value}>{words}</option>)}
            </SelectField>
          )}
        </div>
      </details>
      <p role="status" className="webhook-recover-count">{countWords(counting, found)}</p>
      <p className="hint">They are sent in the background, beside new events. Receivers that deduplicate by webhook-id take nothing twice.</p>
      <div className="buttons">
        <Submit disabled={counting || (nothing === true && webhook.enabled)}>{actionOf(webhook, wanted.status, found)}</Submit>
        <button type="button" className="button button-second" onClick={onClose}>Cancel</button>
      </div>
    </Form>
  );
}

function countWords(counting: boolean, found: Schemas['RecoveryEstimate'] | undefined): ReactNode {
  if (counting) return 'Counting…';
  if (found === undefined) return null;
  if (found.would_redeliver === 0) return found.complete ? 'Nothing matches.' : `Nothing matches among the first ${formatCount(found.examined)}.`;
  const deliveries = found.would_redeliver === 1 ? 'delivery' : 'deliveries';
  return <><strong>{formatCount(found.would_redeliver)}{!found.complete && ' or more'}</strong> {deliveries} will be sent.</>;
}

export function RecoverDialog({ webhook, preset, open, onClose }: RecoverProps & { open: boolean }) {
  return (
    <Dialog title={webhook.enabled ? 'Recover deliveries' : 'Enable and recover'} open={open} onClose={onClose}>
      <RecoverForm webhook={webhook} preset={preset} onClose={onClose} />
    </Dialog>
  );
}

const pagesMost = 10;
/** When a webhook is disabled, what waits is canceled within this time. */
const cancelingMs = 5000;

/**
 * Since when a disabled webhook misses events: since it was disabled, or since the oldest delivery that waited then was
 * accepted.
 */
async function missedSince(api: Api, { id, disabled_at }: Webhook): Promise<string | undefined> {
  if (disabled_at === null) return undefined;
  let since = Date.parse(disabled_at);
  let cursor: string | undefined;
  for (let page = 0; page < pagesMost; ++page) {
    const query = { status: 'canceled' as const, limit: 500, ...(cursor !== undefined && { cursor }) };
    const { data, next_cursor } = await answer(api.GET('/v1/webhooks/{id}/deliveries', { params: { path: { id }, query } }));
    const waited = data.filter(({ updated_at }) => Math.abs(Date.parse(updated_at) - Date.parse(disabled_at)) < cancelingMs);
    since = Math.min(since, ...waited.map(({ created_at }) => Date.parse(created_at)));
    if (next_cursor === null || waited.length === 0) break;
    cursor = next_cursor;
  }
  return new Date(since).toISOString();
}

function EnableAndRecover({ webhook, onClose }: RecoverProps) {
  const { api } = useAccess();
  const [asked] = useState(webhook);  // as it was, also when enabling has worked and recovering has not
  const since = useQuery({ queryKey: ['missed since', asked.id, asked.disabled_at], queryFn: async () => (await missedSince(api, asked)) ?? null });
  if (since.isPending) return <Loading />;
  return <RecoverForm webhook={webhook} preset={{ status: 'missing', since: since.data ?? undefined }} onClose={onClose} />;
}

/** Asks once for enabling a webhook and for what it has missed; nothing happens before one confirms. */
export function EnableAndRecoverDialog({ webhook, open, onClose }: RecoverProps & { open: boolean }) {
  return (
    <Dialog title="Enable and recover" open={open} onClose={onClose}>
      <EnableAndRecover webhook={webhook} onClose={onClose} />
    </Dialog>
  );
}

const states = { running: ['info', 'Running'], done: ['good', 'Done'], canceled: ['warn', 'Canceled'] } as const;

function Row({ recovery }: { recovery: Recovery }) {
  const { api, canChange } = useAccess();
  const queries = useQueryClient();
  const canceling = useMutation({
    mutationFn: async () => {
      await api.POST('/v1/recoveries/{id}/cancel', { params: { path: { id: recovery.id } } });
      await queries.invalidateQueries({ queryKey: ['webhooks', recovery.webhook_id] });
    },
  });
  const [mood, words] = states[recovery.state];
  const what = recovery.status === 'failed' ? 'Failed deliveries' : 'Missed events';
  return (
    <li>
      <div className="webhook-recovery">
        <p>{what}, started <Ago at={recovery.created_at} /> <span className={`badge badge-${mood}`}>{words}</span></p>
        {recovery.state === 'running' && <progress max={1} value={recovery.progress} aria-label={`${what}: progress`} />}
        <p className="hint">{formatCount(recovery.redelivered)} redelivered, {formatCount(recovery.examined)} looked at</p>
        {canceling.error !== null && <Alert>{canceling.error.message}</Alert>}
      </div>
      {recovery.state === 'running' && canChange && <button type="button" className="button-plain" aria-disabled={canceling.isPending} onClick={() => canceling.mutate()}>Cancel</button>}
    </li>
  );
}

const shownRecoveries = 5;
const pollMs = 1000;

/** The recoveries of a webhook, and a way to begin one. */
export function Recoveries({ webhook }: { webhook: Webhook }) {
  const { api, canChange } = useAccess();
  const [asking, setAsking] = useState<'recover' | 'enable' | null>(null);
  const recoveries = useQuery({
    queryKey: ['webhooks', webhook.id, 'recoveries'],
    queryFn: () => answer(api.GET('/v1/webhooks/{id}/recoveries', { params: { path: { id: webhook.id } } })),
    // Progress is not told by the stream of updates.
    refetchInterval: ({ state }) => (state.data?.data.some((recovery) => recovery.state === 'running') === true ? pollMs : false),
  });
  return (
    <section className="panel" aria-labelledby="recover">
      <h2 id="recover">Recover</h2>
      <p className="hint">Send failed or missed events of a time range again.</p>
      <Answered query={recoveries}>
        {({ data }) => data.length > 0 && <ul className="rows">{data.slice(0, shownRecoveries).map((recovery) => <Row key={recovery.id} recovery={recovery} />)}</ul>}
      </Answered>
      {canChange && <button type="button" className="button button-second" onClick={() => setAsking(webhook.enabled ? 'recover' : 'enable')}>Recover…</button>}
      <RecoverDialog webhook={webhook} open={asking === 'recover'} onClose={() => setAsking(null)} />
      <EnableAndRecoverDialog webhook={webhook} open={asking === 'enable'} onClose={() => setAsking(null)} />
    </section>
  );
}
