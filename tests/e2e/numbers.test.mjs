// Numbers: whose event it is that names no team, who may manage them, and webhooks that are limited to some.

import assert from 'node:assert/strict';
import { before, after, describe } from 'node:test';

import { assertFields, assertProblem } from './support/api.mjs';
import { Limehook } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { eventTypes, sample, uniqueId } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

let server, api;
before(async () => {
  server = await Limehook.start();
  api = server.api;
});
after(() => server.stop());

let numbers = 0;
const newNumber = () => `+4930${String((numbers += 1)).padStart(6, '0')}`;

async function keyOf(role, team_id) {
  const answer = await api.post('/v1/keys', { name: role, role, team_id });
  assert.equal(answer.status, 201, answer.text);
  return api.withKey(answer.json.key);
}

async function addNumber(team_id, number = newNumber(), by = api) {
  const answer = await by.post('/v1/numbers', { number, team_id });
  assert.equal(answer.status, 201, answer.text);
  assert.match(answer.json.id, /^num_/);
  assert.equal(answer.headers.get('location'), `/v1/numbers/${answer.json.id}`);
  return answer.json;
}

/** An event of this type with own numbers, and without a team unless given. */
function eventOf(type, own, members = {}) {
  const event = sample(type, members);
  if (!('team_id' in members)) delete event.team_id;
  const caller = type === 'sms_sent';
  const name = type.startsWith('sms') ? (caller ? 'sender_number' : 'receiver_number') : 'callee_number';
  return { ...event, [name]: own };
}

const teamOf = async (id) => (await api.read(`/v1/events/${id}`)).team_id;

describe('whose event it is', () => {
  test('an event of each type without a team belongs to the team of its own number, its payload unchanged', async () => {
    const team = uniqueId('team');
    const { number } = await addNumber(team);
    const receiver = await Receiver.start();
    await api.createWebhook({ url: receiver.url, team_id: team, events: eventTypes });
    for (const type of eventTypes) {
      const event = eventOf(type, number);
      const { id, deliveries } = await api.send(event);
      assert.equal(deliveries, 1, type);
      assert.equal(await teamOf(id), team, type);
      await waitFor(() => receiver.requests.some((request) => request.body.toString() === JSON.stringify(event)), 10_000, type);
    }
  });

  test('an outbound call belongs to the team of the caller; an inbound one to that of the called', async () => {
    const [called, calling] = [uniqueId('team'), uniqueId('team')];
    const callee_number = (await addNumber(called)).number;
    const caller_number = (await addNumber(calling)).number;
    const send = async (type, members) =>
      teamOf((await api.send(eventOf(type, callee_number, { caller_number, ...members }))).id);
    assert.equal(await send('call_completed', { direction: 'outbound' }), calling);
    assert.equal(await send('call_completed', { direction: 'inbound' }), called);
    assert.equal(await send('call_status_update', { direction: 'outbound' }), calling);
    assert.equal(await send('call_status_update', {}), called, 'the called one is preferred');
    const unknown = eventOf('call_status_update', newNumber(), { caller_number });
    assert.equal(await teamOf((await api.send(unknown)).id), calling, 'and else the other');
  });

  test('in batches too; a team that is named wins; a number that nobody has finds none', async () => {
    const team = uniqueId('team');
    const { number } = await addNumber(team);
    const named = uniqueId('team');
    const { json } = await api.post('/v1/events/batch', [
      eventOf('sms_received', number), eventOf('missed_call', number, { team_id: named }), eventOf('sms_received', newNumber()),
    ]);
    const teams = await Promise.all(json.data.map(({ id }) => teamOf(id)));
    assert.deepEqual(teams, [team, named, null]);
  });

  test('with the key of a team its events stay its own, whosever the number', async () => {
    const [team, other] = [uniqueId('team'), uniqueId('team')];
    const { number } = await addNumber(other);
    for (const role of ['ingest', 'manage']) {
      const key = await keyOf(role, team);
      assert.equal(await teamOf((await key.send(eventOf('sms_received', number))).id), team);
    }
    const anyTeam = await keyOf('ingest', null);
    assert.equal(await teamOf((await anyTeam.send(eventOf('sms_received', number))).id), other);
  });

  test('follows changes at once, and is there after a restart', async () => {
    const [team, other] = [uniqueId('team'), uniqueId('team')];
    const { id, number } = await addNumber(team);
    const send = async () => teamOf((await api.send(eventOf('sms_received', number))).id);
    assert.equal(await send(), team);
    const moved = await api.patch(`/v1/numbers/${id}`, { team_id: other });
    assert.equal(moved.status, 200, moved.text);
    assert.equal(await send(), other);
    await server.kill9();
    server = await Limehook.start({ data: server.data });
    api = server.api;
    assert.equal(await send(), other);
    assert.equal((await api.delete(`/v1/numbers/${id}`)).status, 204);
    assert.equal(await send(), null);
    assertProblem(await api.get(`/v1/numbers/${id}`), 404);
    await addNumber(team, number);
    assert.equal(await send(), team);
  });
});

