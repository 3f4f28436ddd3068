// One webhook never harms another: many webhooks of which some hang and some are gone.

import assert from 'node:assert/strict';

import { closedUrl } from './support/ports.mjs';
import { Limehook } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const total = 1000;
const eventCount = 10;

/** Runs `work` for 0 … count-1, a few at a time. */
async function inParallel(count, work) {
  let next = 0;
  const run = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: 16 }, run));
}

// Goal: hanging and refusing receivers cost the others nothing. Method: 1,000 webhooks that all get the same events;
// 10 % hang to the time limit (15 s), 5 % refuse connections; the others must have everything long before the first
// hanging attempt has ended.
test('1,000 webhooks, 10 % hanging, 5 % refusing: the healthy ones get everything, promptly', { timeout: 90_000 }, async (t) => {
  const server = await Limehook.start();
  t.after(() => server.child.signal('SIGKILL'));
  const got = new Map(); // by path of a healthy webhook: the call ids
  let last = 0;
  const healthy = await Receiver.start({ status: 200 }, {
    record: ({ target, json, at }) => {
      if (!got.has(target)) got.set(target, new Set());
      got.get(target).add(json.call_id);
      last = at;
    },
  });
  const hanging = await Receiver.start({ kind: 'hang' });
  const refusing = await closedUrl();
  let healthyCount = 0;
  await inParallel(total, async (i) => {
    const kind = i % 20;
    const url = kind < 2 ? hanging.url : kind === 2 ? refusing : healthy.url.replace('/hook', `/${i}`);
    if (kind > 2) healthyCount += 1;
    await server.api.createWebhook({ name: `webhook ${i}`, url, timeout_ms: 15_000 });
  });

  const began = Date.now();
  const ids = [];
  for (let i = 0; i < eventCount; i += 1) {
    const event = missedCall();
    ids.push(event.call_id);
    assert.equal((await server.api.send(event)).deliveries, total);
  }
  await waitFor(() => got.size === healthyCount && [...got.values()].every((seen) => seen.size === eventCount),
    30_000, 'everything at the healthy ones', 50);
  const took = last - began;
  t.diagnostic(`${healthyCount} healthy webhooks had ${eventCount} events each after ${took} ms; ${hanging.inFlight} attempts hung`);
  assert.ok(hanging.inFlight > 0, 'attempts were hanging all the while');
  assert.ok(took < 13_000, `${took} ms: no hanging attempt had ended`);
  for (const seen of got.values()) assert.deepEqual([...seen].sort(), [...ids].sort());

  // An event that comes now, while the others still hang, arrives at once too.
  const late = missedCall();
  const sent = Date.now();
  await server.api.send(late);
  await waitFor(() => [...got.values()].every((seen) => seen.has(late.call_id)), 10_000, 'one more event', 20);
  t.diagnostic(`one more event was at all of them after ${Date.now() - sent} ms`);
});

// Goal: the places for attempts cannot all be taken by receivers that hang, however many events wait for them. Method:
// few places, and one hanging webhook with many events.
test('a hanging webhook with a long queue leaves room for others', async (t) => {
  const server = await Limehook.start({ args: ['--in-flight-max', '32'] });
  t.after(() => server.child.signal('SIGKILL'));
  const hanging = await Receiver.start({ kind: 'hang' });
  const healthy = await Receiver.start();
  await server.api.createWebhook({ url: hanging.url, team_id: 'team_hanging', max_concurrency: 100 });
  await server.api.createWebhook({ url: healthy.url, team_id: 'team_healthy' });
  const events = Array.from({ length: 500 }, () => missedCall({ team_id: 'team_hanging' }));
  assert.equal((await server.api.post('/v1/events/batch', events)).status, 202);
  await waitFor(() => hanging.inFlight > 0);
  for (let i = 0; i < 20; i += 1) await server.api.send(missedCall({ team_id: 'team_healthy' }));
  await waitFor(() => healthy.requests.length === 20, 5_000, 'the events of the healthy one');
  assert.ok(hanging.inFlight < 32, `${hanging.inFlight} of 32 places`);
});
