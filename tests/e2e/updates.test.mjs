// Live updates: a stream that says that something has changed, to those who may see it, and not too often.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe } from 'node:test';

import { assertProblem } from './support/api.mjs';
import { Limehook } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall, uniqueId } from './support/samples.mjs';
import { firstAdmin, person, goodPassword, serverWithAdmin } from './support/session.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

let server, api, receiver;
before(async () => {
  server = await Limehook.start();
  api = server.api;
  receiver = await Receiver.start();
});
after(() => server.stop());

/** An open stream: `messages` holds {at, event, data}; `ended` says whether the server has ended it. */
class Stream {
  messages = [];
  ended = false;
  #text = '';

  static async open(url, headers) {
    const stream = new Stream();
    await new Promise((resolve, reject) => {
      stream.request = http.get(`${url}/v1/updates`, { headers, agent: false }, (response) => {
        Object.assign(stream, { status: response.statusCode, headers: response.headers });
        response.on('data', (chunk) => stream.#take(chunk)).on('end', () => { stream.ended = true; }).on('error', () => undefined);
        resolve();
      }).on('error', reject);
    });
    return stream;
  }

  #take(chunk) {
    const blocks = (this.#text + chunk).split('\n\n');
    this.#text = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s, 2)));
      if (fields.event) this.messages.push({ at: Date.now(), event: fields.event, data: JSON.parse(fields.data) });
    }
  }

  get kinds() {
    return new Set(this.messages.flatMap(({ event, data }) => (event === 'changed' ? data.changed : [])));
  }

  hears = (kind) => waitFor(() => this.kinds.has(kind), 10_000, `a change of ${kind}`);
  forget = () => this.messages.splice(0);
  close = () => this.request.destroy();
}

const withKey = (key) => Stream.open(server.url, { authorization: `Bearer ${key}` });

async function keyOf(role, team_id) {
  if (team_id) await api.post('/v1/teams', { id: team_id, name: 'a team' });  // there already, the second time
  const { json } = await api.post('/v1/keys', { name: role, role, ...(team_id ? { team_id } : {}) });
  return json;
}

