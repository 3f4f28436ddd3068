// Part of openapi.test.mjs: events, webhooks, deliveries, numbers and statistics, as their users call them.

import assert from 'node:assert/strict';

import { Receiver } from '../../e2e/support/receiver.mjs';
import { test } from '../../e2e/support/test.mjs';
import {
  admin, allPages, api, createWebhook, deliveredTo, document, keys, known, manager, ofWebhook, receiverUrl, started, until,
  webhooks,
} from '../lib/world.mjs';

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
  known.numberId = number.id;
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
  known.samples = Object.fromEntries(data.map((type) => [type.name, type.sample]));
  assert.deepEqual(Object.keys(known.samples), document.at('/components/schemas/EventType/enum'));
  known.phoneSamples = Object.fromEntries(Object.entries(known.samples).filter(([name]) => !name.includes('.')));
});

test('webhooks: create with every setting, list, get', async () => {
  const all = await createWebhook('all', {});
  assert.deepEqual(all.events, Object.keys(known.phoneSamples), 'those of the phone platform, unless others are named');
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
  const { value: before, headers: { etag } } = await api.exchange('getWebhook', 200, ofWebhook('spare'));
  const json = { name: 'renamed', events: ['sms_sent', 'sms_received'], retry_schedule: [5], headers: null };
  const changed = await api.call('changeWebhook', 200, ofWebhook('spare', { json }));
  assert.deepEqual([changed.name, changed.events.sort(), changed.retry_schedule],
                   ['renamed', ['sms_received', 'sms_sent'], [5]]);
  assert.ok(changed.version > before.version);
  for (const operation of ['changeWebhook', 'disableWebhook', 'enableWebhook', 'rotateSecret', 'deleteWebhook']) {
    const body = operation === 'changeWebhook' ? { json: { name: 'too late' } } : {};
    await api.call(operation, 412, ofWebhook('spare', { ...body, headers: { 'If-Match': etag } }));
  }
  assert.equal((await api.call('disableWebhook', 200, ofWebhook('spare'))).enabled, false);
  assert.equal((await api.call('enableWebhook', 200, ofWebhook('spare'))).enabled, true);
  await api.call('deleteWebhook', 204, ofWebhook('spare'));
  await api.call('getWebhook', 404, ofWebhook('spare'));
});

test('events: one, once more, in batches', async () => {
  const ingest = { key: keys.ingest.key };
  const json = known.samples.missed_call;
  const accepted = await api.call('sendEvent', 202, { ...ingest, json, headers: { 'Idempotency-Key': 'call-1' } });
  assert.equal(accepted.deliveries, 2, 'to webhooks.all and failing; of everyTeam the team is not to know');
  const again = await api.call('sendEvent', 200, { ...ingest, json, headers: { 'Idempotency-Key': 'call-1' } });
  assert.deepEqual(again, { ...accepted, duplicate: true });
  known.eventId = accepted.id;

  const rest = Object.values(known.phoneSamples).filter((sample) => sample !== json);
  const mixed = await api.call('sendEvents', 202, { ...ingest, json: [...rest, { event: 'missed_call' }], lax: true });
  assert.equal(mixed.data.length, rest.length + 1);
  assert.ok(mixed.data.slice(0, -1).every((item) => item.id));
  assert.ok(mixed.data.at(-1).errors.some((error) => error.pointer === '/call_id'));

  const lines = [known.samples.sms_received, known.samples.sms_sent].map((sample) => JSON.stringify(sample) + '\n').join('');
  const ndjson = await api.call('sendEvents', 202, { ...ingest, text: lines, type: 'application/x-ndjson' });
  assert.equal(ndjson.data.length, 2);

  const calls = [known.samples.incoming_call, known.samples.call_status_update];
  const batch = { ...ingest, json: calls, headers: { 'Idempotency-Key': 'batch-1' } };
  const first = await api.call('sendEvents', 202, batch);
  const second = await api.call('sendEvents', 202, batch);
  assert.deepEqual(second.data, first.data.map((item) => ({ ...item, duplicate: true })));

  await api.call('sendEvent', 403, { ...ingest, json: { ...json, team_id: 'team_002' } });
  await api.call('sendEvent', 422, { ...ingest, json, headers: { 'Idempotency-Key': 'k'.repeat(256) } });
  const { errors } = await api.call('sendEvent', 422, { ...ingest, json: known.samples['webhook.disabled'] });
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
  const [first] = log.filter((entry) => entry.event_id === known.eventId);
  known.deliveryId = first.id;
  const detail = await api.call('getDelivery', 200, manager({ path: { id: known.deliveryId } }));
  assert.deepEqual(detail.payload, known.samples.missed_call);
  assert.equal(detail.attempts.length, detail.attempt_count);
  assert.deepEqual([detail.attempts[0].outcome, detail.attempts[0].response.status, detail.attempts[0].response.body],
                   ['response', 200, 'ok']);
  assert.equal(detail.attempts[0].request.body, deliveredTo('all').find(
    (request) => request.headers['webhook-id'] === known.deliveryId).body.toString('utf8'));
  const shown = JSON.stringify(detail);
  assert.ok(!shown.includes(webhooks.all.token) && !shown.includes(webhooks.all.secrets[0]), 'no token, no secret');
});

