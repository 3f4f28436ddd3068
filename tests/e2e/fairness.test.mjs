// Fair shares: teams do not wait for each other's backlogs, and a rate limit is kept evenly.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { assertFields } from './support/api.mjs';
import { Limehook } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall, uniqueId } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const sendMany = async (api, count, team_id) => {
  const answer = await api.post('/v1/events/batch', Array.from({ length: count }, () => missedCall({ team_id })));
  assert.equal(answer.status, 202, answer.text);
};

describe('teams', () => {
  // Goal: tests, which pass a webhook's own limits, leave the node's places to deliveries, however many are asked for.
  test("hanging tests of one team do not delay another team's events, nor its tests", { timeout: 120_000 }, async (t) => {
    const server = await Limehook.start({ args: ['--in-flight-max', '40'] });
    t.after(() => server.child.signal('SIGKILL'));
    const hanging = await Receiver.start({ kind: 'hang' });
    const quick = await Receiver.start();
    const hostile = await server.api.createWebhook({ url: hanging.url, team_id: 'team_busy', timeout_ms: 60_000 });
    const small = await server.api.createWebhook({ url: quick.url, team_id: 'team_small' });
    const test = (webhook) => server.api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' });
    const tests = Array.from({ length: 60 }, () => test(hostile));
    const refused = await Promise.race(tests);
    assert.equal(refused.status, 429, refused.text);
    assert.ok(refused.headers.get('retry-after'));
    await waitFor(() => hanging.inFlight > 0);
    const event = missedCall({ team_id: 'team_small' });
    await server.api.send(event);
    await waitFor(() => quick.of(event.call_id).length === 1, 5_000, 'the other event');
    assert.equal((await test(small)).status, 200);
    assert.ok(hanging.inFlight <= 5, `${hanging.inFlight} tests at once`);
    Promise.allSettled(tests);
  });

  // Goal: a single delivery of one team does not queue behind another's thousands. Method: 20,000 deliveries of 200
  // webhooks to slow receivers, more than there are places for attempts; they take 20 seconds or more to drain.
  // Meanwhile events of another team, one after the other.
  test("a backlog of 20,000 of one team does not delay another team's events", { timeout: 90_000 }, async (t) => {
    const server = await Limehook.start();
    t.after(() => server.child.signal('SIGKILL'));
    const slow = await Receiver.start({ status: 200, delay: 1_000 }, { record: () => {} });
    const quick = await Receiver.start();
    for (let i = 0; i < 200; i += 1) await server.api.createWebhook({ url: slow.url, team_id: 'team_busy' });
    await server.api.createWebhook({ url: quick.url, team_id: 'team_small' });
    await sendMany(server.api, 100, 'team_busy');
    await waitFor(() => slow.count > 1_000, 10_000, 'all places to have been taken');
    const latencies = [];
    for (let i = 0; i < 10; i += 1) {
      const began = Date.now();
      const event = missedCall({ team_id: 'team_small' });
      await server.api.send(event);
      const [request] = await waitFor(() => quick.of(event.call_id).length > 0 && quick.of(event.call_id), 20_000, 'the single event', 2);
      latencies.push(request.at - began);
    }
    const left = 20_000 - slow.count;
    t.diagnostic(`latencies ${latencies} ms, ${left} of 20,000 still waited`);
    assert.ok(left > 5_000, `the backlog was still there: ${left}`);
    assert.ok(Math.max(...latencies) < 3_000, `${latencies} ms`);
  });

  // Goal: a share is a team's webhook's, whatever the others queue. Method: two webhooks at one slow receiver's pace,
  // one with 50 times the events of the other; the small one is done early.
  test('a webhook with few deliveries is not held up by one with many', async (t) => {
    const server = await Limehook.start({ args: ['--in-flight-max', '8'] });
    t.after(() => server.child.signal('SIGKILL'));
    const many = await Receiver.start({ status: 200, delay: 20 });
    const few = await Receiver.start({ status: 200, delay: 20 });
    await server.api.createWebhook({ url: many.url, team_id: 'team_many' });
    await server.api.createWebhook({ url: few.url, team_id: 'team_few' });
    await sendMany(server.api, 1000, 'team_many');
    await sendMany(server.api, 20, 'team_few');
    await waitFor(() => few.requests.length === 20, 15_000, 'the few');
    assert.ok(many.requests.length < 700, `the many were not done yet: ${many.requests.length}`);
  });
});

