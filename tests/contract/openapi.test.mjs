// Goal: the server answers as api/openapi.yaml says, on every route, with successes and with errors, and what it
// delivers is what the document's webhooks section says.
// Method: starts the binary and a receiver, calls every operation, and lets lib/api.mjs hold each answer against the
// document. The last tests fail when a documented answer was never seen. The tests of this file build on each other.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { Limehook } from '../e2e/support/process.mjs';
import { Receiver } from '../e2e/support/receiver.mjs';
import { test } from '../e2e/support/test.mjs';
import { waitFor } from '../e2e/support/wait.mjs';
import { Api, exchange } from './lib/api.mjs';
import { checkDelivered } from './lib/delivered.mjs';
import { Document } from './lib/document.mjs';
import { OPENAPI_PATH } from './lib/paths.mjs';

const EVENT_BYTES_MAX = 256 * 1024;
const BATCH_BYTES_MAX = 5 * 1024 * 1024;

// Documented answers that this test does not provoke, and why.
const NOT_PROVOKED = [
  { answer: / 503$/, reason: 'needs a store that cannot be written; the tests of backpressure show it' },
  {
    answer: /^(PATCH|DELETE) .*\/webhooks\/\{id\} 409$|\/(enable|disable|rotate-secret) 409$/,
    reason: 'needs two changes of one webhook in the same commit; the tests of the scheduler show it',
  },
  { answer: /\/numbers\/\{id\} 409$/, reason: 'needs two changes of one number at the same moment' },
];

const document = new Document(OPENAPI_PATH);
const started = new Date(Date.now() - 1000).toISOString();
const keys = {};      // by name: {id, key}
const webhooks = {};  // by name: {id, secrets, token, path, shaped}
let server;
let receiver;
let api;
let samples;          // event type → sample payload
let phoneSamples;     // those of them that callers can send
let eventId;          // of an event of team_001 with a delivery to webhooks.all
let deliveryId;       // that delivery
let recoveryId;       // a recovery of webhooks.failing
let numberId;         // a number of team_001

