// Teams: invitations, memberships, what people, keys and portals may do in one, and that none sees another.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { assertFields, assertProblem } from './support/api.mjs';
import { Person, goodPassword, invite, person, requestFrom, serverWithAdmin, tokenOf } from './support/session.mjs';
import { Limehook } from './support/process.mjs';
import { missedCall } from './support/samples.mjs';
import { missingSmtpServer, SmtpServer } from './support/smtp.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const url = 'http://127.0.0.1:9/';

function withServer(name, body, options = async () => ({})) {
  describe(name, () => {
    const shared = {};
    before(async () => Object.assign(shared, await serverWithAdmin(await options())));
    after(() => shared.server?.stop());
    body(shared);
  });
}

withServer('an invitation', (shared) => {
  const accept = (token, members = {}) =>
    new Person(shared.server.url).post('/v1/invitations/accept', { token, password: goodPassword, ...members });

  // Goal: what the link says is what one becomes, and it works once, also for two at once.
  test('makes one account with the place it names', async () => {
    const token = await invite(shared.admin, { email: 'Guest@Example.com', team_id: 'team_a', role: 'read' });
    const look = await new Person(shared.server.url).post('/v1/links/look', { token });
    assert.deepEqual([look.json.kind, look.json.email, look.json.role, look.json.team_id, look.json.account_exists],
      ['invitation', 'guest@example.com', 'read', 'team_a', false]);
    for (const more of [{ role: 'admin' }, { admin: true }, { team_id: 'team_b' }, { email: 'other@example.com' }]) {
      assertFields(await accept(token, more), `/${Object.keys(more)[0]}`);
    }
    const answers = await Promise.all([accept(token), accept(token), accept(token)]);
    const made = answers.filter(({ status }) => status === 200);
    assert.equal(made.length, 1, answers.map(({ text }) => text).join());
    const { user } = made[0].json;
    assert.deepEqual([user.email, user.admin, user.teams], ['guest@example.com', false, [{ team_id: 'team_a', role: 'read' }]]);
    assert.ok([401, 404].includes((await accept(token)).status));
    assert.equal((await shared.admin.list('/v1/users')).filter(({ email }) => email === user.email).length, 1);
  });

  test('that was revoked is void', async () => {
    const { id, link } = (await shared.admin.post('/v1/invitations', { email: 'revoked@example.com', role: 'admin' })).json;
    assert.equal((await shared.admin.delete(`/v1/invitations/${id}`)).status, 204);
    assertProblem(await accept(tokenOf(link)), 404);
    assertProblem(await shared.admin.delete(`/v1/invitations/${id}`), 404);
  });

  // Goal: whoever finds a link cannot take over or add to an account that is there: its owner must be signed in.
  test('of who has an account is for its owner only', async () => {
    const email = 'owner@example.com';
    const owner = await person(shared.admin, email, { team_id: 'team_a', role: 'read' });
    const thief = await person(shared.admin, 'thief@example.com', { team_id: 'team_c' });
    const token = await invite(shared.admin, { email: 'OWNER@example.com', team_id: 'team_b' });
    assertProblem(await accept(token, { password: undefined }), 401);
    assertProblem(await thief.post('/v1/invitations/accept', { token }), 401);
    assertProblem(await shared.admin.post('/v1/invitations/accept', { token }), 401);
    assertProblem(await shared.server.api.post('/v1/invitations/accept', { token }), 401);
    assertProblem(await owner.post('/v1/invitations/accept', { token }, { 'x-csrf-token': null }), 403);
    assert.equal((await owner.post('/v1/invitations/accept', { token })).status, 200);
    assert.deepEqual((await owner.read('/v1/session')).user.teams, [{ team_id: 'team_a', role: 'read' }, { team_id: 'team_b', role: 'manage' }]);
    assertProblem(await owner.post('/v1/invitations/accept', { token }), 404);
  });

  // Goal: who manages a team gives no more than they have, and never holds a link that would make them somebody else.
  test('by who manages a team stays within the team, and goes by e-mail only', async () => {
    const manager = await person(shared.admin, 'manager@example.com', { team_id: 'team_a' });
    const reader = await person(shared.admin, 'reader@example.com', { team_id: 'team_a', role: 'read' });
    const ask = (members) => manager.post('/v1/invitations', { email: 'x@example.com', role: 'read', ...members });
    assertProblem(await ask({ role: 'admin' }), 403);
    assertProblem(await ask({ team_id: 'team_b' }), 403);
    assertFields(await ask({ role: 'ingest' }), '/role');
    assertFields(await ask({ email: 'x@example.com\r\nBcc: y@example.com' }), '/email');
    const none = await ask({});
    assertProblem(none, 409);
    assert.ok(!none.text.includes('lhl_'));
    assert.deepEqual(await manager.list('/v1/invitations'), []);
    assertProblem(await reader.post('/v1/invitations', { email: 'x@example.com', role: 'read' }), 403);
    await invite(shared.admin, { email: 'elsewhere@example.com', team_id: 'team_b' });
    await invite(shared.admin, { email: 'future-admin@example.com' });
    assert.deepEqual(await manager.list('/v1/invitations'), []);
    for (const { id } of await shared.admin.list('/v1/invitations')) assertProblem(await manager.delete(`/v1/invitations/${id}`), 404);
  });
});

