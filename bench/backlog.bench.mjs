// What a large backlog costs: resident memory of a server with COUNT deliveries in retry, and the time from its start
// until the receiver has the first new event and the first retry.
//   ./dev bench backlog [COUNT] [STARTS]
// The retries are due evenly over four hours, so some are due at once: those that came due while the store was filled
// and between the starts. Each start is that of a process which was killed before. The store is in the page cache.

import http from 'node:http';

import { fillStore } from './support/fill.mjs';
import { event } from './support/load.mjs';
import { Limehook, median, metric, report, residentBytes, waitFor } from './support/machine.mjs';

const count = Number(process.argv[2] ?? 1_000_000);
const starts = Number(process.argv[3] ?? 5);
const goals = { goal_resident_mb: 250, goal_first_ms: 3000 };

let arrived = () => {};
const receiver = http.createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk)).on('end', () => {
    response.end();
    arrived(Number(request.headers['x-limecall-attempt']), body);
  });
});
await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));

/** POSTs `body` as soon as the server takes it; resolves when it has answered 202. */
async function send(server, body) {
  const headers = { authorization: `Bearer ${Limehook.adminKey}`, 'content-type': 'application/json' };
  const accepted = async () => {
    if (server.child.exit) throw new Error(`limehook ended\n${server.child.lastWords()}`);
    if (!server.address) return false;
    const answer = await fetch(`http://${server.address}/v1/events`, { method: 'POST', headers, body }).catch(() => null);
    return answer?.status === 202;
  };
  await waitFor(accepted, 60_000, 'the server to accept an event', 2);
}

/** The resident memory once it changes no more by 1 % within two seconds. */
async function settledMemory(server) {
  let before = 0;
  for (let i = 0; i < 15; i += 1) {
    const bytes = residentBytes(server.child.pid);
    if (Math.abs(bytes - before) < before / 100) return bytes;
    before = bytes;
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
  return before;
}

async function start(data) {
  const first = { new_event: 0, retry: 0 };
  const fresh = event('team_0');
  const begin = performance.now();
  arrived = (attempt, body) => {
    const kind = attempt > 1 ? 'retry' : 'new_event';
    if (first[kind] === 0 && (attempt > 1 || body === fresh)) first[kind] = performance.now() - begin;
  };
  const server = await Limehook.start({ data, wait: false });
  await send(server, fresh);
  const accepted = performance.now() - begin;
  await waitFor(() => first.new_event > 0 && first.retry > 0, 60_000, 'a new event and a retry to arrive', 2);
  await server.ready();
  const waiting = await metric(server, 'limehook_backlog_deliveries');
  return {
    server,
    result: { waiting, accepted_ms: accepted, first_new_ms: first.new_event, first_retry_ms: first.retry, resident_mb: (await settledMemory(server)) / 1e6 },
  };
}

const url = `http://127.0.0.1:${receiver.address().port}/hook`;
const { data } = await fillStore({ waiting: count, webhooks: 200, teams: 200, 'due-in': '0:14400', url });
const results = [];
for (let i = 0; i < starts; i += 1) {
  const { server, result } = await start(data);
  for (const name of Object.keys(result)) result[name] = Math.round(result[name]);
  report({ bench: 'backlog', start: i + 1, ...result });
  results.push(result);
  await server.kill9();
}
const middle = (name) => median(results.map((result) => result[name]));
report({
  bench: 'backlog',
  count,
  median_of: starts,
  resident_mb: middle('resident_mb'),
  first_new_ms: middle('first_new_ms'),
  first_retry_ms: middle('first_retry_ms'),
  ...goals,
});
receiver.close();
receiver.closeAllConnections();
