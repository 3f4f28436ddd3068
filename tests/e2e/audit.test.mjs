// The audit log: who changed what, when and from where, without the secrets.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { assertFields, assertProblem } from './support/api.mjs';
import { Markers } from './support/markers.mjs';
import { Browser, goodPassword, invite, person, serverWithAdmin } from './support/session.mjs';
import { Limehook } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { totp } from './support/totp.mjs';
import { waitFor } from './support/wait.mjs';

const url = 'http://127.0.0.1:9/';

describe('the audit log', () => {
  let server, admin, api;
  before(async () => {
    ({ server, admin } = await serverWithAdmin());
    api = server.api;
  });
  after(() => server?.stop());
  const rows = (query = '') => api.list(`/v1/audit${query}`);
  /** The newest entry of that action and target; some are written after the answer. */
  const entry = (action, target, by = api) =>
    waitFor(async () => (await by.list(`/v1/audit?action=${action}&target=${target}`))[0], 10_000, `an entry ${action} of ${target}`);
  const must = (answer) => {
    assert.ok(answer.status < 300, answer.text);
    return answer.json;
  };

  // Goal: each change of what is configured is there, by whom, from where, with what it was and became.
  test('has every change of webhooks, keys, numbers and teams', async () => {
    const began = Date.now() - 1000;
    const webhook = await admin.createWebhook({ name: 'CRM', url, team_id: 'team_au' });
    const path = `/v1/webhooks/${webhook.id}`;
    must(await admin.patch(path, { name: 'New CRM' }));
    for (const action of ['disable', 'enable', 'rotate-secret']) must(await admin.post(`${path}/${action}`));
    must(await admin.get(`${path}/secret`));
    const key = must(await admin.post('/v1/keys', { name: 'k', role: 'read', team_id: 'team_au' }));
    must(await admin.patch(`/v1/keys/${key.id}`, { name: 'k2' }));
    must(await admin.delete(`/v1/keys/${key.id}`));
    const number = must(await admin.post('/v1/numbers', { number: '+15550100', team_id: 'team_au' }));
    must(await admin.patch(`/v1/numbers/${number.id}`, { name: 'Front desk' }));
    must(await admin.delete(`/v1/numbers/${number.id}`));
    const team = must(await admin.post('/v1/teams', { id: 'team_new', name: 'New' }));
    must(await admin.patch('/v1/teams/team_new', { name: 'Newer' }));
    must(await admin.delete('/v1/teams/team_new'));
    must(await admin.delete(path));
    const me = (await admin.read('/v1/session')).user;
    for (const [action, target, before, after] of [
      ['webhook.created', webhook.id, null, { name: 'CRM' }],
      ['webhook.updated', webhook.id, { name: 'CRM' }, { name: 'New CRM' }],
      ['webhook.disabled', webhook.id, { enabled: true }, { enabled: false }],
      ['webhook.enabled', webhook.id, { enabled: false }, { enabled: true }],
      ['webhook.secret_rotated', webhook.id], ['webhook.secret_shown', webhook.id],
      ['webhook.deleted', webhook.id, { name: 'New CRM' }, null],
      ['key.created', key.id, null, { name: 'k', role: 'read' }], ['key.updated', key.id, { name: 'k' }, { name: 'k2' }],
      ['key.revoked', key.id, { name: 'k2' }, null],
      ['number.created', number.id, null, { team_id: 'team_au' }], ['number.updated', number.id, { name: '' }, { name: 'Front desk' }],
      ['number.deleted', number.id, { name: 'Front desk' }, null],
      ['team.created', team.id, null, { name: 'New' }], ['team.updated', team.id, { name: 'New' }, { name: 'Newer' }],
      ['team.deleted', team.id, { name: 'Newer' }, null],
    ]) {
      const row = await entry(action, target);
      assert.deepEqual(row.actor, { kind: 'user', id: me.id, name: me.email }, action);
      assert.equal(row.client_address, '127.0.0.1', action);
      assert.equal(row.team_id, target === team.id ? 'team_new' : 'team_au', action);
      assert.ok(Date.parse(row.at) >= began && Date.parse(row.at) <= Date.now() + 1000, row.at);
      for (const [what, wanted] of Object.entries({ before, after })) {
        if (wanted === null) assert.equal(row[what], null, action);
        for (const [name, value] of Object.entries(wanted ?? {})) assert.deepEqual(row[what]?.[name], value, `${action} ${what}`);
      }
    }
  });

  test('has what is done about deliveries', async () => {
    const receiver = await Receiver.start({ status: 500 });
    const webhook = await api.createWebhook({ url: receiver.url, team_id: 'team_d', retry_schedule: [600, 600] });
    must(await api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' }));
    await api.send(missedCall({ team_id: 'team_d' }));
    const delivery = await waitFor(async () => (await api.deliveries(webhook.id, '?status=retrying'))[0], 10_000, 'a failed attempt');
    must(await api.post(`/v1/deliveries/${delivery.id}/retry`));
    await waitFor(async () => (await api.delivery(delivery.id)).attempts.length === 2, 10_000, 'the second attempt');
    must(await api.post(`/v1/deliveries/${delivery.id}/skip`));
    const recovery = must(await api.post(`/v1/webhooks/${webhook.id}/recover`, { status: 'failed' }));
    for (const [action, target] of [['webhook.tested', webhook.id], ['delivery.retried', delivery.id],
      ['delivery.skipped', delivery.id], ['recovery.started', recovery.id]]) {
      const row = await entry(action, target);
      assert.deepEqual([row.actor.kind, row.team_id], ['key', 'team_d'], action);
    }
  });

  // Goal: what happens to people and their accounts is there, for the team that they come to as well.
  test('has what happens to people', async () => {
    const manager = await person(admin, 'audit-manager@example.com', { team_id: 'team_p' });
    const browser = await person(admin, 'audited@example.com', { team_id: 'team_p', role: 'read' });
    const { id } = browser.user;
    await new Browser(server.url).signIn('audited@example.com', 'a wrong password', undefined, 401);
    await new Browser(server.url).signIn('audited@example.com');
    const { secret } = must(await browser.post('/v1/session/totp', { password: goodPassword }));
    must(await browser.put('/v1/session/totp', { code: totp(secret, -1) }));
    must(await browser.remove('/v1/session/totp', { password: goodPassword, code: totp(secret) }));
    must(await admin.patch(`/v1/users/${id}`, { name: 'Renamed' }));
    must(await admin.post(`/v1/users/${id}/reset-link`));
    const token = await invite(admin, { email: 'audited@example.com', team_id: 'team_p2' });
    must(await browser.post('/v1/invitations/accept', { token }));
    must(await manager.patch(`/v1/users/${id}`, { teams: [{ team_id: 'team_p', role: 'manage' }] }));
    must(await browser.remove('/v1/session'));
    must(await manager.delete(`/v1/users/${id}`));
    must(await admin.delete(`/v1/users/${id}`));
    for (const action of ['created', 'sign_in_failed', 'signed_in', 'totp_enabled', 'totp_disabled', 'updated',
      'password_reset_requested', 'joined', 'signed_out', 'removed_from_team', 'deleted']) {
      const row = await entry(`user.${action}`, id);
      assert.equal(row.target.name, 'audited@example.com');
      assert.equal(row.actor.kind, action === 'sign_in_failed' ? 'nobody' : 'user', action);
    }
    // The team sees who came, what became of them and who left; nothing of their other team.
    const seen = await manager.list(`/v1/audit?target=${id}`);
    const actions = seen.map(({ action }) => action);
    for (const action of ['user.joined', 'user.updated', 'user.removed_from_team']) assert.ok(actions.includes(action), `${action}: ${actions}`);
    assert.ok(!JSON.stringify(seen).includes('team_p2'), JSON.stringify(seen));
    const invited = (await rows('?action=user.invited')).find(({ target }) => target.name === 'audited@example.com');
    assert.ok(invited);
    const updated = (await rows(`?action=user.updated&target=${id}`))[0];
    assert.notDeepEqual(updated.before, updated.after);
  });

  // Goal: no secret is in the log, whatever changed: not before, not after, in no form.
  test('shows no secret', async () => {
    const markers = new Markers();
    const make = (n) => ({
      secret: markers.makeSigningSecret(`secret ${n}`), token: markers.make(`token-${n}`), headers: { 'X-Api-Key': markers.make(`header-${n}`) },
      oauth: { token_url: 'http://127.0.0.1:9/token', client_id: 'me', client_secret: markers.make(`oauth-${n}`) },
      signatures: ['v1', 'v1a'],
    });
    const webhook = await api.createWebhook({ url, name: 'secretive', ...make(1) });
    await api.changeWebhook(webhook.id, make(2));
    must(await api.patch(`/v1/webhooks/${webhook.id}`, { headers: { 'X-Api-Key': markers.make('header-3'), 'X-New': markers.make('header-4') } }));
    markers.add('rotated', must(await api.post(`/v1/webhooks/${webhook.id}/rotate-secret`)).secret);
    const key = must(await api.post('/v1/keys', { name: 'k', role: 'admin' }));
    markers.add('key', key.key);
    must(await api.delete(`/v1/webhooks/${webhook.id}`));
    markers.add('password', goodPassword);
    markers.add('cookie', admin.cookie.split('=')[1]);
    const { text, json } = await api.get('/v1/audit?limit=500');
    markers.assertNone(text, 'the audit log');
    const changed = json.data.filter(({ target, action }) => target.id === webhook.id && action === 'webhook.updated');
    assert.equal(changed.length, 2);
    for (const { before, after } of changed) {
      assert.deepEqual(Object.keys(before.headers), ['X-Api-Key']);
      assert.ok(Object.values(after.headers).every((value) => /^•+$/.test(value)));
    }
    assert.match(changed.at(-1).after.token, /^•+$/, 'it does not say that the token was changed');
  });

  test('is filtered and paged, and checks what is asked', async () => {
    const webhook = await api.createWebhook({ url, team_id: 'team_f', name: 'filtered' });
    for (let i = 0; i < 5; ++i) await api.changeWebhook(webhook.id, { name: `filtered ${i}` });
    const all = await rows('?team_id=team_f');
    assert.equal(all.length, 6);
    assert.deepEqual(await api.list('/v1/audit?team_id=team_f', 2), all);
    assert.equal((await rows(`?target=${webhook.id}&action=webhook.`)).length, 6);
    assert.equal((await rows(`?target=${webhook.id}&action=webhook.updated`)).length, 5);
    assert.equal((await rows(`?target=${webhook.id}&action=webhook`)).length, 0);
    assert.equal((await rows(`?target=${webhook.id}&since=${all[1].at}&until=${all[0].at}`)).length, all.filter(({ at }) => at >= all[1].at && at < all[0].at).length);
    assert.equal((await rows('?actor=usr_0000000000000')).length, 0);
    for (const wrong of ['since=x', 'until=x', 'limit=0', 'limit=501', 'cursor=x', 'nonsense=1']) {
      assertFields(await api.get(`/v1/audit?${wrong}`), `/${wrong.split('=')[0]}`);
    }
  });

  // Goal: a team's managers see their team's entries only; keys of a team, readers and portals none.
  test('is per team, and for people who manage it', async () => {
    const manager = await person(admin, 'own-log@example.com', { team_id: 'team_l' });
    const reader = await person(admin, 'no-log@example.com', { team_id: 'team_l', role: 'read' });
    const [own, other, none] = await Promise.all(['team_l', 'team_other', undefined].map((team_id) => api.createWebhook({ url, ...(team_id ? { team_id } : {}) })));
    const { text, json } = await manager.get('/v1/audit?limit=500');
    assert.ok(json.data.every(({ team_id }) => team_id === 'team_l'), text);
    assert.ok(text.includes(own.id));
    for (const { id } of [other, none]) assert.ok(!text.includes(id));
    assertProblem(await manager.get('/v1/audit?team_id=team_other'), 403);
    assertProblem(await reader.get('/v1/audit'), 403);
    for (const role of ['manage', 'read', 'ingest']) {
      const { key } = must(await api.post('/v1/keys', { name: 'k', role, team_id: 'team_l' }));
      assertProblem(await api.withKey(key).get('/v1/audit'), 403);
    }
    assertProblem(await api.withKey(null).get('/v1/audit'), 401);
  });

  // Goal: a number that moves to another team tells neither team of the other.
  test('tells a team nothing of the team that a number moved from or to', async () => {
    const [from, to] = await Promise.all(['team_from', 'team_to'].map((team_id) => person(admin, `${team_id}@example.com`, { team_id })));
    const { id } = must(await api.post('/v1/numbers', { number: '+15550177', team_id: 'team_from' }));
    must(await api.patch(`/v1/numbers/${id}`, { team_id: 'team_to' }));
    for (const [browser, own, other] of [[from, 'team_from', 'team_to'], [to, 'team_to', 'team_from']]) {
      const { text, json } = await browser.get(`/v1/audit?target=${id}&action=number.updated`);
      assert.ok(!text.includes(other), `${own} reads of ${other}: ${text}`);
      assert.equal(json.data.length, 1, own);
    }
  });

  test('has nothing of changes that were refused', async () => {
    const webhook = await api.createWebhook({ url });
    const known = (await rows()).length;
    assertFields(await api.patch(`/v1/webhooks/${webhook.id}`, { url: 'x' }), '/url');
    assertFields(await api.post('/v1/keys', { name: 'n', role: 'x' }), '/role');
    assertProblem(await api.delete('/v1/webhooks/wh_0000000000000'), 404);
    assertProblem(await api.withKey('lh_wrong').delete(`/v1/webhooks/${webhook.id}`), 401);
    assert.equal((await rows()).length, known);
  });

  // Goal: nobody changes or deletes entries, and they outlive restarts and crashes.
  test('cannot be changed, and is kept', async () => {
    const [row] = await rows();
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      assert.ok([404, 405].includes((await api.request(method, `/v1/audit/${row.id}`, {})).status));
      assertProblem(await api.request(method, '/v1/audit', {}), 405);
    }
    const last = await api.createWebhook({ url, name: 'just before the crash' });
    const known = await rows();
    await server.kill9();
    server = await Limehook.start({ data: server.data });
    admin.url = server.url;
    api = server.api;
    assert.deepEqual(await rows(), known);
    assert.equal(known[0].target.id, last.id);
  });
});

// Goal: entries go when they are older than --audit-retention says, also while nothing happens.
test('entries of the audit log go at their age', async () => {
  const server = await Limehook.start({ args: ['--audit-retention', '3s', '--retention', '3s'] });
  await server.api.createWebhook({ url });
  assert.equal((await server.api.list('/v1/audit')).length, 1);
  await waitFor(async () => (await server.api.list('/v1/audit')).length === 0, 20_000, 'the entry to go');
  await server.stop();
});
