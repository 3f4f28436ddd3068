// The log: lists, filters, search and paging; one delivery in detail; recovery; figures.

import assert from 'node:assert/strict';
import { before, after, describe } from 'node:test';

import { assertFields, assertProblem, loggedHeader } from './support/api.mjs';
import { Limehook } from './support/process.mjs';
import { Receiver, rawValue } from './support/receiver.mjs';
import { eventTypes, missedCall, sample, uniqueId } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

let server, api;
before(async () => {
  server = await Limehook.start({ args: ['--retry-schedule', '600s'] });
  api = server.api;
});
after(() => server.stop());

/** A webhook at a new receiver that gets one team's events. */
async function teamWebhook(behaviour, members = {}) {
  const team_id = uniqueId('team');
  const receiver = await Receiver.start(behaviour);
  const webhook = await api.createWebhook({ url: receiver.url, events: eventTypes, team_id, ...members });
  return { receiver, webhook, team_id };
}

const settled = (webhook, count) =>
  waitFor(async () => {
    const rows = await api.deliveries(webhook.id);
    return rows.length === count && rows.every((row) => row.status !== 'pending') && rows;
  }, 20_000, `${count} settled deliveries`);

describe('one delivery', () => {
  test('shows its payload, its attempts, what was sent and what came back', async () => {
    const { webhook, receiver, team_id } = await teamWebhook({ status: 503, headers: { 'X-Reason': 'tired' }, body: 'later' }, { headers: { 'X-Own': 'mine' } });
    const event = missedCall({ team_id });
    const { id: eventId } = await api.send(event);
    const [row] = await settled(webhook, 1);
    assert.match(row.id, /^dlv_/);
    const delivery = await api.delivery(row.id);
    assert.equal(delivery.id, row.id);
    assert.equal(delivery.status, 'retrying');
    assert.ok(!Number.isNaN(Date.parse(delivery.next_attempt_at)));
    assert.ok(JSON.stringify(delivery).includes(eventId));
    assert.ok(JSON.stringify(delivery).includes(webhook.id));
    const payload = typeof delivery.payload === 'string' ? JSON.parse(delivery.payload) : delivery.payload;
    assert.deepEqual(payload, event);
    assert.equal(delivery.attempts.length, 1);
    const [attempt] = delivery.attempts;
    assert.equal(attempt.number, 1);
    assert.ok(Math.abs(Date.parse(attempt.at) - receiver.requests[0].at) < 2000);
    assert.equal(typeof attempt.duration_ms, 'number');
    assert.ok(attempt.duration_ms >= 0 && attempt.duration_ms < 5000);
    assert.equal(attempt.request.url, receiver.url);
    assert.equal(attempt.request.body, JSON.stringify(event));
    assert.equal(loggedHeader(attempt.request.headers, 'Content-Type'), 'application/json');
    assert.equal(loggedHeader(attempt.request.headers, 'X-LimeCall-Event'), 'missed_call');
    assert.equal(loggedHeader(attempt.request.headers, 'webhook-id'), rawValue(receiver.requests[0], 'webhook-id'));
    assert.equal(typeof loggedHeader(attempt.request.headers, 'X-Own'), 'string');
    assert.equal(attempt.response.status, 503);
    assert.equal(loggedHeader(attempt.response.headers, 'X-Reason'), 'tired');
    assert.equal(attempt.response.body, 'later');
  });

  test('never shows the secret or the token', async () => {
    const token = 'tok_shown_to_nobody_4711';
    const { webhook, team_id } = await teamWebhook({ status: 200 }, { token });
    await api.send(missedCall({ team_id }));
    const [row] = await settled(webhook, 1);
    const texts = [JSON.stringify(await api.delivery(row.id)), JSON.stringify(await api.read('/v1/deliveries')), server.child.stdout + server.child.stderr];
    for (const text of texts) {
      assert.ok(!text.includes(token));
      assert.ok(!text.includes(webhook.secret));
      assert.ok(!text.includes(server.key));
    }
    const { attempts } = await api.delivery(row.id);
    assert.ok(loggedHeader(attempts[0].request.headers, 'Authorization'), 'that there was one is shown');
  });

  test('an unknown one is 404; so is its retry', async () => {
    for (const id of ['dlv_0000000000000', 'nonsense']) {
      assertProblem(await api.get(`/v1/deliveries/${id}`), 404);
      assertProblem(await api.post(`/v1/deliveries/${id}/retry`), 404);
    }
  });
});

