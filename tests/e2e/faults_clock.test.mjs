// The system's clock is set while the server runs, by a day forward and back.

import assert from 'node:assert/strict';

import { fakedClock, noFakedClock } from './support/clock.mjs';
import { allDelivered, assertWell, logOf, metric, sanitized } from './support/faults.mjs';
import { Limehook, run } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall, uniqueId } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const day = 86_400;
const step = 3; // seconds of the retry schedule
const schedule = ['--retry-schedule', Array(5).fill(`${step}s`).join(',')];

/** Waits until the server's own clock is `seconds` off ours, to within ten. */
const clockIs = (server, seconds) => waitFor(async () => {
  const answer = await fetch(`${server.url}/healthz`);
  return Math.abs(Date.parse(answer.headers.get('date')) - Date.now() - seconds * 1000) < 10_000;
}, 10_000, `the server's clock to be ${seconds} s off`, 50);

/** Says no to each event's first attempt, and yes to the second. */
function reluctant() {
  const known = new Set();
  return (request) => {
    const first = !known.has(request.json.call_id);
    known.add(request.json.call_id);
    return { status: first ? 500 : 200 };
  };
}

const distances = (receiver, ids) => ids.map((id) => {
  const [first, second] = receiver.of(id);
  return second.at - first.at;
});

// Goal: whatever the wall clock does, retries keep their distance, ids ascend, nothing is lost, sent twice or removed,
// and what receivers check follows the clock. Method: set it forward by a day, then back by two, with retries waiting
// each time, and a kill while it is behind.
test('the clock is set forward by a day, and back by two', { skip: sanitized || noFakedClock, timeout: 120_000 }, async (t) => {
  const clock = fakedClock();
  const options = { env: clock.env, args: [...schedule, '--retention', '30s'] };
  const receiver = await Receiver.start(reluctant());
  let server = await Limehook.start(options);
  t.after(() => server.child.signal('SIGKILL'));
  const webhook = await server.api.createWebhook({ url: receiver.url });
  const ids = [];
  const eventIds = [];
  const send = async () => {
    const event = missedCall();
    eventIds.push((await server.api.send(event)).id);
    ids.push(event.call_id);
    await waitFor(() => receiver.of(event.call_id).length === 1, 10_000, 'the first attempt');
  };
  const idempotent = missedCall();
  const key = { 'idempotency-key': uniqueId('key') };
  const first = await server.api.send(idempotent, key);
  eventIds.push(first.id);
  await send();
  await allDelivered(ids, receiver); // so that nothing keeps them if they are taken for old

  for (const offset of [day, -day]) {
    clock.set(offset);
    await clockIs(server, offset);
    await send();
    await allDelivered(ids, receiver);
    const request = receiver.of(ids.at(-1))[0];
    assert.ok(Math.abs(Number(request.headers['webhook-timestamp']) - Date.now() / 1000 - offset) < 10, 'signed by the clock');
    await waitFor(() => logOf(server).includes(`clock was set ${offset > 0 ? 'forward by 1d' : 'back by 2d'}`), 10_000, 'a word of it');
    const stored = await waitFor(async () => {
      const [newest] = await server.api.deliveries(webhook.id);
      return newest.status === 'delivered' && server.api.delivery(newest.id);
    }, 5_000, 'the delivery to be logged as delivered');
    assert.equal(stored.attempts.length, 2);
    assert.ok((await server.api.read('/v1/stats')).totals.delivered > 0);
    for (const path of ['/', '/v1/events', '/v1/stats?bucket=minute', `/v1/webhooks/${webhook.id}/stats`]) {
      const { status } = await server.api.get(path);
      assert.ok(status === 200 || status === 422, `${path}: ${status}`);
    }
  }
  assert.equal(await metric(server, 'limehook_clock_steps_total'), 2);
  // A clock that was wrong for a moment has not made anything old: not events, and not keys of what was sent.
  assert.deepEqual((await server.api.list('/v1/events')).map(({ id }) => id).toSorted(), eventIds.toSorted());
  const again = await server.api.post('/v1/events', idempotent, key);
  assert.equal(again.status, 200, again.text);
  assert.equal(again.json.id, first.id);

  // Killed while it is behind: a retry that was to come at a time in the future by the new clock comes all the same.
  clock.set(day);
  await clockIs(server, day);
  await send();
  await server.kill9();
  clock.set(-day);
  server = await Limehook.start({ ...options, data: server.data });
  await send();
  await allDelivered(ids, receiver, 15_000);
  assert.deepEqual(eventIds, eventIds.toSorted(), 'ids ascend');
  assert.equal(new Set(eventIds).size, eventIds.length);
  const between = distances(receiver, ids.filter((_, index) => index !== 3));
  t.diagnostic(`${ids.length} retries, ${Math.min(...between)} to ${Math.max(...between)} ms after the attempt before`);
  for (const ms of between) assert.ok(ms >= step * 1000 - 50 && ms < step * 1000 + 2_500, `${ms} ms`);
  for (const id of ids) assert.equal(receiver.of(id).length, 2, 'nothing came a third time');
  await assertWell(server);
  await server.stop();
  assert.equal((await run(['check', '--data', server.data])).code, 0);
});
