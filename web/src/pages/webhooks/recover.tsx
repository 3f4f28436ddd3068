// Bulk redelivery: what failed, or what was missed while the webhook was disabled.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import type { Recovery, Webhook } from '../../api/types';
import { Alert } from '../../components/alert';
import { Answered } from '../../components/answered';
import { Dialog } from '../../components/dialog';
import { Form, Submit } from '../../components/form';
import { SelectField } from '../../components/fields';
import { MomentField } from '../../components/moment_field';
import { Ago } from '../../components/time';
import { useToast } from '../../components/toasts';
import { formatCount } from '../../format';

type Status = Recovery['status'];

interface RecoverProps {
  webhook: Webhook;
  onClose(): void;
}

function RecoverForm({ webhook, onClose }: RecoverProps) {
  const { api } = useAccess();
  const queries = useQueryClient();
  const say = useToast();
  const [status, setStatus] = useState<Status>('failed');
  const [since, setSince] = useState(() => webhook.failing_since ?? new Date(Date.now() - 86_400_000).toISOString());
  const [until, setUntil] = useState('');
  const start = async () => {
    const body = { status, ...(since === '' ? {} : { since }), ...(until === '' ? {} : { until }) };
    await answer(api.POST('/v1/webhooks/{id}/recover', { params: { path: { id: webhook.id } }, body }));
    await queries.invalidateQueries({ queryKey: ['webhooks', webhook.id] });
    say('Recovery started');
    onClose();
  };
  return (
    <Form onSubmit={start} fields={['status', 'since', 'until']}>
      <SelectField name="status" label="What to bring back" value={status} onChange={(value) => setStatus(value as Status)}>
        <option value="failed">Deliveries that have failed</option>
        <option value="missing">Events that were never delivered here</option>
      </SelectField>
      <MomentField name="since" label="Since" value={since} onChange={setSince} hint="Empty: from the oldest that is kept." />
      <MomentField name="until" label="Until" value={until} onChange={setUntil} hint="Empty: until now." />
      <p className="hint">They are delivered in the background, beside new events. A receiver that keeps to the webhook-id takes nothing twice.</p>
      <div className="buttons">
        <Submit>Recover</Submit>
        <button type="button" className="button button-second" onClick={onClose}>Cancel</button>
      </div>
    </Form>
  );
}

export function RecoverDialog({ webhook, open, onClose }: RecoverProps & { open: boolean }) {
  return (
    <Dialog title="Recover deliveries" open={open} onClose={onClose}>
      <RecoverForm webhook={webhook} onClose={onClose} />
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
  const [asking, setAsking] = useState(false);
  const recoveries = useQuery({
    queryKey: ['webhooks', webhook.id, 'recoveries'],
    queryFn: () => answer(api.GET('/v1/webhooks/{id}/recoveries', { params: { path: { id: webhook.id } } })),
    // Progress is not told by the stream of updates.
    refetchInterval: ({ state }) => (state.data?.data.some((recovery) => recovery.state === 'running') === true ? pollMs : false),
  });
  return (
    <section className="panel" aria-labelledby="recover">
      <h2 id="recover">Recover</h2>
      <p className="hint">Deliver again, all at once, what has failed or was missed in a time.</p>
      <Answered query={recoveries}>
        {({ data }) => data.length > 0 && <ul className="rows">{data.slice(0, shownRecoveries).map((recovery) => <Row key={recovery.id} recovery={recovery} />)}</ul>}
      </Answered>
      {canChange && <button type="button" className="button button-second" aria-disabled={!webhook.enabled} onClick={() => webhook.enabled && setAsking(true)}>Recover…</button>}
      {!webhook.enabled && <p className="hint">Enable the webhook first.</p>}
      <RecoverDialog webhook={webhook} open={asking} onClose={() => setAsking(false)} />
    </section>
  );
}
