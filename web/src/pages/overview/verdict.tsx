import { CircleAlert, CircleCheck, CircleDashed, Hourglass } from 'lucide-react';
import type { ReactNode } from 'react';

import type { Schemas, Stats } from '../../api/types';
import { isolated } from '../../direction';
import { formatCount, formatShare } from '../../format';
import { Link } from '../../router';
import { rateNow } from './series';

type Failing = Schemas['WebhookList'];

// Some deliveries always wait, for the answer that is on its way or for a retry.
const fewWaiting = 100;

/** More wait than are sent within a minute. */
const piledUp = (stats: Stats) => stats.backlog > Math.max(fewWaiting, rateNow(stats));

function failingWords({ data, next_cursor }: Failing): string {
  if (next_cursor !== null) return `More than ${data.length} webhooks are failing`;
  const [only] = data;
  return data.length === 1 && only !== undefined ? `The webhook “${isolated(only.name)}” is failing` : `${data.length} webhooks are failing`;
}

const failingPath = ({ data }: Failing) => (data.length === 1 ? `/settings/webhooks/${data[0]?.id}` : '/settings/webhooks');

function Waiting({ count }: { count: number }) {
  return <Link href="/logs?status=pending">{formatCount(count)} deliveries are waiting</Link>;
}

function aside({ totals }: Stats, words: string): string {
  const ended = totals.delivered + totals.failed;
  if (ended === 0) return `Nothing was sent in the last ${words}.`;
  const count = ended === 1 ? '1 delivery' : `${formatCount(ended)} deliveries`;
  return `${count} in the last ${words}, ${formatShare(totals.success_rate ?? 0)} acknowledged.`;
}

interface VerdictProps {
  stats: Stats;
  failing: Failing;
  /** As in "in the last hour". */
  words: string;
  anyWebhook: boolean;
}

/** How things stand, in one sentence. */
export function Verdict({ stats, failing, words, anyWebhook }: VerdictProps) {
  const waits = piledUp(stats);
  const kind = failing.data.length > 0 ? 'bad' : waits ? 'warn' : anyWebhook ? 'good' : 'quiet';
  const sentences: Record<typeof kind, () => ReactNode> = {
    bad: () => <><Link href={failingPath(failing)}>{failingWords(failing)}</Link>{waits && <>, and <Waiting count={stats.backlog} /></>}</>,
    warn: () => <Waiting count={stats.backlog} />,
    good: () => 'Everything flows',
    quiet: () => 'There is no webhook yet, so nothing is sent',
  };
  const Icon = { bad: CircleAlert, warn: Hourglass, good: CircleCheck, quiet: CircleDashed }[kind];
  return (
    <div className={`verdict verdict-${kind}`}>
      <Icon aria-hidden size={28} />
      <div>
        <p className="verdict-words" role="status">{sentences[kind]()}</p>
        <p className="hint">{aside(stats, words)}</p>
      </div>
    </div>
  );
}