// Answers by path: "/status/500/name" with 500, every other path with 200.
function answerByPath({ target }) {
  const [, status] = target.match(/^\/status\/(\d+)\//) ?? [];
  return { status: Number(status ?? 200), headers: { 'content-type': 'text/plain' }, body: status ? 'no' : 'ok' };
}

const until = (what, condition) => waitFor(condition, 15_000, what);

before(async () => {
  receiver = await Receiver.start(answerByPath);
  // The test is a proxy, so that it can be many callers: one with many unknown keys would get 429.
  server = await Limehook.start({ args: ['--retry-schedule', '1s', '--trusted-proxy', '127.0.0.1'] });
  api = new Api(document, server.url);
  keys.admin = { key: server.key };
});

after(async () => {
  receiver?.close();
  await server?.stop();
});

const admin = (options = {}) => ({ key: keys.admin.key, ...options });
const manager = (options = {}) => ({ key: keys.manage.key, ...options });
const ofWebhook = (name, options = {}) => manager({ path: { id: webhooks[name].id }, ...options });
const deliveredTo = (name) => receiver.requests.filter((request) => request.target === webhooks[name].path);

const receiverUrl = (path) => new URL(path, receiver.url).href;

async function createWebhook(name, settings, options = manager()) {
  const { path = `/${name}`, ...rest } = settings;
  const json = { name, url: receiverUrl(path), ...rest };
  const created = await api.call('createWebhook', 201, { ...options, json });
  const { id, secret, token } = created;
  webhooks[name] = { id, secrets: [secret], token, path, shaped: Boolean(json.payload) };
  return created;
}

// Follows next_cursor to the end; answers the entries of all pages.
async function allPages(id, options, limit = 2) {
  const entries = [];
  let cursor = null;
  do {
    const query = { ...options.query, limit, ...(cursor ? { cursor } : {}) };
    const page = await api.call(id, 200, { ...options, query });
    assert.ok(page.data.length <= limit);
    entries.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor);
  const ids = entries.map((entry) => entry.id);
  assert.deepEqual(ids, [...new Set(ids)].sort().reverse(), 'each entry once, newest first');
  return entries;
}

// ---- the main line ---------------------------------------------------------------------------------------------

test('operations: health, readiness, metrics', async () => {
  await api.call('getHealth', 200);
  await api.call('getReadiness', 200);
  assert.match(await api.call('getMetrics', 200), /^# TYPE \w+ /m);
});

test('/openapi.json is api/openapi.yaml', async () => {
  assert.deepEqual(await api.call('getOpenApi', 200), JSON.parse(JSON.stringify(document.root)));
});

test('keys: create, list, delete', async () => {
  const wanted = [['manage', 'manage', 'team_001'], ['read', 'read', 'team_001'], ['ingest', 'ingest', 'team_001'],
                  ['stranger', 'manage', 'team_002'], ['gone', 'ingest', null]];
  for (const [name, role, team_id] of wanted) {
    keys[name] = await api.call('createKey', 201, admin({ json: { name, role, team_id } }));
    assert.deepEqual([keys[name].role, keys[name].team_id], [role, team_id]);
    assert.ok(keys[name].key.endsWith(keys[name].hint));
  }
  await api.call('deleteKey', 204, admin({ path: { id: keys.gone.id } }));
  await api.call('listEventTypes', 401, { key: keys.gone.key });
  const listed = await api.call('listKeys', 200, admin());
  assert.deepEqual(listed.data.map((key) => key.name).sort(), ['ingest', 'manage', 'read', 'stranger']);
});

test('numbers: add, list, get, change, delete; one that is there already', async () => {
  const json = { number: '+15550001111', team_id: 'team_001', name: 'Front desk' };
  const number = await api.call('createNumber', 201, admin({ json }));
  numberId = number.id;
  assert.deepEqual([number.number, number.team_id, number.name], Object.values(json));
  const { errors } = await api.call('createNumber', 409, admin({ json }));
  assert.deepEqual(errors.map((error) => error.pointer), ['/number']);
  const mine = await api.call('createNumber', 201, manager({ json: { number: '+15550002222' } }));
  assert.equal(mine.team_id, 'team_001');
  assert.equal((await allPages('listNumbers', manager(), 1)).length, 2);
  const { data } = await api.call('listNumbers', 200, admin({ query: { number: '15550001111' } }));
  assert.deepEqual(data, [number]);
  const renamed = await api.call('changeNumber', 200, manager({ path: { id: mine.id }, json: { name: null } }));
  assert.equal(renamed.name, null);
  await api.call('changeNumber', 403, manager({ path: { id: mine.id }, json: { team_id: 'team_002' } }));
  assert.equal((await api.call('getNumber', 200, manager({ path: { id: mine.id } }))).team_id, 'team_001');
  await api.call('deleteNumber', 204, manager({ path: { id: mine.id } }));
});

test('event types come with samples', async () => {
  const { data } = await api.call('listEventTypes', 200, { key: keys.ingest.key });
  samples = Object.fromEntries(data.map((type) => [type.name, type.sample]));
  assert.deepEqual(Object.keys(samples), document.at('/components/schemas/EventType/enum'));
  phoneSamples = Object.fromEntries(Object.entries(samples).filter(([name]) => !name.includes('.')));
});

test('webhooks: create with every setting, list, get', async () => {
  const all = await createWebhook('all', {});
  assert.deepEqual(all.events, Object.keys(phoneSamples), 'those of the phone platform, unless others are named');
  await createWebhook('everyTeam', { events: ['missed_call'] }, admin());
  await createWebhook('failing', { path: '/status/500/failing', events: ['missed_call'] });
  await createWebhook('late', { events: ['sms_received'], enabled: false });
  await createWebhook('spare', { events: ['sms_sent'] });
  const filters = { match: 'any', conditions: [{ field: 'caller_number', op: 'in', value: ['+1234567890'] },
                                               { field: 'transcription', op: 'exists', value: true }] };
  const payload = { fields: { from: 'caller_number', what: 'event' } };
  const detailed = await createWebhook('detailed', {
    events: ['voicemail_received'], filters, payload,
    secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}`, token: 'a-token-of-my-own',
    headers: { 'X-Environment': 'test' }, numbers: ['+0987654321'], retry_schedule: [1, 60], timeout_ms: 5000,
    max_concurrency: 2, rate_limit: 2.5, ordered: 'call', fallback_url: receiverUrl('/detailed/fallback'), mode: 'push',
    notify_emails: ['ops@example.com'],
  });
  assert.equal(detailed.token, 'a-token-of-my-own');
  assert.deepEqual([detailed.rate_limit, detailed.ordered, detailed.fallback_url, detailed.notify_emails],
                   [2.5, 'call', receiverUrl('/detailed/fallback'), ['ops@example.com']]);
  assert.deepEqual([detailed.filters, detailed.payload, detailed.headers, detailed.retry_schedule],
                   [filters, payload, { 'X-Environment': 'test' }, [1, 60]]);

  const mine = await allPages('listWebhooks', manager());
  assert.equal(mine.length, Object.keys(webhooks).length - 1, 'a webhook for every team is not of team_001');
  assert.equal((await allPages('listWebhooks', admin())).length, Object.keys(webhooks).length);
  assert.equal((await allPages('listWebhooks', admin({ query: { team_id: 'team_001' } }))).length, mine.length);
  assert.equal((await api.call('getWebhook', 200, ofWebhook('detailed'))).name, 'detailed');
});

test('webhooks: change, disable, enable, delete', async () => {
  const before = await api.call('getWebhook', 200, ofWebhook('spare'));
  const json = { name: 'renamed', events: ['sms_sent', 'sms_received'], retry_schedule: [5], headers: null };
  const changed = await api.call('changeWebhook', 200, ofWebhook('spare', { json }));
  assert.deepEqual([changed.name, changed.events.sort(), changed.retry_schedule],
                   ['renamed', ['sms_received', 'sms_sent'], [5]]);
  assert.ok(changed.version > before.version);
  assert.equal((await api.call('disableWebhook', 200, ofWebhook('spare'))).enabled, false);
  assert.equal((await api.call('enableWebhook', 200, ofWebhook('spare'))).enabled, true);
  await api.call('deleteWebhook', 204, ofWebhook('spare'));
  await api.call('getWebhook', 404, ofWebhook('spare'));
});

test('events: one, once more, in batches', async () => {
  const ingest = { key: keys.ingest.key };
  const json = samples.missed_call;
  const accepted = await api.call('sendEvent', 202, { ...ingest, json, headers: { 'Idempotency-Key': 'call-1' } });
  assert.equal(accepted.deliveries, 3, 'to webhooks.all, everyTeam and failing');
  const again = await api.call('sendEvent', 200, { ...ingest, json, headers: { 'Idempotency-Key': 'call-1' } });
  assert.deepEqual(again, { ...accepted, duplicate: true });
  eventId = accepted.id;

  const rest = Object.values(phoneSamples).filter((sample) => sample !== json);
  const mixed = await api.call('sendEvents', 202, { ...ingest, json: [...rest, { event: 'missed_call' }], lax: true });
  assert.equal(mixed.data.length, rest.length + 1);
  assert.ok(mixed.data.slice(0, -1).every((item) => item.id));
  assert.ok(mixed.data.at(-1).errors.some((error) => error.pointer === '/call_id'));

  const lines = [samples.sms_received, samples.sms_sent].map((sample) => JSON.stringify(sample) + '\n').join('');
  const ndjson = await api.call('sendEvents', 202, { ...ingest, text: lines, type: 'application/x-ndjson' });
  assert.equal(ndjson.data.length, 2);

  const calls = [samples.incoming_call, samples.call_status_update];
  const batch = { ...ingest, json: calls, headers: { 'Idempotency-Key': 'batch-1' } };
  const first = await api.call('sendEvents', 202, batch);
  const second = await api.call('sendEvents', 202, batch);
  assert.deepEqual(second.data, first.data.map((item) => ({ ...item, duplicate: true })));

  await api.call('sendEvent', 403, { ...ingest, json: { ...json, team_id: 'team_002' } });
  await api.call('sendEvent', 422, { ...ingest, json, headers: { 'Idempotency-Key': 'k'.repeat(256) } });
  const { errors } = await api.call('sendEvent', 422, { ...ingest, json: samples['webhook.disabled'] });
  assert.deepEqual(errors.map((error) => error.pointer), ['/event'], 'nobody but Limehook sends these');
});

test('deliveries arrive and are logged', async () => {
  const expected = 1 + 6 + 2 + 2;  // the events accepted so far, all of which webhooks.all takes
  await until('webhooks.all has every event', () => deliveredTo('all').length >= expected);
  await until('the others have theirs', () => deliveredTo('everyTeam').length && deliveredTo('detailed').length);

  const log = await until('all are delivered', async () => {
    const entries = await allPages('listWebhookDeliveries', ofWebhook('all'), 4);
    return entries.every((entry) => entry.status === 'delivered') && entries;
  });
  assert.equal(log.length, expected);
  const [first] = log.filter((entry) => entry.event_id === eventId);
  deliveryId = first.id;
  const detail = await api.call('getDelivery', 200, manager({ path: { id: deliveryId } }));
  assert.deepEqual(detail.payload, samples.missed_call);
  assert.equal(detail.attempts.length, detail.attempt_count);
  assert.deepEqual([detail.attempts[0].outcome, detail.attempts[0].response.status, detail.attempts[0].response.body],
                   ['response', 200, 'ok']);
  assert.equal(detail.attempts[0].request.body, deliveredTo('all').find(
    (request) => request.headers['webhook-id'] === deliveryId).body.toString('utf8'));
  const shown = JSON.stringify(detail);
  assert.ok(!shown.includes(webhooks.all.token) && !shown.includes(webhooks.all.secrets[0]), 'no token, no secret');
});

test('lists filter and search', async () => {
  const search = { event: 'missed_call', since: started, until: '2100-01-01T00:00:00Z', q: '123456' };
  const query = { ...search, status: 'delivered' };
  assert.equal((await allPages('listWebhookDeliveries', ofWebhook('all', { query }))).length, 1);
  const ofOne = { query: { ...query, webhook_id: webhooks.all.id } };
  assert.equal((await allPages('listDeliveries', manager(ofOne)))[0].id, deliveryId);
  assert.equal((await allPages('listDeliveries', { key: keys.stranger.key, ...ofOne })).length, 0);
  const ofTeam = { query: { ...query, team_id: 'team_001' } };
  assert.ok((await allPages('listDeliveries', admin(ofTeam))).some((delivery) => delivery.id === deliveryId));
  assert.deepEqual((await allPages('listEvents', manager({ query: search }))).map((event) => event.id), [eventId]);
  assert.equal((await allPages('listEvents', admin({ query: { ...search, team_id: 'team_002' } }))).length, 0);
  const event = await api.call('getEvent', 200, manager({ path: { id: eventId } }));
  assert.ok(event.deliveries.some((delivery) => delivery.id === deliveryId));
  assert.deepEqual(event.payload, samples.missed_call);
});

test('tests of a webhook answer what came back', async () => {
  for (const event of Object.keys(samples)) {
    const result = await api.call('testWebhook', 200, ofWebhook('all', { json: { event } }));
    assert.deepEqual([result.response.status, result.response.body, result.error], [200, 'ok', null]);
    const request = deliveredTo('all').find((each) => each.headers['webhook-id'] === result.delivery_id);
    assert.equal(request.headers['x-limecall-test'], 'true');
    assert.ok((await api.call('getDelivery', 200, manager({ path: { id: result.delivery_id } }))).test);
  }
  const payload = { ...samples.missed_call, call_id: 'of my own' };
  const own = await api.call('testWebhook', 200, ofWebhook('all', { json: { event: 'missed_call', payload } }));
  assert.deepEqual((await api.call('getDelivery', 200, manager({ path: { id: own.delivery_id } }))).payload, payload);

  await api.call('retryDelivery', 409, manager({ path: { id: own.delivery_id } }));

  const refused = await api.call('testWebhook', 200, ofWebhook('failing', { json: { event: 'missed_call' } }));
  assert.equal(refused.response.status, 500);
  assert.ok(refused.error);
});

test('previews show what would be sent', async () => {
  const payloads = [undefined, null, { preset: 'slack' }, { template: { from: '{{caller_number}}', by: '{{agent}}' } },
                    { fields: ['call_id'], content_type: 'application/x-www-form-urlencoded' }];
  const shown = [];
  for (const payload of payloads) {
    const json = { payload, event: 'missed_call', sample: samples.missed_call };
    shown.push(await api.call('previewPayload', 200, { key: keys.read.key, json }));
  }
  assert.deepEqual(JSON.parse(shown[0].body), samples.missed_call);
  assert.equal(shown[3].body, '{"from":"+1234567890","by":null}');
  assert.deepEqual(shown[3].notes, ['The event lacks agent.']);
  assert.equal(shown[4].body, 'call_id=123456');

  const template = payloads[3];
  await createWebhook('templated', { events: ['missed_call'], payload: template, enabled: false });
  assert.deepEqual((await api.call('getWebhook', 200, ofWebhook('templated'))).payload, template);
  const json = { event: 'missed_call' };
  assert.deepEqual(await api.call('previewWebhook', 200, ofWebhook('templated', { json })), shown[3]);
  const tested = await api.call('testWebhook', 200, ofWebhook('templated', { json }));
  const { note, payload } = await api.call('getDelivery', 200, manager({ path: { id: tested.delivery_id } }));
  assert.deepEqual([note, JSON.stringify(payload)], [shown[3].notes[0], shown[3].body]);
});

test('a receiver that is not there is no error of a test', async () => {
  const gone = await Receiver.start();
  gone.close();
  await createWebhook('nowhere', { url: gone.url, events: ['sms_sent'] });
  const result = await api.call('testWebhook', 200, ofWebhook('nowhere', { json: { event: 'sms_sent' } }));
  assert.equal(result.response, null);
  assert.ok(result.error);
  const { attempts } = await api.call('getDelivery', 200, manager({ path: { id: result.delivery_id } }));
  assert.deepEqual([attempts[0].outcome, attempts[0].response], ['connect_failed', null]);
});

test('public keys: shown without a key to those who know the webhook', async () => {
  const created = await createWebhook('asymmetric', {
    events: ['sms_sent'], signatures: ['v1', 'v1a'], signature_header: 'X-Acme-Signature',
    oauth: { token_url: receiverUrl('/status/400/token'), client_id: 'me', client_secret: 's3cret', scope: 'a' },
  });
  const shown = await api.call('getPublicKey', 200, { path: { id: created.id } });
  assert.equal(shown.public_key, created.public_key);
  await api.call('getPublicKey', 404, { path: { id: webhooks.all.id } });
  const plain = await api.call('changeWebhook', 200, ofWebhook('asymmetric', { json: { signatures: null, oauth: null } }));
  assert.deepEqual([plain.signatures, plain.public_key, plain.oauth], [['v1'], null, null]);
  await api.call('deleteWebhook', 204, ofWebhook('asymmetric'));
});

test('secrets: show, rotate with and without overlap', async () => {
  await createWebhook('rotating', { path: '/rotating/overlap', events: ['sms_sent'] });
  const [old] = webhooks.rotating.secrets;
  assert.equal((await api.call('getSecret', 200, ofWebhook('rotating'))).secret, old);
  const rotated = await api.call('rotateSecret', 200, ofWebhook('rotating', { json: { overlap_seconds: 3600 } }));
  assert.notEqual(rotated.secret, old);
  assert.ok(Date.parse(rotated.previous_secret_expires_at) > Date.now());
  assert.ok((await api.call('getWebhook', 200, ofWebhook('rotating'))).previous_secret_expires_at);
  webhooks.rotating.secrets = [rotated.secret, old];
  await api.call('testWebhook', 200, ofWebhook('rotating', { json: { event: 'sms_sent' } }));

  await createWebhook('rotated', { events: ['sms_sent'] });
  const byDefault = await api.call('rotateSecret', 200, ofWebhook('rotated'));
  assert.ok(byDefault.previous_secret_expires_at, 'by default it overlaps');
  const atOnce = await api.call('rotateSecret', 200, ofWebhook('rotated', { json: { overlap_seconds: 0 } }));
  assert.equal(atOnce.previous_secret_expires_at, null);
  webhooks.rotated.secrets = [atOnce.secret];
  assert.deepEqual(await api.call('getSecret', 200, ofWebhook('rotated')),
                   { secret: atOnce.secret, token: webhooks.rotated.token });
  await api.call('testWebhook', 200, ofWebhook('rotated', { json: { event: 'sms_sent' } }));
});

test('polling: a page, the end of the list, no place to wait, a disabled webhook', async () => {
  const page = await api.call('pollEvents', 200, ofWebhook('all', { query: { limit: 1 } }));
  assert.equal(page.data.length, 1);
  const polled = await api.call('createWebhook', 201, manager({ json: { name: 'polled', mode: 'poll' } }));
  assert.equal(polled.url, null);
  const path = { id: polled.id };
  const { next_cursor: after } = await api.call('pollEvents', 200, manager({ path }));
  const end = await api.call('pollEvents', 200, manager({ path, query: { after } }));
  assert.deepEqual(end, { data: [], next_cursor: after });
  await api.call('testWebhook', 409, manager({ path, json: { event: 'missed_call' } }));
  const waiting = Array.from({ length: 20 }, () => api.call('pollEvents', 409, manager({ path, query: { wait: 30 } })));
  await until('20 requests wait', async () => /^limehook_polls_waiting 20$/m.test(await api.call('getMetrics', 200)));
  await api.call('pollEvents', 429, manager({ path, query: { wait: 30 } }));
  await api.call('disableWebhook', 200, manager({ path }));
  await Promise.all(waiting);
  await api.call('deleteWebhook', 204, manager({ path }));
});

test('failed deliveries: schedule, retry, recover', async () => {
  const failed = await until('the schedule is exhausted', async () => {
    const query = { status: 'failed', event: 'missed_call' };
    const { data } = await api.call('listWebhookDeliveries', 200, ofWebhook('failing', { query }));
    return data.find((delivery) => !delivery.test);
  });
  assert.deepEqual([failed.attempt_count, failed.response_status, failed.next_attempt_at], [2, 500, null]);
  assert.ok(failed.error);
  const retried = await api.call('retryDelivery', 202, manager({ path: { id: failed.id } }));
  assert.equal(retried.id, failed.id);
  await until('it failed again', async () => {
    const now = await api.call('getDelivery', 200, manager({ path: { id: failed.id } }));
    return now.attempt_count > failed.attempt_count && now.status === 'failed';
  });

  const recovery = await api.call('startRecovery', 202, ofWebhook('failing', { json: { since: started } }));
  assert.deepEqual([recovery.status, recovery.webhook_id], ['failed', webhooks.failing.id]);
  recoveryId = recovery.id;
  const done = await recovered(recovery.id);
  assert.ok(done.redelivered >= 1 && done.examined >= done.redelivered);
  assert.equal(done.progress, 1);
  assert.equal((await api.call('cancelRecovery', 200, manager({ path: { id: recovery.id } }))).state, 'done');
  const filters = { event: ['missed_call'], q: '+1234567890', http_status: 503, outcome: 'response' };
  const filtered = await api.call('startRecovery', 202, ofWebhook('failing', { json: filters }));
  assert.equal((await recovered(filtered.id)).redelivered, 0);
  const { event, q, http_status, outcome } = filtered;
  assert.deepEqual({ event, q, http_status, outcome }, filters);
  const { data } = await api.call('listRecoveries', 200, ofWebhook('failing'));
  assert.deepEqual(data.map((each) => each.id), [filtered.id, recovery.id]);
});

const recovered = (id) => until('the recovery is done', async () => {
  const now = await api.call('getRecovery', 200, manager({ path: { id } }));
  return now.state === 'done' && now;
});

test('one that waits is skipped, one that has ended is not', async () => {
  await createWebhook('queued', {
    path: '/status/500/queued', events: ['incoming_call'], retry_schedule: [3600], ordered: 'webhook',
  });
  const { data } = await api.call('sendEvents', 202, manager({ json: Array(2).fill(samples.incoming_call) }));
  const { blocked_by: block } = await until('the second waits for the first', async () => {
    const webhook = await api.call('getWebhook', 200, ofWebhook('queued'));
    return webhook.blocked_by && webhook;
  });
  const first = manager({ path: { id: block.delivery_id } });
  const skipped = await api.call('skipDelivery', 200, first);
  assert.deepEqual([skipped.status, skipped.event_id, skipped.next_attempt_at], ['canceled', data[0].id, null]);
  await api.call('skipDelivery', 409, first);
  await until('the second has had its turn', () => deliveredTo('queued').length === 2);
  await api.call('deleteWebhook', 204, ofWebhook('queued'));
});

test('how webhooks fare: shown, and told to those who ask for it', async () => {
  const types = Object.keys(samples).filter((name) => name.includes('.'));
  await createWebhook('operations', { events: types });
  const told = (type) => until(type, () =>
    deliveredTo('operations').find((request) => request.headers['x-limecall-event'] === type));

  const json = samples.call_status_update;
  await createWebhook('leaver', { path: '/status/410/leaver', events: ['call_status_update'] });
  await createWebhook('brief', { path: '/status/503/brief', events: ['call_status_update'], retry_schedule: [1] });
  await api.call('sendEvent', 202, manager({ json }));
  await told('webhook.disabled');
  await told('delivery.exhausted');
  await api.call('deleteWebhook', 204, ofWebhook('brief'));

  const settings = { events: ['call_status_update'], retry_schedule: [3600] };
  await createWebhook('flaky', { path: '/status/500/flaky', ...settings });
  await api.call('sendEvents', 202, manager({ json: Array(10).fill(json) }));
  await told('webhook.failing');
  const failing = await api.call('getWebhook', 200, ofWebhook('flaky'));
  assert.equal(failing.backlog, 10);
  assert.ok(failing.breaker.failures_in_a_row >= 10 && failing.failing_since);
  assert.notEqual(failing.breaker.state, 'closed');
  await api.call('changeWebhook', 200, ofWebhook('flaky', { json: { url: receiverUrl('/mended') } }));
  webhooks.mended = { ...webhooks.flaky, path: '/mended' };
  const { data: [waiting] } = await api.call('listWebhookDeliveries', 200, ofWebhook('flaky'));
  await api.call('retryDelivery', 202, manager({ path: { id: waiting.id } }));
  await told('webhook.recovered');
  const mended = await api.call('getWebhook', 200, ofWebhook('flaky'));
  assert.deepEqual([mended.breaker, mended.failing_since],
                   [{ state: 'closed', failures_in_a_row: 0, next_probe_at: null }, null]);
  await api.call('deleteWebhook', 204, ofWebhook('flaky'));
});

test('missed events: recovered after enabling, refused before', async () => {
  const json = { since: started, until: new Date(Date.now() + 1000).toISOString(), status: 'missing' };
  await api.call('startRecovery', 409, ofWebhook('late', { json }));
  await api.call('enableWebhook', 200, ofWebhook('late'));
  const { id } = await api.call('startRecovery', 202, ofWebhook('late', { json }));
  assert.equal((await recovered(id)).redelivered, 2);
  await until('webhooks.late has what it missed', () => deliveredTo('late').length === 2);
});

test('nothing is retried to a disabled or deleted webhook', async () => {
  await createWebhook('leaving', { path: '/status/503/leaving', events: ['incoming_call'], retry_schedule: [3600] });
  await api.call('sendEvent', 202, manager({ json: samples.incoming_call }));
  const { data: [delivery] } = await until('the delivery waits', async () => {
    const page = await api.call('listWebhookDeliveries', 200, ofWebhook('leaving', { query: { status: 'retrying' } }));
    return page.data.length && page;
  });
  assert.ok(delivery.next_attempt_at);
  const retry = manager({ path: { id: delivery.id } });
  await api.call('disableWebhook', 200, ofWebhook('leaving'));
  await api.call('retryDelivery', 409, retry);
  await until('the waiting delivery is canceled', async () =>
    (await api.call('getDelivery', 200, retry)).status === 'canceled');
  await api.call('deleteWebhook', 204, ofWebhook('leaving'));
  await api.call('retryDelivery', 409, retry);
});

test('statistics count what happened', async () => {
  const query = { since: started, until: new Date(Date.now() + 60_000).toISOString() };
  const whole = await until('the counts are in', async () => {
    const stats = await api.call('getStats', 200, admin({ query }));
    return stats.totals.delivered > 0 && stats.totals.attempts_failed > 0 && stats;
  });
  assert.ok(whole.totals.success_rate > 0 && whole.totals.success_rate < 1);
  assert.ok(whole.series.length > 0);
  await api.call('getStats', 200, manager());
  const one = await api.call('getWebhookStats', 200, ofWebhook('all', { query }));
  assert.ok(one.totals.delivered > 0);
  assert.equal(one.backlog, 0);
  const before = { query: { until: '2020-01-01T00:00:00Z' } };
  const none = await api.call('getWebhookStats', 200, ofWebhook('nowhere', before));
  assert.deepEqual([none.totals.success_rate, none.totals.latency_ms], [null, null]);
});

// ---- what every operation refuses ------------------------------------------------------------------------------

// A right request for each operation that needs a path or a body, as an admin may make it.
const rightRequests = () => ({
  sendEvent: { json: samples.missed_call },
  sendEvents: { json: [samples.missed_call] },
  getEvent: { path: { id: eventId } },
  createWebhook: { json: { name: 'new', url: receiverUrl('/new'), team_id: 'team_001' } },
  changeWebhook: { json: { name: 'changed' } },
  previewPayload: { json: { event: 'missed_call' } },
  previewWebhook: { json: { event: 'missed_call' } },
  testWebhook: { json: { event: 'missed_call' } },
  rotateSecret: { json: { overlap_seconds: 0 } },
  startRecovery: { json: { since: started } },
  getDelivery: { path: { id: deliveryId } },
  retryDelivery: { path: { id: deliveryId } },
  skipDelivery: { path: { id: deliveryId } },
  getRecovery: { path: { id: recoveryId } },
  cancelRecovery: { path: { id: recoveryId } },
  createNumber: { json: { number: '+15550003333', team_id: 'team_001' } },
  getNumber: { path: { id: numberId } },
  changeNumber: { path: { id: numberId }, json: { name: 'changed' } },
  deleteNumber: { path: { id: numberId } },
  createKey: { json: { name: 'new', role: 'ingest' } },
  deleteKey: { path: { id: keys.read.id } },
});

const rightRequest = (operation) => {
  const request = { ...rightRequests()[operation.id] };
  if (operation.path.startsWith('/v1/webhooks/{id}')) request.path = { id: webhooks.all.id };
  return request;
};

const documenting = (status) => api.operations.filter((operation) => operation.statuses.includes(String(status)));

test('401: no key, an unknown key', async () => {
  for (const [index, operation] of documenting(401).entries()) {
    const headers = { ...rightRequest(operation).headers, 'x-forwarded-for': `2001:db8:${index}::1` };
    await api.call(operation.id, 401, { ...rightRequest(operation), headers });
    await api.call(operation.id, 401, { ...rightRequest(operation), headers, key: 'lh_not_a_key' });
  }
  const open = api.operations.filter((operation) => !operation.statuses.includes('401'));
  assert.deepEqual(open.filter((operation) => operation.roles), [], 'whatever needs a key documents 401');
});

test('403: roles that an operation does not name', async () => {
  for (const operation of documenting(403)) {
    const outside = ['manage', 'read', 'ingest'].filter((role) => !operation.roles.includes(role));
    assert.ok(outside.length > 0, operation.name);
    for (const role of outside) await api.call(operation.id, 403, { ...rightRequest(operation), key: keys[role].key });
  }
});

test('404: unknown ids, ids of another team', async () => {
  for (const operation of documenting(404)) {
    const request = rightRequest(operation);
    await api.call(operation.id, 404, admin({ ...request, path: { id: 'no_such_id' } }));
    const [prefix] = request.path.id.match(/^[a-z]+_/);
    await api.call(operation.id, 404, admin({ ...request, path: { id: `${prefix}0000000000001` } }));
    if (operation.roles?.includes('manage')) {
      await api.call(operation.id, 404, { ...request, key: keys.stranger.key });
    }
  }
});

test('400: a body that is not JSON', async () => {
  for (const operation of documenting(400)) {
    await api.call(operation.id, 400, admin({ ...rightRequest(operation), json: undefined, text: '{"event":' }));
  }
});

test('415: a body of another type', async () => {
  for (const operation of documenting(415)) {
    await api.call(operation.id, 415, admin({ ...rightRequest(operation), type: 'text/plain' }));
  }
});

test('413: a body that is too large', async () => {
  for (const operation of documenting(413)) {
    const filler = 'x'.repeat(operation.id === 'sendEvents' ? BATCH_BYTES_MAX : EVENT_BYTES_MAX);
    const request = { ...rightRequest(operation), json: [{ ...samples.missed_call, filler }] };
    await api.call(operation.id, 413, admin(request));
  }
});

test('422: a body with wrong members', async () => {
  for (const operation of documenting(422).filter((each) => each.requestTypes.length > 0)) {
    await api.call(operation.id, 422, admin({ ...rightRequest(operation), json: { no_such_member: 1 } }));
  }
  await api.call('sendEvents', 422, admin({ json: [] }));
  await api.call('sendEvents', 422, admin({ json: Array(1001).fill(samples.incoming_call) }));
});

test('422 names each wrong member', async () => {
  const pointers = async (id, options) =>
    (await api.call(id, 422, options)).errors.map((error) => error.pointer).sort();
  const event = { ...samples.missed_call, caller_number: '12', timestamp: 'now' };
  assert.deepEqual(await pointers('sendEvent', admin({ json: event })), ['/caller_number', '/timestamp']);
  const webhook = { name: 'new', url: 'ftp://example.com/', timeout_ms: 1, no: 1 };
  assert.deepEqual(await pointers('createWebhook', manager({ json: webhook })), ['/no', '/timeout_ms', '/url']);
  const key = { name: 'without a team', role: 'manage' };
  assert.deepEqual(await pointers('createKey', admin({ json: key })), ['/team_id']);
});

test('422: wrong query parameters', async () => {
  const wrong = { limit: '0', cursor: 'no-cursor', since: 'yesterday', until: '2025-13-01T00:00:00Z', status: 'lost',
                  event: 'no_event', after: 'no-cursor', wait: '31' };
  for (const operation of documenting(422).filter((each) => each.method === 'GET')) {
    for (const { name } of operation.parameters.filter((parameter) => wrong[parameter.name])) {
      const request = { ...rightRequest(operation), query: { [name]: wrong[name] } };
      const { errors } = await api.call(operation.id, 422, admin(request));
      assert.deepEqual(errors.map((error) => error.pointer), [`/${name}`], `${operation.name}?${name}`);
    }
  }
});

// One request per second may pass: after one that did, there is time for some that do not.
test('429: more requests than the operator allows', async () => {
  const limited = await Limehook.start({ args: ['--request-rate', '1'] });
  api.origin = limited.url;
  const key = { authorization: `Bearer ${limited.key}` };
  const callers = { known: { target: '/v1/event-types', headers: key, until: 0 },
                    unknown: { target: '/v1/webhooks/none/public-key', headers: {}, until: 0 } };
  const passes = async ({ target, headers }) => (await exchange(new URL(target, limited.url), { headers })).status !== 429;
  for (const operation of documenting(429)) {
    const caller = operation.roles ? callers.known : callers.unknown;
    if (Date.now() > caller.until) {
      await waitFor(() => passes(caller), 15_000, 'a request to pass');
      caller.until = Date.now() + 700;
    }
    await api.call(operation.id, 429, operation.roles ? admin(rightRequest(operation)) : rightRequest(operation));
  }
  api.origin = server.url;
  await limited.stop();
});

test('405 with Allow, and 404 for paths that do not exist', async () => {
  const problem = (answer) => {
    assert.match(answer.headers['content-type'], /^application\/problem\+json/);
    assert.equal(document.problems('/components/schemas/Problem', JSON.parse(answer.text)), '', answer.text);
  };
  for (const path of Object.keys(document.root.paths)) {
    const methods = api.operations.filter((operation) => operation.path === path).map((operation) => operation.method);
    const url = new URL(path.replace('{id}', webhooks.all.id), server.url);
    const answer = await exchange(url, { method: 'PUT', headers: { authorization: `Bearer ${server.key}` } });
    assert.equal(answer.status, 405, `PUT ${path}`);
    problem(answer);
    const allowed = (answer.headers.allow ?? '').split(/\s*,\s*/);
    for (const method of methods) assert.ok(allowed.includes(method), `Allow of ${path}: ${allowed}`);
  }
  const nowhere = await exchange(new URL('/v1/no-such-path', server.url),
                                 { headers: { authorization: `Bearer ${server.key}` } });
  assert.equal(nowhere.status, 404);
  problem(nowhere);
});

// ---- the whole -------------------------------------------------------------------------------------------------

test('every delivered request is what the webhooks section says', () => {
  const seen = new Set();
  for (const request of receiver.requests) {
    const webhook = Object.values(webhooks).find((each) => each.path === request.target);
    assert.ok(webhook, `a request to ${request.target}`);
    checkDelivered(document, webhook, request);
    seen.add(request.headers['x-limecall-event']);
  }
  assert.deepEqual([...seen].sort(), Object.keys(document.root.webhooks).sort(), 'each event type was delivered');
  assert.deepEqual(JSON.parse(deliveredTo('detailed')[0].body), { from: '+1234567890', what: 'voicemail_received' });
  assert.equal(deliveredTo('detailed')[0].headers['x-environment'], 'test');
});

test('every documented answer was seen', () => {
  const unseen = api.unseen();
  assert.deepEqual(unseen.filter((answer) => !NOT_PROVOKED.some((exception) => exception.answer.test(answer))), []);
  for (const exception of NOT_PROVOKED) {
    assert.ok(unseen.some((answer) => exception.answer.test(answer)), `not needed any more: ${exception.reason}`);
  }
});
