import type { Delivery } from '../api/types';

/** A delivery's status in words, and what they mean. */
export const deliveryStatuses: Record<Delivery['status'], { name: string; tone: string; meaning: string }> = {
  pending: { name: 'Pending', tone: 'badge-info', meaning: 'Accepted; no attempt has finished yet.' },
  retrying: { name: 'Retrying', tone: 'badge-warn', meaning: 'The last attempt failed; another one follows.' },
  delivered: { name: 'Delivered', tone: 'badge-good', meaning: 'The receiver acknowledged it.' },
  failed: { name: 'Failed', tone: 'badge-bad', meaning: 'Every attempt of the schedule failed; nothing more is sent unless somebody retries it.' },
  canceled: { name: 'Canceled', tone: '', meaning: 'Given up: the webhook was disabled or deleted, or somebody skipped it.' },
};

const reasons: Record<NonNullable<Delivery['reason']>, string> = {
  exhausted: deliveryStatuses.failed.meaning,
  refused_by_policy: 'Every attempt was refused: the URL leads only to addresses that this server may not send to.',
  held_too_long: 'The webhook was failing, so nothing was sent for as long as the whole schedule takes.',
  gone: 'The receiver answered 410: it does not want to be asked again.',
  webhook_deleted: 'Given up: the webhook was deleted',
  webhook_disabled: 'Given up: the webhook was disabled',
  webhook_polled: 'Given up: the webhook was switched to polling',
  skipped: 'Given up: it was skipped',
  interrupted: 'The server stopped before this test was made.',
};

/** What has become of it, and by whom. */
export function meaningOf({ status, reason, ended_by: by }: Pick<Delivery, 'status' | 'reason' | 'ended_by'>) {
  if (reason === null) return deliveryStatuses[status].meaning;
  if (status !== 'canceled' || reason === 'interrupted') return reasons[reason];
  const who = by?.kind === 'limehook' ? 'Limehook' : by?.name ?? by?.id;
  return who == null ? `${reasons[reason]}.` : `${reasons[reason]} by ${who}.`;
}

export function DeliveryStatus({ status, meaning = deliveryStatuses[status].meaning }: { status: Delivery['status']; meaning?: string }) {
  const { name, tone } = deliveryStatuses[status];
  return <span className={`badge ${tone}`} title={meaning}>{name}</span>;
}