describe('managing numbers', () => {
  test('a number is there once, whoever asks', async () => {
    const [team, other] = [uniqueId('team'), uniqueId('team')];
    const { number } = await addNumber(team);
    for (const by of [api, await keyOf('manage', other), await keyOf('manage', team)]) {
      const answer = await by.post('/v1/numbers', { number, team_id: by === api ? other : undefined });
      const problem = assertProblem(answer, 409);
      assert.equal(problem.errors[0].pointer, '/number');
      assert.ok(!answer.text.includes(team), 'it does not say whose it is');
    }
    const racing = newNumber();
    const answers = await Promise.all(Array.from({ length: 8 }, () => api.post('/v1/numbers', { number: racing, team_id: team })));
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [201, ...Array(7).fill(409)]);
  });

  test('each wrong field is named', async () => {
    const post = (body) => api.post('/v1/numbers', body);
    assertFields(await post({ team_id: 't' }), '/number');
    assertFields(await post({ number: '030123456', team_id: 't' }), '/number');
    assertFields(await post({ number: newNumber() }), '/team_id');
    assertFields(await post({ number: newNumber(), team_id: 7, name: '' }), '/team_id', '/name');
    assertFields(await post({ number: newNumber(), team_id: 't', colour: 'red' }), '/colour');
    const { id, number } = await addNumber(uniqueId('team'));
    assertFields(await api.patch(`/v1/numbers/${id}`, { number: newNumber() }), '/number');
    assert.equal((await api.patch(`/v1/numbers/${id}`, { number, name: 'Front desk' })).json.name, 'Front desk');
    assert.equal((await api.patch(`/v1/numbers/${id}`, { name: null })).json.name, null);
    assertProblem(await api.get('/v1/numbers/num_nonsense'), 404);
    assertFields(await api.get('/v1/numbers?cursor=x'), '/cursor');
  });

  test('pages, newest first, of a team or of all; one number is found with and without its plus', async () => {
    const team = uniqueId('team');
    const made = [];
    for (let i = 0; i < 5; i += 1) made.push(await addNumber(team));
    await addNumber(uniqueId('team'));
    const newest = made.map((number) => number.id).reverse();
    for (const limit of [1, 2, 5, 6]) {
      assert.deepEqual((await api.list(`/v1/numbers?team_id=${team}`, limit)).map((row) => row.id), newest);
    }
    assert.ok((await api.list('/v1/numbers', 3)).length >= 6);
    for (const form of [encodeURIComponent(made[2].number), made[2].number, made[2].number.slice(1)]) {
      assert.deepEqual((await api.read(`/v1/numbers?number=${form}`)).data, [made[2]]);
    }
    assert.deepEqual((await api.read(`/v1/numbers?number=${newNumber().slice(1)}`)).data, []);
  });

  test('keys of a team see and change its numbers only, as their role allows', async () => {
    const [team, other] = [uniqueId('team'), uniqueId('team')];
    const [manage, read, ingest] = [await keyOf('manage', team), await keyOf('read', team), await keyOf('ingest', team)];
    const answer = await manage.post('/v1/numbers', { number: newNumber(), name: 'Sales' });
    assert.equal(answer.status, 201, answer.text);
    assert.equal(answer.json.team_id, team, 'the team of the key');
    const path = `/v1/numbers/${answer.json.id}`;
    const foreign = await addNumber(other);
    assertProblem(await manage.post('/v1/numbers', { number: newNumber(), team_id: other }), 403);
    assertProblem(await manage.patch(path, { team_id: other }), 403);
    assert.equal((await manage.patch(path, { team_id: team, name: 'Support' })).status, 200);
    for (const by of [manage, read]) {
      assert.equal((await by.read(path)).name, 'Support');
      assert.deepEqual((await by.list('/v1/numbers')).map((row) => row.number), [answer.json.number]);
      assert.deepEqual((await by.read(`/v1/numbers?number=${foreign.number.slice(1)}`)).data, []);
      assertProblem(await by.get(`/v1/numbers/${foreign.id}`), 404);
    }
    assertProblem(await manage.patch(`/v1/numbers/${foreign.id}`, { name: 'x' }), 404);
    assertProblem(await manage.delete(`/v1/numbers/${foreign.id}`), 404);
    for (const refused of [await read.post('/v1/numbers', {}), await read.patch(path, {}), await read.delete(path),
      await ingest.get('/v1/numbers'), await ingest.get(path)]) assertProblem(refused, 403);
    assert.equal((await manage.delete(path)).status, 204);
  });
});

describe('webhooks of some numbers', () => {
  test('get the events of these numbers, of every type', async () => {
    const team = uniqueId('team');
    const { number } = await addNumber(team);
    const elsewhere = (await addNumber(team)).number;
    const receiver = await Receiver.start();
    await api.createWebhook({ url: receiver.url, team_id: team, events: eventTypes, numbers: [number] });
    for (const type of eventTypes) {
      assert.equal((await api.send(eventOf(type, number))).deliveries, 1, type);
      assert.equal((await api.send(eventOf(type, elsewhere))).deliveries, 0, type);
    }
    await waitFor(() => receiver.requests.length === eventTypes.length);
  });
});
