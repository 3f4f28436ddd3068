// Part of openapi.test.mjs: what every operation refuses, to whom and how.

import assert from 'node:assert/strict';

import { goodPassword as password, serverWithAdmin } from '../../e2e/support/session.mjs';
import { test } from '../../e2e/support/test.mjs';
import { waitFor } from '../../e2e/support/wait.mjs';
import { exchange } from '../lib/api.mjs';
import {
  admin, api, document, keys, known, manager, people, person, portals, receiverUrl, server, started, webhooks,
} from '../lib/world.mjs';

const EVENT_BYTES_MAX = 256 * 1024;
const SHAPED_BYTES_MAX = 512 * 1024;
const BATCH_BYTES_MAX = 5 * 1024 * 1024;

// A right request for each operation that needs a path or a body, as an admin may make it.
const rightRequests = () => ({
  sendEvent: { json: known.samples.missed_call },
  sendEvents: { json: [known.samples.missed_call] },
  getEvent: { path: { id: known.eventId } },
  createWebhook: { json: { name: 'new', url: receiverUrl('/new'), team_id: 'team_001' } },
  changeWebhook: { json: { name: 'changed' } },
  previewPayload: { json: { event: 'missed_call' } },
  previewWebhook: { json: { event: 'missed_call' } },
  testWebhook: { json: { event: 'missed_call' } },
  rotateSecret: { json: { overlap_seconds: 0 } },
  startRecovery: { json: { since: started } },
  getDelivery: { path: { id: known.deliveryId } },
  retryDelivery: { path: { id: known.deliveryId } },
  skipDelivery: { path: { id: known.deliveryId } },
  getRecovery: { path: { id: known.recoveryId } },
  cancelRecovery: { path: { id: known.recoveryId } },
  createTestReceiver: { json: { status: 200 } },
  getTestReceiver: { path: { id: known.testReceiverId } },
  changeTestReceiver: { path: { id: known.testReceiverId }, json: { status: 200 } },
  deleteTestReceiver: { path: { id: known.testReceiverId } },
  receiveTest: { path: { id: known.testReceiverId }, json: {} },
  createNumber: { json: { number: '+15550003333', team_id: 'team_001' } },
  getNumber: { path: { id: known.numberId } },
  changeNumber: { path: { id: known.numberId }, json: { name: 'changed' } },
  deleteNumber: { path: { id: known.numberId } },
  createKey: { json: { name: 'new', role: 'ingest' } },
  getKey: { path: { id: keys.read.id } },
  changeKey: { path: { id: keys.read.id }, json: { name: 'changed' } },
  deleteKey: { path: { id: keys.read.id } },
  createTeam: { json: { name: 'new' } },
  changeTeam: { json: { name: 'changed' } },
  openPortal: { json: { token: 'lhl_none' } },
  setUp: { json: { token: 'lhl_none', email: 'new@example.com', password } },
  lookAtLink: { json: { token: 'lhl_none' } },
  signIn: { json: { email: 'new@example.com', password } },
  changePassword: { json: { current_password: password, new_password: password } },
  beginTotp: { json: { password } },
  finishTotp: { json: { code: '000000' } },
  endTotp: { json: { password, code: '000000' } },
  endSession: { path: { id: known.sessionId } },
  requestPasswordReset: { json: { email: 'new@example.com' } },
  completePasswordReset: { json: { token: 'lhl_none', password } },
  changeUser: { json: { name: 'changed' } },
  createInvitation: { json: { email: 'new@example.com', role: 'read', team_id: 'team_001' } },
  deleteInvitation: { path: { id: known.invitationId } },
  acceptInvitation: { json: { token: 'lhl_none', password } },
});

const rightRequest = (operation) => {
  const request = { ...rightRequests()[operation.id] };
  const parents = { webhooks: webhooks.all.id, teams: 'team_001', users: people.reader.id };
  const [, parent] = operation.path.match(/^\/v1\/(\w+)\/\{id\}/) ?? [];
  if (parents[parent]) request.path = { id: parents[parent] };
  return request;
};

