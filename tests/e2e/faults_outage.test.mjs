// A receiver that was down for hours, with very many deliveries waiting for it: the server's memory, others meanwhile,
// and how it comes back. WAITING says how many (./dev outage: a million; ./test: 12,000).

import assert from 'node:assert/strict';
import http from 'node:http';

import { fillStore } from '../../bench/support/fill.mjs';
import { assertWell, metric, sanitized } from './support/faults.mjs';
import { residentBytes } from './support/proc.mjs';
import { unusedPort } from './support/ports.mjs';
import { Limehook } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { pause, waitFor } from './support/wait.mjs';

const waiting = Number(process.env.WAITING ?? 12_000);
const concurrency = 8;
const limited = { rate: 100, webhook: 1 }; // the second webhook of the two that wait
const healthyEvery = 20; // ms between events for the healthy webhook
const megabytes = (bytes) => Math.round(bytes / 1e6);

/** Counts what comes, in tenths of a second, and answers at once; its port is free until listen(). */
class ReturningReceiver {
  delivered = new Set(); // webhook-ids
  twice = 0;
  began = 0;
  tenths = new Map(); // by token: how many requests, and how many in each tenth of a second since listen()
  probes = 0; // the most requests of one webhook before its first was answered
  open = 0;
  openMax = 0;

  constructor(port) {
    this.port = port;
  }

