// One event: what was accepted, and how its deliveries fare.

import { useQuery } from '@tanstack/react-query';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import { useConnected } from '../../api/live';
import type { Delivery, EventDetail as Detail } from '../../api/types';
import { Answered } from '../../components/answered';
import { CodeBlock } from '../../components/code_block';
import { DeliveryStatus, deliveryStatuses, meaningOf } from '../../components/delivery_status';
import { EventSubject, searchTermsOf } from '../../components/event_subject';
import { detailHeading } from '../../components/log/log_view';
import { TeamName } from '../../components/team';
import { Ago, Clock } from '../../components/time';
import { WebhookName } from '../../components/webhook_names';
import { indentedJson, jsonOf } from '../../json';
import { Link } from '../../router';

const unconnectedMs = 2000;

/** "2 delivered, 1 retrying". */
function summary(deliveries: Delivery[]): string {
  const counts = Object.entries(deliveryStatuses).map(([status, { name }]) => [deliveries.filter((one) => one.status === status).length, name.toLowerCase()] as const);
  return counts.filter(([count]) => count > 0).map(([count, name]) => `${count} ${name}`).join(', ');
}

function Deliveries({ deliveries }: { deliveries: Delivery[] }) {
  if (deliveries.length === 0) return <p className="hint">No webhook wanted this event when it came. Webhooks choose by event type, team, numbers and filters.</p>;
  return (
    <>
      <p role="status" className="hint">{summary(deliveries)}</p>
      <ul className="log-deliveries">
        {deliveries.map((one) => (
          <li key={one.id}>
            <DeliveryStatus status={one.status} meaning={meaningOf(one)} />
            <Link href={`/logs/${one.id}`}><WebhookName id={one.webhook_id} /></Link>
            <span className="hint">{one.error ?? (one.response_status !== null && `answered ${one.response_status}`)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Shown({ event }: { event: Detail }) {
  const terms = searchTermsOf(event.payload);
  return (
    <>
      <div className="log-detail-head">
        <h2 id={detailHeading} tabIndex={-1}>{event.event} {event.test && <span className="badge">Test</span>}</h2>
        <p className="hint">{event.id}</p>
      </div>
      <dl className="log-facts">
        {terms.length > 0 && <div><dt>About</dt><dd><EventSubject terms={terms} /></dd></div>}
        <div><dt>Team</dt><dd>{event.team_id === null ? <span className="hint">none found</span> : <TeamName id={event.team_id} />}</dd></div>
        <div><dt>Accepted</dt><dd><Ago at={event.received_at} /> <span className="hint"><Clock at={event.received_at} /></span></dd></div>
      </dl>
      <div className="log-part">
        <h3>Deliveries <span className="badge">{event.deliveries.length}</span></h3>
        <Deliveries deliveries={event.deliveries} />
      </div>
      <div className="log-part">
        <h3>Payload</h3>
        <CodeBlock label="Payload" text={indentedJson(jsonOf(event.payload))} />
      </div>
    </>
  );
}

export function EventDetail({ id }: { id: string }) {
  const { api } = useAccess();
  const connected = useConnected();
  const event = useQuery({
    queryKey: ['events', id],
    queryFn: () => answer(api.GET('/v1/events/{id}', { params: { path: { id } } })),
    refetchInterval: connected ? false : unconnectedMs,
  });
  return <Answered query={event}>{(value) => <Shown event={value} />}</Answered>;
}
