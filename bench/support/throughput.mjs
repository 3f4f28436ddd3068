// What the throughput benchmarks share: keeping a server busy with batches of events, counting its deliveries over a
// span of time, and comparing two such measurements in interleaved pairs.

import { createWebhooks, event } from './load.mjs';
import { Limehook, cpuSeconds, median, metric, pause, report, startNginx, waitFor, wrk } from './machine.mjs';
import { Poster, postRequest } from './poster.mjs';

export const webhookCount = 200;
const connections = 4;
const rampMs = 500; // until the backlog stands; the measured time comes after it

const deliveredTotal = (server) => metric(server, 'limehook_deliveries_delivered_total');
const round = (value, digits) => Number(value.toFixed(digits));

/**
 * NDJSON batches made beforehand, so that the generator costs little; they are sent again and again. `eventOf(i)` makes
 * an event, and each event makes `deliveriesPerEvent` deliveries.
 */
export function makeLoad(eventOf, { batches = 200, eventsPerBatch = 500, deliveriesPerEvent = 1 } = {}) {
  const batch = (first) => Array.from({ length: eventsPerBatch }, (_, i) => eventOf(first + i)).join('\n');
  return {
    requests: Array.from({ length: batches }, (_, i) =>
      postRequest('/v1/events/batch', Buffer.from(batch(i * eventsPerBatch)), 'application/x-ndjson'),
    ),
    deliveriesPerBatch: eventsPerBatch * deliveriesPerEvent,
  };
}

/**
 * Posts batches while at most `waitingMax` deliveries wait, which is looked at every `pollMs`; answers a function that
 * ends it.
 */
export async function startFeeding(server, { requests, deliveriesPerBatch, waitingMax = 20_000, pollMs = 100 }) {
  const before = await deliveredTotal(server);
  let accepted = 0;
  let done = 0;
  let running = true;
  const watch = async () => {
    while (running) {
      done = (await deliveredTotal(server)) - before;
      await pause(pollMs);
    }
  };
  const feed = async (offset) => {
    const poster = new Poster(server.address);
    for (let i = offset; running; ) {
      if (accepted - done > waitingMax) {
        await pause(2);
        continue;
      }
      const status = await poster.post(requests[i % requests.length]);
      if (status === 202) accepted += deliveriesPerBatch;
      else throw new Error(`the server answered ${status} to a batch`);
      i += connections;
    }
    poster.close();
  };
  const parts = [watch(), ...Array.from({ length: connections }, (_, i) => feed(i))];
  return async () => {
    running = false;
    await Promise.all(parts);
  };
}

const sample = async (server) => ({
  delivered: await deliveredTotal(server),
  cpu: cpuSeconds(server.child.pid),
  at: performance.now(),
});

/** Keeps the server busy for `seconds`: its deliveries per second, and its CPU time (ingest included) for each. */
export async function deliver(server, load, seconds) {
  const stopFeeding = await startFeeding(server, load);
  await pause(rampMs);
  const before = await sample(server);
  await pause(seconds * 1000);
  const after = await sample(server);
  await stopFeeding();
  await waitFor(async () => (await metric(server, 'limehook_backlog_deliveries')) === 0, 30_000, 'the rest');
  const delivered = after.delivered - before.delivered;
  return {
    perSecond: delivered / ((after.at - before.at) / 1000),
    cpuPerDelivery: ((after.cpu - before.cpu) / delivered) * 1e6,
  };
}

/**
 * Measures `reference` and `ours` in turn, changing which is first, and reports what `compare(ours, reference)` makes
 * of each pair, then the medians.
 */
export async function reportPairs(bench, { pairs, goal, reference, ours, compare }) {
  const rows = [];
  for (let pair = 1; pair <= pairs; pair += 1) {
    const early = pair % 2 === 1 ? await reference() : undefined;
    const measured = await ours();
    const row = compare(measured, early ?? (await reference()));
    report({ bench, pair, ...row });
    rows.push(row);
  }
  const medians = Object.fromEntries(Object.keys(rows[0]).map((name) => [name, median(rows.map((row) => row[name]))]));
  report({ bench, median_of: pairs, ...medians, goal });
}

/** A `compare` for two results of `deliver`, which are reported under these names. */
export const compareDeliveries = (oursName, referenceName) => (ours, reference) => ({
  [`${referenceName}_per_second`]: Math.round(reference.perSecond),
  [`${oursName}_per_second`]: Math.round(ours.perSecond),
  ratio: round(ours.perSecond / reference.perSecond, 3),
});

/** The plain load: one delivery per event, in turn for teams that have one webhook each. */
export const plainLoad = () => makeLoad((i) => event(`team_${i % webhookCount}`));

/** Deliveries of a new server in pairs with wrk's POSTs to the same nginx; `ratioOf(row)` chooses the ratio. */
export async function besideWrk(bench, { pairs, seconds, goal, ratioOf }) {
  const nginx = await startNginx();
  const server = await Limehook.start();
  await createWebhooks(server, webhookCount, nginx.url);
  const load = plainLoad();
  await deliver(server, load, Math.min(seconds, 2)); // warm-up
  await reportPairs(bench, {
    pairs,
    goal,
    reference: () => wrk(nginx.url, event('team_0'), { seconds }),
    ours: () => deliver(server, load, seconds),
    compare: (ours, reference) => {
      const row = {
        wrk_per_second: Math.round(reference.perSecond),
        wrk_cpu_us: round(reference.cpuPerRequest, 2),
        deliveries_per_second: Math.round(ours.perSecond),
        cpu_us_per_delivery: round(ours.cpuPerDelivery, 2),
        per_second_ratio: round(ours.perSecond / reference.perSecond, 3),
        cpu_ratio: round(ours.cpuPerDelivery / reference.cpuPerRequest, 3),
      };
      return { ...row, ratio: ratioOf(row) };
    },
  });
  await server.stop();
  nginx.stop();
}
