// Events in: all seven types, what is refused and how, batches, idempotency.

import assert from 'node:assert/strict';
import { before, after, describe } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';

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
    ['message_content as a number', sample('sms_received', { message_content: 5 }), ['/message_content']],
    ['several wrong fields at once',
      sample('missed_call', { caller_number: 5, callee_number: [], timestamp: 'z', call_id: null }),
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

  test('in a batch an item that is not JSON is its own problem, named with the place in it', async () => {
    const bytes = (text) => Buffer.from(text, 'latin1');
    const broken = [
      ['{"event":"missed_call","call_id":"half \\ud83d"}', '/call_id', /a lone surrogate \(\\ud83d\)/],
      ['{"event":"missed_call","call_id":"Ren\xe9"}', '/call_id', /not UTF-8 \(E9\)/],
      ['{"event":"missed_call","\\udc00":1}', '', /a lone surrogate/],
      ['{"event":"missed_call","x":"\0"}', '/x', /control character/],
      ['{"event":"missed_call","duration":01}', '', /not valid JSON/],
      [`{"x":${'['.repeat(40)}${']'.repeat(40)}}`, null, /nested deeper/],
      ['{"event":"missed_call","event":"missed_call"}', null, /appears twice/],
      ["{'event':1}", '', /not valid JSON/],
    ];
    for (const [text, pointer, detail] of broken) {
      const [before, behind] = [missedCall(), missedCall()];
      const items = [JSON.stringify(before), text, JSON.stringify(behind)];
      for (const [body, headers] of [
        [bytes(` [ ${items.join(' ,\n')} ] `), {}],
        [bytes(items.join('\n')), { 'Content-Type': 'application/x-ndjson' }],
      ]) {
        const answer = await api.post('/v1/events/batch', body, headers);
        assert.equal(answer.status, 202, answer.text);
        const [first, wrong, last] = itemsOf(answer);
        assert.match(first.id, /^evt_/);
        assert.match(last.id, /^evt_/);
        if (pointer !== null) assert.equal(wrong.errors[0].pointer, pointer);
        assert.ok(wrong.errors.some((error) => detail.test(error.detail)), answer.text);
      }
      await arrival(before.call_id);
      await arrival(behind.call_id);
    }
  });

  test('an array that cannot be followed is 400 as a whole, and nothing of it is stored', async () => {
    const event = missedCall();
    const text = JSON.stringify(event);
    for (const body of [`[${text},{"event":"missed_call"`, `[${text},"open]`, `[${text},]`, `[${text}}]`, `[${text}] x`, `[${text}`]) {
      assertProblem(await api.post('/v1/events/batch', body), 400);
    }
    const later = missedCall();
    await api.send(later);
    await arrival(later.call_id);
    assert.equal(receiver.of(event.call_id).length, 0);
  });

  test('parties are taken as they are, and an event finds its number’s team and webhook however it is written', async () => {
    const team_id = uniqueId('team');
    await api.post('/v1/numbers', { number: '+1 (202) 555-0199', team_id });
    const limited = await Receiver.start();
    await api.createWebhook({ url: limited.url, team_id, numbers: ['tel:+1-202-555-0199'] });
    for (const callee_number of ['+12025550199', '+1 (202) 555-0199', 'tel:+12025550199', '\u202a+12025550199\u202c']) {
      const event = missedCall({ callee_number, team_id: undefined });
      const { id } = await api.send(event);
      assert.equal((await api.read(`/v1/events/${id}`)).team_id, team_id);
      const [found] = (await api.read(`/v1/events?team_id=${team_id}&q=${encodeURIComponent('+1.202.555.0199')}`)).data;
      assert.equal(found.id, id);
      await waitFor(() => limited.of(event.call_id).length === 1);
      assert.equal(limited.of(event.call_id)[0].body.toString(), JSON.stringify(event), 'as it was written');
    }
    for (const caller_number of ['anonymous', '', null, '101', 'sip:101@pbx.local', '00441632960961', 'ACMEBANK', '漢'.repeat(255)]) {
      const event = missedCall({ caller_number });
      await api.send(event);
      assert.equal((await arrival(event.call_id)).body.toString(), JSON.stringify(event));
    }
    assertFields(await api.post('/v1/events', missedCall({ caller_number: 'x'.repeat(256) })), '/caller_number');
  });

  test('integers may have a fraction of zero, and stay as they were written', async () => {
    for (const number of ['12.0', '1.2e1', '-0', '1200E-2']) {
      const event = sample('call_completed', { call_id: uniqueId('call') });
      const text = JSON.stringify({ ...event, duration: '@' }).replace('"@"', number);
      await api.send(text);
      assert.equal((await arrival(event.call_id)).body.toString(), text);
    }
  });

  test('a byte order mark is passed over, UTF-16 is named', async () => {
    const [one, two, three] = [missedCall(), missedCall(), missedCall()];
    await api.send('\ufeff' + JSON.stringify(one));
    const lines = await api.post('/v1/events/batch', '\ufeff' + JSON.stringify(two) + '\r\n', { 'Content-Type': 'application/x-ndjson' });
    const array = await api.post('/v1/events/batch', '\ufeff' + JSON.stringify([three]));
    assert.match(lines.text + array.text, /evt_.*evt_/s);
    for (const event of [one, two, three]) assert.equal((await arrival(event.call_id)).body.toString(), JSON.stringify(event));
    const wide = Buffer.from('\ufeff' + JSON.stringify(one), 'utf16le');
    for (const path of ['/v1/events', '/v1/events/batch']) {
      const answer = await api.post(path, wide);
      assertProblem(answer, 400);
      assert.match(answer.json.detail, /UTF-16/);
    }
  });

  test('bodies may come compressed, within the same limits; other codings are 415', async () => {
    for (const [coding, pack] of [['gzip', gzipSync], ['x-gzip', gzipSync], ['deflate', deflateSync], ['identity', (bytes) => bytes]]) {
      const [one, two] = [missedCall(), missedCall()];
      const headers = { 'Content-Encoding': coding };
      await api.send(pack(Buffer.from(JSON.stringify(one))), headers);
      const batch = await api.post('/v1/events/batch', pack(Buffer.from(JSON.stringify(two))), { ...headers, 'Content-Type': 'application/x-ndjson' });
      assert.equal(itemsOf(batch).length, 1);
      for (const event of [one, two]) assert.equal((await arrival(event.call_id)).body.toString(), JSON.stringify(event));
    }
    const made = await api.post('/v1/webhooks', gzipSync(JSON.stringify({ name: 'zipped', url: receiver.url, enabled: false })), { 'Content-Encoding': 'gzip' });
    assert.equal(made.status, 201, made.text);
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    assert.ok(bomb.length < 256 * 1024);
    for (const path of ['/v1/events', '/v1/events/batch', '/v1/webhooks']) {
      assertProblem(await api.post(path, bomb, { 'Content-Encoding': 'gzip' }), 413);
    }
    assertProblem(await api.post('/v1/events', JSON.stringify(missedCall()), { 'Content-Encoding': 'gzip' }), 400);
    for (const coding of ['br', 'zstd', 'gzip, gzip']) {
      const answer = await api.post('/v1/events', JSON.stringify(missedCall()), { 'Content-Encoding': coding });
      assertProblem(answer, 415);
      assert.match(answer.headers.get('accept-encoding'), /gzip/);
    }
  });

  test('in a batch a wrong item is answered with its errors, in its place', async () => {
    const events = [missedCall(), missedCall({ caller_number: 5 }), missedCall()];
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
    const other = missedCall();
    const accepted = await server.api.send(other, { 'Idempotency-Key': second });
    const batch = [missedCall(), missedCall()];
    const items = itemsOf(await server.api.post('/v1/events/batch', batch, { 'Idempotency-Key': second }));
    await server.kill9();
    server = await Limehook.start({ data: server.data });
    const afterKill = await server.api.post('/v1/events', other, { 'Idempotency-Key': second });
    assert.deepEqual([afterKill.status, afterKill.json.id], [200, accepted.id]);
    assertProblem(await server.api.post('/v1/events', missedCall(), { 'Idempotency-Key': second }), 422);
    const again = itemsOf(await server.api.post('/v1/events/batch', batch, { 'Idempotency-Key': second }));
    assert.deepEqual(again, items.map((item) => ({ ...item, duplicate: true })));
  });

  test('the same key with another payload is refused, says so, and stores nothing', async () => {
    const [event, other, key] = [missedCall(), missedCall(), uniqueId('key')];
    const first = await server.api.send(event, { 'Idempotency-Key': key });
    const answer = await server.api.post('/v1/events', other, { 'Idempotency-Key': key });
    assertProblem(answer, 422);
    assert.match(answer.text, /Idempotency-Key/);
    assert.ok(answer.text.includes(first.id), answer.text);
    const spaced = JSON.stringify(event, null, 2);
    assert.equal((await server.api.post('/v1/events', spaced, { 'Idempotency-Key': key })).json.id, first.id, 'white space does not count');
    await laterEventArrives();
    assert.equal(arrivals(other), 0);
  });

  test('a key is the event’s team’s: another team’s event with it is an event', async () => {
    const key = uniqueId('key');
    const [one, two] = ['team_001', 'team_002'].map((team_id) => missedCall({ team_id }));
    const ids = [await server.api.send(one, { 'Idempotency-Key': key }), await server.api.send(two, { 'Idempotency-Key': key })];
    assert.notEqual(ids[0].id, ids[1].id);
    await waitFor(() => arrivals(one) === 1 && arrivals(two) === 1);
  });

  test('in a batch the key goes with each item’s content', async () => {
    const key = { 'Idempotency-Key': uniqueId('key') };
    const send = async (events) => itemsOf(await server.api.post('/v1/events/batch', events, key));
    const [a, b, c] = [missedCall(), missedCall(), missedCall()];
    const [first, refused] = await send([a, { ...b, status: 'lost' }]);
    assert.ok(refused.errors, JSON.stringify(refused));
    const [corrected, again, added] = await send([b, a, c]);
    assert.equal(again.id, first.id);
    assert.equal(again.duplicate, true);
    assert.equal(corrected.duplicate, undefined);
    assert.equal(added.duplicate, undefined);
    const single = await server.api.post('/v1/events', missedCall(), { 'Idempotency-Key': `${key['Idempotency-Key']}#0` });
    assert.equal(single.status, 202, 'a key of one’s own never meets an item’s');
    const own = await server.api.post('/v1/events', a, key);
    assert.equal(own.status, 202, 'keys of batches and of single events do not meet');
    const [twin, otherTwin] = await send([c, c].map((event) => ({ ...event, note: 'twice in one batch' })));
    assert.equal(otherTwin.id, twin.id);
    assert.equal(otherTwin.duplicate, true);
  });

  test('a refused event does not use up its key', async () => {
    const key = uniqueId('key');
    const refused = await server.api.post('/v1/events', missedCall({ caller_number: 5 }), { 'Idempotency-Key': key });
    assert.equal(refused.status, 422);
    await server.api.send(missedCall(), { 'Idempotency-Key': key });
  });
});

function without(type, member) {
  const event = sample(type);
  delete event[member];
  return event;
}
