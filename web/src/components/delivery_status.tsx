import type { Delivery } from '../api/types';

/** A delivery's status in words, and what they mean. */
export const deliveryStatuses: Record<Delivery['status'], { name: string; tone: string; meaning: string }> = {
  pending: { name: 'Pending', tone: 'badge-info', meaning: 'Accepted; no attempt has finished yet.' },
  retrying: { name: 'Retrying', tone: 'badge-warn', meaning: 'The last attempt failed; another one follows.' },
  delivered: { name: 'Delivered', tone: 'badge-good', meaning: 'The receiver acknowledged it.' },
  failed: { name: 'Failed', tone: 'badge-bad', meaning: 'Given up: nothing more is sent unless someone retries it.' },
  canceled: { name: 'Canceled', tone: '', meaning: 'Given up: the webhook was disabled or deleted, or somebody skipped it.' },
};

/** What became of a delivery, in a sentence. */
export function meaningOf({ status, test, attempt_count: attempts }: Pick<Delivery, 'status' | 'test' | 'attempt_count'>): string {
  if (status !== 'failed') return deliveryStatuses[status].meaning;
  if (test) return 'The test failed.';
  if (attempts === 0) return 'No attempt was made. Nothing is sent unless someone retries it.';
  return `${attempts === 1 ? 'The only attempt' : `All ${attempts} attempts`} failed. Nothing more is sent unless someone retries it.`;
}

export function DeliveryStatus({ status }: { status: Delivery['status'] }) {
  const { name, tone, meaning } = deliveryStatuses[status];
  return <span className={`badge ${tone}`} title={meaning}>{name}</span>;
}
