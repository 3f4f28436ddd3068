// Durable deliveries per second beside what wrk POSTs per second to the same nginx, in interleaved pairs.
//   ./dev bench throughput [PAIRS] [SECONDS]
// Events come in by the HTTP batch route (202 after fsync), 200 webhooks, one delivery per event, every attempt logged.

import { Client, createWebhooks, event } from './support/load.mjs';
import { Limehook, cpuSeconds, median, metric, report, startNginx, waitFor, wrk } from './support/machine.mjs';

const pairs = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 5);
const webhooks = 200;
const batchSize = 500;
const waitingMax = 20_000; // accepted but not yet delivered; the sender waits beyond that

/** Batches made beforehand, so that the generator costs little; each is sent again with other ids by the next run. */
function makeBatches(count) {
  return Array.from({ length: count }, () =>
    Buffer.from(Array.from({ length: batchSize }, (_, i) => event(`team_${i % webhooks}`)).join('\n')),
  );
}

async function deliveries(server, batches) {
  const client = new Client(server, 4);
  const before = await metric(server, 'limehook_deliveries_delivered_total');
  const cpuBefore = cpuSeconds(server.child.pid);
  const begin = performance.now();
  let accepted = 0;
  let done = before;
  let running = true;
  const feed = async (offset) => {
    for (let i = offset; running; i += 4) {
      while (running && accepted - (done - before) > waitingMax) await new Promise((resolve) => setTimeout(resolve, 2));
      if (!running) break;
      const status = await client.post('/v1/events/batch', batches[i % batches.length], 'application/x-ndjson');
      if (status === 202) accepted += batchSize;
      else await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const watch = setInterval(async () => (done = await metric(server, 'limehook_deliveries_delivered_total')), 50);
  const feeders = [0, 1, 2, 3].map(feed);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const delivered = (await metric(server, 'limehook_deliveries_delivered_total')) - before;
  const elapsed = (performance.now() - begin) / 1000;
  const cpu = cpuSeconds(server.child.pid) - cpuBefore;
  running = false;
  await Promise.all(feeders);
  clearInterval(watch);
  await waitFor(async () => (await metric(server, 'limehook_backlog_deliveries')) === 0, 30_000, 'the rest');
  client.close();
  return { perSecond: delivered / elapsed, cpuPerDelivery: (cpu / delivered) * 1e6 };
}

const nginx = await startNginx();
const server = await Limehook.start({ args: ['--sender-threads', process.env.SENDER_THREADS ?? '0'] });
await createWebhooks(server, webhooks, nginx.url);
const batches = makeBatches(200);
await deliveries(server, batches); // warm-up
const results = [];
for (let i = 0; i < pairs; i += 1) {
  const reference = await wrk(nginx.url, event('team_0'), { seconds });
  const ours = await deliveries(server, batches);
  const result = {
    wrk_per_second: Math.round(reference.perSecond),
    wrk_cpu_us: Number(reference.cpuPerRequest.toFixed(2)),
    deliveries_per_second: Math.round(ours.perSecond),
    cpu_us_per_delivery: Number(ours.cpuPerDelivery.toFixed(2)),
    cpu_ratio: Number((ours.cpuPerDelivery / reference.cpuPerRequest).toFixed(3)),
    ratio: Number((ours.perSecond / reference.perSecond).toFixed(3)),
  };
  report({ bench: 'throughput', pair: i + 1, ...result });
  results.push(result);
}
report({
  bench: 'throughput',
  median_of: pairs,
  deliveries_per_second: median(results.map((r) => r.deliveries_per_second)),
  cpu_ratio: median(results.map((r) => r.cpu_ratio)),
  ratio: median(results.map((r) => r.ratio)),
});
await server.stop();
nginx.stop();
