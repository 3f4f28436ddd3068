// Part of openapi.test.mjs: people, how they come in, and what they do with their own account.

import assert from 'node:assert/strict';

import { Limehook } from '../../e2e/support/process.mjs';
import { goodPassword as password, setupToken, tokenOf } from '../../e2e/support/session.mjs';
import { test } from '../../e2e/support/test.mjs';
import { totp } from '../../e2e/support/totp.mjs';
import { admin, allPages, api, keys, known, people, person, server } from '../lib/world.mjs';

// Remembers who has just signed in.
function remember(name, { value, headers }, account) {
  const [, cookie] = headers['set-cookie'][0].match(/limehook_session=([^;]+)/);
  people[name] = { id: value.user.id, email: value.user.email, ...account, session: { cookie, csrf: value.csrf_token } };
}

async function signIn(name, code) {
  const { email, password } = people[name];
  const json = { email, password, ...(code ? { code } : {}) };
  remember(name, await api.exchange('signIn', 200, { json }), { password });
}

const invite = (json, options = admin()) => api.call('createInvitation', 201, { ...options, json });

// Invites somebody, who then accepts.
async function join(name, role, team_id) {
  const invitation = await invite({ email: `${name}@example.com`, role, team_id });
  const json = { token: tokenOf(invitation.link), name, password };
  remember(name, await api.exchange('acceptInvitation', 200, { json }), { password });
}

test('the first admin: by the printed link, once', async () => {
  assert.deepEqual(await api.call('getSignInOptions', 200), { setup: true, password_reset: false, oidc_name: null });
  const token = await setupToken(server);
  const look = await api.call('lookAtLink', 200, { json: { token } });
  assert.deepEqual([look.kind, look.email, look.account_exists], ['setup', null, false]);
  const json = { token, email: 'Owner@Example.com', name: 'The Owner', password };
  const { errors } = await api.call('setUp', 422, { json: { ...json, password: 'short' } });
  assert.deepEqual(errors.map((error) => error.pointer), ['/password']);
  const done = await api.exchange('setUp', 200, { json });
  remember('owner', done, { password });
  assert.equal(people.owner.email, 'owner@example.com');
  await api.call('setUp', 404, { json });
  await api.call('lookAtLink', 404, { json: { token } });
  await api.call('confirmEmail', 404, { json: { token } });
  assert.equal((await api.call('getSignInOptions', 200)).setup, false);
});

test('who asks: keys, people, strangers', async () => {
  const me = await api.call('getSession', 200, person('owner'));
  assert.deepEqual([me.kind, me.role, me.team_id, me.csrf_token], ['user', 'admin', null, people.owner.session.csrf]);
  const key = await api.call('getSession', 200, { key: keys.read.key });
  assert.deepEqual(key, { kind: 'key', role: 'read', team_id: 'team_001', expires_at: null });
});

test('invitations: made, listed, looked at, accepted, revoked', async () => {
  await join('manager', 'manage', 'team_001');
  await join('reader', 'read', 'team_001');
  await join('stranger', 'manage', 'team_002');
  await join('deputy', 'admin', null);
  const mine = await invite({ email: 'new@example.com', role: 'read', team_id: 'team_001' });
  const other = await invite({ email: 'New@example.com', name: 'New', role: 'manage', team_id: 'team_002' });
  known.invitationId = mine.id;
  assert.deepEqual((await allPages('listInvitations', admin(), 1)).map((each) => each.id), [other.id, mine.id]);
  const { data } = await api.call('listInvitations', 200, person('manager'));
  assert.deepEqual(data.map((each) => each.id), [mine.id]);
  const look = await api.call('lookAtLink', 200, { json: { token: tokenOf(other.link) } });
  assert.deepEqual([look.kind, look.email, look.role, look.team_id], ['invitation', 'new@example.com', 'manage', 'team_002']);
  await api.call('createInvitation', 409, person('manager', { json: { email: 'more@example.com', role: 'read' } }));
  await api.call('createInvitation', 403, person('manager', { json: { email: 'more@example.com', role: 'admin' } }));
  await api.call('deleteInvitation', 204, admin({ path: { id: other.id } }));
  await api.call('acceptInvitation', 404, { json: { token: tokenOf(other.link), password } });
});