const skip = missingSmtpServer();
describe('account e-mail', { skip }, () => {
  let smtp, server, admin;
  before(async () => {
    smtp = await SmtpServer.start();
    const args = ['--smtp-url', smtp.url, '--smtp-from', 'limehook@example.com', '--public-url', 'https://hooks.example.com'];
    ({ server, admin } = await serverWithAdmin({ args }));
  });
  after(async () => {
    await server?.stop();
    await smtp?.stop();
  });
  const mailTo = (address, count = 1) =>
    waitFor(() => smtp.mails.filter(({ recipients }) => recipients.includes(address)).at(count - 1), 10_000, `e-mail to ${address}`);
  const linkIn = ({ text }) => tokenOf(text.match(/https:\/\/hooks\.example\.com\/\S+/)[0]);

  // Goal: a manager invites by e-mail and is not shown the link; what a tenant calls things cannot become a header.
  test('brings an invitation to who is invited, and to nobody else', async () => {
    const manager = await person(admin, 'boss@example.com', { team_id: 'team_mail' });
    const name = 'Sales\r\nBcc: evil@example.com\r\n\r\nhttps://evil.example.com';
    assert.equal((await manager.patch('/v1/teams/team_mail', { name })).status, 200);
    const answer = await manager.post('/v1/invitations', { email: 'Invited@example.com', role: 'read' });
    assert.equal(answer.status, 201, answer.text);
    assert.equal(answer.json.mailed, true);
    assert.ok(!answer.text.includes('lhl_'), answer.text);
    const mail = await mailTo('invited@example.com');
    assert.deepEqual(mail.recipients, ['invited@example.com']);
    assert.deepEqual(Object.keys(mail.headers).filter((header) => /bcc|evil/i.test(header)), []);
    assert.ok(!/^https:\/\/evil/m.test(mail.text), mail.text);
    const token = linkIn(mail);
    assert.ok(!(await manager.get('/v1/audit')).text.includes(token));
    const accepted = await new Person(server.url).post('/v1/invitations/accept', { token, password: goodPassword });
    assert.equal(accepted.status, 200, accepted.text);
  });

  // Goal: the answer does not tell whether there is such an account; the link works once; asking is limited.
  test('brings the link that resets a password, and tells strangers nothing', async () => {
    const email = 'lost@example.com';
    await person(admin, email);
    const stranger = new Person(server.url);
    const ask = (address) => stranger.post('/v1/password-reset', { email: address });
    const [known, unknown] = [await ask('LOST@example.com'), await ask('unknown@example.com')];
    assert.deepEqual([known.status, known.text], [unknown.status, unknown.text]);
    assert.equal(known.status, 202);
    const token = linkIn(await mailTo(email, 2)); // the first one was the invitation
    const password = 'a new one that nobody has seen';
    assert.equal((await stranger.post('/v1/password-reset/complete', { token, password })).status, 204);
    assertProblem(await stranger.post('/v1/password-reset/complete', { token, password }), 404);
    await stranger.signIn(email, password);
    assert.equal(smtp.mails.filter(({ recipients }) => recipients.includes('unknown@example.com')).length, 0);
    const statuses = [];
    for (let i = 0; i < 6; ++i) statuses.push((await ask(email)).status);
    assert.equal(statuses.at(-1), 429, 'somebody can be flooded with e-mail');
    assert.ok(smtp.mails.filter(({ recipients }) => recipients.includes(email)).length <= 1 + 1 + 3);
  });

  // Goal: strangers who ask for somebody's new password neither keep its owner from asking nor void what they were sent.
  test('brings a link that strangers cannot void or hold up', async () => {
    const email = 'target@example.com';
    await person(admin, email);
    const resets = () => smtp.mails.filter(({ recipients, text }) => recipients.includes(email) && text.includes('/reset-password'));
    const owner = new Person(server.url);
    assert.equal((await owner.post('/v1/password-reset', { email })).status, 202);
    await waitFor(() => resets().length === 1, 10_000, 'the first link');
    for (let i = 0; i < 12; ++i) await requestFrom('127.0.0.9', `${server.url}/v1/password-reset`, 'POST', { email });
    assert.equal((await owner.post('/v1/password-reset', { email })).status, 202, 'the owner can ask');
    const password = 'a new one that nobody has seen';
    const [first] = resets();
    assert.equal((await owner.post('/v1/password-reset/complete', { token: linkIn(first), password })).status, 204);
    for (const other of resets().slice(1)) assertProblem(await owner.post('/v1/password-reset/complete', { token: linkIn(other), password }), 404);
    assert.ok(resets().length <= 3, `${resets().length} e-mails`);
  });

  // Goal: whom a manager invited cannot come once the manager is gone: the address may be the manager's own.
  test('brings an invitation that ends with who invited', async () => {
    const manager = await person(admin, 'leaving@example.com', { team_id: 'team_mail' });
    assert.equal((await manager.post('/v1/invitations', { email: 'leaving-too@example.com', role: 'manage' })).status, 201);
    const token = linkIn(await mailTo('leaving-too@example.com'));
    assert.equal((await admin.delete(`/v1/users/${manager.user.id}`)).status, 204);
    assertProblem(await new Person(server.url).post('/v1/invitations/accept', { token, password: goodPassword }), 404);
    assert.deepEqual((await admin.list('/v1/invitations')).filter(({ email }) => email === 'leaving-too@example.com'), []);
  });

  // Goal: nobody gets one letter after another, and a team writes to so many strangers a day.
  test('is bounded by address, and by team', async () => {
    const manager = await person(admin, 'eager@example.com', { team_id: 'team_mail' });
    const invitation = (email) => manager.post('/v1/invitations', { email, role: 'read' });
    const again = [];
    for (let i = 0; i < 6; ++i) {
      const answer = await invitation('pestered@example.com');
      again.push(answer.status);
      if (answer.status === 201) await manager.delete(`/v1/invitations/${answer.json.id}`);
    }
    assert.deepEqual(again, [201, 201, 201, 201, 201, 429]);
    let last;
    for (let i = 0; i < 60 && last?.status !== 429; ++i) {
      last = await invitation(`stranger-${i}@example.com`);
      if (last.status === 201) await manager.delete(`/v1/invitations/${last.json.id}`);
    }
    assertProblem(last, 429);
    const shown = await admin.post('/v1/invitations', { email: 'pestered@example.com', role: 'read', team_id: 'team_mail' });
    assert.deepEqual([shown.status, shown.json.mailed, typeof shown.json.link], [201, false, 'string'], 'an admin hands it over');
  });
});

