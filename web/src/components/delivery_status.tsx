import type { Delivery } from '../api/types';

/** A delivery's status in words, and what they mean. */
export const deliveryStatuses: Record<Delivery['status'], { name: string; tone: string; meaning: string }> = {
  pending: { name: 'Pending', tone: 'badge-info', meaning: 'Accepted; no attempt has finished yet.' },
  retrying: { name: 'Retrying', tone: 'badge-warn', meaning: 'The last attempt failed; another one follows.' },
  delivered: { name: 'Delivered', tone: 'badge-good', meaning: 'The receiver acknowledged it.' },
  failed: { name: 'Failed', tone: 'badge-bad', meaning: 'Given up: nothing more is sent unless someone retries it.' },
  canceled: { name: 'Canceled', tone: '', meaning: 'Given up: the webhook was disabled or deleted, or somebody skipped it.' },
};

const reasons: Record<Exclude<NonNullable<Delivery['reason']>, 'exhausted'>, string> = {
  refused_by_policy: 'The URL has an address or a port that this server may not send to.',
  held_too_long: 'The webhook was failing, so nothing was sent for as long as the whole schedule takes.',
  gone: 'The receiver answered 410: it does not want to be asked again.',
  webhook_deleted: 'Given up: the webhook was deleted',
  webhook_disabled: 'Given up: the webhook was disabled',
  webhook_polled: 'Given up: the webhook was switched to polling',
  skipped: 'Given up: it was skipped',
  interrupted: 'The server stopped before this test was made.',
};

function failureOf({ test, attempt_count: attempts }: Pick<Delivery, 'test' | 'attempt_count'>): string {
  if (test) return 'The test failed.';
  if (attempts === 0) return 'No attempt was made. Nothing is sent unless someone retries it.';
  return `${attempts === 1 ? 'The only attempt' : `All ${attempts} attempts`} failed. Nothing more is sent unless someone retries it.`;
}

/** What became of a delivery and by whom, in a sentence. */
export function meaningOf(delivery: Pick<Delivery, 'status' | 'reason' | 'ended_by' | 'test' | 'attempt_count'>): string {
  const { status, reason, ended_by: by } = delivery;
  if (status === 'failed' && (reason === null || reason === 'exhausted')) return failureOf(delivery);
  if (reason === null || reason === 'exhausted') return deliveryStatuses[status].meaning;
  if (status !== 'canceled' || reason === 'interrupted') return reasons[reason];
  const who = by?.kind === 'limehook' ? 'Limehook' : by?.name ?? by?.id;
  return who == null ? `${reasons[reason]}.` : `${reasons[reason]} by ${who}.`;
}

export function DeliveryStatus({ status, meaning = deliveryStatuses[status].meaning }: { status: Delivery['status']; meaning?: string }) {
  const { name, tone } = deliveryStatuses[status];
  return <span className={`badge ${tone}`} title={meaning}>{name}</span>;
}
