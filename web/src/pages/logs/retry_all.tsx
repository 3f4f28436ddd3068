// Sends again all that failed of what the log shows; it says how many first.

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import { Answered } from '../../components/answered';
import { Dialog } from '../../components/dialog';
import { SelectField } from '../../components/fields';
import { type Filters, timesOf } from '../../components/log/filters';
import { WebhookName, useWebhooks } from '../../components/webhook_names';
import { formatCount } from '../../format';
import { Link } from '../../router';
import { RecoverForm } from '../webhooks/recover';

const lookedAt = 500;

/** The newest failed deliveries that the filters let through. */
function useFailed(filters: Filters, webhookId: string | undefined, limit: number, enabled: boolean) {
  const { api } = useAccess();
  const { event, q, team_id, webhook_id } = filters;
  const webhook = webhookId ?? webhook_id;
  const query = {
    status: 'failed' as const, limit, ...timesOf(filters),
    ...Object.fromEntries(Object.entries({ event, q, team_id, webhook_id: webhook }).filter(([, value]) => value !== undefined)),
  };
  return useQuery({
    queryKey: ['deliveries', 'failed', filters, webhook, limit],
    queryFn: async () => (await answer(api.GET('/v1/deliveries', { params: { query } }))).data,
    enabled,
  });
}

interface RetryAllProps {
  filters: Filters;
  webhookId: string | undefined;
  /** Where the dialog is open. */
  href: string;
  open: boolean;
  onClose(): void;
}

/** Offered wherever something that failed is in view. */
export function RetryAll({ filters, webhookId, href, open, onClose }: RetryAllProps) {
  const { canChange } = useAccess();
  const concerned = filters.status === undefined || filters.status === 'failed';
  const failed = useFailed(filters, webhookId, 1, canChange && concerned);
  if (!canChange || !concerned) return null;
  const any = failed.data !== undefined && failed.data.length > 0;
  return (
    <>
      {any && <p><Link href={href} replace className="button button-second">Retry all failed…</Link></p>}
      <Dialog title="Retry all failed" open={open} onClose={onClose}>
        {webhookId ?? filters.webhook_id
          ? <OfWebhook id={webhookId ?? filters.webhook_id ?? ''} filters={filters} onClose={onClose} />
          : <OfAnyWebhook filters={filters} onClose={onClose} />}
      </Dialog>
    </>
  );
}

/** Recoveries are of one webhook: which of those that have failed in view? */
function OfAnyWebhook({ filters, onClose }: Pick<RetryAllProps, 'filters' | 'onClose'>) {
  const failed = useFailed(filters, undefined, lookedAt, true);
  const webhooks = useWebhooks().data ?? [];
  const [chosen, setChosen] = useState('');
  return (
    <Answered query={failed}>
      {(deliveries) => {
        const counts = new Map<string, number>();
        for (const { webhook_id: id, test } of deliveries) if (!test) counts.set(id, (counts.get(id) ?? 0) + 1);
        const [first] = counts.keys();
        if (first === undefined) return <p>Nothing in view has failed.</p>;
        const id = chosen === '' ? first : chosen;
        const nameOf = (webhook: string) => webhooks.find((one) => one.id === webhook)?.name ?? webhook;
        return (
          <>
            {counts.size > 1 && (
              <SelectField name="webhook_id" label="Webhook" value={id} onChange={setChosen} hint="Deliveries are retried for one webhook at a time.">
                {[...counts].map(([webhook, count]) => <option key={webhook} value={webhook}>{nameOf(webhook)} ({formatCount(count)} failed{deliveries.length === lookedAt ? ' lately' : ''})</option>)}
              </SelectField>
            )}
            <OfWebhook key={id} id={id} filters={filters} onClose={onClose} />
          </>
        );
      }}
    </Answered>
  );
}

function OfWebhook({ id, filters, onClose }: Pick<RetryAllProps, 'filters' | 'onClose'> & { id: string }) {
  const { api } = useAccess();
  const webhook = useQuery({ queryKey: ['webhooks', id], queryFn: () => answer(api.GET('/v1/webhooks/{id}', { params: { path: { id } } })) });
  if (webhook.error?.status === 404) return <p>This webhook was deleted. Nothing more can be sent to it.</p>;
  return (
    <Answered query={webhook}>
      {(value) => (
        <>
          <p>To <strong><WebhookName id={id} /></strong>, what the filters of the log let through.</p>
          {filters.team_id !== undefined && value.team_id === null && <p className="hint">This webhook gets the events of all teams; they cannot be limited to one here.</p>}
          <RecoverForm webhook={value} preset={{ status: 'failed', event: filters.event, q: filters.q, ...timesOf(filters) }} onClose={onClose} />
        </>
      )}
    </Answered>
  );
}
