// What the charts show of the server's statistics: every bucket of the range has a place, also those in which nothing
// ended and which the server leaves out.

import type { Stats } from '../../api/types';

type Counts = Stats['totals'];
export type Value = number | null;

export interface Series {
  /** Where each bucket begins, in seconds since 1970. */
  at: number[];
  /** Per minute; 0 where nothing ended. */
  delivered: number[];
  failed: number[];
  /** Null where nothing ended. */
  successRate: Value[];
  /** Of acknowledged attempts; null where there were none. */
  p50: Value[];
  p90: Value[];
  p99: Value[];
}

const seconds = (time: string) => Date.parse(time) / 1000;

/** Minutes of a bucket that have passed: the last one is still going on. Less than one counts as one. */
const minutesOf = (at: number, width: number, until: number) => Math.max(Math.min(width, until - at) / 60, 1);

export function seriesOf({ since, until, bucket_seconds: width, series: buckets }: Stats): Series {
  const known = new Map<number, Counts>(buckets.map((bucket) => [seconds(bucket.at), bucket]));
  const end = seconds(until);
  const series: Series = { at: [], delivered: [], failed: [], successRate: [], p50: [], p90: [], p99: [] };
  for (let at = Math.floor(seconds(since) / width) * width; at < end; at += width) {
    const counts = known.get(at);
    const minutes = minutesOf(at, width, end);
    series.at.push(at);
    series.delivered.push((counts?.delivered ?? 0) / minutes);
    series.failed.push((counts?.failed ?? 0) / minutes);
    series.successRate.push(counts?.success_rate ?? null);
    series.p50.push(counts?.latency_ms?.p50 ?? null);
    series.p90.push(counts?.latency_ms?.p90 ?? null);
    series.p99.push(counts?.latency_ms?.p99 ?? null);
  }
  return series;
}

const nowSeconds = 300;

/** Deliveries per minute now: of the last five minutes, as far as the buckets are that short. */
export function rateNow({ until, bucket_seconds: width, series }: Stats): number {
  const end = seconds(until);
  const from = Math.floor((end - Math.max(nowSeconds, width)) / width) * width + width;
  const recent = series.filter(({ at }) => seconds(at) >= from);
  const ended = recent.reduce((sum, { delivered, failed }) => sum + delivered + failed, 0);
  return ended / Math.max((end - from) / 60, 1);
}