// The same from somebody who may use the operation.
function allowed(operation, changes = {}) {
  const request = { ...rightRequest(operation), ...changes };
  if (operation.roles) return admin(request);
  return operation.rolesOf('session') ? person('owner', request) : request;
}

const documenting = (status) => api.operations.filter((operation) => operation.statuses.includes(String(status)));

test('401: no key, an unknown key, an unknown session', async () => {
  for (const [index, operation] of documenting(401).filter((each) => !each.open).entries()) {
    const request = { ...rightRequest(operation), headers: { 'x-forwarded-for': `2001:db8:${index}::1` } };
    await api.call(operation.id, 401, request);
    await api.call(operation.id, 401, { ...request, key: 'lh_not_a_key' });
    await api.call(operation.id, 401, { ...request, session: { cookie: 'lhs_none', csrf: 'none' } });
  }
  const needing = api.operations.filter((operation) => !operation.open);
  assert.deepEqual(needing.filter((operation) => !operation.statuses.includes('401')), []);
});

// Who may not use the operation, as options of a call.
function outsiders(operation) {
  const callers = ['admin', 'manage', 'read', 'ingest'].filter((role) => !operation.roles?.includes(role))
    .map((role) => ({ key: keys[role].key }));
  const portal = operation.rolesOf('portal') ?? [];
  callers.push(...['manage', 'read'].filter((role) => !portal.includes(role)).map((role) => ({ key: portals[role] })));
  const session = operation.rolesOf('session');
  if (session.length > 0) callers.push(person('nobody'));
  if (session.length > 0 && !session.includes('read')) callers.push(person('reader'));
  if (session.length > 0 && !session.includes('manage')) callers.push(person('manager'));
  callers.push(person('manager', { team: 'of_others' }));
  if (operation.method !== 'GET') callers.push(person('owner', { csrf: false }));
  return callers;
}

test('403: roles that an operation does not name, no CSRF token, somebody else\'s team', async () => {
  for (const operation of api.operations.filter((each) => !each.open)) {
    for (const caller of outsiders(operation)) await api.call(operation.id, 403, { ...rightRequest(operation), ...caller });
  }
});

test('404: unknown ids, ids of another team', async () => {
  for (const operation of documenting(404).filter((each) => each.path.includes('{id}'))) {
    const request = allowed(operation);
    const [prefix] = request.path.id.match(/^[a-z]+_/);
    for (const id of ['no_such_id', `${prefix}0000000000001`]) {
      // A portal may be the first thing that a team has.
      if (operation.id !== 'createPortalLink') await api.call(operation.id, 404, { ...request, path: { id } });
    }
    const { key, session, ...anonymous } = request;
    if (operation.roles?.includes('manage')) await api.call(operation.id, 404, { ...anonymous, key: keys.stranger.key });
    const roles = operation.rolesOf('session');
    if (roles?.includes('manage') || roles?.length === 0) {
      await api.call(operation.id, 404, person('stranger', anonymous));
    }
  }
});

test('404: links that do not exist', async () => {
  for (const id of ['openPortal', 'lookAtLink', 'completePasswordReset', 'setUp', 'acceptInvitation']) {
    await api.call(id, 404, rightRequests()[id]);
  }
});

test('400: a body that is not JSON', async () => {
  for (const operation of documenting(400)) {
    await api.call(operation.id, 400, allowed(operation, { json: undefined, text: '{"event":' }));
  }
});

test('415: a body of another type', async () => {
  for (const operation of documenting(415)) {
    await api.call(operation.id, 415, allowed(operation, { json: {}, ...rightRequest(operation), type: 'text/plain' }));
  }
});

test('415: a body in another coding', async () => {
  for (const operation of documenting(415)) {
    await api.call(operation.id, 415, allowed(operation, { ...rightRequest(operation), headers: { 'Content-Encoding': 'br' } }));
  }
});