describe('lists', () => {
  test('newest first, with filters by status, event, time, and search', async () => {
    const refused = '+4930999';
    const { webhook, team_id } = await teamWebhook((request) => ({ status: request.json.caller_number === refused ? 500 : 200 }));
    const path = `/v1/webhooks/${webhook.id}/deliveries`;
    const events = [];
    for (let i = 0; i < 4; i += 1) {
      events.push(missedCall({ team_id, caller_number: i === 2 ? refused : `+493000${i}` }));
      await api.send(events[i]);
    }
    await settled(webhook, 4);
    const middle = new Date(Date.now() + 1).toISOString();
    await waitFor(() => Date.now() > Date.parse(middle) + 2, 1000);
    const text = sample('sms_received', { message_id: uniqueId('msg'), receiver_number: '+4930777', sender_number: '+4930778', team_id });
    await api.send(text);
    const rows = await settled(webhook, 5);
    const ids = rows.map((row) => row.id);
    assert.deepEqual(ids, [...ids].sort().reverse(), 'newest first');
    assert.deepEqual(rows[0].search_terms, ['+4930778', '+4930777', text.message_id]);
    assert.deepEqual(rows[4].search_terms, [events[0].caller_number, events[0].callee_number, events[0].call_id]);
    const matching = async (query) => (await api.list(path + query)).map((row) => row.id);
    assert.deepEqual(await matching('?status=retrying'), [ids[2]]);
    assert.deepEqual(await matching('?status=delivered'), [ids[0], ids[1], ids[3], ids[4]]);
    assert.deepEqual(await matching('?event=sms_received'), [ids[0]]);
    assert.deepEqual(await matching('?event=call_completed'), []);
    assert.deepEqual(await matching(`?since=${middle}`), [ids[0]]);
    assert.deepEqual(await matching(`?until=${middle}`), ids.slice(1));
    assert.deepEqual(await matching(`?since=${encodeURIComponent(new Date(Date.parse(middle)).toISOString().replace('Z', '+00:00'))}`), [ids[0]]);
    assert.deepEqual(await matching(`?q=${encodeURIComponent('+4930778')}`), [ids[0]]);
    assert.deepEqual(await matching(`?q=${text.message_id}`), [ids[0]]);
    assert.deepEqual(await matching(`?q=${events[1].call_id}`), [ids[3]]);
    assert.deepEqual(await matching(`?q=${encodeURIComponent(refused)}&status=delivered`), []);
    assert.deepEqual(await matching(`?q=${encodeURIComponent(refused)}&status=retrying`), [ids[2]]);
    assert.deepEqual(await matching('?q=nobody-knows-this'), []);
    const all = await api.list(`/v1/deliveries?q=${events[0].call_id}`);
    assert.deepEqual(all.map((row) => row.id), [ids[4]]);
  });

  test('wrong queries are refused with the name of the parameter', async () => {
    for (const [query, name] of [['status=lost', 'status'], ['event=missed_calls', 'event'], ['since=yesterday', 'since'],
      ['until=5', 'until'], ['limit=0', 'limit'], ['limit=x', 'limit'], ['limit=-1', 'limit'], ['cursor=%00rubbish', 'cursor'], ['%ff=1', 'UTF-8'], ['q=%c3', 'UTF-8']]) {
      const answer = await api.get(`/v1/deliveries?${query}`);
      assert.ok([400, 422].includes(answer.status), `${query}: ${answer.status} ${answer.text}`);
      assertProblem(answer, answer.status);
      assert.ok(answer.text.includes(name), `${query}: ${answer.text}`);
    }
  });

  test('paging stays right while new rows arrive: none twice, none missing', async () => {
    const { webhook, team_id } = await teamWebhook();
    const send = (count) => api.post('/v1/events/batch', Array.from({ length: count }, () => missedCall({ team_id })));
    await send(60);
    const before = (await settled(webhook, 60)).map((row) => row.id);
    const seen = [];
    let cursor = null;
    do {
      const page = await api.read(`/v1/webhooks/${webhook.id}/deliveries?limit=7${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
      seen.push(...page.data.map((row) => row.id));
      cursor = page.next_cursor;
      await send(5);
    } while (cursor);
    assert.equal(new Set(seen).size, seen.length, 'none twice');
    assert.deepEqual(seen, before, 'all that were there, in their order');
  });

  test('paging with a filter gives the same rows as one long page', async () => {
    const { webhook, team_id } = await teamWebhook();
    const events = Array.from({ length: 30 }, (_, i) =>
      (i % 3 ? missedCall({ team_id }) : sample('incoming_call', { call_id: uniqueId(), team_id })));
    await api.post('/v1/events/batch', events);
    await settled(webhook, 30);
    const path = `/v1/webhooks/${webhook.id}/deliveries?event=incoming_call`;
    const short = (await api.list(path, 3)).map((row) => row.id);
    const long = (await api.list(path, 100)).map((row) => row.id);
    assert.equal(long.length, 10);
    assert.deepEqual(short, long);
  });

  test('events: list and detail', async () => {
    const { webhook, team_id } = await teamWebhook();
    const event = missedCall({ team_id });
    const { id } = await api.send(event);
    await settled(webhook, 1);
    const page = await api.read('/v1/events?limit=5');
    assert.equal(page.data[0].id, id, 'newest first');
    const shown = await api.read(`/v1/events/${id}`);
    const payload = typeof shown.payload === 'string' ? JSON.parse(shown.payload) : shown.payload;
    assert.deepEqual(payload, event);
    assert.equal(shown.deliveries.length, 1);
    assert.equal(shown.deliveries[0].id, (await api.deliveries(webhook.id))[0].id);
    assert.equal(shown.deliveries[0].status, 'delivered');
  });

  test('the log needs a key', async () => {
    for (const path of ['/v1/events', '/v1/deliveries', '/v1/webhooks', '/v1/stats']) {
      assertProblem(await api.withKey(undefined).get(path), 401);
    }
  });
});

describe('recover', () => {
  /** Waits until the recovery that `answer` began tells that it is done; answers it. */
  async function recovered(webhook, answer) {
    assert.ok(answer.status >= 200 && answer.status < 300, answer.text);
    assert.match(answer.json.id, /^rec_/);
    assert.equal(answer.json.webhook_id, webhook.id);
    return waitFor(async () => {
      const progress = await api.read(`/v1/recoveries/${answer.json.id}`);
      return progress.state === 'done' && progress;
    }, 15_000, 'the recovery to be done');
  }

  test('failed: everything that failed since then is delivered again; what was delivered is not', async () => {
    const { receiver, webhook, team_id } = await teamWebhook({ status: 200 }, { retry_schedule: [1] });
    const since = new Date(Date.now() - 1000).toISOString();
    const good = missedCall({ team_id });
    await api.send(good);
    await settled(webhook, 1);
    receiver.behaviour = { status: 500 };
    const bad = Array.from({ length: 12 }, () => missedCall({ team_id }));
    await api.post('/v1/events/batch', bad);
    const failed = await waitFor(async () => {
      const deliveries = await api.deliveries(webhook.id, '?status=failed');
      return deliveries.length === 12 && deliveries;
    }, 20_000, 'twelve failed ones');
    receiver.behaviour = { status: 200 };
    const answer = await api.post(`/v1/webhooks/${webhook.id}/recover`, { since, status: 'failed' });
    await recovered(webhook, answer);
    await waitFor(async () => (await api.deliveries(webhook.id, '?status=delivered')).length === 13, 20_000, 'all delivered');
    // How often each was tried before is up to the circuit breaker, which so many failures open.
    for (const { id, attempt_count } of failed) {
      const requests = receiver.requests.filter((request) => rawValue(request, 'webhook-id') === id);
      assert.equal(requests.length, attempt_count + 1);
      assert.equal(new Set(requests.map((request) => request.body.toString())).size, 1);
    }
    assert.equal(receiver.requests.length, 1 + failed.reduce((sum, each) => sum + each.attempt_count + 1, 0));
    assert.equal(receiver.of(good.call_id).length, 1);
  });

  // Goal: who looks for the reason of a failure finds it, also where no attempt was made.
  test('held back: failed without an attempt, with the reason, and found again by it', async () => {
    const { receiver, webhook, team_id } = await teamWebhook({ status: 500 }, { retry_schedule: [1] });
    const since = new Date(Date.now() - 1000).toISOString();
    await api.post('/v1/events/batch', Array.from({ length: 10 }, () => missedCall({ team_id })));
    await waitFor(async () => (await api.read(`/v1/webhooks/${webhook.id}`)).breaker.state !== 'closed', 10_000, 'ten failures');
    await api.post('/v1/events/batch', Array.from({ length: 3 }, () => missedCall({ team_id })));
    const held = await waitFor(async () => {
      const deliveries = await api.deliveries(webhook.id, '?status=failed');
      return deliveries.length === 13 && deliveries.filter((each) => each.attempt_count === 0);
    }, 20_000, 'all have failed');
    assert.ok(held.length > 0, 'one probe at a time leaves some without an attempt');
    for (const { error } of held) assert.match(error, /held back/);
    receiver.behaviour = { status: 200 };
    await recovered(webhook, await api.post(`/v1/webhooks/${webhook.id}/recover`, { since, outcome: 'held_back' }));
    const again = (id) => receiver.requests.some((request) => rawValue(request, 'webhook-id') === id);
    await waitFor(() => held.every((each) => again(each.id)), 20_000, 'they are delivered');
  });

  test('failed: until bounds it', async () => {
    const { receiver, webhook, team_id } = await teamWebhook({ status: 500 }, { retry_schedule: [1] });
    const since = new Date(Date.now() - 1000).toISOString();
    const [early, late] = [missedCall({ team_id }), missedCall({ team_id })];
    await api.send(early);
    await waitFor(async () => (await api.deliveries(webhook.id, '?status=failed')).length === 1);
    const until = new Date().toISOString();
    await waitFor(() => Date.now() > Date.parse(until) + 2, 1000);
    await api.send(late);
    await waitFor(async () => (await api.deliveries(webhook.id, '?status=failed')).length === 2);
    receiver.behaviour = { status: 200 };
    await recovered(webhook, await api.post(`/v1/webhooks/${webhook.id}/recover`, { since, until, status: 'failed' }));
    await waitFor(() => receiver.of(early.call_id).length === 3);
    assert.equal((await api.deliveries(webhook.id, '?status=failed')).length, 1);
    assert.equal(receiver.of(late.call_id).length, 2);
  });

  test('missing: events from while it was disabled, and from before it existed, if they match', async () => {
    const team_id = uniqueId('team');
    const since = new Date(Date.now() - 1000).toISOString();
    const beforeIt = missedCall({ team_id });
    const otherTeam = missedCall({ team_id: uniqueId('team') });
    await api.send(beforeIt);
    await api.send(otherTeam);
    const receiver = await Receiver.start();
    const webhook = await api.createWebhook({ url: receiver.url, team_id });
    const normal = missedCall({ team_id });
    await api.send(normal);
    await waitFor(() => receiver.of(normal.call_id).length === 1);
    await api.changeWebhook(webhook.id, { enabled: false });
    const whileDisabled = missedCall({ team_id });
    const otherType = sample('incoming_call', { call_id: uniqueId(), team_id });
    assert.equal((await api.send(whileDisabled)).deliveries, 0);
    await api.send(otherType);
    await api.changeWebhook(webhook.id, { enabled: true });
    const progress = await recovered(webhook, await api.post(`/v1/webhooks/${webhook.id}/recover`, { since, status: 'missing' }));
    assert.equal(progress.redelivered, 2);
    await waitFor(() => receiver.requests.length === 3);
    await waitFor(async () => (await api.deliveries(webhook.id, '?status=delivered')).length === 3);
    for (const event of [beforeIt, normal, whileDisabled]) assert.equal(receiver.of(event.call_id).length, 1);
    const again = await recovered(webhook, await api.post(`/v1/webhooks/${webhook.id}/recover`, { since, status: 'missing' }));
    assert.equal(again.redelivered, 0, 'nothing is missing any more');
    assert.equal(receiver.requests.length, 3);
  });

  test('missing: also what was canceled when it was disabled', async () => {
    const { receiver, webhook, team_id } = await teamWebhook({ status: 500 });
    const since = new Date(Date.now() - 1000).toISOString();
    const event = missedCall({ team_id });
    await api.send(event);
    await settled(webhook, 1);
    await api.changeWebhook(webhook.id, { enabled: false });
    await waitFor(async () => (await api.deliveries(webhook.id))[0].status === 'canceled');
    receiver.behaviour = { status: 200 };
    await api.changeWebhook(webhook.id, { enabled: true });
    await recovered(webhook, await api.post(`/v1/webhooks/${webhook.id}/recover`, { since, status: 'missing' }));
    await waitFor(() => receiver.of(event.call_id).length === 2);
  });

  // Goal: a recovery that has much to do can be stopped: what it has started stays, nothing more comes, and stopping it
  // again changes nothing.
  test('is canceled while it runs', { timeout: 120_000 }, async () => {
    const { webhook, team_id } = await teamWebhook({ kind: 'hang' }, { enabled: false, timeout_ms: 60_000 });
    const since = new Date(Date.now() - 1000).toISOString();
    const inMemory = 10_000; // of a webhook's deliveries; a recovery waits for room
    for (let sent = 0; sent < inMemory + 4000; sent += 1000) {
      const batch = Array.from({ length: 1000 }, () => missedCall({ team_id }));
      assert.equal((await api.post('/v1/events/batch', batch)).status, 202);
    }
    await api.changeWebhook(webhook.id, { enabled: true });
    const started = await api.post(`/v1/webhooks/${webhook.id}/recover`, { since, status: 'missing' });
    assert.equal(started.status, 202, started.text);
    assertProblem(await api.post(`/v1/webhooks/${webhook.id}/recover`, { since, status: 'missing' }), 409);
    const path = `/v1/recoveries/${started.json.id}`;
    await waitFor(async () => (await api.read(path)).redelivered > 0, 20_000, 'it to have begun');
    const running = await api.read(path);
    assert.equal(running.state, 'running');
    assert.ok(running.progress > 0 && running.progress < 1, `${running.progress}`);
    const canceled = await api.post(`${path}/cancel`);
    assert.equal(canceled.status, 200, canceled.text);
    assert.equal(canceled.json.state, 'canceled');
    const again = await api.post(`${path}/cancel`);
    assert.deepEqual([again.status, again.json.state], [200, 'canceled']);
    const { redelivered } = await api.read(path);
    assert.ok(redelivered < inMemory + 4000, `${redelivered} of ${inMemory + 4000}`);
    assert.equal((await api.read(`/v1/webhooks/${webhook.id}/stats`)).backlog, redelivered);
    const other = await api.post(`/v1/webhooks/${webhook.id}/recover`, { since, status: 'missing' });
    assert.equal(other.status, 202, 'another one may follow');
    await api.post(`/v1/recoveries/${other.json.id}/cancel`);
    await api.delete(`/v1/webhooks/${webhook.id}`);
  });

  test('failed: a list of dead letters with reasons, and those of one type, number, id or reason again', async () => {
    const { receiver, webhook, team_id } = await teamWebhook((request) => ({ status: request.json.code }), { retry_schedule: [1] });
    const call = missedCall({ team_id, code: 500, caller_number: '+4930111222' });
    const text = sample('sms_sent', { team_id, code: 503, message_id: uniqueId('sms') });
    const other = missedCall({ team_id, code: 503 });
    for (const event of [call, text, other]) await api.send(event);
    const dead = await waitFor(async () => {
      const rows = await api.deliveries(webhook.id, '?status=failed');
      return rows.length === 3 && rows;
    }, 20_000, 'three failed ones');
    assert.deepEqual(dead.map((row) => row.error).sort(), [500, 503, 503].map((code) => `the receiver answered ${code}`));
    receiver.behaviour = { status: 200 };
    const delivered = async () => (await api.deliveries(webhook.id, '?status=delivered')).map((row) => row.event).sort();
    const again = async (filters, redelivered) => {
      const answer = await api.post(`/v1/webhooks/${webhook.id}/recover`, filters);
      const progress = await recovered(webhook, answer);
      assert.equal(progress.redelivered, redelivered, JSON.stringify(progress));
      assert.equal(progress.progress, 1);
      return progress;
    };
    await again({ event: ['incoming_call'] }, 0);
    await again({ q: text.message_id, event: ['missed_call'] }, 0);
    await again({ outcome: 'timeout' }, 0);
    const shown = await again({ event: ['sms_sent', 'missed_call'], q: '4930111222', http_status: 500, outcome: 'response' }, 1);
    assert.deepEqual([shown.since, shown.event, shown.q, shown.http_status, shown.outcome],
      [null, ['missed_call', 'sms_sent'], '4930111222', 500, 'response']);
    await waitFor(async () => (await delivered()).length === 1);
    assert.equal(receiver.of(call.call_id).length, 3);
    await again({ event: ['sms_sent'] }, 1);
    await waitFor(async () => (await delivered()).length === 2);
    await again({}, 1);
    await waitFor(async () => (await delivered()).length === 3);
  });

  test('missing: only events of some types and with a term', async () => {
    const team_id = uniqueId('team');
    const [call, text, other] = [missedCall({ team_id }), sample('sms_sent', { team_id }), missedCall({ team_id })];
    for (const event of [call, text, other]) await api.send(event);
    const receiver = await Receiver.start();
    const webhook = await api.createWebhook({ url: receiver.url, team_id, events: eventTypes });
    const start = (filters) => api.post(`/v1/webhooks/${webhook.id}/recover`, { status: 'missing', ...filters });
    assert.equal((await recovered(webhook, await start({ q: call.call_id }))).redelivered, 1);
    assert.equal((await recovered(webhook, await start({ event: ['missed_call'] }))).redelivered, 1);
    assert.equal((await recovered(webhook, await start({}))).redelivered, 1);
    await waitFor(() => receiver.requests.length === 3);
  });

  test('wrong requests are refused by field', async () => {
    const { webhook } = await teamWebhook();
    for (const [wrong, pointer] of [
      [{ event: 'missed_call' }, '/event'], [{ event: [] }, '/event'], [{ event: ['missed_call', 'x'] }, '/event/1'],
      [{ q: '' }, '/q'], [{ q: 5 }, '/q'], [{ http_status: 99 }, '/http_status'], [{ http_status: '500' }, '/http_status'],
      [{ outcome: 'bad luck' }, '/outcome'], [{ status: 'missing', http_status: 500 }, '/http_status'],
      [{ status: 'missing', outcome: 'timeout' }, '/outcome'], [{ reason: 'x' }, '/reason'],
    ]) assertFields(await api.post(`/v1/webhooks/${webhook.id}/recover`, wrong), pointer);
    const path = `/v1/webhooks/${webhook.id}/recover`;
    assertFields(await api.post(path, { since: 'yesterday', status: 'failed' }), '/since');
    assertFields(await api.post(path, { since: '2025-01-01T00:00:00Z', status: 'lost' }), '/status');
    assertFields(await api.post(path, { since: '2025-01-01T00:00:00Z', until: 5, status: 'failed' }), '/until');
    assertProblem(await api.post('/v1/webhooks/wh_0000000000000/recover', { since: '2025-01-01T00:00:00Z', status: 'failed' }), 404);
  });
});

describe('stats', () => {
  test('of one webhook and of all: what was delivered and what failed is counted', async () => {
    const { receiver, webhook, team_id } = await teamWebhook({ status: 200 }, { retry_schedule: [1] });
    await api.post('/v1/events/batch', Array.from({ length: 7 }, () => missedCall({ team_id })));
    await settled(webhook, 7);
    receiver.behaviour = { status: 500 };
    await api.send(missedCall({ team_id }));
    await waitFor(async () => (await api.deliveries(webhook.id, '?status=failed')).length === 1);
    const stats = await waitFor(async () => {
      const shown = await api.read(`/v1/webhooks/${webhook.id}/stats`);
      return numbersIn(shown, 'delivered').includes(7) && numbersIn(shown, 'failed').includes(1) && shown;
    }, 15_000, 'the figures of the webhook');
    assert.equal(typeof stats, 'object');
    const total = await api.read('/v1/stats');
    assert.ok(Math.max(...numbersIn(total, 'delivered')) >= 7, JSON.stringify(total).slice(0, 500));
  });

  // Goal: the last hour of a webhook, and of a team, comes in minutes; what begins before they are kept comes in hours.
  // Counts are the same before they are stored and after.
  test('minutes of a webhook and of a team', async () => {
    const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
    const minute = (at) => Math.floor(Date.parse(at) / 60_000);
    const first = minute(ago(0));
    const receiver = await Receiver.start({ status: 200 });
    let server = await Limehook.start();
    try {
      const webhook = await server.api.createWebhook({ url: receiver.url, team_id: 'team_a' });
      const { key } = (await server.api.post('/v1/keys', { name: 'a', role: 'read', team_id: 'team_a' })).json;
      await server.api.send(missedCall({ team_id: 'team_a' }));
      await waitFor(async () => (await server.api.read('/v1/stats')).totals.delivered === 1);
      const last = minute(ago(0));
      for (const stored of [false, true]) {
        if (stored) {
          await server.stop();
          server = await Limehook.start({ data: server.data });
        }
        for (const [who, path] of [
          [server.api, `/v1/webhooks/${webhook.id}/stats?`], [server.api, '/v1/stats?team_id=team_a&'],
          [server.api.withKey(key), '/v1/stats?'],
        ]) {
          const counted = (query) => waitFor(async () => {
            const stats = await who.read(path + query);
            return stats.totals.delivered === 1 && stats;
          }, 15_000, `${path}${query}, stored: ${stored}`);
          const { bucket_seconds, series } = await counted(`since=${ago(60)}`);
          assert.deepEqual([bucket_seconds, series.length], [60, 1], path);
          assert.ok(minute(series[0].at) >= first && minute(series[0].at) <= last, series[0].at);
          for (const minutes of [125, 1440]) assert.equal((await counted(`since=${ago(minutes)}`)).bucket_seconds, 3600);
          const earlier = await who.read(`${path}since=${ago(240)}&until=${ago(180)}`);
          assert.deepEqual([earlier.bucket_seconds, earlier.totals.delivered], [3600, 0]);
        }
      }
    } finally {
      receiver.close();
      await server.stop();
    }
  });

  // Goal: statistics say how many deliveries wait, over the installation, or one team.
  test('statistics of one team', async () => {
    const server = await Limehook.start();
    const receiver = await Receiver.start({ status: 500 });
    try {
      for (const team_id of ['team_a', 'team_b']) {
        await server.api.createWebhook({ url: receiver.url, team_id, retry_schedule: [3600] });
        await server.api.send(missedCall({ team_id }));
      }
      await server.api.send(missedCall({ team_id: 'team_b' }));
      const backlog = async (query) => (await server.api.read(`/v1/stats${query}`)).backlog;
      await waitFor(async () => (await backlog('')) === 3);
      assert.equal(await backlog('?team_id=team_a'), 1);
      assert.equal(await backlog('?team_id=team_b'), 2);
      assert.equal(await backlog('?team_id=team_c'), 0);
      await waitFor(async () => (await server.api.read('/v1/stats?team_id=team_b')).totals.attempts === 2);
      const { json } = await server.api.post('/v1/keys', { name: 'b', role: 'read', team_id: 'team_b' });
      assert.equal((await server.api.withKey(json.key).read('/v1/stats')).backlog, 2);
    } finally {
      receiver.close();
      await server.stop();
    }
  });
});

/** Every number that a member of this name has, at any depth. */
function numbersIn(value, name) {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === name && typeof inner === 'number' ? [inner] : numbersIn(inner, name));
}