describe('a rate limit', { concurrency: 4 }, () => {
  let server, api;
  before(async () => {
    server = await Limehook.start({ args: ['--retry-schedule', '1s,1s,1s,1s'] });
    api = server.api;
  });
  after(() => server.stop());

  async function begin(behaviour, members) {
    const receiver = await Receiver.start(behaviour);
    const team_id = uniqueId('team');
    const webhook = await api.createWebhook({ url: receiver.url, team_id, ...members });
    return { receiver, team_id, webhook };
  }

  /** Requests come at least `interval` ms apart: each gap nearly, and the n-th not before its time. */
  function assertEven(requests, interval) {
    const times = requests.map(({ at }) => at - requests[0].at);
    times.forEach((time, i) => {
      assert.ok(time >= i * interval - 150, `request ${i + 1} came after ${time} ms: ${times}`);
      // A late receipt shortens the gap to the next one that is in time; other than that there is no burst.
      const inTime = Math.abs(time - i * interval) <= 150;
      if (i > 0) assert.ok(inTime || time - times[i - 1] >= interval / 2, `a burst: ${times}`);
    });
  }

  test('of 5 a second is kept evenly, from the first one on', async () => {
    const { receiver, team_id } = await begin({ status: 200 }, { rate_limit: 5 });
    await sendMany(api, 16, team_id);
    await waitFor(() => receiver.requests.length === 16, 15_000, 'all of them');
    assertEven(receiver.requests, 200);
    const took = receiver.requests.at(-1).at - receiver.requests[0].at;
    assert.ok(took < 3_000 + 2_000, `it is used: ${took} ms for 3 s of work`);
  });

  // Goal: quiet times are not saved up. Method: a pause of more than a second between two groups of events.
  test('lets no burst through after a quiet time', async () => {
    const { receiver, team_id } = await begin({ status: 200 }, { rate_limit: 5 });
    await sendMany(api, 2, team_id);
    await waitFor(() => receiver.requests.length === 2);
    const quietUntil = Date.now() + 1_500;
    await waitFor(() => Date.now() > quietUntil);
    await sendMany(api, 6, team_id);
    await waitFor(() => receiver.requests.length === 8, 10_000, 'the second group');
    assertEven(receiver.requests.slice(2), 200);
  });

  test('counts retries too', async () => {
    const { receiver, team_id } = await begin((_, index) => ({ status: index < 5 ? 500 : 200 }), { rate_limit: 5 });
    await sendMany(api, 10, team_id);
    await waitFor(() => receiver.requests.length === 15, 15_000, 'ten deliveries and five retries');
    assertEven(receiver.requests, 200);
  });

  test('below one a second is possible', async () => {
    const { receiver, team_id } = await begin({ status: 200 }, { rate_limit: 0.5 });
    await sendMany(api, 3, team_id);
    await waitFor(() => receiver.requests.length === 3, 10_000, 'all three');
    assertEven(receiver.requests, 2_000);
  });

  test('goes with an order', async () => {
    const { receiver, team_id } = await begin({ status: 200 }, { rate_limit: 10, ordered: true });
    await sendMany(api, 12, team_id);
    await waitFor(() => receiver.requests.length === 12, 10_000, 'all of them');
    assertEven(receiver.requests, 100);
  });

  test('can be taken away while events wait', async () => {
    const { receiver, team_id, webhook } = await begin({ status: 200 }, { rate_limit: 0.1 });
    await sendMany(api, 10, team_id);
    await waitFor(() => receiver.requests.length === 1);
    await api.changeWebhook(webhook.id, { rate_limit: null });
    await waitFor(() => receiver.requests.length === 10, 8_000, 'the rest at once');
  });

  test('is shown, and a wrong one is refused', async () => {
    const { webhook } = await begin({ status: 200 }, {});
    assert.equal(webhook.rate_limit, null);
    assert.equal((await api.changeWebhook(webhook.id, { rate_limit: 2.5 })).rate_limit, 2.5);
    assert.equal((await api.read(`/v1/webhooks/${webhook.id}`)).rate_limit, 2.5);
    for (const wrong of [0, -1, '5', true, 1e12]) {
      assertFields(await api.patch(`/v1/webhooks/${webhook.id}`, { rate_limit: wrong }), '/rate_limit');
    }
  });
});
