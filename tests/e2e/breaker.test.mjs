// The circuit breaker, and what becomes of webhooks that fail for long.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { fakedClock, noFakedClock } from './support/clock.mjs';
import { sanitized } from './support/faults.mjs';
import { Limehook } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall, uniqueId } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const fails = { status: 500 };
const works = { status: 200 };

/** A webhook of a team of its own, and a function that sends so many events to it. */
async function begin(api, behaviour, members = {}) {
  const receiver = await Receiver.start(behaviour);
  const team_id = uniqueId('team');
  const webhook = await api.createWebhook({ url: receiver.url, team_id, ...members });
  const send = async (count) => {
    const answer = await api.post('/v1/events/batch', Array.from({ length: count }, () => missedCall({ team_id })));
    assert.equal(answer.status, 202, answer.text);
  };
  return { receiver, team_id, webhook, send, shown: () => api.read(`/v1/webhooks/${webhook.id}`) };
}

const isOpen = ({ breaker }) => breaker.state === 'open' || breaker.state === 'half_open';

const untilOpen = ({ shown }) =>
  waitFor(async () => {
    const webhook = await shown();
    return isOpen(webhook) && webhook;
  }, 15_000, 'the breaker to open');

describe('a circuit breaker', { concurrency: 4 }, () => {
  let server, api;
  before(async () => {
    server = await Limehook.start({ args: ['--breaker-pause', '1s', '--timeout', '2s', '--retry-schedule', Array(20).fill('3s').join(',')] });
    api = server.api;
  });
  after(() => server.stop());

  test('is closed as long as nothing fails', async () => {
    const { receiver, send, shown } = await begin(api, works);
    await send(20);
    await waitFor(() => receiver.requests.length === 20);
    const webhook = await waitFor(async () => {
      const now = await shown();
      return now.backlog === 0 && now;
    });
    assert.deepEqual(webhook.breaker, { state: 'closed', failures_in_a_row: 0, next_probe_at: null });
    assert.equal(webhook.failing_since, null);
    assert.equal(webhook.blocked_by, null);
  });

  // Goal: after ten failures in a row a dead receiver gets one probe at a time, ever more seldom; when one succeeds,
  // everything held goes out. Method: 30 events at a receiver that fails until four probes have come.
  test('opens after 10 failures in a row, probes one at a time, and lets everything go after a success', async () => {
    const webhook = await begin(api, { status: 500, delay: 50 });
    const { receiver, send, shown } = webhook;
    await send(30);
    const open = await untilOpen(webhook);
    assert.ok(open.breaker.failures_in_a_row >= 10, JSON.stringify(open.breaker));
    assert.equal(open.backlog, 30);
    assert.ok(Date.parse(open.failing_since) <= Date.now());
    await waitFor(() => receiver.inFlight === 0, 5_000, 'what was under way to end', 1);
    const before = receiver.requests.length;
    assert.ok(before <= 10 + 8, `${before} attempts before it opened`);
    receiver.maxInFlight = 0;
    await waitFor(() => receiver.requests.length >= before + 3, 20_000, 'three probes');
    assert.ok(receiver.maxInFlight <= 1, `${receiver.maxInFlight} probes at the same time`);
    const probes = receiver.requests.slice(before, before + 3);
    const gaps = [1, 2].map((i) => probes[i].at - probes[i - 1].answeredAt);
    assert.ok(gaps[0] >= 900, `probes after ${gaps} ms`);
    assert.ok(gaps[1] >= gaps[0] * 1.5, `the pause grows: ${gaps} ms`);
    receiver.behaviour = works;
    await waitFor(async () => (await shown()).backlog === 0, 20_000, 'everything held to go out');
    const closed = await shown();
    assert.deepEqual(closed.breaker, { state: 'closed', failures_in_a_row: 0, next_probe_at: null });
    assert.equal(closed.failing_since, null);
    const delivered = new Set(receiver.requests.slice(before + 3).map(({ json }) => json.call_id));
    assert.equal(delivered.size, 30);
  });

  test('tells when the next probe is due', async () => {
    const webhook = await begin(api, fails);
    await webhook.send(15);
    const { breaker } = await waitFor(async () => {
      const now = await webhook.shown();
      return now.breaker.state === 'open' && now.breaker.next_probe_at && now;
    }, 15_000, 'next_probe_at');
    const ahead = Date.parse(breaker.next_probe_at) - Date.now();
    assert.ok(ahead > -2_000 && ahead <= 61_000, `${ahead} ms ahead`);
  });

  test('lets one probe hang, not several', async () => {
    const webhook = await begin(api, { kind: 'hang' });
    await webhook.send(30);
    await untilOpen(webhook);
    await waitFor(() => webhook.receiver.inFlight === 0, 10_000, 'what was under way to end', 1);
    const before = webhook.receiver.requests.length;
    webhook.receiver.maxInFlight = 0;
    await waitFor(() => webhook.receiver.requests.length >= before + 2, 15_000, 'two probes');
    assert.equal(webhook.receiver.maxInFlight, 1);
  });

  // Goal: only failures in a row count. Method: nine failures, then a success, over and over, one at a time.
  test('stays closed when every tenth attempt succeeds', async () => {
    const { receiver, send, shown } = await begin(api, (_, index) => (index % 10 === 9 || index >= 40 ? works : fails), { max_concurrency: 1 });
    await send(40);
    await waitFor(async () => {
      const { breaker, backlog } = await shown();
      assert.equal(breaker.state, 'closed', JSON.stringify(breaker));
      assert.ok(breaker.failures_in_a_row <= 9);
      return backlog === 0;
    }, 20_000, 'all 40');
    assert.equal(receiver.requests.length, 76, '36 of them twice');
  });

  // Goal: what is held has not for ever. Method: a schedule of two seconds at a receiver that stays dead; every delivery
  // ends as failed though most were never attempted as often as their schedule has steps.
  test('holds a delivery no longer than its whole schedule', async () => {
    const { webhook, send } = await begin(api, fails, { retry_schedule: [1, 1] });
    await send(40);
    await waitFor(async () => (await api.deliveries(webhook.id, '?status=failed')).length === 40, 20_000, 'all to fail', 100);
  });

  test('sends what it held too long to the fallback URL', async () => {
    const fallback = await Receiver.start();
    const { receiver, webhook, send } = await begin(api, fails, { retry_schedule: [1, 1], fallback_url: fallback.url });
    await send(40);
    await waitFor(async () => (await api.deliveries(webhook.id, '?status=delivered')).length === 40, 25_000, 'all at the fallback URL', 100);
    assert.equal(new Set(fallback.requests.map(({ json }) => json.call_id)).size, 40);
    assert.ok(receiver.requests.length < 120, 'the dead receiver was spared');
  });

  test('of one webhook does not touch another one at the same address', async () => {
    const receiver = await Receiver.start(({ target }) => (target === '/dead' ? fails : works));
    const team_id = uniqueId('team');
    const at = (path) => api.createWebhook({ url: receiver.url.replace('/hook', path), team_id });
    const [dead, alive] = [await at('/dead'), await at('/alive')];
    const events = Array.from({ length: 30 }, () => missedCall({ team_id }));
    assert.equal((await api.post('/v1/events/batch', events)).status, 202);
    await waitFor(() => receiver.requests.filter(({ target }) => target === '/alive').length === 30);
    await untilOpen({ shown: () => api.read(`/v1/webhooks/${dead.id}`) });
    assert.equal((await api.read(`/v1/webhooks/${alive.id}`)).breaker.state, 'closed');
  });

  // Goal: the team's own systems hear of it: once when the breaker opens, once when it closes, for the right webhook.
  test('brings webhook.failing and webhook.recovered to who asked for them', async () => {
    const failing = await begin(api, fails);
    const watcher = await Receiver.start();
    await api.createWebhook({ url: watcher.url, team_id: failing.team_id, events: ['webhook.failing', 'webhook.recovered'] });
    await failing.send(15);
    await waitFor(() => watcher.requests.length === 1, 15_000, 'webhook.failing');
    failing.receiver.behaviour = works;
    await waitFor(() => watcher.requests.length === 2, 15_000, 'webhook.recovered');
    assert.deepEqual(watcher.requests.map(({ json }) => json.event), ['webhook.failing', 'webhook.recovered']);
    for (const { json, headers } of watcher.requests) {
      assert.equal(headers['x-limecall-event'], json.event);
      assert.equal(json.webhook_id, failing.webhook.id);
      assert.equal(json.team_id, failing.team_id);
      assert.ok(json.reason.length > 0);
    }
    await waitFor(async () => (await failing.shown()).backlog === 0, 15_000, 'everything held to go out');
    assert.equal(watcher.requests.length, 2);
  });
});

