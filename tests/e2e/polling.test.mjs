// Polling: a webhook's events for receivers that cannot be reached. Oldest first, a cursor that the client keeps, and a
// request that waits for the next event.

import assert from 'node:assert/strict';
import { before, after, describe } from 'node:test';

import { assertFields, assertProblem } from './support/api.mjs';
import { Limehook } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { eventTypes, missedCall, sample, uniqueId } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

let server, api, receiver;
before(async () => {
  server = await Limehook.start();
  api = server.api;
  receiver = await Receiver.start();
});
after(() => server.stop());

async function teamWebhook(members = {}) {
  const team_id = uniqueId('team');
  const webhook = await api.createWebhook({ url: receiver.url, events: eventTypes, team_id, ...members });
  return { webhook, team_id };
}

async function keyOf(role, team_id) {
  return api.withKey((await api.post('/v1/keys', { name: role, role, team_id })).json.key);
}

const pathOf = (webhook, query = {}) => `/v1/webhooks/${webhook.id}/events?${new URLSearchParams(query)}`;

/** A page that must be there; checks its form. */
async function poll(webhook, query = {}, by = api) {
  const page = await by.read(pathOf(webhook, query));
  assert.deepEqual(Object.keys(page), ['data', 'next_cursor']);
  assert.match(page.next_cursor, /^cur_/);
  return page;
}

/** Everything from `after` to the end of the list. */
async function pollAll(webhook, query = {}) {
  const rows = [];
  for (;;) {
    const page = await poll(webhook, query);
    if (page.data.length === 0 && page.next_cursor === query.after) return { rows, cursor: page.next_cursor };
    rows.push(...page.data);
    query = { ...query, after: page.next_cursor };
  }
}

const milliseconds = async (work) => {
  const began = Date.now();
  const answer = await work();
  return { answer, took: Date.now() - began };
};

describe('a page', () => {
  test('has the events since the webhook was made, oldest first, as they are sent', async () => {
    const { webhook, team_id } = await teamWebhook();
    const sent = [];
    for (const type of eventTypes) {
      const event = sample(type, { team_id, call_id: uniqueId() });
      sent.push({ id: (await api.send(event)).id, event: type, payload: event });
    }
    const page = await poll(webhook);
    assert.deepEqual(page.data.map(({ id, event, payload }) => ({ id, event, payload })), sent);
    for (const row of page.data) assert.ok(Math.abs(Date.parse(row.received_at) - Date.now()) < 20_000);
    const end = await poll(webhook, { after: page.next_cursor });
    assert.deepEqual(end, { data: [], next_cursor: page.next_cursor });
    for (const limit of [1, 2, 7, 500]) {
      const { rows } = await pollAll(webhook, { limit });
      assert.deepEqual(rows.map((row) => row.id), sent.map((event) => event.id), `limit ${limit}`);
    }
  });

  test('is empty, with a cursor to go on from, while there is nothing', async () => {
    const { webhook, team_id } = await teamWebhook();
    const { data, next_cursor } = await poll(webhook);
    assert.deepEqual(data, []);
    const event = missedCall({ team_id });
    await api.send(event);
    assert.deepEqual((await poll(webhook, { after: next_cursor })).data.map((row) => row.payload), [event]);
  });

  test('has payloads in the shape of the webhook: the bytes that are pushed', async () => {
    const { webhook, team_id } = await teamWebhook({ payload: { fields: { who: 'caller_number', what: 'event' } } });
    const event = missedCall({ team_id, caller_number: '+4930777001' });
    await api.send(event);
    const pushed = await waitFor(() => receiver.requests.find((request) => request.body.includes('+4930777001')));
    const answer = await api.get(pathOf(webhook));
    assert.ok(answer.text.includes(`"payload":${pushed.body.toString()}`), answer.text);
  });

  test('has what matches type, team, numbers and filter, and no tests', async () => {
    const { webhook, team_id } = await teamWebhook({
      events: ['missed_call'], numbers: ['+0987654321'],
      filters: { match: 'all', conditions: [{ field: 'vip', op: 'eq', value: true }] },
    });
    const wanted = missedCall({ team_id, vip: true });
    await api.send(missedCall({ team_id, vip: false }));
    await api.send(missedCall({ team_id: uniqueId('team'), vip: true }));
    await api.send(missedCall({ team_id, vip: true, callee_number: '+4930999999' }));
    await api.send(sample('incoming_call', { team_id, vip: true }));
    await api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' });
    await api.send(wanted);
    assert.deepEqual((await pollAll(webhook)).rows.map((row) => row.payload), [wanted]);
  });

  test('of a webhook for every team has every team’s events', async () => {
    const everyTeam = await api.createWebhook({ url: receiver.url, events: ['sms_sent'] });
    const [one, two] = [sample('sms_sent', { team_id: uniqueId('team') }), sample('sms_sent')];
    await api.send(one);
    await api.send(two);
    assert.deepEqual((await pollAll(everyTeam)).rows.map((row) => row.payload), [one, two]);
    assertProblem(await (await keyOf('read', uniqueId('team'))).get(pathOf(everyTeam)), 404);
  });
});