test('413: a body that is too large', async () => {
  for (const operation of documenting(413)) {
    const bytesMax = { sendEvents: BATCH_BYTES_MAX, receiveTest: SHAPED_BYTES_MAX }[operation.id] ?? EVENT_BYTES_MAX;
    const filler = 'x'.repeat(bytesMax);
    await api.call(operation.id, 413, allowed(operation, { json: [{ ...known.samples.missed_call, filler }] }));
  }
});

test('422: a body with wrong members', async () => {
  for (const operation of documenting(422).filter((each) => each.requestTypes.length > 0)) {
    await api.call(operation.id, 422, allowed(operation, { json: { no_such_member: 1 } }));
  }
  await api.call('sendEvents', 422, admin({ json: [] }));
  await api.call('sendEvents', 422, admin({ json: Array(1001).fill(known.samples.incoming_call) }));
});

test('422 names each wrong member', async () => {
  const pointers = async (id, options) =>
    (await api.call(id, 422, options)).errors.map((error) => error.pointer).sort();
  const event = { ...known.samples.missed_call, caller_number: 12, timestamp: 'now' };
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
      const { errors } = await api.call(operation.id, 422, allowed(operation, { query: { [name]: wrong[name] } }));
      assert.deepEqual(errors.map((error) => error.pointer), [`/${name}`], `${operation.name}?${name}`);
    }
  }
});

// Those that look at nothing in a query: what probes and senders put there is theirs.
const TAKES_ANY_QUERY = ['getHealth', 'getReadiness', 'getMetrics', 'getOpenApi', 'receiveTest', 'finishOidc'];

// What a right value of a query parameter is, by its name.
const RIGHT_VALUES = { limit: '1', since: '2025-01-30T15:00:00Z', until: '2025-01-30T16:00:00Z', status: 'failed', event: 'missed_call',
                       wait: '0', health: 'failing', q: '1', action: 'x', actor: 'x', target: 'x', team_id: 'team_001',
                       number: '+1', return_to: '/' };

test('422: query parameters that are unknown, repeated or empty, on every operation', async () => {
  const pointers = async (operation, search) => {
    const { errors } = await api.call(operation.id, 422, allowed(operation, { search }));
    return errors.map((error) => error.pointer);
  };
  for (const operation of api.operations.filter((each) => !TAKES_ANY_QUERY.includes(each.id))) {
    assert.deepEqual(await pointers(operation, '?no_such=1&a%2Fb=2'), ['/no_such', '/a~1b'], operation.name);
    for (const { name } of operation.parameters.filter((parameter) => parameter.in === 'query')) {
      for (const empty of [`?${name}=`, `?${name}`]) assert.deepEqual(await pointers(operation, empty), [`/${name}`], operation.name);
      const value = encodeURIComponent(RIGHT_VALUES[name] ?? 'x');
      const twice = `?${name}=${value}&${name}=${value}`;
      assert.deepEqual(await pointers(operation, twice), [`/${name}`], `${operation.name}${twice}`);
    }
  }
  for (const id of ['getHealth', 'getReadiness', 'getMetrics', 'getOpenApi']) await api.call(id, 200, { search: '?t=1&t=2&empty=' });
  const { id } = await api.call('createTestReceiver', 201, manager({ json: {} }));
  await api.call('receiveTest', 200, { path: { id }, json: {}, search: '?source=phone&source=' });
});

test('times in queries: the plus of an offset may stand as it is', async () => {
  let seen = 0;
  for (const operation of api.operations) {
    for (const { name } of operation.parameters.filter((parameter) => ['since', 'until'].includes(parameter.name))) {
      for (const time of ['2025-01-30T15:00:00+01:00', '2025-01-30T15:00:00%2B01:00', '2025-01-30T15:00:00.5+01:00', '2025-01-30T15:00:00-01:00']) {
        await api.call(operation.id, 200, allowed(operation, { search: `?${name}=${time}` }));
      }
      const { errors } = await api.call(operation.id, 422, allowed(operation, { search: `?${name}=2025-01-30T15:00:00+0100` }));
      assert.deepEqual(errors.map((error) => error.pointer), [`/${name}`]);
      seen += 1;
    }
  }
  assert.ok(seen >= 12);
});

