// Statistics as a server has them that has been at work for a while, for pages that show them.

/** A number from 0 to 1 that looks random and is always the same for the same `index`. */
const noise = (index) => Math.abs(Math.sin(index * 12.9898) * 43_758.5453) % 1;

/** The counts of a bucket; every seventh has failures. */
function countsOf(index, perBucket) {
  const delivered = Math.round(perBucket * (0.6 + 0.8 * noise(index)));
  const failed = index % 7 === 0 ? Math.round(delivered * 0.12) + 1 : 0;
  const p50 = 40 + 25 * noise(index + 1);
  return {
    attempts: delivered + 2 * failed, attempts_failed: 2 * failed, delivered, failed, success_rate: delivered / (delivered + failed),
    latency_ms: { p50, p90: p50 * (2 + noise(index + 2)), p99: p50 * (4 + 3 * noise(index + 3)) },
  };
}

/**
 * What GET /v1/stats answers for the range from `since` until now. idle: the share of the range, from its middle on, in
 * which nothing was sent.
 */
export function trafficSince(since, { perMinute = 120, backlog = 7, idle = 0.15 } = {}) {
  const now = Date.now() / 1000;
  const begin = Date.parse(since) / 1000;
  const width = [60, 300, 900, 3600].find((seconds) => (now - begin) / seconds < 300) ?? 86_400;
  const count = Math.ceil((now - begin) / width);
  const sent = [...Array(count).keys()].filter((index) => index < count / 2 || index >= count * (0.5 + idle));
  const lengthOf = (index) => Math.min(width, now - begin - index * width);  // the last one goes on
  const series = sent.map((index) => ({ at: new Date((begin + index * width) * 1000).toISOString(), ...countsOf(index, (perMinute * lengthOf(index)) / 60) }));
  const sum = (name) => series.reduce((total, bucket) => total + bucket[name], 0);
  const [delivered, failed] = [sum('delivered'), sum('failed')];
  return {
    since, until: new Date(now * 1000).toISOString(), bucket_seconds: width, backlog,
    totals: { ...countsOf(1, 1), attempts: sum('attempts'), attempts_failed: sum('attempts_failed'), delivered, failed, success_rate: delivered / (delivered + failed) },
    series,
  };
}

/** Lets `page` see such statistics instead of the server's. */
export const withTraffic = (page, options) =>
  page.route('**/v1/stats?*', (route) => route.fulfill({ json: trafficSince(new URL(route.request().url()).searchParams.get('since'), options) }));