describe('updates', () => {
  // Goal: a stream greets, may not be stored or held back on the way, and tells of each kind of change.
  test('what is told', async () => {
    const stream = await withKey(server.key);
    assert.equal(stream.status, 200);
    assert.equal(stream.headers['content-type'], 'text/event-stream');
    assert.equal(stream.headers['cache-control'], 'no-store');
    assert.equal(stream.headers['x-accel-buffering'], 'no');
    await waitFor(() => stream.messages[0]?.event === 'hello', 5000, 'the greeting');
    const team_id = uniqueId('team');
    receiver.behaviour = { status: 503 };
    const failing = await api.createWebhook({ url: receiver.url, team_id, retry_schedule: [3600] });
    await api.send(missedCall({ team_id }));
    const failed = await waitFor(async () => (await api.deliveries(failing.id, '?status=retrying'))[0], 10_000, 'a failure');
    receiver.behaviour = { status: 200 };
    await stream.hears('deliveries');
    const changes = [
      ['webhooks', () => api.createWebhook({ url: receiver.url, team_id })],
      ['events', () => api.send(missedCall({ team_id }))],
      ['deliveries', () => api.send(missedCall({ team_id }))],
      ['deliveries', () => api.post(`/v1/deliveries/${failed.id}/retry`)],
      ['numbers', () => api.post('/v1/numbers', { number: '+15550001111', team_id })],
      ['keys', () => keyOf('read', team_id)],
      ['teams', () => api.post('/v1/teams', { id: uniqueId('team'), name: 'New' })],
      ['audit', () => keyOf('ingest', team_id)],
    ];
    for (const [kind, change] of changes) {
      stream.forget();
      await change();
      await stream.hears(kind);
    }
    stream.close();
  });

  // Goal: people and invitations are told of to those who may see them, and what goes as well as what comes.
  test('people, and what is taken away', async () => {
    const house = await serverWithAdmin();
    const { admin } = house;
    const team_id = uniqueId('team');
    const all = await Stream.open(house.server.url, { authorization: `Bearer ${house.server.key}` });
    const { key } = (await house.server.api.post('/v1/keys', { name: 'elsewhere', role: 'read', team_id: 'team_elsewhere' })).json;
    const elsewhere = await Stream.open(house.server.url, { authorization: `Bearer ${key}` });
    await waitFor(() => all.messages[0] && elsewhere.messages[0], 5000, 'the greetings');
    elsewhere.forget();
    const made = async (path, members) => (await house.server.api.post(path, members)).json.id;
    const number = await made('/v1/numbers', { number: '+15550003333', team_id });
    const key_id = await made('/v1/keys', { name: 'gone soon', role: 'read', team_id });
    const team = await made('/v1/teams', { id: uniqueId('team'), name: 'Gone soon' });
    let member, invitation;
    const changes = [
      ['invitations', async () => (invitation = await made('/v1/invitations', { email: 'late@example.com', role: 'read', team_id }))],
      ['invitations', () => house.server.api.delete(`/v1/invitations/${invitation}`)],
      ['users', async () => (member = (await person(admin, 'ann@example.com', { team_id })).user)],
      ['users', () => admin.patch(`/v1/users/${member.id}`, { teams: [{ team_id, role: 'read' }] })],
      ['users', () => admin.delete(`/v1/users/${member.id}`)],
      ['numbers', () => house.server.api.delete(`/v1/numbers/${number}`)],
      ['keys', () => house.server.api.delete(`/v1/keys/${key_id}`)],
      ['teams', () => house.server.api.delete(`/v1/teams/${team}`)],
    ];
    for (const [kind, change] of changes) {
      all.forget();
      await change();
      await all.hears(kind);
    }
    assert.deepEqual([...elsewhere.kinds], [], 'a team hears nothing of another');
    all.close();
    elsewhere.close();
    await house.server.stop();
  });

  // Goal: that an attempt has ended is told too, when nothing else happens.
  test('the end of an attempt', async () => {
    let answer;
    const slow = await Receiver.start({ until: new Promise((resolve) => (answer = resolve)) });
    const team_id = uniqueId('team');
    await api.createWebhook({ url: slow.url, team_id });
    const stream = await withKey((await keyOf('read', team_id)).key);
    await api.send(missedCall({ team_id }));
    await stream.hears('deliveries');
    await waitFor(() => slow.count === 1, 5000, 'the attempt');
    stream.forget();
    answer();
    await stream.hears('deliveries');
    stream.close();
    slow.close();
  });

  // Goal: who is limited to a team hears nothing of others', nor of kinds that they may not look at.
  test('who is told what', async () => {
    const [own, other] = [uniqueId('team'), uniqueId('team')];
    const reader = await withKey((await keyOf('read', own)).key);
    await api.createWebhook({ url: receiver.url, team_id: own });
    await reader.hears('webhooks');
    reader.forget();
    await api.createWebhook({ url: receiver.url, team_id: other });
    await api.send(missedCall({ team_id: other }));
    await keyOf('read', own);
    await api.send(missedCall({ team_id: own }));
    await reader.hears('deliveries');
    assert.deepEqual([...reader.kinds].filter((kind) => !['events', 'deliveries', 'webhooks'].includes(kind)), []);
    reader.forget();
    await api.createWebhook({ url: receiver.url, team_id: other });
    await api.post('/v1/numbers', { number: '+15550002222', team_id: own });
    await reader.hears('numbers');
    assert.deepEqual([...reader.kinds], ['numbers']);
    reader.close();
  });

  // Goal: however much happens, a stream gets a message in 500 ms at most.
  test('many changes', async () => {
    const team_id = uniqueId('team');
    await api.createWebhook({ url: receiver.url, team_id });
    const stream = await withKey(server.key);
    const began = Date.now();
    while (Date.now() - began < 2000) {
      await api.post('/v1/events/batch', Array.from({ length: 100 }, () => missedCall({ team_id })));
    }
    await stream.hears('deliveries');
    const told = stream.messages.filter(({ event }) => event === 'changed');
    assert.ok(told.length <= (Date.now() - began) / 500 + 2, `${told.length} messages in ${Date.now() - began} ms`);
    stream.close();
  });

  // Goal: a stream ends with the key or session that it was opened with: instead of telling of a change, and soon also where nothing changes.
  test('ends with the right to listen', async () => {
    const team_id = uniqueId('team');
    const [quiet, busy] = [await keyOf('read', uniqueId('team')), await keyOf('read', team_id)];
    const root = await firstAdmin(server);
    await root.post('/v1/teams', { id: 'team_001', name: 'a team' });
    const ann = await person(root, 'ann@example.com', { team_id: 'team_001' }, goodPassword);
    const streams = [await withKey(quiet.key), await withKey(busy.key), await Stream.open(server.url, { cookie: ann.cookie })];
    assert.deepEqual(streams.map(({ status }) => status), [200, 200, 200]);
    for (const { id } of [quiet, busy]) assert.equal((await api.delete(`/v1/keys/${id}`)).status, 204);
    await ann.remove('/v1/session');
    await api.createWebhook({ url: receiver.url, team_id });
    await waitFor(() => streams.every(({ ended }) => ended), 10_000, 'the streams to end, before the next sign of life');
    assert.equal(streams[1].kinds.size, 0);
  });

  // Goal: a caller has 16 streams at most; those of others go on, and a closed one makes room.
  test('too many streams', async () => {
    const { key } = await keyOf('read', uniqueId('team'));
    const streams = await Promise.all(Array.from({ length: 16 }, () => withKey(key)));
    assert.deepEqual(streams.filter(({ status }) => status !== 200), []);
    const refused = await api.withKey(key).get('/v1/updates');
    assertProblem(refused, 429);
    assert.match(refused.headers.get('retry-after'), /^\d+$/);
    const other = await withKey(server.key);
    assert.equal(other.status, 200);
    other.close();
    streams[0].close();
    await waitFor(async () => {
      const again = await withKey(key);
      again.close();
      return again.status === 200;
    }, 10_000, 'a place');
    for (const stream of streams) stream.close();
  });

  // Goal: a server that stops ends its streams and is not held up by them.
  test('stopping', async () => {
    const own = await Limehook.start();
    const stream = await Stream.open(own.url, { authorization: `Bearer ${own.key}` });
    const began = Date.now();
    await own.stop();
    assert.ok(Date.now() - began < 9000);
    await waitFor(() => stream.ended, 5000, 'the end');
  });
});
