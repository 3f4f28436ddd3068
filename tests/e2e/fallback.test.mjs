// Fallback URLs: where a delivery goes when its schedule is exhausted; and the notice of those that fail for good.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { assertFields } from './support/api.mjs';
import { closedUrl } from './support/ports.mjs';
import { Limehook, temporaryFolder } from './support/process.mjs';
import { Receiver, rawValue } from './support/receiver.mjs';
import { missedCall, uniqueId } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const fails = { status: 500 };

/** A webhook of a team of its own with a first and a second receiver, and one event for it. */
async function begin(api, { first = fails, second = { status: 200 }, ...members } = {}) {
  const receivers = { first: await Receiver.start(first), second: await Receiver.start(second) };
  const team_id = uniqueId('team');
  const webhook = await api.createWebhook({
    url: receivers.first.url, fallback_url: receivers.second.url, team_id, retry_schedule: [1], ...members,
  });
  await api.send(missedCall({ team_id }));
  return { ...receivers, webhook, team_id };
}

const untilStatus = (api, webhook, status, milliseconds = 15_000) =>
  waitFor(async () => {
    const rows = await api.deliveries(webhook.id);
    return rows.length === 1 && rows[0].status === status && api.delivery(rows[0].id);
  }, milliseconds, `a delivery that is ${status}`, 50);

describe('a fallback URL', () => {
  let server, api;
  before(async () => {
    server = await Limehook.start({ args: ['--retry-schedule', '1s'] });
    api = server.api;
  });
  after(() => server.stop());

  // Goal: the same delivery goes on at the second receiver: same id, same body, signed, attempt numbers go on.
  test('gets the delivery when the schedule is exhausted', async () => {
    const { first, second, webhook } = await begin(api);
    const delivery = await untilStatus(api, webhook, 'delivered');
    assert.equal(first.requests.length, 2);
    assert.equal(second.requests.length, 1);
    const [last] = second.requests;
    assert.equal(rawValue(last, 'X-LimeCall-Attempt'), '3');
    assert.equal(rawValue(last, 'webhook-id'), rawValue(first.requests[0], 'webhook-id'));
    assert.ok(last.body.equals(first.requests[0].body));
    assert.equal(rawValue(last, 'X-LimeCall-Signature'), rawValue(first.requests[0], 'X-LimeCall-Signature'));
    assert.deepEqual(delivery.attempts.map(({ number }) => number), [1, 2, 3]);
    assert.deepEqual(delivery.attempts.map(({ request }) => request.url), [first.url, first.url, second.url]);
  });

  test('is not asked while the first receiver works, or when a retry succeeds', async () => {
    const { second, webhook } = await begin(api, { first: (_, index) => ({ status: index === 0 ? 500 : 200 }) });
    await untilStatus(api, webhook, 'delivered');
    assert.equal(second.requests.length, 0);
  });

  test('that fails too is tried as the schedule says; then the delivery has failed', async () => {
    const { first, second, webhook } = await begin(api, { second: fails });
    const delivery = await untilStatus(api, webhook, 'failed');
    assert.equal(first.requests.length, 2);
    assert.equal(second.requests.length, 2);
    assert.deepEqual(delivery.attempts.map(({ number }) => number), [1, 2, 3, 4]);
    const gap = second.requests[1].at - second.requests[0].answeredAt;
    assert.ok(gap >= 980, `${gap} ms between the attempts at the fallback URL`);
  });

  test('is asked also where the first one cannot be reached', async () => {
    const { second, webhook } = await begin(api, { url: await closedUrl() });
    await untilStatus(api, webhook, 'delivered');
    assert.equal(second.requests.length, 1);
  });

  test('does not keep a 410 from disabling the webhook', async () => {
    const { second, webhook } = await begin(api, { first: { status: 410 } });
    await waitFor(async () => !(await api.read(`/v1/webhooks/${webhook.id}`)).enabled, 10_000, 'the webhook to be disabled');
    assert.equal(second.requests.length, 0);
  });

  test('can be changed and taken away, and a wrong one is refused', async () => {
    const receiver = await Receiver.start();
    const webhook = await api.createWebhook({ url: receiver.url });
    assert.equal(webhook.fallback_url, null);
    assert.equal((await api.changeWebhook(webhook.id, { fallback_url: receiver.url })).fallback_url, receiver.url);
    assert.equal((await api.changeWebhook(webhook.id, { fallback_url: null })).fallback_url, null);
    for (const wrong of ['nowhere', 'ftp://127.0.0.1/', 'http://u:p@127.0.0.1/', 'http://127.0.0.1/#x', 'http://10.0.0.1/', 7]) {
      assertFields(await api.patch(`/v1/webhooks/${webhook.id}`, { fallback_url: wrong }), '/fallback_url');
    }
  });

  test('a retry by hand starts at the first receiver again', async () => {
    const { first, second, webhook } = await begin(api, { second: fails });
    const failed = await untilStatus(api, webhook, 'failed');
    first.behaviour = { status: 200 };
    const answer = await api.post(`/v1/deliveries/${failed.id}/retry`);
    assert.ok(answer.status < 300, answer.text);
    const delivery = await untilStatus(api, webhook, 'delivered');
    assert.equal(second.requests.length, 2);
    assert.equal(delivery.attempts.at(-1).request.url, first.url);
  });
});