test('lists filter and search', async () => {
  const search = { event: 'missed_call', since: started, until: '2100-01-01T00:00:00Z', q: '123456' };
  const query = { ...search, status: 'delivered' };
  assert.equal((await allPages('listWebhookDeliveries', ofWebhook('all', { query }))).length, 1);
  const ofOne = { query: { ...query, webhook_id: webhooks.all.id } };
  assert.equal((await allPages('listDeliveries', manager(ofOne)))[0].id, known.deliveryId);
  assert.equal((await allPages('listDeliveries', { key: keys.stranger.key, ...ofOne })).length, 0);
  const ofTeam = { query: { ...query, team_id: 'team_001' } };
  assert.ok((await allPages('listDeliveries', admin(ofTeam))).some((delivery) => delivery.id === known.deliveryId));
  assert.deepEqual((await allPages('listEvents', manager({ query: search }))).map((event) => event.id), [known.eventId]);
  assert.equal((await allPages('listEvents', admin({ query: { ...search, team_id: 'team_002' } }))).length, 0);
  const event = await api.call('getEvent', 200, manager({ path: { id: known.eventId } }));
  assert.ok(event.deliveries.some((delivery) => delivery.id === known.deliveryId));
  assert.deepEqual(event.payload, known.samples.missed_call);
});

test('tests of a webhook answer what came back', async () => {
  for (const event of Object.keys(known.samples)) {
    const result = await api.call('testWebhook', 200, ofWebhook('all', { json: { event } }));
    assert.deepEqual([result.response.status, result.response.body, result.error], [200, 'ok', null]);
    const request = deliveredTo('all').find((each) => each.headers['webhook-id'] === result.delivery_id);
    assert.equal(request.headers['x-limecall-test'], 'true');
    assert.ok((await api.call('getDelivery', 200, manager({ path: { id: result.delivery_id } }))).test);
  }
  const payload = { ...known.samples.missed_call, call_id: 'of my own' };
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
    const json = { payload, event: 'missed_call', sample: known.samples.missed_call };
    shown.push(await api.call('previewPayload', 200, { key: keys.read.key, json }));
  }
  assert.deepEqual(JSON.parse(shown[0].body), known.samples.missed_call);
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
  const [first] = webhooks.rotated.secrets;
  const byDefault = await api.call('rotateSecret', 200, ofWebhook('rotated'));
  assert.ok(byDefault.previous_secret_expires_at, 'by default it overlaps');
  const atOnce = await api.call('rotateSecret', 200, ofWebhook('rotated', { json: { overlap_seconds: 0 } }));
  assert.equal(atOnce.previous_secret_expires_at, null);
  webhooks.rotated.secrets = [atOnce.secret, first];
  const { previous_secrets: signing, ...shown } = await api.call('getSecret', 200, ofWebhook('rotated'));
  assert.deepEqual(shown, { secret: atOnce.secret, token: webhooks.rotated.token });
  assert.deepEqual(signing, [{ expires_at: byDefault.previous_secret_expires_at }], 'what was promised an overlap has it');
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
  known.recoveryId = recovery.id;
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
  const { data } = await api.call('sendEvents', 202, manager({ json: Array(2).fill(known.samples.incoming_call) }));
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
  const types = Object.keys(known.samples).filter((name) => name.includes('.'));
  await createWebhook('operations', { events: types });
  const told = (type) => until(type, () =>
    deliveredTo('operations').find((request) => request.headers['x-limecall-event'] === type));

  const json = known.samples.call_status_update;
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
  assert.equal((await api.call('startRecovery', 200, ofWebhook('late', { json: { ...json, dry_run: true } }))).would_redeliver, 2);
  await api.call('enableWebhook', 200, ofWebhook('late'));
  const { id } = await api.call('startRecovery', 202, ofWebhook('late', { json }));
  assert.equal((await recovered(id)).redelivered, 2);
  await until('webhooks.late has what it missed', () => deliveredTo('late').length === 2);
});

test('nothing is retried to a disabled or deleted webhook', async () => {
  await createWebhook('leaving', { path: '/status/503/leaving', events: ['incoming_call'], retry_schedule: [3600] });
  await api.call('sendEvent', 202, manager({ json: known.samples.incoming_call }));
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

test('updates begin with a greeting', async () => {
  for (const caller of [admin(), manager()]) assert.match(await api.call('getUpdates', 200, caller), /^retry: \d+\nevent: hello\ndata: \{"version":"[^"]+"\}\n\n/);
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