withServer('a person of several teams', (shared) => {
  // Goal: the header says which team one acts in, with the role there; another's is refused, not ignored.
  test('acts in the one they name, with their role there', async () => {
    const browser = await person(shared.admin, 'both@example.com', { team_id: 'team_a' });
    const path = `/v1/users/${browser.user.id}`;
    const teams = [{ team_id: 'team_a', role: 'manage' }, { team_id: 'team_b', role: 'read' }];
    assert.deepEqual((await shared.admin.patch(path, { teams })).json.teams, teams);
    const made = await browser.createWebhook({ url });
    assert.equal(made.team_id, 'team_a');
    browser.team = 'team_b';
    assertProblem(await browser.post('/v1/webhooks', { name: 'n', url, events: ['missed_call'] }), 403);
    assert.deepEqual(await browser.list('/v1/webhooks'), []);
    assertProblem(await browser.get(`/v1/webhooks/${made.id}`), 404);
    assertProblem(await browser.get('/v1/keys'), 403);
    browser.team = 'team_c';
    assertProblem(await browser.get('/v1/webhooks'), 403);
    assertProblem(await browser.get('/v1/session'), 403);
    browser.team = 'team_a';
    assert.equal((await browser.list('/v1/webhooks')).length, 1);
  });

  // Goal: who manages one of the teams neither sees nor changes the others, by answer or by audit log; and the order of
  // memberships, in which the first counts, stays.
  test('is changed by a manager in their own team only', async () => {
    const manager = await person(shared.admin, 'lead@example.com', { team_id: 'team_one' });
    const member = await person(shared.admin, 'member@example.com', { team_id: 'team_one', role: 'read' });
    const path = `/v1/users/${member.user.id}`;
    const secret = { team_id: 'team_secret', role: 'manage' };
    assert.equal((await shared.admin.patch(path, { teams: [{ team_id: 'team_one', role: 'read' }, secret] })).status, 200);
    const patch = (members) => manager.patch(path, members);
    assert.deepEqual((await manager.read(path)).teams, [{ team_id: 'team_one', role: 'read' }]);
    for (const wrong of [{ teams: [secret] }, { admin: true }, { enabled: false }, { name: 'x' }, { totp: false }]) {
      assertProblem(await patch(wrong), 403);
    }
    assertProblem(await manager.post(`${path}/reset-link`), 403);
    assertFields(await patch({ teams: [{ team_id: 'team_one', role: 'admin' }] }), '/teams/0/role');
    assertFields(await patch({ teams: [{ team_id: 'team_one', role: 'ingest' }] }), '/teams/0/role');
    assertFields(await patch({ teams: [{ team_id: 'team_one' }] }), '/teams/0');
    assertFields(await patch({ teams: ['team_one'] }), '/teams/0');
    assertFields(await patch({ teams: 'team_one' }), '/teams');
    assertFields(await shared.admin.patch(path, { admin: 'yes' }), '/admin');
    assertFields(await shared.admin.post('/v1/keys', { name: 'x', role: 'admin', team_id: 'team_one' }), '/team_id');
    assertFields(await patch({ teams: Array(2).fill({ team_id: 'team_one', role: 'read' }) }), '/teams/1/team_id');
    const changed = await patch({ teams: [{ team_id: 'team_one', role: 'manage' }] });
    assert.equal(changed.status, 200, changed.text);
    assert.deepEqual((await shared.admin.read(path)).teams, [{ team_id: 'team_one', role: 'manage' }, secret]);
    assert.equal((await manager.delete(path)).status, 204);
    assertProblem(await manager.get(path), 404);
    assert.deepEqual((await shared.admin.read(path)).teams, [secret]);
    for (const list of ['/v1/audit', '/v1/users', '/v1/session', '/v1/teams']) {
      const { text } = await manager.get(list);
      assert.ok(!text.includes('team_secret'), `${list} tells of another team: ${text}`);
    }
    const rows = await manager.list(`/v1/audit?target=${member.user.id}`);
    assert.deepEqual(rows.slice(0, 2).map(({ action }) => action), ['user.removed_from_team', 'user.updated']);
  });
});

