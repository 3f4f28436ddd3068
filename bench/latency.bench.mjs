// Latency at a steady rate of single-event POSTs: from POST to 202, and from 202 to the request's arrival at the
// receiver. Beside them what the machine takes by itself: a bare POST to the same receiver and an fdatasync.
//   ./dev bench latency [RATE] [SECONDS]
// Generator and receiver share this process and its clock, so its own turn-around is part of every figure.

import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';

import { Client, createWebhooks, event } from './support/load.mjs';
import { Limehook, quantiles, report, temporaryFolder, waitFor } from './support/machine.mjs';

const rate = Number(process.argv[2] ?? 1000);
const seconds = Number(process.argv[3] ?? 10);
const webhooks = 20;

const arrivals = new Map(); // call id → time
const receiver = http.createServer((request, response) => {
  let body = '';
  const at = performance.now();
  request.on('data', (chunk) => (body += chunk)).on('end', () => {
    response.end();
    arrivals.set(JSON.parse(body).call_id, at);
  });
});
await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${receiver.address().port}`;

function summary(values) {
  const [p50, p99, p999] = quantiles(values, 0.5, 0.99, 0.999).map((ms) => Number(ms.toFixed(3)));
  return { p50_ms: p50, p99_ms: p99, p999_ms: p999 };
}

/** Calls `post(i)` at the rate; answers what each gave. */
async function paced(count, post) {
  const begin = performance.now();
  const running = [];
  for (let i = 0; i < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - begin) / 1000) * rate));
    for (; i < due; i += 1) running.push(post(i));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return Promise.all(running);
}

function fdatasyncs(count) {
  const file = openSync(path.join(temporaryFolder(), 'sync'), 'w');
  const block = Buffer.alloc(4096, 1);
  const times = Array.from({ length: count }, () => {
    writeSync(file, block);
    const begin = performance.now();
    fdatasyncSync(file);
    return performance.now() - begin;
  });
  closeSync(file);
  return times;
}

const server = await Limehook.start();
await createWebhooks(server, webhooks, url);
const client = new Client(server, 64);
const measure = async (count) => {
  arrivals.clear();
  const sent = await paced(count, async (i) => {
    const body = event(`team_${i % webhooks}`);
    const begin = performance.now();
    const status = await client.post('/v1/events', body);
    if (status !== 202) throw new Error(`the server answered ${status}`);
    return { id: JSON.parse(body).call_id, begin, accepted: performance.now() };
  });
  await waitFor(() => arrivals.size === count, 10_000, 'all deliveries');
  return sent;
};
await measure(rate); // warm-up
const sent = await measure(rate * seconds);
report({ bench: 'latency', rate, of: 'post_to_202', ...summary(sent.map((s) => s.accepted - s.begin)) });
// A delivery may arrive before its 202 does: that counts as no time at all.
const after = sent.map((s) => Math.max(0, arrivals.get(s.id) - s.accepted));
report({ bench: 'latency', rate, of: '202_to_receiver', ...summary(after) });
report({ bench: 'latency', rate, of: 'post_to_receiver', ...summary(sent.map((s) => arrivals.get(s.id) - s.begin)) });
await server.stop();
client.close();

const bare = new Client({ address: url.slice(7), constructor: Limehook }, 64);
const bareTimes = await paced(rate * 3, async (i) => {
  const body = event(`team_${i % webhooks}`);
  const begin = performance.now();
  await bare.post('/hook', body);
  return performance.now() - begin;
});
report({ bench: 'latency', rate, of: 'bare_post', ...summary(bareTimes) });
report({ bench: 'latency', of: 'fdatasync', ...summary(fdatasyncs(500)) });
bare.close();
receiver.close();
