// How fast the log answers with COUNT attempts of one day stored, while events come in at half of the rate at which this
// machine can deliver them (measured first): p50 and p99 of GETs over a kept connection, from the request until the whole
// page of 50 is there. QUERIES different requests of each kind, one at a time, the kinds in turn.
//   ./dev bench log [COUNT] [QUERIES]
// 200 webhooks of 200 teams; a caller's number is in about 20 events, a called number in one of 200. The file was just
// written, so as much of it is in the page cache as the machine has room for.

import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

import { fillStore } from './support/fill.mjs';
import { Client, event } from './support/load.mjs';
import { Limehook, metric, pause, quantiles, report, startNginx } from './support/machine.mjs';
import { deliver, plainLoad, webhookCount } from './support/throughput.mjs';

const goal_p99_ms = 20;
const deepPage = 100;
const deepPages = 20; // from that page on, of each webhook that is walked
const batchSize = 100;

/** Feeds events at `rate` per second until a message comes; answers how many were accepted. A thread of its own. */
async function feed({ address, rate }) {
  const client = new Client({ address, constructor: Limehook }, 4);
  const batches = Array.from({ length: 200 }, (_, b) =>
    Buffer.from(Array.from({ length: batchSize }, (_, i) => event(`team_${(b * batchSize + i) % webhookCount}`)).join('\n')),
  );
  let running = true;
  let accepted = 0;
  parentPort.once('message', () => (running = false));
  const begin = performance.now();
  const posts = new Set();
  for (let i = 0; running; ) {
    const due = ((performance.now() - begin) / 1000) * (rate / batchSize);
    for (; i < due && posts.size < 64; i += 1) {
      const post = client.post('/v1/events/batch', batches[i % batches.length], 'application/x-ndjson').then((status) => {
        if (status === 202) accepted += batchSize;
        posts.delete(post);
      });
      posts.add(post);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const seconds = (performance.now() - begin) / 1000;
  await Promise.all(posts);
  client.close();
  parentPort.postMessage(accepted / seconds);
}

function startFeeding(server, rate) {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { address: server.address, rate } });
  return async () => {
    const reached = new Promise((resolve) => worker.once('message', resolve));
    worker.postMessage('end');
    const perSecond = await reached;
    await worker.terminate();
    return perSecond;
  };
}

/** get(target) → {ms, page} over one kept connection. */
function reader(server) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const [host, port] = server.address.split(':');
  const headers = { authorization: `Bearer ${Limehook.adminKey}` };
  const get = (target) =>
    new Promise((resolve, reject) => {
      const begin = performance.now();
      const request = http.get({ host, port, agent, headers, path: target }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
          const ms = performance.now() - begin;
          const text = Buffer.concat(chunks).toString();
          if (response.statusCode === 200) resolve({ ms, page: JSON.parse(text) });
          else reject(new Error(`GET ${target}: ${response.statusCode} ${text}`));
        });
      });
      request.on('error', reject);
    });
  return { get, close: () => agent.destroy() };
}

const pick = (values) => values[Math.floor(Math.random() * values.length)];
const search = (number) => `q=${encodeURIComponent(number)}`;
const number = (prefix, below) => prefix + String(Math.floor(Math.random() * below)).padStart(7, '0');
const log = (webhook) => `/v1/webhooks/${webhook}/deliveries`;

/** Targets of `pages` pages each of some webhooks, from page `deepPage` on. */
async function deepTargets(get, webhooks, wanted) {
  const targets = [];
  for (const webhook of webhooks) {
    let target = log(webhook);
    for (let page = 1; page < deepPage + deepPages && targets.length < wanted; page += 1) {
      if (page >= deepPage) targets.push(target);
      const { next_cursor: next } = (await get(target)).page;
      if (!next) break;
      target = `${log(webhook)}?cursor=${next}`;
    }
  }
  if (targets.length === 0) throw new Error(`no webhook has ${deepPage} pages: choose a larger COUNT`);
  return targets;
}

