// Part of openapi.test.mjs: keys that people make, teams, portals, and the audit log of all that.

import assert from 'node:assert/strict';

import { goodPassword as password, tokenOf } from '../../e2e/support/session.mjs';
import { test } from '../../e2e/support/test.mjs';
import { exchange } from '../lib/api.mjs';
import { admin, allPages, api, keys, known, manager, ofWebhook, people, person, portals, server, started, webhooks } from '../lib/world.mjs';

const hour = 3_600_000;
const inAnHour = () => new Date(Date.now() + hour).toISOString();

test('keys: of people who manage a team, renamed, used, expired', async () => {
  const json = { name: 'of my own', role: 'ingest', expires_at: inAnHour() };
  const key = await api.call('createKey', 201, person('manager', { json }));
  assert.deepEqual([key.team_id, Date.parse(key.expires_at), key.last_used_at],
                   ['team_001', Date.parse(json.expires_at), null]);
  await api.call('listEventTypes', 200, { key: key.key });
  const path = { id: key.id };
  assert.ok((await api.call('getKey', 200, person('manager', { path }))).last_used_at);
  const changed = await api.call('changeKey', 200, person('manager', { path, json: { name: 'renamed', expires_at: null } }));
  assert.deepEqual([changed.name, changed.expires_at], ['renamed', null]);
  await api.call('createKey', 403, person('manager', { json: { ...json, team_id: 'team_002' } }));
  await api.call('createKey', 403, person('manager', { json: { name: 'all', role: 'admin' } }));
  const { errors } = await api.call('createKey', 422, admin({ json: { ...json, expires_at: '2020-01-01T00:00:00Z' } }));
  assert.deepEqual(errors.map((error) => error.pointer), ['/expires_at']);
  const { data } = await api.call('listKeys', 200, person('manager'));
  assert.deepEqual([...new Set(data.map((each) => each.team_id))], ['team_001']);
  assert.ok((await allPages('listKeys', admin())).length > data.length);
  await api.call('deleteKey', 204, person('manager', { path }));
});

test('teams: created, named, listed, deleted', async () => {
  const made = await api.exchange('createTeam', 201, admin({ json: { id: 'team:a+b', name: 'A' } }));
  assert.equal(made.headers.location, '/v1/teams/team%3Aa%2Bb');
  const path = { id: made.value.id };
  assert.equal((await api.call('getTeam', 200, admin({ path }))).name, 'A', 'under its percent-encoded id');
  const { errors } = await api.call('createTeam', 409, admin({ json: { id: made.value.id, name: 'B' } }));
  assert.deepEqual(errors.map((error) => error.pointer), ['/id']);
  const { id } = await api.call('createTeam', 201, admin({ json: { name: 'Without an id' } }));
  assert.match(id, /^team_/);
  const named = await api.call('changeTeam', 200, manager({ path: { id: 'team_001' }, json: { name: 'First' } }));
  assert.deepEqual([named.name, named.id], ['First', 'team_001']);
  const listed = await allPages('listTeams', admin());
  assert.deepEqual(listed.map((team) => team.id), [made.value.id, 'team_001', 'team_002', id].sort());
  assert.equal(listed.find((team) => team.id === 'team_002').created_at, null, 'nobody has made it');
  assert.deepEqual((await api.call('listTeams', 200, { key: keys.read.key })).data, [named]);
  await api.call('deleteTeam', 409, admin({ path: { id: 'team_001' } }));
  await api.call('deleteTeam', 204, admin({ path }));
  await api.call('deleteTeam', 204, admin({ path: { id } }));
});

test('portals: a link opens one, once', async () => {
  for (const role of ['manage', 'read']) {
    const options = manager({ path: { id: 'team_001' }, ...(role === 'read' ? { json: { role } } : {}) });
    const link = await api.call('createPortalLink', 201, options);
    assert.deepEqual([link.url, link.team_id, link.role], [`${server.url}/portal#${link.token}`, 'team_001', role]);
    const json = { token: link.token };
    assert.equal((await api.call('lookAtLink', 200, { json })).kind, 'portal');
    const portal = await api.call('openPortal', 201, { json });
    assert.deepEqual([portal.team_id, portal.role], ['team_001', role]);
    await api.call('openPortal', 404, { json });
    portals[role] = portal.token;
  }
  const { kind, role, team_id } = await api.call('getSession', 200, { key: portals.read });
  assert.deepEqual([kind, role, team_id], ['portal', 'read', 'team_001']);
  const { data } = await api.call('listWebhooks', 200, { key: portals.read });
  assert.ok(data.length > 0 && data.every((webhook) => webhook.team_id === 'team_001'));
  const renamed = await api.call('changeWebhook', 200, { ...ofWebhook('late'), key: portals.manage, json: { name: 'by portal' } });
  assert.equal(renamed.name, 'by portal');
  await api.call('createPortalLink', 201, admin({ path: { id: 'nobody_has_this_team_yet' } }));
  await api.call('createPortalLink', 404, admin({ path: { id: 't'.repeat(129) } }));
});

