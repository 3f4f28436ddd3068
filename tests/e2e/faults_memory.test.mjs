// Memory runs out: large bodies, many of them, and receivers that take their time, within a limit of the kernel's.

import assert from 'node:assert/strict';

import { memoryGroup } from './support/cgroup.mjs';
import { allDelivered, assertWell, long, patient, sanitized } from './support/faults.mjs';
import { residentBytes } from './support/proc.mjs';
import { Limehook } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';

const seconds = long ? 60 : 4;
const limit = 128;
const group = memoryGroup(limit);

/** Batches of 4.5 MB from many callers at once; answers {accepted, refused, unanswered}. */
async function flood(server, until) {
  const seen = { accepted: new Set(), refused: 0, unanswered: 0 };
  const caller = async (_, index) => {
    while (!until() && !server.child.exit) {
      const team_id = `team_${index % 4}`;
      const batch = Array.from({ length: 18 }, () => missedCall({ team_id, filler: 'x'.repeat(250_000) }));
      const answer = await server.api.post('/v1/events/batch', batch).catch(() => null);
      if (answer?.status === 202) for (const { call_id } of batch) seen.accepted.add(call_id);
      else if (answer) {
        assert.equal(answer.status, 503, answer.text);
        assert.match(answer.headers.get('retry-after'), /^\d+$/);
        seen.refused += 1;
      } else seen.unanswered += 1;
    }
  };
  await Promise.all(Array.from({ length: 30 }, caller));
  return seen;
}

const webhooks = async (server, url) => {
  for (let i = 0; i < 4; i += 1) await server.api.createWebhook({ url, team_id: `team_${i}`, max_concurrency: 100 });
};

/** A receiver whose ledger has no bodies: they would not fit. */
async function slowReceiver() {
  const receiver = await Receiver.start({ status: 200, delay: 500 });
  receiver.record = (entry) => {
    delete entry.body;
    delete entry.json.filler;
    receiver.requests.push(entry);
  };
  return receiver;
}

// Goal: the options that bound memory do. Method: a control group of 128 MiB, as a small container has, and more bodies
// at once than that by far.
test(`${limit} MiB hold, with the options for a small machine, whatever comes`, { skip: sanitized || (group.reason ?? false), timeout: 180_000 }, async (t) => {
  const receiver = await slowReceiver();
  const server = await Limehook.start({ wrap: group.wrap, args: [...patient, '--memory-max', '16MiB', '--in-flight-max', '64'] });
  t.after(() => server.child.signal('SIGKILL'));
  await webhooks(server, receiver.url);
  const end = Date.now() + seconds * 1000;
  let resident = 0;
  const seen = await flood(server, () => {
    if (!server.child.exit) resident = Math.max(resident, residentBytes(server.child.pid));
    return Date.now() > end;
  });
  assert.equal(group.kills(), 0, 'the kernel did not have to end it');
  assert.ok(seen.refused > 0, 'more came than it can hold');
  receiver.behaviour = { status: 200 }; // a few places and half a second each: what waits would take minutes
  await allDelivered(seen.accepted, receiver, 100_000);
  await assertWell(server);
  t.diagnostic(`${seen.accepted.size} events of 250 kB accepted, ${seen.refused} batches refused with 503; at most ${(resident / 1e6).toFixed(0)} MB resident`);
  await server.stop();
  group.remove();
});

// Goal: memory that is not there is told in words, and costs nothing that was acknowledged. Method: an address space
// that the flood does not fit into; then the same folder without that limit.
test('out of memory it ends with a message and code 70, and the next start has everything', { skip: sanitized, timeout: 180_000 }, async (t) => {
  const receiver = await slowReceiver();
  const server = await Limehook.start({ wrap: ['prlimit', `--as=${320 * 1024 ** 2}`], args: patient });
  t.after(() => server.child.signal('SIGKILL'));
  await webhooks(server, receiver.url);
  const end = Date.now() + 30_000;
  const seen = await flood(server, () => Date.now() > end);
  const { code, stderr } = await server.child.ended();
  assert.equal(code, 70, stderr);
  assert.match(stderr, /out of memory/);
  const again = await Limehook.start({ data: server.data, args: patient });
  await allDelivered(seen.accepted, receiver, 60_000);
  t.diagnostic(`${seen.accepted.size} events of 250 kB accepted before the end, all of them delivered`);
  await assertWell(again);
  await again.stop();
});

// Goal: with less memory than it needs to start, it says so.
test('with too little memory to start it says what is lacking', { skip: sanitized }, async () => {
  const server = await Limehook.start({ wrap: ['prlimit', `--as=${150 * 1024 ** 2}`], wait: false });
  const { code, stderr } = await server.child.ended();
  assert.ok([1, 70].includes(code), stderr);
  assert.match(stderr, /memory/);
});
