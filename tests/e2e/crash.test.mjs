// kill -9 at random moments under load, many times, against one data folder. Every event that got a 202 must reach its
// receiver, whatever happened in between; what arrives twice must be the same twice. ROUNDS=1000 makes a longer run,
// SEED repeats the random choices of one.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { Limehook, run, temporaryFolder } from './support/process.mjs';
import { generator } from './support/random.mjs';
import { Receiver, rawValue } from './support/receiver.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { pause, waitFor } from './support/wait.mjs';

const rounds = Number(process.env.ROUNDS ?? 50);
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 32);

/** Receivers that fail at first: the n-th event of each says no once, or is cut off before or after it was read. */
function moody(random) {
  const known = new Set();
  return (request) => {
    const id = rawValue(request, 'webhook-id');
    const first = !known.has(id);
    known.add(id);
    const mood = random();
    if (first && mood < 0.06) return { status: 500 };
    if (first && mood < 0.09) return { kind: 'reset' };
    if (mood < 0.3) return { status: 200, delay: Math.floor(random() * 40) };
    return { status: 200 };
  };
}

/** What one receiver saw: by webhook-id the hash of its body and how often it was answered 200; and what was not right. */
class Ledger {
  deliveries = new Map();
  webhookIdOf = new Map();
  faults = [];

  record(request) {
    const id = rawValue(request, 'webhook-id');
    const { call_id } = request.json;
    const hash = createHash('sha1').update(request.body).digest('base64');
    const known = this.deliveries.get(id);
    if (known && known.hash !== hash) this.faults.push(`${id} came with two bodies`);
    const idBefore = this.webhookIdOf.get(call_id);
    if (idBefore !== undefined && idBefore !== id) this.faults.push(`${call_id} came as ${idBefore} and as ${id}`);
    this.webhookIdOf.set(call_id, id);
    const entry = known ?? { hash, acknowledged: 0 };
    this.deliveries.set(id, entry);
    request.onAnswered = (status) => (entry.acknowledged += status === 200 ? 1 : 0);
  }

  twice() {
    return [...this.deliveries.values()].filter(({ acknowledged }) => acknowledged > 1).length;
  }
}

test(`${rounds} rounds of kill -9 lose nothing`, { timeout: 120_000 + rounds * 5_000 }, async (t) => {
  t.diagnostic(`seed ${seed}`);
  const random = generator(seed);
  const data = temporaryFolder();
  const options = { data, args: ['--retry-schedule', Array(20).fill('1s').join(',')] };
  const ledgers = [new Ledger(), new Ledger(), new Ledger()];
  const behaviours = [{ status: 200 }, moody(generator(seed + 1)), moody(generator(seed + 2))];
  const receivers = [];
  for (const [i, behaviour] of behaviours.entries()) {
    receivers.push(await Receiver.start(behaviour, { record: (request) => ledgers[i].record(request) }));
  }
  let server = await Limehook.start(options);
  for (const [i, receiver] of receivers.entries()) {
    await server.api.createWebhook({ name: `receiver ${i}`, url: receiver.url, max_concurrency: 16 });
  }

  const accepted = new Set(); // call_ids with a 202
  let number = 0;
  const nextEvent = () => missedCall({ call_id: `crash-${(number += 1)}`, note: 'x'.repeat(Math.floor(random() * 300)) });

  /** Sends until the server is gone; remembers what was accepted. */
  async function load(api, until) {
    while (!until.over) {
      const events = Array.from({ length: random() < 0.5 ? 1 : 1 + Math.floor(random() * 30) }, nextEvent);
      try {
        const answer = events.length === 1
          ? await api.post('/v1/events', events[0])
          : await api.post('/v1/events/batch', events);
        assert.ok([202, 200, 207, 503].includes(answer.status), answer.text);
        if (answer.status !== 503) for (const { call_id } of events) accepted.add(call_id);
      } catch (error) {
        if (!until.over && !connectionIsGone(error)) throw error;
      }
      if (random() < 0.3) await pause(random() * 5);
    }
  }

  const starts = [];
  for (let round = 0; round < rounds; round += 1) {
    const until = { over: false };
    const loads = Array.from({ length: 4 }, () => load(server.api, until));
    await pause(random() * 400);
    until.over = true;
    await server.kill9();
    await Promise.all(loads);
    const began = Date.now();
    server = await Limehook.start(options);
    starts.push(Date.now() - began);
  }

  const total = accepted.size * receivers.length;
  const missing = () => ledgers.map((ledger) => [...accepted].filter((id) => !ledger.webhookIdOf.has(id)));
  await waitFor(() => {
    if (server.child.exit) throw new Error(`limehook ended\n${server.child.lastWords()}`);
    return missing().every((ids) => ids.length === 0);
  }, 60_000 + rounds * 100, 'every accepted event at every receiver', 250).catch((error) => {
    const told = missing().map((ids) => `${ids.length} (${ids.slice(0, 5)})`).join(', ');
    throw new Error(`${error.message}; missing per receiver: ${told}; seed ${seed}`);
  });
  await waitFor(async () => {
    for (const status of ['pending', 'retrying']) {
      if ((await server.api.read(`/v1/deliveries?status=${status}&limit=1`)).data.length > 0) return false;
    }
    return true;
  }, 60_000, 'nothing to be left to do', 100);
  for (const ledger of ledgers) assert.deepEqual(ledger.faults, [], `seed ${seed}`);
  assert.equal((await server.api.read('/v1/deliveries?status=failed&limit=1')).data.length, 0);
  await server.stop();

  const check = await run(['check', '--data', data], { timeout: 60_000 });
  assert.equal(check.code, 0, check.stdout + check.stderr);

  starts.sort((a, b) => a - b);
  t.diagnostic(`${accepted.size} events accepted in ${rounds} rounds, ${total} deliveries, none lost; ` +
    `${ledgers.reduce((sum, ledger) => sum + ledger.twice(), 0)} arrived twice although answered 200 the first time; ` +
    `start to ready after a kill: median ${starts[starts.length >> 1]} ms, longest ${starts.at(-1)} ms`);
});

function connectionIsGone(error) {
  return error instanceof TypeError || error?.name === 'SocketError'; // what fetch throws when the peer is gone
}