test('cursors are of one list, with its filters, for one team', async () => {
  const lists = api.operations.filter((each) => each.parameters.some((parameter) => parameter.name === 'cursor'));
  const cursors = {};
  for (const operation of lists) {
    const { next_cursor } = await api.call(operation.id, 200, allowed(operation, { query: { limit: 1 } }));
    if (next_cursor !== null) cursors[operation.id] = next_cursor;
  }
  assert.ok(Object.keys(cursors).length >= 8, Object.keys(cursors).join(' '));
  const refuse = async (operation, options, cursor) => {
    const { errors } = await api.call(operation.id, 422, { ...allowed(operation), ...options, query: { ...options.query, cursor } });
    assert.deepEqual(errors.map((error) => error.pointer), ['/cursor'], operation.name);
  };
  for (const operation of lists) {
    for (const [id, cursor] of Object.entries(cursors)) {
      if (id === operation.id) await api.call(id, 200, allowed(operation, { query: { limit: 2, cursor } }));
      else await refuse(operation, {}, cursor);
    }
    await refuse(operation, {}, 'cur_0000000000001');
    await refuse(operation, {}, `${cursors.listEvents}a`);
  }
  await refuse(api.operation('listEvents'), { query: { event: 'missed_call' } }, cursors.listEvents);
  await refuse(api.operation('listEvents'), { key: keys.manage.key }, cursors.listEvents);
  const own = await api.call('listEvents', 200, { key: keys.manage.key, query: { limit: 1 } });
  await refuse(api.operation('listEvents'), { key: keys.stranger.key }, own.next_cursor);
  await api.call('listEvents', 200, { key: keys.read.key, query: { limit: 1, since: started, cursor: own.next_cursor } });
});

test('null is refused where leaving out has a default that is not null', async () => {
  const pointers = async (id, options) => (await api.call(id, 422, options)).errors.map((error) => error.pointer);
  assert.deepEqual(await pointers('createPortalLink', manager({ path: { id: 'team_001' }, json: { role: null } })), ['/role']);
  assert.deepEqual(await pointers('signIn', { json: { email: 'a@example.com', password, code: null } }), ['/code']);
  assert.deepEqual(await pointers('createKey', admin({ json: { name: 'a', role: null } })), ['/role']);
  assert.deepEqual(await pointers('createInvitation', admin({ json: { email: 'a@example.com', role: null, team_id: 'team_001' } })), ['/role']);
  assert.deepEqual(await pointers('rotateSecret', manager({ path: { id: webhooks.all.id }, json: { overlap_seconds: null } })), ['/overlap_seconds']);
  assert.deepEqual(await pointers('startRecovery', manager({ path: { id: webhooks.all.id }, json: { status: null } })), ['/status']);
  assert.deepEqual(await pointers('createTestReceiver', manager({ json: { status: null } })), ['/status']);
  const conditions = (condition) => ({ filters: { conditions: [condition] } });
  for (const condition of [{ field: 'a', op: 'eq', value: ['b'] }, { field: 'a', op: 'in', value: 'b' }, { field: 'a', op: 'gt', value: true },
    { field: 'a', op: 'prefix', value: 1 }, { field: 'a', op: 'exists', value: null }]) {
    assert.deepEqual(await pointers('changeWebhook', manager({ path: { id: webhooks.all.id }, json: conditions(condition) })),
                     ['/filters/conditions/0/value'], JSON.stringify(condition));
    assert.notEqual(document.problems('/components/schemas/FilterCondition', condition), '', 'the document says so too');
  }
});