test('invitations of people who have an account: they sign in first, and no team hears of another', async () => {
  const { link } = await invite({ email: people.manager.email, role: 'read', team_id: 'team_002' });
  const json = { token: tokenOf(link) };
  assert.equal((await api.call('lookAtLink', 200, { json })).account_exists, true);
  await api.call('acceptInvitation', 401, { json });
  await api.call('acceptInvitation', 401, person('reader', { json }));
  await api.call('acceptInvitation', 403, person('manager', { json, csrf: false }));
  const joined = await api.call('acceptInvitation', 200, person('manager', { json }));
  assert.equal(joined.csrf_token, people.manager.session.csrf);
  const teams = [{ team_id: 'team_001', role: 'manage' }, { team_id: 'team_002', role: 'read' }];
  assert.deepEqual(joined.user.teams, teams);
  const there = await api.call('getSession', 200, person('manager', { team: 'team_002' }));
  assert.deepEqual([there.role, there.team_id, there.user.teams], ['read', 'team_002', teams]);
  await api.call('getSession', 403, person('manager', { team: 'team_003' }));

  const { data: [entry] } = await api.call('listAudit', 200, person('stranger', { query: { action: 'user.joined' } }));
  assert.deepEqual([entry.team_id, entry.after], ['team_002', { teams: { team_002: 'read' } }]);
  const own = await api.call('listAudit', 200, person('manager', { query: { action: 'user.joined' } }));
  assert.ok(own.data.length > 0 && !JSON.stringify(own).includes('team_002'), 'team_001 is told nothing of it');
});

test('people: listed, changed, deleted', async () => {
  await join('leaver', 'read', 'team_001');
  await join('nobody', 'read', 'team_001');
  const everybody = await allPages('listUsers', admin());
  assert.deepEqual(new Set(everybody.map((user) => user.id)), new Set(Object.values(people).map((each) => each.id)));
  const { data: members } = await api.call('listUsers', 200, person('stranger'));
  assert.deepEqual(members.map((user) => [user.id, user.teams.map((team) => team.team_id)]),
                   [[people.stranger.id, ['team_002']], [people.manager.id, ['team_002']]], 'and no other membership');
  const path = { id: people.leaver.id };
  const changed = await api.call('changeUser', 200, admin({ path, json: { name: 'Gone', enabled: false, totp: false } }));
  assert.deepEqual([changed.name, changed.enabled], ['Gone', false]);
  await api.call('getSession', 401, person('leaver'));
  await api.call('changeUser', 403, person('manager', { path, json: { enabled: true } }));
  await api.call('changeUser', 200, person('manager', { path, json: { teams: [{ team_id: 'team_001', role: 'manage' }] } }));
  const { errors } = await api.call('changeUser', 422, admin({ path, json: { teams: [{ team_id: 'a', role: 'ingest' }] } }));
  assert.deepEqual(errors.map((error) => error.pointer), ['/teams/0/role']);
  await api.call('deleteUser', 204, person('manager', { path }));
  assert.deepEqual((await api.call('getUser', 200, admin({ path }))).teams, [], 'a team takes out its members only');
  await api.call('deleteUser', 204, admin({ path }));
  await api.call('getUser', 404, admin({ path }));
  delete people.leaver;
  await api.call('changeUser', 200, admin({ path: { id: people.nobody.id }, json: { teams: [] } }));
  assert.equal((await api.call('getSession', 200, person('nobody'))).role, null);
});

test('the last admin stays', async () => {
  const path = { id: people.owner.id };
  await api.call('changeUser', 200, person('owner', { path: { id: people.deputy.id }, json: { admin: false } }));
  await api.call('changeUser', 409, admin({ path, json: { admin: false } }));
  await api.call('changeUser', 409, admin({ path, json: { enabled: false } }));
  await api.call('deleteUser', 409, admin({ path }));
});

test('passwords: changed by their owner, or with a link', async () => {
  const json = { current_password: password, new_password: 'nine rivers under copper skies' };
  await api.call('changePassword', 403, person('deputy', { json: { ...json, current_password: 'not the password' } }));
  await api.call('changePassword', 204, person('deputy', { json }));
  await api.call('signIn', 401, { json: { email: people.deputy.email, password } });

  const link = await api.call('createResetLink', 201, admin({ path: { id: people.deputy.id } }));
  const look = await api.call('lookAtLink', 200, { json: { token: tokenOf(link.link) } });
  assert.deepEqual([look.kind, look.email], ['password_reset', people.deputy.email]);
  const completion = { json: { token: tokenOf(link.link), password } };
  await api.call('completePasswordReset', 204, completion);
  await api.call('completePasswordReset', 404, completion);
  await api.call('getSession', 401, person('deputy'));
  await signIn('deputy');
});