  async listen() {
    this.server = http.createServer((request, response) => {
      this.#note(request.headers);
      const first = this.tenths.get(request.headers.authorization).total === 1;
      request.resume().on('end', () => (first ? this.#answerLate(request, response) : response.end()));
    });
    this.server.on('connection', (socket) => {
      this.open += 1;
      this.openMax = Math.max(this.openMax, this.open);
      socket.on('close', () => (this.open -= 1)).on('error', () => {});
    });
    this.began = Date.now();
    await new Promise((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.server.unref();
  }

  #note({ 'webhook-id': id, authorization: token }) {
    if (this.delivered.has(id)) this.twice += 1;
    this.delivered.add(id);
    const tenth = Math.floor((Date.now() - this.began) / 100);
    if (!this.tenths.has(token)) this.tenths.set(token, { total: 0, counts: [] });
    const seen = this.tenths.get(token);
    seen.total += 1;
    seen.counts[tenth] = (seen.counts[tenth] ?? 0) + 1;
  }

  /** The first request of a webhook: others that do not wait for its answer are noticed. */
  async #answerLate({ headers }, response) {
    await pause(300);
    this.probes = Math.max(this.probes, this.tenths.get(headers.authorization).total);
    response.end();
  }

  /** The most requests of one webhook in any second. */
  peak(token) {
    const counts = Array.from(this.tenths.get(token).counts, (count) => count ?? 0);
    return Math.max(...counts.map((_, i) => counts.slice(i, i + 10).reduce((sum, count) => sum + count, 0)));
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** Sends events for `webhook`, one each `healthyEvery` ms, until over(); answers how long each was on its way, in ms. */
async function steadyLatencies(server, receiver, over) {
  const sent = new Map();
  while (!over()) {
    const event = missedCall({ team_id: 'team_healthy' });
    sent.set(event.call_id, Date.now());
    await server.api.send(event);
    await pause(healthyEvery);
  }
  await waitFor(() => [...sent.keys()].every((id) => receiver.of(id).length > 0), 15_000, 'every event of the healthy webhook');
  const times = [...sent].map(([id, at]) => receiver.of(id)[0].at - at).sort((a, b) => a - b);
  return { count: times.length, median: times[times.length >> 1], p99: times[Math.floor(times.length * 0.99)], longest: times.at(-1) };
}

const told = ({ count, median, p99, longest }) => `${count} events, median ${median} ms, 99th percentile ${p99} ms, longest ${longest} ms`;

// Goal: an outage costs bounded memory and nobody else anything, and ends without a stampede. Method: a store in which
// deliveries of two webhooks wait, all due, for a port where nobody listens; a healthy webhook beside them; then the
// receiver comes back. One of the two has a rate limit, which it is to keep.
test(`a receiver comes back to ${waiting} deliveries`, { timeout: 60_000 + waiting * 2 }, async (t) => {
  const receiver = new ReturningReceiver(await unusedPort());
  const { data } = await fillStore({ waiting, webhooks: 2, teams: 2, 'due-in': '0:1', url: `http://127.0.0.1:${receiver.port}/hook` });
  const healthy = await Receiver.start();
  const empty = await Limehook.start();
  const memory = { empty: residentBytes(empty.child.pid) };
  await empty.stop();
  const server = await Limehook.start({ data, args: ['--breaker-pause', '1s', '--retry-schedule', '2s,2s,2s,2s,1h'] });
  t.after(() => server.child.signal('SIGKILL'));
  const [open, slow] = await Promise.all((await server.api.list('/v1/webhooks')).map(({ id }) => server.api.read(`/v1/webhooks/${id}`)));
  await server.api.changeWebhook(slow.id, { rate_limit: limited.rate });
  await server.api.createWebhook({ url: healthy.url, team_id: 'team_healthy' });
  const tokenOf = async ({ id }) => `Bearer ${(await server.api.read(`/v1/webhooks/${id}/secret`)).token}`;
  const tokens = { open: await tokenOf(open), slow: await tokenOf(slow) };

  const downUntil = Date.now() + 3_000;
  const down = await steadyLatencies(server, healthy, () => Date.now() > downUntil);
  assert.equal((await server.api.read(`/v1/webhooks/${open.id}`)).breaker.state, 'open');
  memory.down = residentBytes(server.child.pid);

  await receiver.listen();
  const drained = () => server.api.read(`/v1/webhooks/${open.id}`).then(({ backlog }) => backlog === 0);
  let over = false;
  memory.most = 0;
  const latencies = steadyLatencies(server, healthy, () => over);
  await waitFor(async () => {
    memory.most = Math.max(memory.most, residentBytes(server.child.pid));
    return drained();
  }, 50_000 + waiting * 2, 'the backlog to be worked off', 200);
  const drainedIn = Date.now() - receiver.began;
  over = true;
  const back = await latencies;
  t.diagnostic(`${waiting} waiting: resident ${megabytes(memory.empty)} MB empty, ${megabytes(memory.down)} MB while down, at most ${megabytes(memory.most)} MB while it comes back`);
  t.diagnostic(`beside it, while down: ${told(down)}; while it comes back: ${told(back)}`);
  t.diagnostic(`back: ${receiver.probes} request before the first answer, at most ${receiver.openMax} connections, ` +
    `at most ${receiver.peak(tokens.open)} requests a second, ${receiver.peak(tokens.slow)} of the limited webhook; one webhook's ${waiting / 2} took ${(drainedIn / 1000).toFixed(1)} s`);
  assert.equal(receiver.probes, 1, 'a probe first, and nothing before its answer');
  // It notices a close a little later than the sender makes it.
  assert.ok(receiver.openMax <= 2 * concurrency + 4, `${receiver.openMax} connections`);
  assert.ok(receiver.peak(tokens.slow) <= limited.rate * 1.15, `${receiver.peak(tokens.slow)} requests in a second`);
  assert.ok(sanitized || memory.most - memory.empty < 150e6, 'memory is bounded');
  assert.ok(down.p99 < 1_000 && back.p99 < 1_000, 'the healthy webhook notices nothing');
  assert.equal(receiver.twice, 0);

  // The limited one has no need to wait any longer for the test to end.
  await server.api.changeWebhook(slow.id, { rate_limit: null });
  await waitFor(async () => {
    assert.equal(server.child.exit, null, server.child.lastWords());
    return await metric(server, 'limehook_backlog_deliveries') === 0;
  }, 50_000 + waiting * 2, 'everything to be delivered', 200);
  assert.equal(receiver.delivered.size, waiting);
  assert.equal(receiver.twice, 0);
  await assertWell(server);
  await server.stop();
  receiver.close();
});
