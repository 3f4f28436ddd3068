// Order: what `ordered` promises, through failures, retries by hand, skipping, and kill -9.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { assertFields, assertProblem } from './support/api.mjs';
import { Limehook, temporaryFolder } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall, sample, uniqueId } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const idOf = ({ json }) => json.call_id ?? json.message_id;
const fails = { status: 500 };
const works = { status: 200 };

/** The order in which a receiver acknowledged events for the first time. */
const firstSuccesses = (receiver) =>
  [...new Set(receiver.requests.filter(({ acknowledged }) => acknowledged).map(idOf))];

/** A receiver that notes on each request whether it will be acknowledged. */
const noting = (behaviour) => (request, index) => {
  const answer = typeof behaviour === 'function' ? behaviour(request, index) : behaviour;
  request.acknowledged = (answer.status ?? 0) === 200;
  return answer;
};

describe('ordered webhooks', () => {
  let server, api;
  before(async () => {
    server = await Limehook.start({ args: ['--retry-schedule', '1s,1s,1s,1s'] });
    api = server.api;
  });
  after(() => server.stop());

  /** A webhook that takes the events of one team only, at a receiver of its own. */
  async function begin(behaviour, members = {}) {
    const receiver = await Receiver.start(noting(behaviour));
    const team_id = uniqueId('team');
    const webhook = await api.createWebhook({ url: receiver.url, team_id, ...members });
    return { receiver, team_id, webhook };
  }

  /** Sends missed calls of a team in one batch; answers their call ids, in order. */
  async function sendCalls(team_id, count, members = () => ({})) {
    const events = Array.from({ length: count }, (_, i) => missedCall({ team_id, ...members(i) }));
    const answer = await api.post('/v1/events/batch', events);
    assert.equal(answer.status, 202, answer.text);
    return events.map(({ call_id }) => call_id);
  }

  const row = async (webhook, event) => {
    for (const { id } of await api.deliveries(webhook.id)) {
      const delivery = await api.delivery(id);
      if ((delivery.payload.call_id ?? delivery.payload.message_id) === event) return delivery;
    }
    return undefined;
  };

  const untilStatus = (webhook, event, status) =>
    waitFor(async () => {
      const delivery = await row(webhook, event);
      return delivery?.status === status && delivery;
    }, 15_000, `${event} to be ${status}`, 50);

  test('are shown as false, "webhook" or "call", and nothing else is taken', async () => {
    const { webhook } = await begin(works);
    assert.equal(webhook.ordered, false);
    for (const [given, shown] of [[true, 'webhook'], ['call', 'call'], ['webhook', 'webhook'], [false, false]]) {
      assert.equal((await api.changeWebhook(webhook.id, { ordered: given })).ordered, shown);
      assert.equal((await api.read(`/v1/webhooks/${webhook.id}`)).ordered, shown);
    }
    for (const wrong of ['events', 1, {}, []]) {
      assertFields(await api.patch(`/v1/webhooks/${webhook.id}`, { ordered: wrong }), '/ordered');
    }
  });

  // Goal: "webhook" sends strictly one at a time, in the order of acceptance. Method: answers that take their time.
  test('"webhook": one at a time, in the order of acceptance', async () => {
    const { receiver, team_id } = await begin((_, index) => ({ status: 200, delay: (index * 7) % 30 }), { ordered: true });
    const ids = await sendCalls(team_id, 60);
    await waitFor(() => receiver.requests.length === ids.length, 20_000, 'all of them');
    assert.deepEqual(receiver.requests.map(idOf), ids);
    assert.equal(receiver.maxInFlight, 1);
  });

  test('"webhook": a head that fails holds the rest until its retry, and is told of', async () => {
    const { receiver, team_id, webhook } = await begin((_, index) => (index < 2 ? fails : works), { ordered: true });
    const [first, second, third] = await sendCalls(team_id, 3);
    const blocked = await waitFor(async () => (await api.read(`/v1/webhooks/${webhook.id}`)).blocked_by, 10_000, 'blocked_by');
    const head = await row(webhook, first);
    assert.equal(blocked.delivery_id, head.id);
    assert.ok(!Number.isNaN(Date.parse(blocked.next_attempt_at)), blocked.next_attempt_at);
    await untilStatus(webhook, third, 'delivered');
    assert.deepEqual(receiver.requests.map(idOf), [first, first, first, second, third]);
    assert.equal((await api.read(`/v1/webhooks/${webhook.id}`)).blocked_by, null);
  });

  test('"webhook": a head that has failed for good lets the next go', async () => {
    const gone = uniqueId();
    const { receiver, team_id, webhook } = await begin(({ json }) => (json.call_id === gone ? fails : works), { ordered: true, retry_schedule: [1] });
    const [, second] = await sendCalls(team_id, 2, (i) => (i === 0 ? { call_id: gone } : {}));
    await untilStatus(webhook, second, 'delivered');
    assert.deepEqual(receiver.requests.map(idOf), [gone, gone, second]);
    assert.equal((await row(webhook, gone)).status, 'failed');
  });

  // Goal: an older one that is retried by hand goes before younger ones that wait. Method: retry it while the second is
  // under way and two more wait.
  test('"webhook": a retry by hand goes before what was accepted later', async () => {
    const old = uniqueId();
    let broken = true;
    let release;
    const released = new Promise((resolve) => (release = resolve));
    const { receiver, team_id, webhook } = await begin(({ json }) => (json.call_id === old && broken ? fails : works), { ordered: true, retry_schedule: [1] });
    await sendCalls(team_id, 1, () => ({ call_id: old }));
    const failed = await untilStatus(webhook, old, 'failed');
    broken = false;
    receiver.behaviour = noting((_, index) => (index === 2 ? { status: 200, until: released } : works));
    const waiting = await sendCalls(team_id, 3);
    await waitFor(() => receiver.of(waiting[0]).length === 1);
    const again = await api.post(`/v1/deliveries/${failed.id}/retry`);
    assert.ok(again.status >= 200 && again.status < 300, again.text);
    release();
    await untilStatus(webhook, waiting[2], 'delivered');
    assert.deepEqual(receiver.requests.map(idOf), [old, old, waiting[0], old, waiting[1], waiting[2]]);
  });

  // Goal: an open delivery can be given up by hand, and what waits behind it goes on.
  test('"webhook": a head that is skipped is canceled, and the next goes', async () => {
    const stuck = uniqueId();
    const { receiver, team_id, webhook } = await begin(({ json }) => (json.call_id === stuck ? fails : works), { ordered: true, retry_schedule: [600] });
    const [, second] = await sendCalls(team_id, 2, (i) => (i === 0 ? { call_id: stuck } : {}));
    const head = await untilStatus(webhook, stuck, 'retrying');
    assert.equal(receiver.of(second).length, 0);
    const answer = await api.post(`/v1/deliveries/${head.id}/skip`);
    assert.ok(answer.status >= 200 && answer.status < 300, answer.text);
    const delivered = await untilStatus(webhook, second, 'delivered');
    const skipped = await row(webhook, stuck);
    assert.equal(skipped.status, 'canceled');
    assert.ok(!skipped.next_attempt_at);
    assertProblem(await api.post(`/v1/deliveries/${delivered.id}/skip`), 409);
    assertProblem(await api.post(`/v1/deliveries/${head.id}/skip`), 409);
    assertProblem(await api.post('/v1/deliveries/dlv_0000000000000/skip'), 404);
  });

  test('a younger one can be skipped too', async () => {
    let broken = true;
    const { receiver, team_id, webhook } = await begin(() => (broken ? fails : works), { ordered: true });
    const [first, second, third] = await sendCalls(team_id, 3);
    await untilStatus(webhook, first, 'retrying');
    const answer = await api.post(`/v1/deliveries/${(await row(webhook, second)).id}/skip`);
    assert.ok(answer.status < 300, answer.text);
    broken = false;
    await untilStatus(webhook, third, 'delivered');
    assert.equal(receiver.of(second).length, 0);
    assert.equal((await row(webhook, second)).status, 'canceled');
  });

  test('"call": a call that waits for its retry holds back its own events only', async () => {
    const stuck = uniqueId();
    let broken = true;
    const { receiver, team_id, webhook } = await begin(({ json }) => (json.call_id === stuck && broken ? fails : works), { ordered: 'call', retry_schedule: [2] });
    const other = uniqueId();
    await sendCalls(team_id, 4, (i) => ({ call_id: i % 2 === 0 ? stuck : other, note: i }));
    await waitFor(() => receiver.of(other).length === 2, 10_000, 'the other call');
    assert.equal(receiver.of(stuck).length, 1, 'the second event of the stuck call waits');
    broken = false;
    await waitFor(() => receiver.of(stuck).length === 3, 10_000, 'the stuck call');
    assert.deepEqual(receiver.of(stuck).map(({ json }) => json.note), [0, 0, 2]);
    assert.deepEqual(receiver.of(other).map(({ json }) => json.note), [1, 3]);
    await waitFor(async () => (await api.read(`/v1/webhooks/${webhook.id}`)).backlog === 0, 10_000, 'an empty backlog');
  });

  test('"call": calls run side by side, and within each the order is kept', async () => {
    const { receiver, team_id } = await begin((_, index) => ({ status: 200, delay: 5 + ((index * 11) % 25) }), { ordered: 'call' });
    const calls = Array.from({ length: 6 }, () => uniqueId());
    await sendCalls(team_id, 60, (i) => ({ call_id: calls[i % 6], note: i }));
    await waitFor(() => receiver.requests.length === 60, 20_000, 'all of them');
    assert.ok(receiver.maxInFlight > 1, 'different calls at the same time');
    for (const [i, call] of calls.entries()) {
      assert.deepEqual(receiver.of(call).map(({ json }) => json.note), Array.from({ length: 10 }, (_, n) => 6 * n + i));
    }
  });

  // Goal: texts between two numbers are one conversation, whoever writes. Method: the first one fails; the answer to it
  // must wait, a text to a third number must not.
  test('"call": texts are ordered by their pair of numbers, in either direction', async () => {
    let broken = true;
    const [ask, reply, elsewhere] = [1, 2, 3].map(() => uniqueId('text'));
    const { receiver, team_id } = await begin(({ json }) => (json.message_id === ask && broken ? fails : works),
      { ordered: 'call', events: ['sms_received', 'sms_sent'], retry_schedule: [2] });
    const [us, you, third] = ['+15550100001', '+15550100002', '+15550100003'];
    const texts = [
      sample('sms_received', { team_id, message_id: ask, sender_number: you, receiver_number: us }),
      sample('sms_sent', { team_id, message_id: reply, sender_number: us, receiver_number: you }),
      sample('sms_sent', { team_id, message_id: elsewhere, sender_number: us, receiver_number: third }),
    ];
    const answer = await api.post('/v1/events/batch', texts);
    assert.equal(answer.status, 202, answer.text);
    await waitFor(() => receiver.of(elsewhere).length === 1, 10_000, 'the text to somebody else');
    assert.equal(receiver.of(reply).length, 0, 'the reply waits');
    broken = false;
    await waitFor(() => receiver.of(reply).length === 1, 10_000, 'the reply');
    assert.deepEqual(receiver.requests.map(idOf).filter((id) => id !== elsewhere), [ask, ask, reply]);
  });

  test('what waits goes side by side once the order is not wanted any more', async () => {
    let broken = true;
    const { receiver, team_id, webhook } = await begin(() => (broken ? fails : works), { ordered: true, retry_schedule: [600] });
    const [first, ...rest] = await sendCalls(team_id, 5);
    await untilStatus(webhook, first, 'retrying');
    broken = false;
    await api.changeWebhook(webhook.id, { ordered: false });
    await waitFor(() => rest.every((id) => receiver.of(id).length === 1), 10_000, 'the rest');
  });
});

