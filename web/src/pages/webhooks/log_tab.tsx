import type { Webhook } from '../../api/types';
import { Link } from '../../router';

/** The tab Webhook Logs of a webhook's page. */
export function LogTab({ webhook }: { webhook: Webhook }) {
  return (
    <section className="panel">
      <p>Every delivery to this webhook, with what was sent and what was answered.</p>
      <Link href={`/logs?webhook_id=${webhook.id}`} className="button">Open Webhook Logs</Link>
    </section>
  );
}
