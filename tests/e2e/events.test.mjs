// Events in: all seven types, what is refused and how, batches, idempotency.

import assert from 'node:assert/strict';
import { before, after, describe } from 'node:test';

import { assertFields, assertProblem } from './support/api.mjs';
import { Limehook } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { eventTypes, missedCall, sample, sampleTexts, uniqueId } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

/** The items of a batch's answer, whether it is an array or an object that holds one. */
function itemsOf(answer) {
  if (Array.isArray(answer.json)) return answer.json;
  const items = Object.values(answer.json).find(Array.isArray);
  assert.ok(items, `no items in ${answer.text}`);
  return items;
}

describe('events', () => {
  let server, api, receiver;
  before(async () => {
    server = await Limehook.start();
    api = server.api;
    receiver = await Receiver.start();
    await api.createWebhook({ url: receiver.url, events: eventTypes });
  });
  after(() => server.stop());

  const arrival = (id) => waitFor(() => receiver.of(id)[0], 10_000, `the delivery of ${id}`);

  test('202 answers the id of the event and how many deliveries it makes', async () => {
    const answer = await api.post('/v1/events', missedCall());
    assert.equal(answer.status, 202);
    assert.match(answer.json.id, /^evt_/);
    assert.equal(answer.json.deliveries, 1);
  });

  for (const type of eventTypes) {
    test(`${type} is delivered with the same members in the same order, compact`, async () => {
      const id = uniqueId();
      const text = sampleTexts[type].replace(/"(123456|789012|567890)"/, JSON.stringify(id));
      const spaced = JSON.stringify(JSON.parse(text), null, 3).replaceAll('\n', '\r\n\t');
      await api.send(spaced);
      assert.equal((await arrival(id)).body.toString(), text);
    });
  }

  test('every status of call_status_update is accepted', async () => {
    for (const status of ['ringing', 'answered', 'failed', 'busy', 'no_answer', 'canceled', 'completed']) {
      await api.send(sample('call_status_update', { call_id: uniqueId(), status }));
    }
  });

  test('members beyond the listed ones, Unicode, emoji and big numbers arrive as they were written', async () => {
    const id = uniqueId();
    const text =
      `{"z":1,"event":"missed_call","call_id":"${id}","caller_number":"+1234567890","callee_number":"+0987654321",` +
      '"timestamp":"2025-01-30T16:00:00.250+01:00","team_id":"team_001","status":"missed","name":"Jürgen 北京 👩‍👩‍👧 \\u0001",' +
      '"big":9007199254740993,"negative":-12345678901234567890,"price":1.10,"exponent":1E400,"zero":-0.0,' +
      '"deep":{"list":[1,[],{},null,true,false,""],"ключ":"значение"},"a":"last"}';
    await api.send(text);
    assert.equal((await arrival(id)).body.toString(), text);
  });

  test('timestamps may have any offset and fraction', async () => {
    for (const timestamp of ['2025-01-30T15:00:00Z', '2025-01-30T15:00:00.123456789Z', '2025-01-30T20:30:00+05:30',
      '2025-01-30T06:00:00-09:00', '2024-02-29T00:00:00Z']) {
      await api.send(missedCall({ timestamp }));
    }
  });

  const wrong = [
    ['an unknown type', { ...sample('missed_call'), event: 'call_lost' }, ['/event']],
    ['no type', without('missed_call', 'event'), ['/event']],
    ['a type that is no string', { ...sample('missed_call'), event: 7 }, ['/event']],
    ['no call_id', without('missed_call', 'call_id'), ['/call_id']],
    ['an empty call_id', sample('missed_call', { call_id: '' }), ['/call_id']],
    ['call_id as a number', sample('missed_call', { call_id: 123456 }), ['/call_id']],
    ['a number without +', sample('missed_call', { caller_number: '1234567890' }), ['/caller_number']],
    ['a number with spaces', sample('missed_call', { caller_number: '+1 234 567890' }), ['/caller_number']],
    ['a number of 16 digits', sample('missed_call', { callee_number: '+1234567890123456' }), ['/callee_number']],
    ['a number with letters', sample('missed_call', { callee_number: '+12345abc' }), ['/callee_number']],
    ['a number that is no string', sample('missed_call', { callee_number: 4930123 }), ['/callee_number']],
    ['a timestamp without offset', sample('missed_call', { timestamp: '2025-01-30T15:00:00' }), ['/timestamp']],
    ['a timestamp that is a date', sample('missed_call', { timestamp: '2025-01-30' }), ['/timestamp']],
    ['a timestamp of no calendar', sample('missed_call', { timestamp: '2025-02-30T15:00:00Z' }), ['/timestamp']],
    ['a timestamp as a number', sample('missed_call', { timestamp: 1738249200 }), ['/timestamp']],
    ['the wrong status of missed_call', sample('missed_call', { status: 'completed' }), ['/status']],
    ['the wrong status of call_completed', sample('call_completed', { status: 'missed' }), ['/status']],
    ['an unknown status of call_status_update', sample('call_status_update', { status: 'parked' }), ['/status']],
    ['a direction of neither way', sample('call_completed', { direction: 'sideways' }), ['/direction']],
    ['a negative duration', sample('call_completed', { duration: -1 }), ['/duration']],
    ['a duration as text', sample('call_completed', { duration: '125' }), ['/duration']],
    ['a started_at of no time', sample('call_completed', { started_at: 'yesterday' }), ['/started_at']],
    ['no voicemail_url', without('voicemail_received', 'voicemail_url'), ['/voicemail_url']],
    ['no message_id', without('sms_received', 'message_id'), ['/message_id']],
    ['a sender that is no number', sample('sms_received', { sender_number: 'ACME' }), ['/sender_number']],
    ['message_content as a number', sample('sms_received', { message_content: 5 }), ['/message_content']],
    ['several wrong fields at once',
      sample('missed_call', { caller_number: 'x', callee_number: 'y', timestamp: 'z', call_id: null }),
      ['/caller_number', '/callee_number', '/timestamp', '/call_id']],
  ];
  for (const [what, event, pointers] of wrong) {
    test(`422 for ${what}, naming ${pointers.join(', ')}`, async () => {
      assertFields(await api.post('/v1/events', event), ...pointers);
    });
  }

  test('422 for JSON that is no object', async () => {
    for (const text of ['[]', '"missed_call"', '7', 'null']) assertProblem(await api.post('/v1/events', text), 422);
  });

  test('400 for what is not JSON', async () => {
    const invalidUtf8 = Buffer.concat([Buffer.from('{"event":"missed_call","x":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    for (const body of ['', '{', '{"event":"missed_call",}', "{'event':1}", sampleTexts.missed_call + 'x', '\u0000', invalidUtf8]) {
      assertProblem(await api.post('/v1/events', body), 400);
    }
  });

  test('413 over 256 KiB, and exactly 256 KiB is accepted', async () => {
    const ofSize = (size) => {
      const event = missedCall({ filler: '' });
      event.filler = 'x'.repeat(size - JSON.stringify(event).length);
      return JSON.stringify(event);
    };
    const atLimit = ofSize(256 * 1024);
    await api.send(atLimit);
    assert.equal((await arrival(JSON.parse(atLimit).call_id)).body.toString(), atLimit);
    assertProblem(await api.post('/v1/events', ofSize(256 * 1024 + 1)), 413);
  });

  test('415 for another content type', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
      assertProblem(await api.post('/v1/events', JSON.stringify(missedCall()), { 'Content-Type': type }), 415);
    }
    const answer = await api.post('/v1/events', JSON.stringify(missedCall()), { 'Content-Type': 'application/json; charset=utf-8' });
    assert.equal(answer.status, 202, answer.text);
  });

  test('401 without a key and with a wrong one', async () => {
    for (const key of [undefined, 'lh_wrong', Limehook.adminKey + 'x', Limehook.adminKey.slice(0, -1)]) {
      const answer = await api.withKey(key).post('/v1/events', missedCall());
      assertProblem(answer, 401);
    }
    const basic = await api.post('/v1/events', missedCall(), { Authorization: 'Basic dXNlcjpwYXNz' });
    assertProblem(basic, 401);
  });

  test('a batch as JSON array: each item is answered, and all arrive', async () => {
    const events = Array.from({ length: 25 }, () => missedCall());
    const answer = await api.post('/v1/events/batch', events);
    assert.ok([200, 202, 207].includes(answer.status), answer.text);
    const items = itemsOf(answer);
    assert.equal(items.length, 25);
    for (const item of items) assert.match(item.id, /^evt_/);
    assert.equal(new Set(items.map((item) => item.id)).size, 25);
    for (const event of events) await arrival(event.call_id);
  });

  test('a batch as NDJSON, also with blank lines and a last line without its end', async () => {
    const events = Array.from({ length: 5 }, () => missedCall());
    const text = events.map((event) => JSON.stringify(event)).join('\n');
    const answer = await api.post('/v1/events/batch', text, { 'Content-Type': 'application/x-ndjson' });
    assert.ok([200, 202, 207].includes(answer.status), answer.text);
    assert.equal(itemsOf(answer).length, 5);
    for (const event of events) assert.equal((await arrival(event.call_id)).body.toString(), JSON.stringify(event));
  });

  test('in a batch a wrong item is answered with its errors, in its place', async () => {
    const events = [missedCall(), missedCall({ caller_number: 'nobody' }), missedCall()];
    for (const [body, headers] of [
      [JSON.stringify(events), {}],
      [events.map((event) => JSON.stringify(event)).join('\n') + '\n', { 'Content-Type': 'application/x-ndjson' }],
    ]) {
      const answer = await api.post('/v1/events/batch', body, headers);
      assert.ok(answer.status < 500, answer.text);
      const text = answer.text;
      assert.ok(/caller_number/.test(text), text);
      if (answer.status >= 400) continue; // all or none: nothing was accepted, and the field is named
      const items = itemsOf(answer);
      assert.equal(items.length, 3, text);
      assert.match(items[0].id, /^evt_/);
      assert.match(items[2].id, /^evt_/);
      assert.equal(items[1].id, undefined);
      assert.ok(items[1].errors.some((error) => error.pointer.endsWith('/caller_number')), text);
    }
    assert.equal(receiver.of(events[1].call_id).length, 0);
  });

  test('more than 1,000 events in a batch are refused, 1,000 are taken', async () => {
    const many = Array.from({ length: 1001 }, () => missedCall());
    const refused = await api.post('/v1/events/batch', many);
    assert.ok([413, 422].includes(refused.status), refused.text);
    assertProblem(refused, refused.status);
    const taken = await api.post('/v1/events/batch', many.slice(0, 1000));
    assert.ok([200, 202, 207].includes(taken.status), taken.text);
    assert.equal(itemsOf(taken).length, 1000);
    await waitFor(() => receiver.of(many[999].call_id).length === 1 && receiver.of(many[0].call_id).length === 1, 20_000);
    assert.equal(receiver.of(many[1000].call_id).length, 0);
  });

  test('a batch over 5 MiB is 413, one that is not JSON 400, one that is no array 422', async () => {
    const big = JSON.stringify(Array.from({ length: 30 }, () => missedCall({ filler: 'x'.repeat(200_000) })));
    assertProblem(await api.post('/v1/events/batch', big), 413);
    assertProblem(await api.post('/v1/events/batch', '[{'), 400);
    assertProblem(await api.post('/v1/events/batch', '{"events":[]}'), 422);
  });

  test('GET /v1/events/{id} shows the event and its deliveries; an unknown one is 404', async () => {
    const event = missedCall();
    const { id } = await api.send(event);
    const shown = await api.read(`/v1/events/${id}`);
    assert.equal(shown.id, id);
    assert.ok(JSON.stringify(shown).includes(event.call_id));
    assert.equal(shown.deliveries.length, 1);
    assertProblem(await api.get(`/v1/events/${id.slice(0, -4)}zzzz`), 404);
    assertProblem(await api.get('/v1/events/nonsense'), 404);
  });
});

describe('Idempotency-Key', () => {
  let server, receiver;
  before(async () => {
    server = await Limehook.start();
    receiver = await Receiver.start();
    await server.api.createWebhook({ url: receiver.url, events: eventTypes });
  });
  after(() => server.stop());

  const arrivals = (event) => receiver.of(event.call_id).length;

  /** Something accepted later arrives: what would have been sent before it has been sent. */
  async function laterEventArrives() {
    const later = missedCall();
    await server.api.send(later);
    await waitFor(() => arrivals(later) === 1);
  }

  test('the second request answers 200, duplicate, the same id, and makes no second delivery', async () => {
    const event = missedCall();
    const key = uniqueId('key');
    const first = await server.api.send(event, { 'Idempotency-Key': key });
    const again = await server.api.post('/v1/events', event, { 'Idempotency-Key': key });
    assert.equal(again.status, 200, again.text);
    assert.equal(again.json.duplicate, true);
    assert.equal(again.json.id, first.id);
    await laterEventArrives();
    assert.equal(arrivals(event), 1);
    const other = await server.api.send(missedCall(), { 'Idempotency-Key': uniqueId('key') });
    assert.notEqual(other.id, first.id);
  });

  test('many requests at the same moment make one event', async () => {
    const event = missedCall();
    const key = uniqueId('key');
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => server.api.post('/v1/events', event, { 'Idempotency-Key': key })),
    );
    assert.equal(new Set(answers.map((answer) => answer.json.id)).size, 1);
    assert.equal(answers.filter((answer) => answer.status === 202).length, 1);
    assert.equal(answers.filter((answer) => answer.status === 200 && answer.json.duplicate === true).length, 39);
    await laterEventArrives();
    assert.equal(arrivals(event), 1);
  });

  test('it holds over a restart and over kill -9', async () => {
    const event = missedCall();
    const key = uniqueId('key');
    const first = await server.api.send(event, { 'Idempotency-Key': key });
    await waitFor(() => arrivals(event) === 1);
    await server.stop();
    server = await Limehook.start({ data: server.data });
    const afterRestart = await server.api.post('/v1/events', event, { 'Idempotency-Key': key });
    assert.deepEqual([afterRestart.status, afterRestart.json.id], [200, first.id]);
    const second = uniqueId('key');
    const accepted = await server.api.send(missedCall(), { 'Idempotency-Key': second });
    await server.kill9();
    server = await Limehook.start({ data: server.data });
    const afterKill = await server.api.post('/v1/events', missedCall(), { 'Idempotency-Key': second });
    assert.deepEqual([afterKill.status, afterKill.json.id], [200, accepted.id]);
  });

  test('a refused event does not use up its key', async () => {
    const key = uniqueId('key');
    const refused = await server.api.post('/v1/events', missedCall({ caller_number: 'x' }), { 'Idempotency-Key': key });
    assert.equal(refused.status, 422);
    await server.api.send(missedCall(), { 'Idempotency-Key': key });
  });
});

function without(type, member) {
  const event = sample(type);
  delete event[member];
  return event;
}
