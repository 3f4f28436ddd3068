import type { Webhook } from '../../api/types';
import { healthOf } from './words';

/** How a webhook fares, at a glance. */
export function HealthBadge({ webhook }: { webhook: Webhook }) {
  const { mood, badge, words } = healthOf(webhook);
  return <span className={mood === 'quiet' ? 'badge' : `badge badge-${mood}`} title={words}>{badge}</span>;
}