withServer('a key', (shared) => {
  // Goal: people who manage a team make its keys, never stronger ones; a key of the team makes none, so that a leaked
  // one cannot renew itself.
  test('is made by people, for their own team, no stronger than they are', async () => {
    const manager = await person(shared.admin, 'keys@example.com', { team_id: 'team_k' });
    const make = (members, who = manager) => who.post('/v1/keys', { name: 'k', role: 'manage', ...members });
    assertProblem(await make({ role: 'admin' }), 403);
    assertProblem(await make({ team_id: 'team_other' }), 403);
    for (const team_id of [undefined, null, 'team_k']) {
      const answer = await make({ role: 'ingest', ...(team_id === undefined ? {} : { team_id }) });
      assert.equal(answer.json.team_id, 'team_k', answer.text);
    }
    const made = (await make({})).json;
    const leaked = shared.server.api.withKey(made.key);
    assert.equal((await leaked.get('/v1/webhooks')).status, 200);
    for (const [method, path, body] of [['POST', '/v1/keys', { name: 'k', role: 'read' }], ['GET', '/v1/keys'],
      ['PATCH', `/v1/keys/${made.id}`, { expires_at: null }], ['GET', '/v1/audit'], ['GET', '/v1/users'],
      ['POST', '/v1/invitations', { email: 'x@example.com', role: 'manage' }]]) {
      assertProblem(await leaked.request(method, path, body), 403);
    }
    for (const wrong of [{ role: 'admin' }, { team_id: 'team_other' }, { key: 'x' }, { hint: 'x' }, { id: 'x' }]) {
      assertFields(await manager.patch(`/v1/keys/${made.id}`, wrong), `/${Object.keys(wrong)[0]}`);
    }
    const reader = await person(shared.admin, 'keyreader@example.com', { team_id: 'team_k', role: 'read' });
    assertProblem(await make({}, reader), 403);
    assertProblem(await reader.get('/v1/keys'), 403);
    const adminKey = (await shared.admin.list('/v1/keys')).find(({ role }) => role === 'admin');
    const foreign = (await make({ team_id: 'team_other', role: 'read' }, shared.admin)).json;
    for (const id of [adminKey?.id, foreign.id].filter(Boolean)) {
      assertProblem(await manager.get(`/v1/keys/${id}`), 404);
      assertProblem(await manager.delete(`/v1/keys/${id}`), 404);
    }
  });

  // Goal: a key ends at its time and when it is revoked, at once; it is shown once; its name and end can be changed.
  test('ends at its time, or at once when revoked', async () => {
    const expiring = (await shared.admin.post('/v1/keys', { name: 'soon', role: 'read', team_id: 't', expires_at: '2999-01-01T00:00:00Z' })).json;
    const revoked = (await shared.admin.post('/v1/keys', { name: 'gone', role: 'read', team_id: 't' })).json;
    const [a, b] = [expiring, revoked].map(({ key }) => shared.server.api.withKey(key));
    assert.equal((await a.get('/v1/webhooks')).status, 200);
    assert.equal((await b.get('/v1/webhooks')).status, 200);
    assert.ok((await shared.admin.read(`/v1/keys/${revoked.id}`)).last_used_at);
    assert.equal((await shared.admin.patch(`/v1/keys/${revoked.id}`, { name: 'renamed' })).json.name, 'renamed');
    assert.equal((await shared.admin.delete(`/v1/keys/${revoked.id}`)).status, 204);
    assertProblem(await b.get('/v1/webhooks'), 401);
    const soon = new Date(Date.now() + 1500).toISOString();
    assert.equal((await shared.admin.patch(`/v1/keys/${expiring.id}`, { expires_at: soon })).json.expires_at, soon.replace('.000Z', 'Z'));
    const last = await waitFor(async () => {
      const answer = await a.get('/v1/webhooks');
      return answer.status === 401 && answer;
    }, 10_000, 'the key to expire');
    assert.ok(Date.now() >= Date.parse(soon), 'it expired too early');
    assert.match(last.json.detail, /expired/);
    for (const expires_at of ['2020-01-01T00:00:00Z', 'tomorrow', 5, '', '2030-13-01T00:00:00Z']) {
      assertFields(await shared.admin.post('/v1/keys', { name: 'n', role: 'read', team_id: 't', expires_at }), '/expires_at');
    }
    for (const { key } of [expiring, revoked]) {
      for (const path of ['/v1/keys', `/v1/keys/${expiring.id}`, '/v1/audit']) assert.ok(!(await shared.admin.get(path)).text.includes(key));
    }
  });
});