// Goal: a restart does not forget that a delivery has gone over to its fallback URL. Method: kill between two attempts
// there.
test('a delivery stays at its fallback URL through kill -9', async () => {
  const data = temporaryFolder();
  let server = await Limehook.start({ data });
  const { first, second, webhook } = await begin(server.api, {
    second: (_, index) => ({ status: index === 0 ? 500 : 200 }), retry_schedule: [1, 1],
  });
  await waitFor(async () => {
    const [row] = await server.api.deliveries(webhook.id);
    return second.requests.length === 1 && (await server.api.delivery(row.id)).attempts.length === 4;
  }, 15_000, 'the first attempt at the fallback URL', 20);
  await server.kill9();
  server = await Limehook.start({ data });
  await untilStatus(server.api, webhook, 'delivered');
  assert.equal(first.requests.length, 3);
  assert.ok(second.requests.length >= 2);
  await server.stop();
});

describe('delivery.exhausted', () => {
  let server, api;
  before(async () => {
    server = await Limehook.start({ args: ['--retry-schedule', '1s'] });
    api = server.api;
  });
  after(() => server.stop());

  // Goal: who asks for it is told once of each delivery that fails for good; who does not ask, never.
  test('goes to the webhooks of the team that name it, once, and to no other', async () => {
    const watcher = await Receiver.start();
    const plain = await Receiver.start();
    const { webhook, team_id } = await begin(api, { second: fails });
    const watching = await api.createWebhook({ url: watcher.url, team_id, events: ['delivery.exhausted'] });
    await api.createWebhook({ url: watcher.url, team_id: uniqueId('team'), events: ['delivery.exhausted'] });
    const { id } = await api.createWebhook({ url: plain.url, team_id, events: undefined });
    assert.ok(!(await api.read(`/v1/webhooks/${id}`)).events.some((type) => type.includes('.')), 'not in the default set');
    assert.deepEqual(watching.events, ['delivery.exhausted']);
    const failed = await untilStatus(api, webhook, 'failed');
    await waitFor(() => watcher.requests.length > 0, 10_000, 'the notice');
    const [{ json, headers }] = watcher.requests;
    assert.equal(headers['x-limecall-event'], 'delivery.exhausted');
    assert.equal(json.event, 'delivery.exhausted');
    assert.equal(json.webhook_id, webhook.id);
    assert.equal(json.delivery_id, failed.id);
    assert.equal(json.team_id, team_id);
    assert.equal(typeof json.reason, 'string');
    assert.ok(Date.parse(json.timestamp) > 0);
    await api.send(missedCall({ team_id }));
    await waitFor(() => watcher.requests.length === 2, 15_000, 'the notice of the second one');
    assert.equal(new Set(watcher.requests.map((request) => request.json.delivery_id)).size, 2);
    assert.ok(plain.requests.every((request) => request.json.event === 'missed_call'));
  });

  test('cannot be sent by callers, nor the other operational types', async () => {
    for (const event of ['webhook.disabled', 'webhook.failing', 'webhook.recovered', 'delivery.exhausted']) {
      const body = { event, webhook_id: 'wh_0000000000000', reason: 'x', timestamp: '2025-01-30T15:00:00Z', team_id: 'team_001' };
      assertFields(await api.post('/v1/events', body), '/event');
    }
  });

  // Goal: a receiver of notices that fails does not bring forth notices of notices without end.
  test('is not told of itself', async () => {
    const deaf = await Receiver.start(fails);
    const { webhook, team_id } = await begin(api, { second: fails });
    const watching = await api.createWebhook({ url: deaf.url, team_id, events: ['delivery.exhausted'] });
    await untilStatus(api, webhook, 'failed');
    await untilStatus(api, watching, 'failed');
    assert.equal(deaf.requests.length, 2, 'one notice, twice attempted');
  });
});