/** Functions that make one request each, by kind. */
async function makeKinds(get, webhooks, filled, wanted) {
  const [first, last] = [Date.parse(filled.first_at), Date.parse(filled.last_at)];
  const hour = (last - first) / 24;
  const inTime = (filters) => {
    const since = first + Math.random() * (last - first - hour);
    const [from, to] = [since, since + hour].map((time) => encodeURIComponent(new Date(time).toISOString()));
    return `${filters}since=${from}&until=${to}`;
  };
  const caller = () => number('+1555', filled.callers);
  const called = () => number('+1666', webhookCount);
  const found = []; // a number and a webhook that got an event with it
  while (found.length < wanted) {
    const from = caller();
    const { data } = (await get(`/v1/deliveries?${search(from)}`)).page;
    if (data.length > 0) found.push([from, pick(data).webhook_id]);
  }
  const deep = await deepTargets(get, webhooks, wanted);
  return {
    newest_of_webhook: (i) => log(webhooks[i % webhooks.length]),
    [`page_${deepPage}_of_webhook`]: (i) => deep[i % deep.length],
    failed_in_an_hour: () => `/v1/deliveries?${inTime('status=failed&')}`,
    delivered_in_an_hour: () => `/v1/deliveries?${inTime('status=delivered&')}`,
    failed_of_webhook_in_an_hour: () => `${log(pick(webhooks))}?${inTime('status=failed&')}`,
    rare_number: () => `/v1/deliveries?${search(caller())}`,
    rare_number_of_webhook: (i) => `${log(found[i][1])}?${search(found[i][0])}`,
    frequent_number: () => `/v1/deliveries?${search(called())}`,
  };
}

function summary(answers) {
  const [p50, p99] = quantiles(answers.map(({ ms }) => ms), 0.5, 0.99);
  const rows = answers.reduce((sum, { page }) => sum + page.data.length, 0) / answers.length;
  return { p50_ms: Number(p50.toFixed(2)), p99_ms: Number(p99.toFixed(2)), rows_per_page: Number(rows.toFixed(1)) };
}

async function main() {
  const count = Number(process.argv[2] ?? 10_000_000);
  const queries = Number(process.argv[3] ?? 200);
  const nginx = await startNginx();
  const filled = await fillStore({ attempts: count, webhooks: webhookCount, teams: webhookCount, url: `${nginx.url}/hook` });
  const server = await Limehook.start({ data: filled.data });
  const { get, close } = reader(server);
  const webhooks = (await server.api.list('/v1/webhooks')).map(({ id }) => id);
  const kinds = await makeKinds(get, webhooks, filled, queries);

  const { perSecond } = await deliver(server, plainLoad(), 3);
  const answers = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
  const stopFeeding = startFeeding(server, perSecond / 2);
  await pause(1000); // until it runs evenly
  const deliveredBefore = await metric(server, 'limehook_deliveries_delivered_total');
  const begin = performance.now();
  for (let i = 0; i < queries; i += 1) {
    for (const [kind, target] of Object.entries(kinds)) answers[kind].push(await get(target(i)));
  }
  const delivered = (await metric(server, 'limehook_deliveries_delivered_total')) - deliveredBefore;
  const seconds = (performance.now() - begin) / 1000;
  const acceptedPerSecond = await stopFeeding();

  const results = Object.entries(answers).map(([kind, all]) => ({ kind, ...summary(all) }));
  for (const result of results) report({ bench: 'log', attempts: count, queries, ...result });
  const worst = results.reduce((a, b) => (a.p99_ms > b.p99_ms ? a : b));
  report({
    bench: 'log',
    attempts: count,
    load_wanted_per_second: Math.round(perSecond / 2),
    accepted_per_second: Math.round(acceptedPerSecond),
    delivered_per_second: Math.round(delivered / seconds),
    worst: worst.kind,
    worst_p99_ms: worst.p99_ms,
    goal_p99_ms,
  });
  close();
  await server.stop();
  nginx.stop();
}

if (isMainThread) await main();
else await feed(workerData);
