import { useQuery } from '@tanstack/react-query';

import { useAccess } from '../../../api/access';
import { answer } from '../../../api/client';
import type { Attempt, Delivery, Webhook } from '../../../api/types';
import { CodeBlock } from '../../../components/code_block';
import { DeliveryStatus } from '../../../components/delivery_status';
import { Ago } from '../../../components/time';
import { formatMilliseconds } from '../../../format';
import { Link } from '../../../router';
import { TestCall } from './test_call';
import { testReceiverOf } from './test_receiver';

const shownHeaders = ['webhook-id', 'webhook-timestamp', 'webhook-signature', 'x-limecall-signature', 'x-limecall-event', 'authorization'];

/** The request as it went over the wire, with the headers that matter to a receiver. */
function requestText({ request }: Attempt): string {
  const headers = Object.entries(request.headers).filter(([name]) => shownHeaders.includes(name.toLowerCase()));
  return `${['POST ' + new URL(request.url).pathname, ...headers.map(([name, value]) => `${name}: ${value}`)].join('\n')}\n\n${request.body}`;
}

/** What the built-in receiver says of the signature of what has come; nothing for receivers elsewhere. */
function Verified({ webhook }: { webhook: Webhook }) {
  const { api } = useAccess();
  const id = testReceiverOf(webhook);
  const received = useQuery({
    queryKey: ['deliveries', 'test receiver', id],
    queryFn: () => answer(api.GET('/v1/test-receivers/{id}', { params: { path: { id: id ?? '' } } })),
    enabled: id !== undefined,
  });
  const valid = received.data?.requests[0]?.signature_valid;
  return valid === true && <> The test receiver has checked the signature: it is right.</>;
}

function Answer({ attempt, delivery, webhook }: { attempt: Attempt; delivery: Delivery; webhook: Webhook }) {
  const status = attempt.response?.status;
  const took = formatMilliseconds(attempt.duration_ms);
  if (delivery.status === 'delivered') {
    return <p><span className="badge badge-good">Delivered</span> The receiver answered <strong>{status}</strong> in {took}.<Verified webhook={webhook} /></p>;
  }
  return (
    <p>
      <DeliveryStatus status={delivery.status} /> {attempt.error}, after {took}.{' '}
      {delivery.next_attempt_at !== null && <>Next attempt <Ago at={delivery.next_attempt_at} /> </>}
      <Link href={`/settings/webhooks/${webhook.id}`}>Change the webhook</Link>
    </p>
  );
}

function Arrived({ delivery, webhook }: { delivery: Delivery; webhook: Webhook }) {
  const { api } = useAccess();
  const detail = useQuery({
    queryKey: ['deliveries', delivery.id, delivery.updated_at],
    queryFn: () => answer(api.GET('/v1/deliveries/{id}', { params: { path: { id: delivery.id } } })),
  });
  const attempt = detail.data?.attempts.at(-1);
  if (attempt === undefined) return <p role="status">On its way…</p>;
  return (
    <>
      <div role="status"><Answer attempt={attempt} delivery={delivery} webhook={webhook} /></div>
      <p className="hint">This is what was sent. The signatures prove to the receiver that it came from here, unchanged.</p>
      <CodeBlock label="Request" text={requestText(attempt)} />
      <div className="buttons">
        <Link href={`/logs/${delivery.id}`} className="button button-second">Open in Webhook Logs</Link>
        <TestCall webhook={webhook} again />
      </div>
    </>
  );
}

/** The newest delivery of `webhook`, as it goes on. */
export function FirstDelivery({ webhook, delivery }: { webhook: Webhook; delivery: Delivery | undefined }) {
  if (delivery !== undefined) return <Arrived delivery={delivery} webhook={webhook} />;
  return (
    <>
      <p>Nothing has gone to <strong>{webhook.name}</strong> yet: it gets what happens from when it was made, if it is of a kind that it wants.</p>
      <TestCall webhook={webhook} again />
    </>
  );
}