// Goal: the order survives failures and kills together. Method: 300 events at receivers that fail at random; kill -9
// twice on the way; the order in which each event was acknowledged first is the order of acceptance.
test('the order is kept through random failures and kill -9', { timeout: 90_000 }, async () => {
  const data = temporaryFolder();
  const options = { data, args: ['--retry-schedule', Array(20).fill('1s').join(',')] };
  let server = await Limehook.start(options);
  const moody = noting((_, index) => (index % 40 === 13 ? fails : { status: 200, delay: (index * 7) % 10 }));
  const receivers = [await Receiver.start(moody), await Receiver.start(moody)];
  for (const { url } of receivers) await server.api.createWebhook({ url, ordered: true });
  const ids = [];
  for (let batch = 0; batch < 6; batch += 1) {
    const events = Array.from({ length: 50 }, () => missedCall());
    assert.equal((await server.api.post('/v1/events/batch', events)).status, 202);
    ids.push(...events.map(({ call_id }) => call_id));
  }
  for (const kill of [80, 190]) {
    await waitFor(() => receivers.every((receiver) => firstSuccesses(receiver).length >= kill), 40_000, `${kill} of 300`, 2);
    await server.kill9();
    server = await Limehook.start(options);
  }
  await waitFor(() => receivers.every((receiver) => firstSuccesses(receiver).length === ids.length), 40_000, 'all 300', 50);
  for (const receiver of receivers) assert.deepEqual(firstSuccesses(receiver), ids);
  await server.stop();
});
