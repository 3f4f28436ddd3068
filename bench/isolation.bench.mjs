// What sick receivers cost the healthy ones: from an event's POST to its arrival at a fast receiver (and from its 202),
// at a steady rate over 1,000 webhooks, with 10 % of them hanging beside all of them healthy.
//   ./dev bench isolation [ROUNDS] [SECONDS] [REFUSING]
// REFUSING (default 0) is a further percentage, of webhooks whose receivers refuse connections. Each round starts two
// servers, one after the other. In both the webhooks in question first get a burst of 20 events each, spread over some
// seconds, which takes all slots of the hanging ones and leaves a backlog. The measured time begins just before the
// first attempts time out, so that it sees those too. Only the other webhooks count.

import { once } from 'node:events';
import http from 'node:http';
import { Worker } from 'node:worker_threads';

import { Client, createWebhooks, event, paced } from './support/load.mjs';
import { Limehook, freePort, median, metric, pause, quantiles, report, waitFor } from './support/machine.mjs';

const rounds = Number(process.argv[2] ?? 3);
const seconds = Number(process.argv[3] ?? 6);
const refusing = Number(process.argv[4] ?? 0);
const rate = 500; // events per second over all webhooks
const webhooks = 1000;
const burst = 20; // events for each webhook that may be sick, beforehand
const burstSeconds = 4; // over which these bursts are spread
const timeoutMs = 15_000; // of an attempt, the server's default
const hangs = (i) => i % 10 === 3;
const refuses = (i) => i % 100 >= 50 && i % 100 < 50 + refusing && !hangs(i);
const counts = (i) => !hangs(i) && !refuses(i);

const arrivals = new Map(); // call id → time
const fast = http.createServer((request, response) => {
  let body = '';
  const at = performance.now();
  request.on('data', (chunk) => (body += chunk)).on('end', () => {
    response.end();
    arrivals.set(JSON.parse(body).call_id, at);
  });
});
await new Promise((resolve) => fast.listen(0, '127.0.0.1', 1024, resolve));
const hanging = new Worker(new URL('support/hanging_receiver.mjs', import.meta.url));
const [hangingUrl] = await once(hanging, 'message');
const fastUrl = `http://127.0.0.1:${fast.address().port}`;
const closedUrl = `http://127.0.0.1:${await freePort()}`;

function urlOf(i, sick) {
  if (sick && hangs(i)) return hangingUrl;
  if (sick && refuses(i)) return closedUrl;
  return fastUrl;
}

/** One burst for each webhook that may be sick, one webhook after the other. */
async function sendBursts(client) {
  const teams = Array.from({ length: webhooks }, (_, i) => i).filter((i) => !counts(i));
  await paced(teams.length / burstSeconds, teams.length, async (i) => {
    const lines = Array.from({ length: burst }, () => event(`team_${teams[i]}`)).join('\n');
    const status = await client.post('/v1/events/batch', lines, 'application/x-ndjson');
    if (status !== 202) throw new Error(`the server answered ${status}`);
  });
}

/** Posts single events to all webhooks in turn; answers the times of those that count, in milliseconds. */
async function latencies(client, count) {
  const sent = await paced(rate, count, async (i) => {
    const webhook = i % webhooks;
    const body = event(`team_${webhook}`);
    const begun = performance.now();
    const status = await client.post('/v1/events', body);
    if (status !== 202) throw new Error(`the server answered ${status}`);
    return { webhook, id: JSON.parse(body).call_id, begun, accepted: performance.now() };
  });
  const healthy = sent.filter(({ webhook }) => counts(webhook));
  await waitFor(() => healthy.every(({ id }) => arrivals.has(id)), 10_000, 'the healthy deliveries');
  return {
    whole: healthy.map(({ id, begun }) => arrivals.get(id) - begun),
    // A delivery may arrive before its 202 does: that counts as no time at all.
    after202: healthy.map(({ id, accepted }) => Math.max(0, arrivals.get(id) - accepted)),
  };
}

async function measure(sick) {
  const server = await Limehook.start();
  await createWebhooks(server, webhooks, fastUrl, (i) => ({ url: `${urlOf(i, sick)}/hook` }));
  const client = new Client(server, 64);
  arrivals.clear();
  const begin = performance.now();
  await sendBursts(client);
  await latencies(client, rate); // warm-up
  if (sick) await pause(timeoutMs - 500 - (performance.now() - begin));
  const values = await latencies(client, rate * seconds);
  const backlog = await metric(server, 'limehook_backlog_deliveries');
  const timeouts = await metric(server, 'limehook_attempts_total{outcome="timeout"}');
  const refused = await metric(server, 'limehook_attempts_total{outcome="connect_failed"}');
  await server.kill9(); // its data is of no use, and draining would wait for the hanging attempts
  client.close();
  const [p50, p99] = quantiles(values.whole, 0.5, 0.99).map((ms) => Number(ms.toFixed(3)));
  const [after202] = quantiles(values.after202, 0.99).map((ms) => Number(ms.toFixed(3)));
  return { p50, p99, after202, backlog, timeouts, refused };
}

const rows = [];
for (let round = 1; round <= rounds; round += 1) {
  const early = round % 2 === 1 ? await measure(false) : undefined;
  const sick = await measure(true);
  const well = early ?? (await measure(false));
  const row = {
    healthy_p50_ms: well.p50,
    with_sick_p50_ms: sick.p50,
    healthy_p99_ms: well.p99,
    with_sick_p99_ms: sick.p99,
    healthy_202_to_receiver_p99_ms: well.after202,
    with_sick_202_to_receiver_p99_ms: sick.after202,
    ratio: Number((sick.p99 / well.p99).toFixed(3)),
  };
  report({ bench: 'isolation', round, ...row, backlog: sick.backlog, timeouts: sick.timeouts, refused: sick.refused });
  rows.push(row);
}
const medians = Object.fromEntries(Object.keys(rows[0]).map((name) => [name, median(rows.map((row) => row[name]))]));
report({ bench: 'isolation', median_of: rounds, ...medians, goal: '<= 1.2' });
fast.close();
fast.closeAllConnections();
await hanging.terminate();