test('a second factor: on, used, off', async () => {
  const { code_required } = await api.call('signIn', 401, { json: { email: people.reader.email, password: 'wrong' } });
  assert.equal(code_required, false);
  await api.call('finishTotp', 409, person('reader', { json: { code: '000000' } }));
  const { secret } = await api.call('beginTotp', 200, person('reader', { json: { password } }));
  await api.call('finishTotp', 403, person('reader', { json: { code: 'no code' } }));
  const { recovery_codes } = await api.call('finishTotp', 200, person('reader', { json: { code: totp(secret) } }));
  await api.call('beginTotp', 409, person('reader', { json: { password } }));

  const asked = await api.call('signIn', 401, { json: { email: people.reader.email, password } });
  assert.equal(asked.code_required, true);
  await signIn('reader', recovery_codes[0]);
  await signIn('reader', totp(secret, 1));
  const off = person('reader', { json: { password, code: recovery_codes[1] } });
  await api.call('endTotp', 403, person('reader', { json: { password, code: recovery_codes[0] } }));
  await api.call('endTotp', 204, off);
  assert.equal((await api.call('getSession', 200, person('reader'))).user.totp, false);
});

test('sessions: listed, ended one by one and all', async () => {
  const { session: first } = people.deputy;
  await signIn('deputy');
  const sessions = await allPages('listSessions', person('deputy'), 1);
  assert.deepEqual(sessions.map((each) => each.current), [true, false]);
  await api.call('endSession', 204, person('deputy', { path: { id: sessions[1].id } }));
  await api.call('getSession', 401, { session: first });
  known.sessionId = (await api.call('listSessions', 200, person('owner'))).data[0].id;
  await api.call('endAllSessions', 204, person('deputy'));
  await api.call('getSession', 401, person('deputy'));
  await signIn('deputy');
  await api.call('signOut', 204, person('deputy'));
  await api.call('listSessions', 401, person('deputy'));
});

test('without mail server and provider: no reset by e-mail, no single sign-on', async () => {
  await api.call('requestPasswordReset', 409, { json: { email: people.owner.email } });
  await api.call('beginOidc', 404);
  await api.call('finishOidc', 404);
  await api.call('beginOidc', 422, { query: { no_such_parameter: 1 } });
});

test('with a mail server and a provider, none of which can be reached', async () => {
  const nowhere = '127.0.0.1:9';
  const other = await Limehook.start({ args: ['--smtp-url', `smtp://${nowhere}`, '--smtp-from', 'limehook@example.com',
    '--oidc-issuer', `http://${nowhere}`, '--oidc-client-id', 'limehook', '--oidc-client-secret', 's3cret'] });
  await api.at(other.url, async () => {
    assert.deepEqual(await api.call('getSignInOptions', 200),
                     { setup: true, password_reset: true, oidc_name: 'Single sign-on' });
    const json = { email: 'unknown@example.com' };
    await api.call('requestPasswordReset', 202, { json });
    for (let more = 1; more < 5; ++more) await api.call('requestPasswordReset', 202, { json });
    await api.call('requestPasswordReset', 429, { json });
    const begun = await api.exchange('beginOidc', 303, { query: { return_to: '/account' } });
    assert.equal(begun.headers.location, '/sign-in#error=unavailable');
    const ended = await api.exchange('finishOidc', 303, { query: { state: 'none', code: 'none' } });
    assert.equal(ended.headers.location, '/sign-in#error=refused');
  });
  await other.stop();
});

test('429: who guesses has to wait', async () => {
  await join('guesser', 'read', 'team_001');
  const wrong = { email: people.guesser.email, password: 'not the password' };
  for (let guess = 0; guess < 5; ++guess) {
    await api.call('changePassword', 403, person('guesser', {
      json: { current_password: wrong.password, new_password: 'nine rivers under copper skies' } }));
  }
  await api.call('changePassword', 429, person('guesser', {
    json: { current_password: password, new_password: 'nine rivers under copper skies' } }));
  await api.call('beginTotp', 429, person('guesser', { json: { password } }));
  await api.call('endTotp', 429, person('guesser', { json: { password, code: '000000' } }));
  await api.call('signIn', 429, { json: wrong });
});