// Goal: keys and revocations are durable.
test('keys survive a crash, and so does their end', async () => {
  const server = await Limehook.start();
  const make = async (name) => (await server.api.post('/v1/keys', { name, role: 'read', team_id: 't', expires_at: '2099-01-01T00:00:00Z' })).json;
  const [kept, revoked] = [await make('kept'), await make('revoked')];
  assert.equal((await server.api.delete(`/v1/keys/${revoked.id}`)).status, 204);
  await server.kill9();
  const again = await Limehook.start({ data: server.data });
  assert.equal((await again.api.withKey(kept.key).get('/v1/webhooks')).status, 200);
  assert.equal((await again.api.read(`/v1/keys/${kept.id}`)).expires_at, '2099-01-01T00:00:00Z');
  assertProblem(await again.api.withKey(revoked.key).get('/v1/webhooks'), 401);
  await again.stop();
});

withServer('a portal', (shared) => {
  const open = async (body = {}, team = 'team_p', by = shared.server.api) => {
    const link = (await by.post(`/v1/teams/${team}/portal`, body)).json;
    const session = await shared.server.api.withKey(null).post('/v1/portal/session', { token: link.token });
    assert.equal(session.status, 201, session.text);
    return { link, session: session.json, portal: shared.server.api.withKey(session.json.token) };
  };

  // Goal: the link is good once, for minutes, and for a portal only.
  test('opens with a link that works once', async () => {
    const { link, session } = await open();
    assert.equal(tokenOf(link.url), link.token);
    const minutes = (time) => (Date.parse(time) - Date.now()) / 60_000;
    assert.ok(minutes(link.expires_at) > 4 && minutes(link.expires_at) <= 5, link.expires_at);
    assert.ok(minutes(session.expires_at) > 30 && minutes(session.expires_at) <= 60, session.expires_at);
    const anybody = shared.server.api.withKey(null);
    assertProblem(await anybody.post('/v1/portal/session', { token: link.token }), 404);
    const fresh = (await shared.server.api.post('/v1/teams/team_p/portal', {})).json.token;
    const both = await Promise.all([1, 2].map(() => anybody.post('/v1/portal/session', { token: fresh })));
    assert.equal(both.filter(({ status }) => status === 201).length, 1);
    assertProblem(await anybody.post('/v1/invitations/accept', { token: link.token, password: goodPassword }), 404);
    assertProblem(await shared.server.api.withKey(link.token).get('/v1/webhooks'), 401);
    for (const role of ['admin', 'ingest', 'x', 5]) assertFields(await shared.server.api.post('/v1/teams/team_p/portal', { role }), '/role');
  });

  // Goal: it reaches webhooks of its team, and nothing else, of this team or of others.
  test('reaches the webhooks of its team only', async () => {
    const { portal } = await open();
    const own = await portal.createWebhook({ url });
    assert.equal(own.team_id, 'team_p');
    const other = await shared.server.api.createWebhook({ url, team_id: 'team_q', name: 'foreign' });
    const all = await shared.server.api.createWebhook({ url, name: 'for all' });
    assert.deepEqual((await portal.list('/v1/webhooks')).map(({ id }) => id), [own.id]);
    for (const { id } of [other, all]) assertProblem(await portal.get(`/v1/webhooks/${id}/secret`), 404);
    assertProblem(await portal.post('/v1/webhooks', { name: 'n', url, events: ['missed_call'], team_id: 'team_q' }), 403);
    assertFields(await portal.patch(`/v1/webhooks/${own.id}`, { team_id: 'team_q' }), '/team_id');
    for (const path of ['/v1/keys', '/v1/users', '/v1/audit', '/v1/invitations', '/v1/numbers', '/v1/events', '/v1/sessions']) {
      assertProblem(await portal.get(path), 403);
    }
    for (const path of ['/v1/teams/team_p/portal', '/v1/keys', '/v1/events', '/v1/numbers', '/v1/invitations', '/v1/teams']) {
      assertProblem(await portal.post(path, missedCall({ team_id: 'team_p' })), 403);
    }
    assertProblem(await portal.patch('/v1/teams/team_p', { name: 'x' }), 403);
    assert.deepEqual((await portal.list('/v1/teams')).map(({ id }) => id), ['team_p']);
    assertProblem(await portal.get('/v1/teams/team_q'), 404);
  });

  test('with the role read only looks', async () => {
    const webhook = await shared.server.api.createWebhook({ url, team_id: 'team_p', headers: { 'X-Key': 'hidden-value' } });
    const { portal } = await open({ role: 'read' });
    const seen = await portal.get(`/v1/webhooks/${webhook.id}`);
    assert.equal(seen.status, 200);
    assert.ok(!seen.text.includes('hidden-value'));
    for (const [method, path, body] of [['GET', '/secret'], ['POST', '/rotate-secret', {}], ['PATCH', '', { name: 'x' }],
      ['DELETE', ''], ['POST', '/test', { event: 'missed_call' }], ['POST', '/disable'], ['POST', '/recover', {}]]) {
      assertProblem(await portal.request(method, `/v1/webhooks/${webhook.id}${path}`, body), 403);
    }
  });

  // Goal: who is limited to a team opens portals of that team only.
  test('is opened for the own team only', async () => {
    const manager = await person(shared.admin, 'portal@example.com', { team_id: 'team_p' });
    const reader = await person(shared.admin, 'portal-reader@example.com', { team_id: 'team_p', role: 'read' });
    await open({}, 'team_p', manager);
    assertProblem(await manager.post('/v1/teams/team_q/portal', {}), 404);
    assertProblem(await reader.post('/v1/teams/team_p/portal', {}), 403);
  });

  // Goal: what somebody made for a team ends with them: their portals, links to portals and invitations. So when they are
  // deleted, disabled, taken out of the team or may only look, and with a key that is revoked.
  test('ends with who made it', async () => {
    const { admin } = shared;
    const ways = {
      deleted: (id) => admin.delete(`/v1/users/${id}`),
      disabled: (id) => admin.patch(`/v1/users/${id}`, { enabled: false }),
      'taken out': (id) => admin.patch(`/v1/users/${id}`, { teams: [] }),
      'a reader now': (id) => admin.patch(`/v1/users/${id}`, { teams: [{ team_id: 'team_p', role: 'read' }] }),
    };
    for (const [way, end] of Object.entries(ways)) {
      const maker = await person(admin, `${way.replaceAll(' ', '-')}@example.com`, { team_id: 'team_p' });
      const { portal } = await open({}, 'team_p', maker);
      const { token } = (await maker.post('/v1/teams/team_p/portal', {})).json;
      assert.equal((await portal.get('/v1/webhooks')).status, 200);
      assert.ok((await end(maker.user.id)).status < 300);
      assertProblem(await portal.get('/v1/webhooks'), 401);
      assertProblem(await new Person(shared.server.url).post('/v1/portal/session', { token }), 404);
    }
    const made = (await admin.post('/v1/keys', { name: 'k', role: 'manage', team_id: 'team_p' })).json;
    const { portal } = await open({}, 'team_p', shared.server.api.withKey(made.key));
    assert.equal((await admin.delete(`/v1/keys/${made.id}`)).status, 204);
    assertProblem(await portal.get('/v1/webhooks'), 401);
  });

  // Goal: a portal cannot have the OAuth token of a webhook sent to a host of its own.
  test('cannot move a webhook that signs in with OAuth', async () => {
    const oauth = { token_url: 'http://127.0.0.1:9/token', client_id: 'c', client_secret: 'of the platform' };
    const webhook = await shared.server.api.createWebhook({ url: 'http://127.0.0.1:9/a', team_id: 'team_p', oauth });
    const { portal } = await open();
    const change = (members) => portal.patch(`/v1/webhooks/${webhook.id}`, members);
    assertFields(await change({ url: 'http://127.0.0.2:9/a' }), '/url');
    assertFields(await change({ url: 'http://127.0.0.1:8/a' }), '/url');
    assertFields(await change({ fallback_url: 'http://127.0.0.2:9/a' }), '/fallback_url');
    assert.equal((await change({ url: 'http://127.0.0.1:9/b?x=1', name: 'n' })).status, 200);
    assert.equal((await change({ url: 'http://127.0.0.2:9/a', oauth: { ...oauth, client_secret: 'of their own' } })).status, 200);
    assert.equal((await change({ url: 'http://127.0.0.3:9/a', oauth: null })).status, 200);
    assert.equal((await shared.admin.patch(`/v1/webhooks/${webhook.id}`, { url: 'http://127.0.0.4:9/a' })).status, 200);
  });

  // Goal: with its team go its portals and the links to them.
  test('ends with its team', async () => {
    const { portal } = await open({}, 'team_end');
    const { token } = (await shared.server.api.post('/v1/teams/team_end/portal', {})).json;
    const invitation = await invite(shared.admin, { email: 'late@example.com', team_id: 'team_end' });
    assert.equal((await shared.server.api.patch('/v1/teams/team_end', { name: 'x' })).status, 404, 'nobody has made it');
    assert.equal((await shared.server.api.post('/v1/teams', { id: 'team_end', name: 'x' })).status, 201);
    assert.equal((await shared.server.api.delete('/v1/teams/team_end')).status, 204);
    assertProblem(await portal.get('/v1/webhooks'), 401);
    const anybody = new Person(shared.server.url);
    assertProblem(await anybody.post('/v1/portal/session', { token }), 404);
    assertProblem(await anybody.post('/v1/invitations/accept', { token: invitation, password: goodPassword }), 404);
  });
});

