import type { ReactNode } from 'react';

import type { Stats } from '../../api/types';
import { formatCount, formatMilliseconds, formatShare } from '../../format';
import { Link } from '../../router';
import { rateNow } from './series';

const formatRate = (rate: number) => rate.toLocaleString(undefined, { maximumFractionDigits: rate < 10 ? 1 : 0 });

function Figure({ name, value, children }: { name: string; value: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
      <dd className="hint">{children}</dd>
    </div>
  );
}

function Latency({ latency }: { latency: Stats['totals']['latency_ms'] }) {
  const told = (value: number | undefined) => (value === undefined ? '–' : formatMilliseconds(value));
  return (
    <Figure name="Latency, p50" value={told(latency?.p50)}>
      p90 <strong>{told(latency?.p90)}</strong> · p99 <strong>{told(latency?.p99)}</strong>
    </Figure>
  );
}

/** `now`: statistics of the last hour, by the minute; `range`: of what was chosen. */
export function Figures({ now, range, words }: { now: Stats; range: Stats; words: string }) {
  const { totals } = range;
  return (
    <dl className="figures">
      <Figure name="Deliveries per minute" value={formatRate(rateNow(now))}>now, over 5 minutes</Figure>
      <Figure name="Success rate" value={totals.success_rate === null ? '–' : formatShare(totals.success_rate)}>
        {totals.failed === 0 ? 'none failed' : <Link href="/logs?status=failed">{formatCount(totals.failed)} failed</Link>} in the last {words}
      </Figure>
      <Latency latency={totals.latency_ms} />
      <Figure name="Backlog" value={formatCount(now.backlog)}>
        {now.backlog === 0 ? 'nothing waits' : <Link href="/logs?status=retrying">waiting, or to be retried</Link>}
      </Figure>
    </dl>
  );
}