test('integers may be written with a fraction of zero', async () => {
  const path = { id: webhooks.all.id };
  const changed = await api.call('changeWebhook', 200, manager({ path, text: '{"timeout_ms":15000.0,"max_concurrency":8.0,"retry_schedule":[1.0,2e0]}' }));
  assert.deepEqual([changed.timeout_ms, changed.max_concurrency, changed.retry_schedule], [15000, 8, [1, 2]]);
  await api.call('changeWebhook', 200, manager({ path, json: { retry_schedule: null } }));
  const receiver = await api.call('createTestReceiver', 201, manager({ text: '{"status":202.0,"delay_ms":0.0}' }));
  assert.equal(receiver.status, 202);
  for (const text of ['{"timeout_ms":15000.5}', '{"timeout_ms":"15000"}', '{"timeout_ms":1e300}']) {
    await api.call('changeWebhook', 422, manager({ path, text }));
  }
  for (const limit of ['5.0', '+5', ' 5', '5 ', '0x5', '', '-1', '501']) {
    await api.call('listWebhooks', 422, manager({ search: `?limit=${encodeURIComponent(limit)}` }));
  }
});

test('an Idempotency-Key that says nothing is refused', async () => {
  for (const [id, json] of [['sendEvent', known.samples.missed_call], ['sendEvents', [known.samples.missed_call]]]) {
    for (const key of ['', ' ', 'a b', 'x'.repeat(256)]) {
      await api.call(id, 422, { key: keys.ingest.key, json, headers: { 'idempotency-key': key } });
    }
    await api.call(id, 422, { key: keys.ingest.key, json, headers: { 'idempotency-key': ['a', 'b'] } });
  }
});

// One request per second may pass: after one that did, there is time for some that do not.
test('429: more requests than the operator allows', async () => {
  const { server: limited, admin: { cookie, csrf } } = await serverWithAdmin({ args: ['--request-rate', '1'] });
  const callers = {
    key: { target: '/v1/event-types', headers: { authorization: `Bearer ${limited.key}` }, until: 0 },
    person: { target: '/v1/sessions', headers: { cookie }, until: 0 },
    anybody: { target: '/v1/webhooks/none/public-key', headers: {}, until: 0 },
  };
  const credentials = { key: { key: limited.key }, person: { session: { cookie: cookie.split('=')[1], csrf } }, anybody: {} };
  // What follows such a request within a second is refused.
  const passes = async (caller) => {
    const began = Date.now();
    const { status } = await exchange(new URL(caller.target, limited.url), { headers: caller.headers });
    caller.until = began + 900;
    return status !== 429;
  };
  await api.at(limited.url, async () => {
    for (const operation of documenting(429)) {
      const name = operation.roles ? 'key' : operation.rolesOf('session') ? 'person' : 'anybody';
      const caller = callers[name];
      const refused = () => api.call(operation.id, 429, { ...rightRequest(operation), ...credentials[name] }).then(() => true);
      for (let done = false; !done;) {
        if (Date.now() > caller.until) await waitFor(() => passes(caller), 15_000, 'a request to pass');
        done = await refused().catch((error) => {
          if (Date.now() < caller.until) throw error; // otherwise it came too late to be refused
        });
      }
    }
  });
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
    const method = ['PUT', 'PATCH'].find((each) => !methods.includes(each));
    const answer = await exchange(url, { method, headers: { authorization: `Bearer ${server.key}` } });
    assert.equal(answer.status, 405, `${method} ${path}`);
    problem(answer);
    const allowed = (answer.headers.allow ?? '').split(/\s*,\s*/);
    for (const method of methods) assert.ok(allowed.includes(method), `Allow of ${path}: ${allowed}`);
  }
  // A path of its own is no id of another route, whatever the method.
  for (const [path, allow] of [['/v1/webhooks/preview', 'POST'], ['/v1/invitations/accept', 'POST'], ['/v1/events/batch', 'POST']]) {
    for (const method of ['GET', 'PATCH', 'DELETE', 'OPTIONS', 'PUT']) {
      for (const headers of [{ authorization: `Bearer ${server.key}` }, {}]) {
        const answer = await exchange(new URL(path, server.url), { method, headers });
        assert.deepEqual([answer.status, answer.headers.allow], [405, allow], `${method} ${path}`);
      }
    }
  }
  const nowhere = await exchange(new URL('/v1/no-such-path', server.url),
                                 { headers: { authorization: `Bearer ${server.key}` } });
  assert.equal(nowhere.status, 404);
  problem(nowhere);
});
