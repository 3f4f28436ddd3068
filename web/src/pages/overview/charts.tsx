import { useMemo } from 'react';

import type { Stats } from '../../api/types';
import { Chart } from '../../components/chart';
import { formatMilliseconds, formatShare } from '../../format';
import { seriesOf } from './series';

const formatRate = (rate: number) => rate.toLocaleString(undefined, { maximumFractionDigits: rate < 10 ? 2 : 0 });

/** Deliveries, success rate and latency over the time that `stats` are of. */
export function Charts({ stats, words }: { stats: Stats; words: string }) {
  const { deliveries, success, latency } = useMemo(() => {
    const { at, delivered, failed, successRate, p50, p90, p99 } = seriesOf(stats);
    const bars = 'bars' as const;
    const line = 'line' as const;
    const shared = { at, bucketSeconds: stats.bucket_seconds, empty: `Nothing was sent in the last ${words}.` };
    return {
      deliveries: {
        ...shared,
        lines: [
          { name: 'Delivered', colour: '--good', values: delivered, shape: bars },
          { name: 'Failed', colour: '--bad', values: failed, shape: bars },
        ],
      },
      success: { ...shared, lines: [{ name: 'Acknowledged', colour: '--good', values: successRate, shape: line }] },
      latency: {
        ...shared,
        empty: `Nothing was acknowledged in the last ${words}.`,
        lines: [
          { name: 'p50', colour: '--info', values: p50, shape: line },
          { name: 'p90', colour: '--warn', values: p90, shape: line, dash: [8, 3] },
          { name: 'p99', colour: '--bad', values: p99, shape: line, dash: [2, 3] },
        ],
      },
    };
  }, [stats, words]);
  return (
    <div className="charts">
      <Chart title="Deliveries per minute" {...deliveries} stacked format={formatRate} />
      <Chart title="Success rate" {...success} most={1} format={formatShare} />
      <Chart title="Latency" {...latency} format={formatMilliseconds} />
    </div>
  );
}