withServer('a team', (shared) => {
  test('is made, renamed and deleted by admins; not while anything belongs to it', async () => {
    const { api } = shared.server;
    const made = await api.post('/v1/teams', { id: 'team_crud', name: 'Crud' });
    assert.deepEqual([made.status, made.json.id, made.json.name], [201, 'team_crud', 'Crud']);
    assertProblem(await api.post('/v1/teams', { id: 'team_crud', name: 'Again' }), 409);
    assert.match((await api.post('/v1/teams', { name: 'No id' })).json.id, /^team_/);
    for (const id of ['', 'a/b', 'a b', 'a?b', 'a#b', 'ä', 'x'.repeat(129), 5, null]) {
      assertFields(await api.post('/v1/teams', { id, name: 'n' }), '/id');
    }
    for (const name of ['', 'x'.repeat(201), 5, null]) assertFields(await api.post('/v1/teams', { name }), '/name');
    assertFields(await api.patch('/v1/teams/team_crud', { id: 'other' }), '/id');
    assert.equal((await api.patch('/v1/teams/team_crud', { name: 'New' })).json.name, 'New');
    const webhook = await api.createWebhook({ url, team_id: 'team_crud' });
    assertProblem(await api.delete('/v1/teams/team_crud'), 409);
    assert.equal((await api.delete(`/v1/webhooks/${webhook.id}`)).status, 204);
    assert.equal((await api.delete('/v1/teams/team_crud')).status, 204);
    assertProblem(await api.get('/v1/teams/team_crud'), 404);
    assertProblem(await api.delete('/v1/teams/team_crud'), 404);
  });

  // Goal: nobody and nothing is given to a team that is not there: neither to a mistyped one nor to one by its name. Where
  // no admin has created a team, the platform's own ids will do; events and webhooks bring theirs at any time.
  test('is there before people, keys and numbers are given to it', async () => {
    const { server, admin } = await serverWithAdmin();
    try {
      const { api } = server;
      const requests = (team_id) => [
        ['POST', '/v1/keys', { name: 'k', role: 'manage', team_id }, '/team_id'],
        ['POST', '/v1/keys', { name: 'k', role: 'ingest', team_id }, '/team_id'],
        ['POST', '/v1/invitations', { email: 'a@example.com', role: 'read', team_id }, '/team_id'],
        ['POST', '/v1/numbers', { number: '+15550100', team_id }, '/team_id'],
        ['POST', `/v1/teams/${encodeURIComponent(team_id)}/portal`, {}, '/team_id'],
      ];
      for (const [method, path, body] of requests('Acme Corp')) assertFields(await api.request(method, path, body), '/team_id');
      assert.equal((await api.post('/v1/keys', { name: 'k', role: 'read', team_id: 'acme-7' })).status, 201, 'the platform brings its ids');
      // A team's name, which its manager gives, changes nothing of that.
      assert.equal((await api.patch('/v1/teams/acme-7', { name: 'Acme' })).status, 200);
      assert.equal((await api.post('/v1/keys', { name: 'k', role: 'read', team_id: 'acme-8' })).status, 201);
      assertFields(await api.post('/v1/keys', { name: 'k', role: 'read', team_id: 'Acme' }), '/team_id');

      assert.equal((await api.post('/v1/teams', { id: 'team_001', name: 'Globex' })).status, 201);
      const member = await person(admin, 'member@example.com', { team_id: 'team_001' });
      const change = (team_id) => ['PATCH', `/v1/users/${member.user.id}`, { teams: [{ team_id: 'team_001', role: 'read' }, { team_id, role: 'read' }] }, '/teams/1/team_id'];
      for (const wrong of ['globex', 'team_002', 'Acme Corp']) {
        for (const [method, path, body, pointer] of [...requests(wrong), change(wrong)]) {
          for (const caller of [api, admin]) assertFields(await caller.request(method, path, body), pointer);
        }
      }
      const said = await api.post('/v1/keys', { name: 'k', role: 'read', team_id: 'team_002' });
      assert.match(said.json.errors[0].detail, /create the team first: POST \/v1\/teams/);
      assert.match((await api.post('/v1/keys', { name: 'k', role: 'read', team_id: 'GLOBEX' })).json.errors[0].detail, /the name of the team team_001/);
      assertFields(await admin.post('/v1/webhooks', { name: 'w', url, team_id: 'team_002' }), '/team_id');
      assertFields(await api.post('/v1/webhooks', { name: 'w', url, team_id: 'Globex' }), '/team_id');
      // A webhook that a program makes brings its team; then it is there.
      await api.createWebhook({ url, team_id: 'team_002' });
      await api.send(missedCall({ team_id: 'team_003' }));
      assert.equal((await api.post('/v1/keys', { name: 'k', role: 'read', team_id: 'team_002' })).status, 201);
      assert.equal((await api.post('/v1/teams', { id: 'team_004', name: 'Four' })).status, 201);
      for (const [method, path, body] of requests('team_004')) assert.equal((await api.request(method, path, body)).status, 201, path);
    } finally {
      await server.stop();
    }
  });

  // Goal: an id that is used again shows its new team nothing of the old one: neither events, deliveries, audit log, nor by
  // polling or recovery. A team that was there when it got its name loses nothing.
  test('begins empty where its id was used before', async () => {
    const { api } = shared.server;
    assert.equal((await api.post('/v1/teams', { id: 'team_reused', name: 'Old' })).status, 201);
    const old = await api.post('/v1/keys', { name: 'old', role: 'manage', team_id: 'team_reused' });
    const webhook = await api.createWebhook({ url: `${url}?key=secret`, team_id: 'team_reused', retry_schedule: [1] });
    const { id: event } = await api.send(missedCall({ team_id: 'team_reused' }));
    const [delivery] = await waitFor(async () => (await api.list('/v1/deliveries?team_id=team_reused')).length > 0 && api.list('/v1/deliveries?team_id=team_reused'), 10_000, 'the delivery');
    const started = await api.post(`/v1/webhooks/${webhook.id}/recover`, { status: 'missing' });
    await waitFor(async () => (await api.read(`/v1/recoveries/${started.json.id}`)).state === 'done', 10_000, 'the recovery');
    assert.equal((await api.delete(`/v1/webhooks/${webhook.id}`)).status, 204);
    assert.equal((await api.delete(`/v1/keys/${old.json.id}`)).status, 204);
    assert.equal((await api.delete('/v1/teams/team_reused')).status, 204);
    assert.equal((await api.post('/v1/teams', { id: 'team_reused', name: 'New' })).status, 201);
    const { key } = (await api.post('/v1/keys', { name: 'new', role: 'manage', team_id: 'team_reused' })).json;
    const tenant = api.withKey(key);
    const manager = await person(shared.admin, 'reused@example.com', { team_id: 'team_reused' });
    for (const caller of [tenant, manager]) {
      assert.deepEqual(await caller.list('/v1/events'), []);
      assert.deepEqual(await caller.list('/v1/deliveries'), []);
      assert.deepEqual(await caller.list('/v1/deliveries?since=2020-01-01T00:00:00Z'), []);
      for (const path of [`/v1/events/${event}`, `/v1/deliveries/${delivery.id}`, `/v1/recoveries/${started.json.id}`]) assertProblem(await caller.get(path), 404);
    }
    const audit = await manager.list('/v1/audit');
    assert.deepEqual(audit.filter(({ target }) => [webhook.id, old.json.id].includes(target.id)), []);
    const polled = await tenant.createWebhook({ mode: 'poll', url: undefined, events: ['missed_call'] });
    assert.deepEqual((await tenant.read(`/v1/webhooks/${polled.id}/events`)).data, []);
    const pushed = await tenant.createWebhook({ url });
    const counted = await tenant.post(`/v1/webhooks/${pushed.id}/recover`, { status: 'missing', since: '2020-01-01T00:00:00Z', dry_run: true });
    assert.deepEqual([counted.status, counted.json.would_redeliver], [200, 0]);
    const { id: own } = await tenant.send(missedCall({ team_id: 'team_reused' }));
    assert.deepEqual((await tenant.list('/v1/events')).map(({ id }) => id), [own]);
    assert.equal((await api.get(`/v1/events/${event}`)).status, 200, 'admins see all');

    const { key: before } = (await api.post('/v1/keys', { name: 'k', role: 'manage', team_id: 'team_reused' })).json;
    assert.equal((await api.withKey(before).list('/v1/events')).length, 1);
  });

  test('is renamed by who manages it, and seen by its members only', async () => {
    assert.equal((await shared.admin.post('/v1/teams', { id: 'team_n', name: 'N' })).status, 201);
    const manager = await person(shared.admin, 'namer@example.com', { team_id: 'team_n' });
    assert.equal((await manager.patch('/v1/teams/team_n', { name: 'Ours' })).status, 200);
    assertProblem(await manager.patch('/v1/teams/team_m', { name: 'Theirs' }), 404);
    assertProblem(await manager.post('/v1/teams', { name: 'x' }), 403);
    assertProblem(await manager.delete('/v1/teams/team_n'), 403);
    assert.deepEqual((await manager.list('/v1/teams')).map(({ id }) => id), ['team_n']);
    assert.ok((await shared.admin.list('/v1/teams', 1)).length >= 2);
  });
});
