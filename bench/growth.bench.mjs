// How it grows: deliveries per second and resident memory over webhooks, stored attempts, size of payloads and
// connections in flight. Measures all points in several rounds, prints them and draws the medians.
//   ./dev bench growth [FILE] [SECONDS] [ATTEMPTS] [ROUNDS]
// FILE is docs/growth.svg unless given, SECONDS the time measured for each point, ATTEMPTS the most that are stored. Every
// point is a new server on a store filled for it, fed by HTTP batches (202 after fsync) as fast as it delivers;
// memory is read at the end, under load. Receiver is nginx; for the connections a thread that answers after a while.

import { rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';

import { repositoryPath } from '../tests/e2e/support/process.mjs';
import { fillStore } from './support/fill.mjs';
import { event } from './support/load.mjs';
import { Limehook, median, metric, pause, report, residentBytes, startNginx } from './support/machine.mjs';
import { plot, shortNumber } from './support/plot.mjs';
import { postRequest } from './support/poster.mjs';
import { startFeeding } from './support/throughput.mjs';

const answerAfterMs = 300;
const rampMs = 1000;
const batchBytesMax = 4_500_000;
const waitingBytesMax = 64_000_000;
const usual = { webhooks: 200, attempts: 0, bytes: 0, concurrency: 0 };

function slowReceiver() {
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => setTimeout(() => response.end(), answerAfterMs));
  });
  server.keepAliveTimeout = 60_000;
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => parentPort.postMessage(server.address().port));
}

/** An event of `bytes` bytes, or an ordinary one for 0. */
function eventOf(team, bytes) {
  if (bytes === 0) return event(team);
  const { event: type, call_id, caller_number, callee_number, timestamp } = JSON.parse(event(team));
  const members = { event: type, call_id, caller_number, callee_number, timestamp, team_id: team, status: 'completed' };
  const missing = bytes - JSON.stringify({ ...members, note: '' }).length;
  return JSON.stringify(missing > 0 ? { ...members, note: 'x'.repeat(missing) } : members);
}

function makeLoad({ webhooks, bytes }) {
  const size = bytes || 350;
  const perBatch = Math.min(500, Math.floor(batchBytesMax / size));
  const count = Math.max(4, Math.min(200, Math.floor((4 * batchBytesMax) / (size * perBatch))));
  const requests = Array.from({ length: count }, (_, b) => {
    const lines = Array.from({ length: perBatch }, (_, i) => eventOf(`team_${(b * perBatch + i) % webhooks}`, bytes));
    return postRequest('/v1/events/batch', Buffer.from(lines.join('\n')), 'application/x-ndjson');
  });
  const waitingMax = Math.max(3 * perBatch, Math.min(20_000, Math.floor(waitingBytesMax / size)) - perBatch);
  return { requests, deliveriesPerBatch: perBatch, waitingMax, pollMs: 20 };
}

const delivered = (server) => metric(server, 'limehook_deliveries_delivered_total');

async function measure(point, url, seconds) {
  const { webhooks, attempts, concurrency } = point;
  const { data } = await fillStore({ webhooks, teams: webhooks, attempts, url });
  // Beyond the default, with room to spare: no webhook may take more than a share of what is free.
  const inFlightMax = concurrency > 512 ? [`--in-flight-max=${2 * concurrency}`, `--connections-max=${3 * concurrency}`] : [];
  const server = await Limehook.start({ data, args: inFlightMax });
  const stopFeeding = await startFeeding(server, makeLoad(point));
  await pause(rampMs);
  const before = await delivered(server);
  const begin = performance.now();
  await pause(seconds * 1000);
  const perSecond = ((await delivered(server)) - before) / ((performance.now() - begin) / 1000);
  const inFlight = await metric(server, 'limehook_attempts_in_flight');
  const residentMb = Math.round(residentBytes(server.child.pid) / 1e6);
  await stopFeeding();
  await server.kill9();
  rmSync(data, { recursive: true });
  return { deliveries_per_second: Math.round(perSecond), resident_mb: residentMb, in_flight: inFlight };
}

const bytesName = (bytes) => (bytes >= 1000 ? `${bytes / 1000} kB` : `${bytes} B`);

function axes(attemptsMax, fast, slow) {
  const points = (values, settings) => values.map((x) => ({ x, results: [], ...usual, ...settings(x) }));
  return [
    { title: 'Webhooks', xLabel: 'webhooks, one team each', url: fast, points: points([10, 100, 1000, 10_000, 100_000], (x) => ({ webhooks: x })) },
    {
      title: 'Stored attempts',
      xLabel: 'attempts in the log at the start',
      url: fast,
      points: points([1000, 0.01, 0.1, 1].map((x) => (x >= 1000 ? x : attemptsMax * x)), (x) => ({ attempts: x })),
    },
    {
      title: 'Payload',
      xLabel: 'size of an event',
      url: fast,
      name: bytesName,
      points: points([200, 2000, 20_000, 200_000], (x) => ({ bytes: x })),
    },
    {
      title: 'Connections in flight',
      xLabel: `open requests, 8 to a webhook, answered after ${answerAfterMs} ms`,
      url: slow,
      points: points([8, 80, 800, 4000], (x) => ({ webhooks: x / 8, concurrency: x })),
    },
  ];
}

/** The medians of a point's results. */
function panelOf({ title, xLabel, name = shortNumber, points }) {
  const drawn = points.map(({ x, results }) => {
    const middle = (member) => median(results.map((result) => result[member]));
    const point = { deliveries_per_second: middle('deliveries_per_second'), resident_mb: middle('resident_mb') };
    report({ bench: 'growth', median_of: results.length, axis: title, x, ...point });
    return { x, name: name(x), left: point.deliveries_per_second, right: point.resident_mb };
  });
  return { title, xLabel, points: drawn };
}

async function main() {
  const file = path.resolve(process.argv[2] ?? repositoryPath('docs/growth.svg'));
  const seconds = Number(process.argv[3] ?? 2);
  const attemptsMax = Number(process.argv[4] ?? 3_000_000);
  const rounds = Number(process.argv[5] ?? 3);
  const nginx = await startNginx();
  const receiver = new Worker(fileURLToPath(import.meta.url));
  const port = await new Promise((resolve) => receiver.once('message', resolve));
  const all = axes(attemptsMax, `${nginx.url}/hook`, `http://127.0.0.1:${port}/hook`);
  await measure({ ...usual }, all[0].url, 1); // warm-up
  for (let round = 1; round <= rounds; round += 1) {
    for (const { title, url, points } of all) {
      for (const point of points) {
        const result = await measure(point, url, seconds);
        report({ bench: 'growth', round, axis: title, x: point.x, ...result });
        point.results.push(result);
      }
    }
  }
  await receiver.terminate();
  nginx.stop();
  const svg = plot({
    title: 'Limehook under growing load',
    subtitle: `Server, event source and receiver on one machine with ${os.cpus().length} cores; 200 webhooks unless said otherwise`,
    names: { left: 'deliveries per second (left)', right: 'resident memory, MB (right)' },
    panels: all.map(panelOf),
  });
  writeFileSync(file, svg);
  report({ bench: 'growth', written: path.relative(process.cwd(), file), points: all.flatMap(({ points }) => points).length });
}

if (isMainThread) await main();
else slowReceiver();
