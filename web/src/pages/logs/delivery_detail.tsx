// One delivery: how it stands, what is sent, every attempt.

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import { useConnected } from '../../api/live';
import type { DeliveryDetail as Detail } from '../../api/types';
import { Answered } from '../../components/answered';
import { CodeBlock } from '../../components/code_block';
import { DeliveryStatus, meaningOf } from '../../components/delivery_status';
import { EventSubject } from '../../components/event_subject';
import { detailHeading } from '../../components/log/log_view';
import { TeamName } from '../../components/team';
import { Ago, Clock, useNow } from '../../components/time';
import { WebhookName } from '../../components/webhook_names';
import { formatDuration, formatTime } from '../../format';
import { indentedJson, jsonOf } from '../../json';
import { Link } from '../../router';
import { Attempts, Trouble } from './attempts';
import { DeliveryActions, isOpen } from './delivery_actions';

const unconnectedMs = 1000;

/** When the next attempt is due, counting down. */
function NextAttempt({ at }: { at: string }) {
  const seconds = Math.ceil((Date.parse(at) - useNow()) / 1000);
  return <time dateTime={at} title={formatTime(at)}>{seconds > 0 ? `in ${formatDuration(seconds)}` : 'due now'}</time>;
}

/** Says what becomes of a retry, until its outcome is there. `before`: how many attempts there were. */
function Progress({ delivery, before }: { delivery: Detail; before: number }) {
  const done = delivery.attempt_count > before;
  const last = delivery.attempts.at(-1);
  const words = !done ? `Attempt ${before + 1} is on its way…`
    : delivery.status === 'delivered' ? `Attempt ${delivery.attempt_count} was acknowledged.`
      : `Attempt ${delivery.attempt_count} failed${last?.error ? `: ${last.error}` : ''}.`;
  return <p role="status" className={`log-progress ${done ? (delivery.status === 'delivered' ? 'log-progress-good' : 'log-progress-bad') : ''}`}>{words}</p>;
}

function Facts({ delivery }: { delivery: Detail }) {
  const { portal, admin } = useAccess();
  return (
    <dl className="log-facts">
      <div><dt>Webhook</dt><dd><Link href={`/settings/webhooks/${delivery.webhook_id}`}><WebhookName id={delivery.webhook_id} /></Link></dd></div>
      {!portal && <div><dt>Event</dt><dd><Link href={`/events/${delivery.event_id}`}>{delivery.event_id}</Link></dd></div>}
      {delivery.search_terms.length > 0 && <div><dt>About</dt><dd><EventSubject terms={delivery.search_terms} /></dd></div>}
      {admin && <div><dt>Team</dt><dd>{delivery.team_id === null ? <span className="hint">none found</span> : <TeamName id={delivery.team_id} />}</dd></div>}
      <div><dt>Accepted</dt><dd><Ago at={delivery.created_at} /> <span className="hint"><Clock at={delivery.created_at} /></span></dd></div>
      {delivery.next_attempt_at !== null && <div><dt>Next attempt</dt><dd><NextAttempt at={delivery.next_attempt_at} /></dd></div>}
    </dl>
  );
}

function Shown({ delivery, address }: { delivery: Detail; address: string }) {
  const { api } = useAccess();
  const [before, setBefore] = useState<number | null>(null);
  const { webhook_id: id } = delivery;
  const webhook = useQuery({
    queryKey: ['webhook', id],
    queryFn: () => answer(api.GET('/v1/webhooks/{id}', { params: { path: { id } } })),
    staleTime: 60_000,
  });
  const last = delivery.attempts.at(-1);
  const latestTold = delivery.status !== 'delivered' && last !== undefined;
  const payload = last?.request.body ?? (typeof delivery.payload === 'string' ? delivery.payload : jsonOf(delivery.payload));
  return (
    <>
      <div className="log-detail-head">
        <h2 id={detailHeading} tabIndex={-1}>{delivery.event} <DeliveryStatus status={delivery.status} meaning={meaningOf(delivery)} /> {delivery.test && <span className="badge">Test</span>}</h2>
        <p className="hint">{delivery.id}</p>
      </div>
      <p>{meaningOf(delivery)}{delivery.test && ' It was sent by a test of the webhook, which is not repeated; test again instead.'}</p>
      {before !== null && <Progress delivery={delivery} before={before} />}
      {latestTold && <Trouble attempt={last} />}
      {last === undefined && delivery.error !== null && <p className="log-trouble">{delivery.error}</p>}
      <DeliveryActions delivery={delivery} address={address} onRetried={() => setBefore(delivery.attempt_count)} />
      <Facts delivery={delivery} />
      <div className="log-part">
        <h3>Payload</h3>
        {delivery.note !== null && <p className="hint">{delivery.note}</p>}
        <CodeBlock label="Payload" text={indentedJson(payload)} />
      </div>
      <div className="log-part">
        <h3>Attempts <span className="badge">{delivery.attempt_count}</span></h3>
        {delivery.attempts.length === 0
          ? <p className="hint">{isOpen(delivery) ? 'None has finished yet.' : delivery.attempt_count === 0 ? 'No attempt was made.' : 'The attempts are no longer kept.'}</p>
          : <Attempts attempts={delivery.attempts} webhook={webhook.data} latestTold={latestTold} />}
      </div>
    </>
  );
}

/** A delivery as it is now; null: none. */
export function useDelivery(id: string | null) {
  const { api } = useAccess();
  const connected = useConnected();
  return useQuery({
    queryKey: ['deliveries', id],
    queryFn: () => answer(api.GET('/v1/deliveries/{id}', { params: { path: { id: id ?? '' } } })),
    refetchInterval: ({ state }) => (!connected && state.data !== undefined && isOpen(state.data) ? unconnectedMs : false),
    enabled: id !== null,
  });
}

/** `address`: of this page, to be shared. */
export function DeliveryDetail({ id, address }: { id: string; address: string }) {
  const delivery = useDelivery(id);
  return <Answered query={delivery}>{(value) => <Shown key={id} delivery={value} address={address} />}</Answered>;
}