describe('a webhook without any success', { concurrency: 3 }, () => {
  // Goal: after --disable-after without one success it is disabled, what waits is canceled, and the team is told; one
  // that has a success now and then goes on.
  test('is disabled after --disable-after, and says so', async () => {
    const server = await Limehook.start({ args: ['--disable-after', '3s', '--retry-schedule', Array(20).fill('1s').join(',')] });
    const failing = await begin(server.api, fails);
    const [watcher, sometimes] = [await Receiver.start(), await begin(server.api, (_, index) => (index % 3 === 2 ? works : fails))];
    await server.api.createWebhook({ url: watcher.url, team_id: failing.team_id, events: ['webhook.disabled'] });
    await failing.send(3);
    await sometimes.send(6);
    const began = Date.now();
    const since = await waitFor(async () => (await failing.shown()).failing_since, 10_000, 'failing_since');
    assert.ok(Math.abs(Date.parse(since) - began) < 5_000, since);
    await waitFor(async () => !(await failing.shown()).enabled, 15_000, 'the webhook to be disabled');
    assert.ok(Date.now() - began >= 2_500, 'not before its time');
    await waitFor(() => watcher.requests.length === 1, 10_000, 'webhook.disabled');
    assert.equal(watcher.requests[0].json.event, 'webhook.disabled');
    assert.equal(watcher.requests[0].json.webhook_id, failing.webhook.id);
    await waitFor(async () => (await server.api.deliveries(failing.webhook.id, '?status=canceled')).length === 3, 10_000, 'what waits to be canceled');
    await waitFor(async () => (await sometimes.shown()).backlog === 0, 15_000, 'the other webhook to go on');
    assert.equal((await sometimes.shown()).enabled, true);
    await server.stop();
  });

  test('that is enabled again starts afresh', async () => {
    const server = await Limehook.start({ args: ['--disable-after', '2s', '--retry-schedule', Array(20).fill('1s').join(',')] });
    const failing = await begin(server.api, fails);
    await failing.send(1);
    await waitFor(async () => !(await failing.shown()).enabled, 15_000, 'the webhook to be disabled');
    assert.equal((await server.api.post(`/v1/webhooks/${failing.webhook.id}/enable`)).status, 200);
    assert.equal((await failing.shown()).failing_since, null);
    assert.equal((await failing.shown()).breaker.state, 'closed');
    failing.receiver.behaviour = works;
    const before = failing.receiver.requests.length;
    await failing.send(1);
    await waitFor(() => failing.receiver.requests.length === before + 1);
    await server.stop();
  });

  // Goal: the time without success counts on through a restart. Method: kill the server once the breaker has opened,
  // which is news that is stored.
  test('is disabled in time although the server was killed meanwhile', async () => {
    const args = ['--disable-after', '5s', '--retry-schedule', Array(20).fill('1s').join(',')];
    const server = await Limehook.start({ args });
    const failing = await begin(server.api, fails);
    const watcher = await Receiver.start();
    await server.api.createWebhook({ url: watcher.url, team_id: failing.team_id, events: ['webhook.failing'] });
    await failing.send(15);
    await waitFor(() => watcher.requests.length > 0, 10_000, 'webhook.failing');
    const { failing_since } = await failing.shown();
    assert.ok(failing_since);
    await server.kill9();
    const again = await Limehook.start({ data: server.data, args });
    const shown = () => again.api.read(`/v1/webhooks/${failing.webhook.id}`);
    assert.equal((await shown()).failing_since, failing_since);
    await waitFor(async () => !(await shown()).enabled, 15_000, 'the webhook to be disabled');
    assert.ok(Date.now() - Date.parse(failing_since) < 12_000, 'counted from the first failure');
    await again.stop();
  });
});