describe('a webhook that is only polled', () => {
  test('needs no URL, has no deliveries, and its events are there', async () => {
    const team_id = uniqueId('team');
    const webhook = await api.createWebhook({ mode: 'poll', events: eventTypes, team_id });
    const waiting = poll(webhook, { wait: 30 });
    const event = missedCall({ team_id });
    assert.equal((await api.send(event)).deliveries, 0);
    assert.deepEqual((await waiting).data.map((row) => row.payload), [event]);
    assert.deepEqual(await api.deliveries(webhook.id), []);
    assertProblem(await api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' }), 409);
    assertProblem(await api.post(`/v1/webhooks/${webhook.id}/recover`, {}), 409);
  });

  test('may be one that is pushed, and become one again', async () => {
    const { webhook, team_id } = await teamWebhook({ mode: 'poll' });
    const [before, after] = [missedCall({ team_id }), missedCall({ team_id })];
    await api.send(before);
    await api.changeWebhook(webhook.id, { mode: 'push' });
    assert.equal((await api.send(after)).deliveries, 1);
    await waitFor(() => receiver.of(after.call_id).length === 1);
    assert.equal(receiver.of(before.call_id).length, 0);
    assert.deepEqual((await pollAll(webhook)).rows.map((row) => row.payload), [before, after]);
  });
});

describe('waiting', () => {
  test('ends at once with the next event', async () => {
    const { webhook, team_id } = await teamWebhook();
    const { next_cursor } = await poll(webhook);
    const waiting = milliseconds(() => poll(webhook, { after: next_cursor, wait: 30 }));
    const others = milliseconds(() => poll(webhook, { after: next_cursor, wait: 30 }));
    await waitFor(async () => (await api.get('/metrics')).text.includes('limehook_polls_waiting 2'));
    const event = missedCall({ team_id });
    await api.send(event);
    for (const { answer, took } of [await waiting, await others]) {
      assert.deepEqual(answer.data.map((row) => row.payload), [event]);
      assert.ok(took < 5000, `it took ${took} ms`);
    }
  });

  test('ends when the time is over, with an empty page', async () => {
    const { webhook, team_id } = await teamWebhook({ events: ['missed_call'] });
    const { next_cursor } = await poll(webhook);
    const waiting = milliseconds(() => poll(webhook, { after: next_cursor, wait: 1 }));
    await api.send(sample('incoming_call', { team_id }));
    const { answer, took } = await waiting;
    assert.deepEqual(answer.data, []);
    assert.ok(took >= 1000 && took < 5000, `it took ${took} ms`);
  });

  test('ends when the webhook is disabled or deleted', async () => {
    const waiting = async (webhook) => {
      const answer = api.get(pathOf(webhook, { wait: 30 }));
      await poll(webhook);
      return answer;
    };
    const { webhook } = await teamWebhook();
    const disabled = waiting(webhook);
    await api.changeWebhook(webhook.id, { enabled: false });
    assertProblem(await disabled, 409);
    assertProblem(await api.get(pathOf(webhook)), 409);
    const other = (await teamWebhook()).webhook;
    const deleted = waiting(other);
    await api.delete(`/v1/webhooks/${other.id}`);
    assertProblem(await deleted, 404);
  });

  test('ends when the server stops, with the cursor it began with', async () => {
    const stopping = await Limehook.start();
    const webhook = await stopping.api.createWebhook({ url: receiver.url });
    const { next_cursor } = await poll(webhook, {}, stopping.api);
    const waiting = poll(webhook, { after: next_cursor, wait: 30 }, stopping.api);
    await waitFor(async () => (await stopping.api.get('/metrics')).text.includes('limehook_polls_waiting 1'));
    const took = await stopping.stop();
    assert.ok(took < 5000, `it took ${took} ms`);
    assert.deepEqual(await waiting, { data: [], next_cursor });
  });

  // Goal: what a key was given for ends with it: a request that waits is answered 401 soon, and with nothing that came.
  test('ends with the key behind it', async () => {
    const { webhook, team_id } = await teamWebhook();
    for (const end of [(id) => api.delete(`/v1/keys/${id}`),
      (id) => api.patch(`/v1/keys/${id}`, { expires_at: new Date(Date.now() + 1500).toISOString() })]) {
      const { id, key } = (await api.post('/v1/keys', { name: 'ends', role: 'read', team_id })).json;
      const waiting = milliseconds(() => api.withKey(key).get(pathOf(webhook, { wait: 30 })));
      await waitFor(async () => (await api.get('/metrics')).text.includes('limehook_polls_waiting 1'));
      assert.ok((await end(id)).status < 300);
      const { answer, took } = await waiting;
      assertProblem(answer, 401);
      assert.ok(took < 15_000, `it took ${took} ms`);
    }
  });

  test('of too many is refused; places are free again afterwards', async () => {
    const { webhook, team_id } = await teamWebhook();
    const answers = Array.from({ length: 25 }, () => api.get(pathOf(webhook, { wait: 30 })));
    const refused = await Promise.race(answers);
    assertProblem(refused, 429);
    assert.match(refused.headers.get('retry-after'), /^\d+$/);
    await api.send(missedCall({ team_id }));
    const statuses = (await Promise.all(answers)).map((answer) => answer.status).sort();
    assert.deepEqual(statuses, [...Array(20).fill(200), ...Array(5).fill(429)]);
    assert.equal((await poll(webhook, { wait: 30 })).data.length, 1);
  });
});

describe('the cursor', () => {
  // Goal: it stays where it is while only others have events, and nothing can be read out of it.
  test('tells nothing of other teams', async () => {
    const { webhook, team_id } = await teamWebhook();
    const { next_cursor } = await poll(webhook);
    const { id } = await api.send(missedCall({ team_id: uniqueId('team') }));
    assert.equal((await poll(webhook)).next_cursor, next_cursor);
    assert.equal((await poll(webhook, { after: next_cursor })).next_cursor, next_cursor);
    const own = await api.send(missedCall({ team_id }));
    const page = await poll(webhook, { after: next_cursor });
    assert.deepEqual(page.data.map((row) => row.id), [own.id]);
    for (const event of [id, own.id]) assert.ok(!page.next_cursor.includes(event.slice(4, 12)), page.next_cursor);
  });

  test('is of one webhook, and of the list that it came with', async () => {
    const { webhook, team_id } = await teamWebhook();
    const other = await api.createWebhook({ url: receiver.url, team_id });
    const { next_cursor } = await poll(webhook);
    assertFields(await api.get(pathOf(other, { after: next_cursor })), '/after');
    assertFields(await api.get(`/v1/events?cursor=${next_cursor}`), '/cursor');
    const flipped = next_cursor.slice(0, 10) + (next_cursor[10] === 'a' ? 'b' : 'a') + next_cursor.slice(11);
    assertFields(await api.get(pathOf(webhook, { after: flipped })), '/after');
  });

  // Receivers keep theirs for good: those of earlier versions were the bare digits of an event's id.
  test('of an earlier version goes on working', async () => {
    const { webhook, team_id } = await teamWebhook();
    const events = [missedCall({ team_id }), missedCall({ team_id })];
    const [first] = [await api.send(events[0]), await api.send(events[1])];
    const page = await poll(webhook, { after: first.id.replace('evt_', 'cur_') });
    assert.deepEqual(page.data.map((row) => row.payload), [events[1]]);
  });
});

describe('requests', () => {
  test('wrong parameters are named', async () => {
    const { webhook } = await teamWebhook();
    for (const after of ['x', 'evt_0000000000001', 'cur_1', '7']) assertFields(await api.get(pathOf(webhook, { after })), '/after');
    for (const wait of ['-1', '31', '1.5', 'x', '99999999999']) assertFields(await api.get(pathOf(webhook, { wait })), '/wait');
    for (const limit of ['0', '501', 'x']) assertFields(await api.get(pathOf(webhook, { limit })), '/limit');
    assertFields(await api.get(pathOf(webhook, { cursor: 'x' })), '/cursor');
    await poll(webhook, { wait: 0 });
  });

  test('are for the keys of the team that may look', async () => {
    const { webhook, team_id } = await teamWebhook();
    for (const role of ['read', 'manage']) await poll(webhook, {}, await keyOf(role, team_id));
    assertProblem(await (await keyOf('ingest', team_id)).get(pathOf(webhook)), 403);
    assertProblem(await (await keyOf('manage', uniqueId('team'))).get(pathOf(webhook)), 404);
    assertProblem(await api.get('/v1/webhooks/wh_0000000000001/events'), 404);
  });
});

describe('a cursor', () => {
  // Goal: every accepted event comes exactly once, in the order of ids, although several write at once and the server
  // is killed twice. Method: pollers with and without waiting follow from the start, through the restarts; what was
  // answered with 202 is compared with what each has seen.
  test('never skips or repeats, through kills under load', { timeout: 120_000 }, async () => {
    let running = await Limehook.start();
    const made = await running.api.createWebhook({ url: receiver.url, team_id: 'busy' });
    const accepted = [];
    let writing = true;
    let settled = false;
    const write = async () => {
      while (writing) {
        const batch = Array.from({ length: 1 + Math.floor(Math.random() * 20) }, (_, i) =>
          missedCall({ team_id: i % 5 === 4 ? 'idle' : 'busy' }));
        const answer = await running.api.post('/v1/events/batch', batch).catch(() => null);
        if (answer?.status !== 202) continue; // killed: whether it was stored is not known
        answer.json.data.forEach(({ id }, i) => batch[i].team_id === 'busy' && accepted.push(id));
      }
    };
    const follow = async (query) => {
      const seen = [];
      let after;
      for (;;) {
        const last = settled;
        const answer = await running.api.get(pathOf(made, { ...query, ...(after && { after }) })).catch(() => null);
        if (answer?.status !== 200) continue;
        if (last && answer.json.data.length === 0 && answer.json.next_cursor === after) return seen;
        seen.push(...answer.json.data.map((row) => row.id));
        after = answer.json.next_cursor;
      }
    };
    const writers = Array.from({ length: 4 }, write);
    const followers = [{ limit: 3 }, { limit: 50, wait: 1 }, { limit: 500, wait: 2 }].map(follow);
    for (const count of [600, 1200, 1800]) {
      await waitFor(() => accepted.length >= count, 40_000, `${count} accepted events`);
      if (count === 1800) break;
      await running.kill9();
      running = await Limehook.start({ data: running.data });
    }
    writing = false;
    await Promise.all(writers);
    settled = true;
    const all = await Promise.all(followers);
    await running.stop();
    for (const seen of all) {
      assert.deepEqual(seen, [...new Set(seen)].sort(), 'each once, in order');
      const known = new Set(seen);
      assert.deepEqual(accepted.filter((id) => !known.has(id)), [], 'none is missing');
    }
    assert.deepEqual(all[0], all[1]);
    assert.deepEqual(all[0], all[2]);
  });
});
