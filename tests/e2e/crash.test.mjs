// kill -9 at random moments under load, many times, against one data folder: while it works, starts, drains, backs up,
// prunes and recovers. Every event that got a 202 must reach its receivers, every answered change must be there, and what
// is sent twice must be explained by a kill. ROUNDS=1000 makes a longer run, SEED repeats the random choices of one.

import assert from 'node:assert/strict';
import { existsSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';

import { Changes, Ledger } from './support/ledger.mjs';
import { Limehook, binary, cleanEnvironment, Child, run, temporaryFolder } from './support/process.mjs';
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

const connectionIsGone = (error) => error instanceof TypeError || error?.name === 'SocketError'; // what fetch throws then

/** Does `work` again and again until the server is gone. */
async function keepDoing(until, work) {
  while (!until.over) {
    try {
      await work();
    } catch (error) {
      if (!until.over && !connectionIsGone(error)) throw error;
    }
  }
}

test(`${rounds} rounds of kill -9 lose nothing`, { timeout: 120_000 + rounds * 5_000 }, async (t) => {
  t.diagnostic(`seed ${seed}`);
  const random = generator(seed);
  const data = temporaryFolder();
  const copies = temporaryFolder();
  // Old events are pruned while new ones come, but none before its receivers have it: its deliveries are open till then.
  const schedule = ['--retry-schedule', Array(20).fill('1s').join(',')];
  const options = { data, args: [...schedule, '--retention', '20s'] };
  const tally = { starting: 0, draining: 0, twice: 0, backups: 0, recoveries: 0 };
  let round = 0;
  const ledgers = [new Ledger(), new Ledger(), new Ledger()];
  const behaviours = [{ status: 200 }, moody(generator(seed + 1)), moody(generator(seed + 2))];
  const receivers = [];
  for (const [i, behaviour] of behaviours.entries()) {
    receivers.push(await Receiver.start(behaviour, { record: (request) => ledgers[i].record(request, round) }));
  }
  let server = await Limehook.start(options);
  const webhooks = [];
  for (const [i, receiver] of receivers.entries()) {
    webhooks.push(await server.api.createWebhook({ name: `receiver ${i}`, url: receiver.url, max_concurrency: 16 }));
  }

  const accepted = new Set(); // call_ids with a 202
  const changes = new Changes();
  let number = 0;
  const nextEvent = () => missedCall({ call_id: `crash-${(number += 1)}`, note: 'x'.repeat(Math.floor(random() * 300)) });

  async function send(api) {
    const events = Array.from({ length: random() < 0.5 ? 1 : 1 + Math.floor(random() * 30) }, nextEvent);
    const answer = events.length === 1 ? await api.post('/v1/events', events[0]) : await api.post('/v1/events/batch', events);
    assert.ok([202, 200, 207, 503].includes(answer.status), answer.text);
    if (answer.status !== 503) for (const { call_id } of events) accepted.add(call_id);
    if (random() < 0.3) await pause(random() * 5);
  }

  async function change(api) {
    await changes.make(api, random(), receivers[0].url);
    await pause(random() * 30);
  }

  /** A recovery of what failed and, in passing, of nothing: it walks through the log while the server is killed. */
  async function recover(api) {
    const webhook = webhooks[Math.floor(random() * webhooks.length)];
    const answer = await api.post(`/v1/webhooks/${webhook.id}/recover`, { since: new Date(Date.now() - 3_600_000).toISOString(), status: 'missing' });
    assert.ok([202, 409, 503].includes(answer.status), answer.text);
    tally.recoveries += answer.status === 202;
  }

  const copy = () => path.join(copies, `copy-${round}.db`);

  /** A backup that may be killed: then there is no copy, or a whole one. */
  function backUp() {
    tally.backups += 1;
    return new Child(binary, ['backup', '--data', data, copy()], { env: cleanEnvironment() });
  }

  async function checkCopy(backup) {
    backup.signal('SIGKILL');
    await backup.ended();
    if (!existsSync(copy())) return;
    const folder = temporaryFolder();
    renameSync(copy(), path.join(folder, 'limehook.db'));
    const checked = await run(['check', '--data', folder], { timeout: 60_000 });
    assert.equal(checked.code, 0, checked.stdout + checked.stderr);
    rmSync(folder, { recursive: true });
  }

  /** What a killed process has sent and receivers have not read yet is still its own. */
  async function endRound() {
    for (let i = 0; i < 2; i += 1) {
      await waitFor(() => receivers.every(({ sockets }) => sockets.size === 0), 10_000, 'its connections to end', 2);
      await pause(2);
    }
    round += 1;
  }

  /** Kills servers before they are ready: so many in a row, each at a random moment of its start. */
  async function killWhileStarting(times) {
    for (let i = 0; i < times; i += 1) {
      const starting = await Limehook.start({ ...options, wait: false });
      await pause(random() * 60);
      await starting.kill9();
      await endRound();
      tally.starting += 1;
    }
  }

  const starts = [];
  for (let i = 0; i < rounds; i += 1) {
    const until = { over: false };
    const work = Array.from({ length: 4 }, () => keepDoing(until, () => send(server.api)));
    work.push(keepDoing(until, () => change(server.api)));
    if (random() < 0.1) work.push(recover(server.api).catch((error) => assert.ok(connectionIsGone(error), error)));
    const backup = random() < 0.1 ? backUp() : null;
    await pause(random() * 400);
    if (random() < 0.15) {
      server.child.signal('SIGTERM');
      tally.draining += 1;
      await pause(random() * 60);
    }
    until.over = true;
    await server.kill9();
    await Promise.all(work);
    await endRound();
    if (backup) await checkCopy(backup);
    const times = random() < 0.2 ? (random() < 0.3 ? 2 : 1) : 0;
    tally.twice += times > 0;
    await killWhileStarting(times);
    const began = Date.now();
    server = await Limehook.start(options);
    starts.push(Date.now() - began);
    await changes.settle(server.api);
  }

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
  server = await Limehook.start({ data, args: schedule }); // which removes nothing while it is compared
  const compared = await compareLog(server.api, ledgers);
  await server.stop();

  const check = await run(['check', '--data', data], { timeout: 60_000 });
  assert.equal(check.code, 0, check.stdout + check.stderr);

  starts.sort((a, b) => a - b);
  const kills = rounds + tally.starting;
  t.diagnostic(`rounds ${rounds}, kills ${kills} (${tally.starting} while starting, ${tally.draining} while draining), ` +
    `accepted ${accepted.size}, deliveries ${accepted.size * receivers.length}, lost 0, ` +
    `repeated after a 200 ${ledgers.reduce((sum, ledger) => sum + ledger.repeated(), 0)}, all over a kill; ` +
    `changes answered ${changes.answered}, lost 0; backups ${tally.backups}, recoveries ${tally.recoveries}; ` +
    `deliveries compared with the log ${compared}; ` +
    `start to ready after a kill: median ${starts[starts.length >> 1]} ms, longest ${starts.at(-1)} ms`);
});

/**
 * The log against the ledgers: every delivery that is kept is delivered, was answered 200 by a receiver, and has no more
 * acknowledged attempts than the receiver gave. Attempts are compared one by one for some of them. Answers how many
 * deliveries there were.
 */
async function compareLog(api, ledgers) {
  const known = new Map(ledgers.flatMap((ledger) => [...ledger.deliveries]));
  const rows = await api.list('/v1/deliveries', 500);
  for (const [i, row] of rows.entries()) {
    const entry = known.get(row.id);
    assert.equal(row.status, 'delivered', row.id);
    assert.ok(entry?.acknowledged > 0, `${row.id} is delivered and no receiver has taken it`);
    if (i % Math.ceil(rows.length / 300) !== 0) continue;
    const { attempts } = await api.delivery(row.id);
    assert.deepEqual(attempts.map(({ number }) => number), attempts.map((_, index) => index + 1), row.id);
    const good = attempts.filter(({ response }) => response?.status === 200).length;
    assert.ok(good > 0 && good <= entry.acknowledged, `${row.id}: ${good} in the log, ${entry.acknowledged} at the receiver`);
  }
  return rows.length;
}