describe('over restarts', { concurrency: 2 }, () => {
  const restarted = async (server, args, kill) => {
    if (kill) await server.kill9();
    else await server.stop();
    return Limehook.start({ data: server.data, args });
  };

  // Goal: an open breaker stays open until its probe, and failures go on counting, whatever ended the process.
  for (const kill of [false, true]) {
    test(`a breaker is what it was after ${kill ? 'kill -9' : 'a stop'}`, async () => {
      const args = ['--breaker-pause', '1m', '--retry-schedule', '1h'];
      let server = await Limehook.start({ args });
      const one = await begin(server.api, fails);
      const two = await begin(server.api, fails);
      await one.send(10);
      await two.send(4);
      const shown = ({ webhook }) => server.api.read(`/v1/webhooks/${webhook.id}`);
      const open = await waitFor(async () => { const now = await shown(one); return isOpen(now) && now; });
      const counted = await waitFor(async () => { const now = await shown(two); return now.breaker.failures_in_a_row === 4 && now; });
      // What is shown is on its way to the disk: an answer to a change says that it has come there.
      await server.api.createWebhook({ url: one.receiver.url, team_id: uniqueId('team') });
      server = await restarted(server, args, kill);
      const after = await shown(one);
      assert.equal(after.breaker.state, 'open');
      assert.equal(after.breaker.failures_in_a_row, open.breaker.failures_in_a_row);
      assert.ok(Math.abs(Date.parse(after.breaker.next_probe_at) - Date.parse(open.breaker.next_probe_at)) < 1000, JSON.stringify([open.breaker, after.breaker]));
      assert.equal(after.failing_since, open.failing_since);
      const other = await shown(two);
      assert.deepEqual([other.breaker, other.failing_since], [counted.breaker, counted.failing_since]);
      const before = one.receiver.requests.length;
      one.receiver.behaviour = works;
      const answer = await server.api.post('/v1/events', missedCall({ team_id: one.team_id }));
      await waitFor(async () => (await server.api.read(`/v1/events/${answer.json.id}`)).deliveries.length === 1);
      assert.equal(one.receiver.requests.length, before, 'nothing is sent while it is open');
      const [row] = await server.api.deliveries(one.webhook.id);
      assert.equal((await server.api.post(`/v1/deliveries/${row.id}/retry`)).status, 202);
      await waitFor(async () => (await shown(one)).breaker.state === 'closed');
      server = await restarted(server, args, kill);
      assert.deepEqual((await shown(one)).breaker, { state: 'closed', failures_in_a_row: 0, next_probe_at: null });
      await server.stop();
    });
  }

  // Goal: a webhook that fails for long is told of and disabled, however often the server was started meanwhile.
  test('failures of several lives add up to webhook.failing and to disabling', { skip: sanitized || noFakedClock }, async () => {
    const args = ['--disable-after', '1m', '--retry-schedule', '1h'];
    const clock = fakedClock();
    const start = (data) => Limehook.start({ data, args, env: clock.env });
    let server = await start();
    const one = await begin(server.api, fails);
    const told = await Receiver.start();
    await server.api.createWebhook({ url: told.url, team_id: one.team_id, events: ['webhook.failing', 'webhook.disabled'] });
    const shown = () => server.api.read(`/v1/webhooks/${one.webhook.id}`);
    for (const [life, seconds] of [0, 40, 80].entries()) {
      clock.set(seconds);
      if (life > 0) server = await start(server.data);
      await server.api.post('/v1/events/batch', Array.from({ length: 4 }, () => missedCall({ team_id: one.team_id })));
      await waitFor(() => one.receiver.requests.length >= Math.min(4 * (life + 1), 10));
      await waitFor(async () => (await shown()).breaker.failures_in_a_row >= Math.min(4 * (life + 1), 10));
      if (life < 2) await server.stop();
    }
    const disabled = await waitFor(async () => { const now = await shown(); return !now.enabled && now; });
    assert.match(disabled.disabled_reason, /failed for 1m/);
    await waitFor(() => told.requests.length === 2);
    assert.deepEqual(told.requests.map(({ json }) => json.event).sort(), ['webhook.disabled', 'webhook.failing']);
    await server.stop();
  });
});