test('the audit log tells who changed what, and no secret', async () => {
  const { data } = await api.call('listAudit', 200, admin({ query: { action: 'webhook.', target: webhooks.late.id } }));
  const [renamed, created] = [data[0], data.at(-1)];
  assert.deepEqual([renamed.action, renamed.actor.kind, renamed.before, renamed.after],
                   ['webhook.updated', 'portal', { name: 'late' }, { name: 'by portal' }]);
  assert.deepEqual([created.action, created.actor, created.client_address, created.before],
                   ['webhook.created', { kind: 'key', id: keys.manage.id, name: 'manage' }, '127.0.0.1', null]);
  const text = JSON.stringify(await allPages('listAudit', admin(), 100));
  const secrets = [...Object.values(webhooks).flatMap((each) => [...each.secrets, each.token]), ...Object.values(portals),
                   ...Object.values(keys).map((each) => each.key), ...Object.values(people).map((each) => each.session.cookie)];
  assert.deepEqual(secrets.filter((secret) => text.includes(secret)), []);
  for (const kind of ['nobody', 'key', 'user', 'portal', 'limehook']) assert.ok(text.includes(`"kind":"${kind}"`), kind);

  const query = { actor: people.manager.id, since: started, until: inAnHour(), team_id: 'team_001' };
  const own = await allPages('listAudit', person('manager', { query }), 2);
  assert.ok(own.length > 2 && own.every((entry) => entry.actor.id === people.manager.id && entry.team_id === 'team_001'));
  await api.call('listAudit', 403, person('manager', { query: { team_id: 'team_002' } }));
  const before = { until: '2020-01-01T00:00:00Z' };
  assert.deepEqual((await api.call('listAudit', 200, admin({ query: before }))).data, []);
});

test('test receivers: made, sent to, changed, deleted', async () => {
  const made = await api.exchange('createTestReceiver', 201, manager({ json: { status: 202 } }));
  known.testReceiverId = made.value.id;
  const path = { id: known.testReceiverId };
  assert.deepEqual([made.headers.location, made.value.team_id], [`/v1/test-receivers/${path.id}`, 'team_001']);
  await api.call('changeTestReceiver', 200, person('manager', { path, json: { status: 200 } }));
  await api.call('receiveTest', 200, { path, json: { hello: 'there' } });
  const { requests, received } = await api.call('getTestReceiver', 200, { key: portals.read, path });
  assert.deepEqual([requests.length, requests[0].body, received], [1, '{"hello":"there"}', 1]);
  assert.deepEqual((await api.call('listTestReceivers', 200, { key: keys.read.key })).data.map(({ id }) => id), [path.id]);
  await api.call('listTestReceivers', 422, admin({ query: { no: '1' } }));
  const others = [];
  for (let count = 0; count < 20; count += 1) {
    others.push(await api.call('createTestReceiver', 201, admin({ json: { team_id: 'team_full' } })));
  }
  await api.call('createTestReceiver', 409, admin({ json: { team_id: 'team_full' } }));
  for (const { id } of others) await api.call('deleteTestReceiver', 204, admin({ path: { id } }));
});

test('sources: the keys that may send, of the team that asks', async () => {
  const maySend = (await allPages('listKeys', admin())).filter((key) => key.role !== 'read');
  const sources = await allPages('listSources', admin());
  assert.deepEqual(sources.map(({ id, key_id, name }) => [id, key_id, name]),
                   maySend.map(({ id, name }) => [id.replace('key_', 'src_'), id, name]));
  const own = await allPages('listSources', { key: keys.read.key });
  assert.ok(own.length > 0 && own.length < sources.length);
  assert.deepEqual(own, sources.filter((source) => source.team_id === 'team_001'));
  assert.ok(own.find((source) => source.key_id === keys.manage.id).last_used_at);
});

test('settings: what applies to everybody, and more for admins', async () => {
  const all = await api.call('getSettings', 200, admin());
  assert.deepEqual([all.webhook_defaults.retry_schedule, all.features.http_urls, all.server.listen],
                   [[1], true, new URL(server.url).host]);
  for (const key of [keys.manage.key, keys.read.key, portals.read]) {
    assert.deepEqual(await api.call('getSettings', 200, { key }), { ...all, server: null });
  }
  await api.call('getSettings', 422, admin({ query: { no: '1' } }));
});

// Makes `count` of something as an admin, who may have more than a team.
async function makeMany(target, count, body) {
  const headers = { authorization: `Bearer ${keys.admin.key}`, 'content-type': 'application/json' };
  const text = JSON.stringify(body);
  const make = async () => {
    const { status } = await exchange(new URL(target, server.url), { method: 'POST', headers, body: text });
    assert.equal(status, 201);
  };
  for (let made = 0; made < count; made += 50) await Promise.all(Array.from({ length: 50 }, make));
}

test('a team makes a bounded number of things by itself', async () => {
  const team_id = 'team_full';
  const full = await api.call('createKey', 201, admin({ json: { name: 'full', role: 'manage', team_id } }));
  const invited = await api.call('createInvitation', 201, admin({ json: { email: 'full@example.com', role: 'manage', team_id } }));
  const accepted = await api.exchange('acceptInvitation', 200, { json: { token: tokenOf(invited.link), password } });
  const cookie = accepted.headers['set-cookie'][0].match(/limehook_session=([^;]+)/)[1];
  const session = { cookie, csrf: accepted.value.csrf_token };

  const webhook = { name: 'one of many', url: 'https://example.com/', enabled: false };
  await makeMany('/v1/webhooks', 1000, { ...webhook, team_id });
  await api.call('createWebhook', 409, { key: full.key, json: webhook });
  await makeMany(`/v1/teams/${team_id}/portal`, 1000, {});
  await api.call('createPortalLink', 409, { key: full.key, path: { id: team_id } });
  await makeMany('/v1/keys', 1000, { name: 'one of many', role: 'ingest', team_id });
  await api.call('createKey', 409, { session, json: { name: 'more', role: 'ingest' } });
  await api.call('createKey', 201, admin({ json: { name: 'more', role: 'ingest', team_id } }));
});
