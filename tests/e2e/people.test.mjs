// People: the first admin, signing in and out, cookies, forged requests, passwords, second factors, guessing.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { assertFields, assertProblem } from './support/api.mjs';
import { Person, goodPassword, invite, person, requestFrom, serverWithAdmin, setupToken, tokenOf } from './support/session.mjs';
import { Limehook } from './support/process.mjs';
import { test } from './support/test.mjs';
import { totp } from './support/totp.mjs';

const newPassword = 'nine green boats on the Weser';
const root = 'root@example.com';

/** Tests that share one server and do no harm to each other. */
function withServer(name, body, options) {
  describe(name, () => {
    const shared = {};
    before(async () => Object.assign(shared, await serverWithAdmin(options)));
    after(() => shared.server?.stop());
    body(shared);
  });
}

describe('the first admin', () => {
  const account = { email: root, name: 'Root', password: goodPassword };

  // Goal: the link works once, for one, and is in no log; afterwards none is offered.
  test('is made with a link that works once', async () => {
    const server = await Limehook.start();
    const token = await setupToken(server);
    assert.ok(!server.child.stderr.includes(token), 'the log has the link');
    const browser = new Person(server.url);
    assert.equal((await browser.read('/v1/sign-in')).setup, true);
    assertProblem(await browser.post('/v1/setup', { ...account, token: `${token}x` }), 404);
    assertProblem(await browser.post('/v1/setup', { ...account, token: 'lhl_' }), 404);
    assertFields(await browser.post('/v1/setup', { ...account, token, password: 'short' }), '/password');
    assertFields(await browser.post('/v1/setup', { ...account, token, email: 'not an address' }), '/email');
    const at_once = await Promise.all([1, 2, 3].map((n) => new Person(server.url).post('/v1/setup', { ...account, email: `a${n}@example.com`, token })));
    const winners = at_once.filter(({ status }) => status === 200);
    assert.equal(winners.length, 1, at_once.map(({ text }) => text).join());
    assert.equal(winners[0].json.user.admin, true);
    assert.ok([404, 409].includes((await browser.post('/v1/setup', { ...account, token })).status));
    assert.equal((await server.api.read('/v1/users')).data.length, 1);
    assert.equal((await browser.read('/v1/sign-in')).setup, false);
    await server.stop();
    const again = await Limehook.start({ data: server.data });
    assert.ok(!again.child.stdout.includes('/setup#'), again.child.stdout);
    assert.ok([404, 409].includes((await new Person(again.url).post('/v1/setup', { ...account, token })).status));
    await again.stop();
  });

  // Goal: a link that somebody may have seen is dead after a restart; a new one is offered, also after a crash.
  test('gets a new link at each start, and the old one dies', async () => {
    const server = await Limehook.start();
    const old = await setupToken(server);
    await server.kill9();
    const again = await Limehook.start({ data: server.data });
    const token = await setupToken(again);
    assert.notEqual(token, old);
    const browser = new Person(again.url);
    assertProblem(await browser.post('/v1/setup', { ...account, token: old }), 404);
    assert.equal((await browser.post('/v1/setup', { ...account, token })).status, 200);
    await again.stop();
  });
});

withServer('a session', (shared) => {
  const signedIn = async (email = root) => {
    const browser = new Person(shared.server.url);
    await browser.signIn(email);
    return browser;
  };

  // Goal: the cookie cannot be read by scripts, is not sent with other sites' forms, and is nowhere but in the header.
  test('is in a cookie that only the browser has', async () => {
    const browser = new Person(shared.server.url);
    const answer = await browser.signIn('ROOT@Example.com');
    const [line, ...more] = answer.headers.getSetCookie();
    assert.deepEqual(more, []);
    const [pair, ...attributes] = line.split('; ');
    const [name, token] = pair.split('=');
    assert.equal(name, 'limehook_session');
    assert.match(token, /^lhs_[\w-]{40,}$/);
    assert.deepEqual(attributes.filter((a) => !a.startsWith('Max-Age')).sort(), ['HttpOnly', 'Path=/', 'SameSite=Lax']);
    assert.match(answer.headers.get('cache-control'), /no-store/);
    assert.ok(!answer.text.includes(token));
    const session = await browser.get('/v1/session');
    assert.ok(!session.text.includes(token));
    assert.equal(session.json.csrf_token, answer.json.csrf_token);
    assert.ok(!(await browser.get('/v1/sessions')).text.includes(token));
    assert.ok(!shared.server.child.stderr.includes(token));
  });

  // Goal: whatever cookie a browser has, signing in makes a new session, and the token of the old one does not fit it.
  test('is new at each sign-in', async () => {
    const planted = 'limehook_session=lhs_planted-by-somebody-else-0123456789abcdef';
    const browser = new Person(shared.server.url);
    browser.cookie = planted;
    await browser.signIn(root);
    assert.notEqual(browser.cookie, planted);
    const first = { cookie: browser.cookie, csrf: browser.csrf };
    await browser.signIn(root);
    assert.notEqual(browser.cookie, first.cookie);
    assert.notEqual(browser.csrf, first.csrf);
    const mixed = await browser.post('/v1/teams', { name: 'x' }, { 'x-csrf-token': first.csrf });
    assertProblem(mixed, 403);
    const old = new Person(shared.server.url);
    old.cookie = planted;
    assertProblem(await old.get('/v1/session'), 401);
  });

  // Goal: pages of other sites change nothing: no token, a wrong one, forms, and sign-in in somebody else's name.
  test('cannot be used by other sites', async () => {
    const browser = await signedIn();
    const other = await signedIn();
    const teams = (await browser.list('/v1/teams')).length;
    for (const token of [null, '', 'x', other.csrf, browser.csrf.slice(1), browser.csrf.toUpperCase()]) {
      assertProblem(await browser.post('/v1/teams', { name: 'forged' }, { 'x-csrf-token': token }), 403);
      assertProblem(await browser.request('DELETE', '/v1/sessions', undefined, { 'x-csrf-token': token }), 403);
    }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', '']) {
      const headers = { 'content-type': type || null, origin: 'https://evil.example.com', 'x-csrf-token': null };
      const forms = {
        '/v1/session': { email: root, password: goodPassword }, '/v1/setup': {}, '/v1/invitations/accept': {},
        '/v1/password-reset': { email: root }, '/v1/password-reset/complete': {}, '/v1/portal/session': {},
      };
      for (const [path, body] of Object.entries(forms)) {
        const answer = await new Person(shared.server.url).post(path, new TextEncoder().encode(JSON.stringify(body)), headers);
        assertProblem(answer, 415);
        assert.deepEqual(answer.headers.getSetCookie(), []);
      }
    }
    assert.equal((await browser.list('/v1/teams')).length, teams);
    assert.ok(await browser.isSignedIn);
    for (const header of ['access-control-allow-origin', 'access-control-allow-credentials']) {
      assert.equal((await browser.request('GET', '/v1/session', undefined, { origin: 'https://evil.example.com' })).headers.get(header), null);
    }
  });

  test('ends with signing out, here only', async () => {
    const [here, elsewhere] = [await signedIn(), await signedIn()];
    const { cookie } = here;
    const answer = await here.remove('/v1/session');
    assert.equal(answer.status, 204);
    assert.match(answer.headers.getSetCookie()[0], /^limehook_session=; .*Max-Age=0/);
    here.cookie = cookie;
    assertProblem(await here.get('/v1/session'), 401);
    assert.ok(await elsewhere.isSignedIn);
  });

  // Goal: one sees one's own sessions only, ends one or all; nobody ends another person's, not even an admin.
  test('can be ended from elsewhere by its owner only', async () => {
    const email = 'elsewhere@example.com';
    const first = await person(shared.admin, email);
    const second = await signedIn(email);
    const rows = await second.list('/v1/sessions');
    assert.equal(rows.length, 2);
    assert.deepEqual(rows.map(({ current }) => current), [true, false]);
    assertProblem(await shared.admin.remove(`/v1/sessions/${rows[1].id}`), 404);
    assert.ok(!(await shared.admin.get('/v1/sessions')).text.includes(rows[1].id));
    assert.equal((await second.remove(`/v1/sessions/${rows[1].id}`)).status, 204);
    assert.ok(!(await first.isSignedIn));
    const third = await signedIn(email);
    assert.equal((await third.remove('/v1/sessions')).status, 204);
    assert.ok(!(await second.isSignedIn));
    assert.ok(await shared.admin.isSignedIn);
  });

  // Goal: whoever disables an account ends its sessions at once; the words at sign-in do not tell why.
  test('ends when the account is disabled, deleted or loses its place', async () => {
    const browser = await person(shared.admin, 'leaver@example.com', { team_id: 'team_x' });
    const path = `/v1/users/${browser.user.id}`;
    assert.equal((await browser.get('/v1/webhooks')).status, 200);
    assert.equal((await shared.admin.patch(path, { teams: [] })).status, 200);
    assertProblem(await browser.get('/v1/webhooks'), 403);
    assert.equal((await shared.admin.patch(path, { enabled: false })).status, 200);
    assertProblem(await browser.get('/v1/session'), 401);
    const wrong = await new Person(shared.server.url).signIn('leaver@example.com', undefined, undefined, 401);
    const unknown = await new Person(shared.server.url).signIn('unknown@example.com', undefined, undefined, 401);
    assert.equal(wrong.text, unknown.text);
    assert.equal((await shared.admin.patch(path, { enabled: true })).status, 200);
    assertProblem(await browser.get('/v1/session'), 401);
    await browser.signIn('leaver@example.com');
    assert.equal((await shared.admin.delete(path)).status, 204);
    assertProblem(await browser.get('/v1/session'), 401);
  });

  // Goal: who signs in everywhere keeps the newest twenty sessions; nobody else loses one.
  test('makes way when there are twenty newer ones', async () => {
    const other = await person(shared.admin, 'calm@example.com');
    const browsers = [await person(shared.admin, 'busy@example.com')]; // the first session
    while (browsers.length < 21) {
      const browser = new Person(shared.server.url);
      await browser.signIn('busy@example.com');
      browsers.push(browser);
    }
    assert.deepEqual(await Promise.all(browsers.map((browser) => browser.isSignedIn)), browsers.map((_, i) => i > 0));
    assert.equal((await browsers[20].list('/v1/sessions')).length, 20);
    assert.equal(await other.isSignedIn, true);
  });
});

// Goal: a session outlives restarts and crashes; one that has ended stays so.
test('sessions are durable, and so is their end', async () => {
  const { server, admin } = await serverWithAdmin();
  const ended = new Person(server.url);
  await ended.signIn(root);
  const { cookie } = ended;
  assert.equal((await ended.remove('/v1/session')).status, 204);
  ended.cookie = cookie;
  await server.kill9();
  const again = await Limehook.start({ data: server.data });
  admin.url = ended.url = again.url;
  assert.ok(await admin.isSignedIn);
  assertProblem(await ended.get('/v1/session'), 401);
  await again.stop();
});

// Goal: there is always an admin, also when two of them try at once.
test('the last admin stays', async () => {
  const { server, admin } = await serverWithAdmin();
  const me = (await admin.read('/v1/session')).user;
  for (const change of [{ admin: false }, { enabled: false }]) {
    assertProblem(await admin.patch(`/v1/users/${me.id}`, change), 409);
  }
  assertProblem(await admin.delete(`/v1/users/${me.id}`), 409);
  assertProblem(await server.api.delete(`/v1/users/${me.id}`), 409);
  const other = await person(admin, 'second@example.com');
  await Promise.all([
    server.api.patch(`/v1/users/${me.id}`, { admin: false }), server.api.patch(`/v1/users/${other.user.id}`, { enabled: false }),
    server.api.delete(`/v1/users/${me.id}`), server.api.patch(`/v1/users/${other.user.id}`, { admin: false }),
  ]);
  const left = (await server.api.list('/v1/users')).filter((user) => user.admin && user.enabled);
  assert.ok(left.length >= 1, 'nobody is admin any more');
  await server.stop();
});

withServer('a password', (shared) => {
  // Goal: a new password ends the sessions elsewhere, and needs the old one; the old one stops working.
  test('is changed by who knows it, and ends other sessions', async () => {
    const email = 'changer@example.com';
    const here = await person(shared.admin, email);
    const elsewhere = new Person(shared.server.url);
    await elsewhere.signIn(email);
    const change = (current_password, new_password) => here.put('/v1/session/password', { current_password, new_password });
    assert.match((await change('wrong one', newPassword)).text, /current_password/);
    assert.equal((await change('wrong one', newPassword)).status, 403);
    for (const weak of ['short', email, 'passwordpassword', ' '.repeat(20), 'x'.repeat(2000)]) {
      assertFields(await change(goodPassword, weak), '/new_password');
    }
    assert.ok(await elsewhere.isSignedIn);
    const { link } = (await shared.admin.post(`/v1/users/${here.user.id}/reset-link`)).json;
    assert.equal((await change(goodPassword, newPassword)).status, 204);
    assert.ok(await here.isSignedIn);
    assert.ok(!(await elsewhere.isSignedIn));
    await elsewhere.signIn(email, goodPassword, undefined, 401);
    await elsewhere.signIn(email, newPassword);
    // A link to reset the password that was made before is void: it may be what made its owner change the password.
    const body = { token: tokenOf(link), password: goodPassword };
    assertProblem(await new Person(shared.server.url).post('/v1/password-reset/complete', body), 404);
  });

  // Goal: an admin's link sets a password once, only the newest works, and all sessions end.
  test('is reset with a link that works once', async () => {
    const email = 'forgetful@example.com';
    const browser = await person(shared.admin, email);
    const reset = async () => tokenOf((await shared.admin.post(`/v1/users/${browser.user.id}/reset-link`)).json.link);
    const [first, second] = [await reset(), await reset()];
    const stranger = new Person(shared.server.url);
    const complete = (token, password = newPassword) => stranger.post('/v1/password-reset/complete', { token, password });
    assertProblem(await complete(first), 404);
    assertFields(await complete(second, 'short'), '/password');
    const look = await stranger.post('/v1/links/look', { token: second });
    assert.deepEqual([look.json.kind, look.json.email], ['password_reset', email]);
    const statuses = (await Promise.all([complete(second), complete(second)])).map(({ status }) => status).sort();
    assert.equal(statuses[0], 204);
    assert.notEqual(statuses[1], 204);
    assertProblem(await complete(second), 404);
    assert.ok(!(await browser.isSignedIn));
    await stranger.signIn(email, newPassword);
    for (const kind of ['setup', 'invitations/accept', 'portal/session']) {
      const answer = await stranger.post(`/v1/${kind}`, { token: await reset(), ...(kind === 'setup' ? { email, password: newPassword } : {}) });
      assertProblem(answer, 404);
    }
  });

  test('is never in the log or an answer', async () => {
    const token = await invite(shared.admin, { email: 'quiet@example.com' });
    const browser = new Person(shared.server.url);
    const answer = await browser.post('/v1/invitations/accept', { token, password: 'an unmistakable passphrase 4711' });
    assert.ok(!answer.text.includes('4711'));
    for (const path of ['/v1/users', '/v1/audit', '/v1/session', '/v1/invitations']) {
      const { text } = await shared.admin.get(path);
      for (const secret of ['4711', 'argon2', token]) assert.ok(!text.includes(secret), `${path} shows ${secret}`);
    }
    assert.ok(!shared.server.child.stderr.includes('4711'));
  });
});

withServer('a second factor', (shared) => {
  async function enrolled(email) {
    const browser = await person(shared.admin, email);
    const { secret, uri } = (await browser.post('/v1/session/totp', { password: goodPassword })).json;
    assert.match(uri, new RegExp(`^otpauth://totp/.*secret=${secret}`));
    const answer = await browser.put('/v1/session/totp', { code: totp(secret, -1) });
    assert.equal(answer.status, 200, answer.text);
    return { browser, secret, codes: answer.json.recovery_codes };
  }
  const attempt = (email, code, password = goodPassword) =>
    new Person(shared.server.url).post('/v1/session', { email, password, ...(code ? { code } : {}) });

  // Goal: after it is on, the password alone does not do; a code works once, also when two use it at once.
  test('is asked for, and a code works once', async () => {
    const email = 'twofactor@example.com';
    const { secret } = await enrolled(email);
    const without = await attempt(email);
    assert.deepEqual([without.status, without.json.code_required], [401, true]);
    assert.equal((await attempt(email, totp(secret), 'a wrong password here')).json.code_required, false);
    assert.equal((await attempt(email, totp(secret, -1))).status, 401, 'the code of the enrolment was used');
    const code = totp(secret, 1);
    const both = await Promise.all([attempt(email, code), attempt(email, code)]);
    assert.equal(both.filter(({ status }) => status === 200).length, 1, both.map(({ text }) => text).join());
    assert.equal((await attempt(email, code)).status, 401);
  });

  test('that is lost is replaced by a recovery code, once each', async () => {
    const email = 'recovery@example.com';
    const { codes } = await enrolled(email);
    assert.equal(new Set(codes).size, 10);
    const [first, second] = codes;
    const both = await Promise.all([attempt(email, first), attempt(email, first)]);
    assert.equal(both.filter(({ status }) => status === 200).length, 1, both.map(({ text }) => text).join());
    assert.equal((await attempt(email, first)).status, 401);
    assert.equal((await attempt(email, second.toUpperCase().replaceAll('-', ' '))).status, 200);
  });

  // Goal: an open browser alone turns nothing on or off; what one session began, no other finishes over the owner's.
  test('is turned on and off with password and code only', async () => {
    const email = 'onoff@example.com';
    const here = await person(shared.admin, email);
    const elsewhere = new Person(shared.server.url);
    await elsewhere.signIn(email);
    assertProblem(await here.post('/v1/session/totp', { password: 'a wrong password here' }), 403);
    assertProblem(await here.put('/v1/session/totp', { code: '123456' }), 409);
    const theirs = (await elsewhere.post('/v1/session/totp', { password: goodPassword })).json.secret;
    const { secret } = (await here.post('/v1/session/totp', { password: goodPassword })).json;
    assertProblem(await here.put('/v1/session/totp', { code: totp(theirs) }), 403);
    const on = await here.put('/v1/session/totp', { code: totp(secret, -1) });
    assert.equal(on.status, 200, on.text);
    assertProblem(await elsewhere.put('/v1/session/totp', { code: totp(theirs) }), 409);
    assertProblem(await here.post('/v1/session/totp', { password: goodPassword }), 409);
    const off = (password, code) => here.remove('/v1/session/totp', { password, code });
    assertProblem(await off('a wrong password here', totp(secret)), 403);
    assertProblem(await off(goodPassword, '000000'), 403);
    assert.equal((await off(goodPassword, totp(secret))).status, 204);
    assert.equal((await attempt(email)).status, 200);
  });

  test('can be taken away by an admin, but not turned on, and its secret is shown to nobody', async () => {
    const { browser, secret } = await enrolled('helped@example.com');
    const path = `/v1/users/${browser.user.id}`;
    assertFields(await shared.admin.patch(path, { totp: true }), '/totp');
    for (const list of [path, '/v1/users', '/v1/audit']) assert.ok(!(await shared.admin.get(list)).text.includes(secret));
    const answer = await shared.admin.patch(path, { totp: false });
    assert.equal(answer.json.totp, false);
    assert.equal((await attempt('helped@example.com')).status, 200);
  });
});

describe('guessing', () => {
  const attempt = (server, email, password, address = '127.0.0.9') =>
    requestFrom(address, `${server.url}/v1/session`, 'POST', { email, password });

  // Goal: an account is locked for a while, whoever guesses, and says for how long; not for its owner at home, and not
  // for others; an unknown account is locked alike.
  test('at one account has to wait, at others not', async () => {
    const { server, admin } = await serverWithAdmin();
    await person(admin, 'other@example.com');
    for (const email of [root, 'nobody@example.com']) {
      const address = email === root ? '127.0.0.9' : '127.0.0.10';
      const statuses = [];
      for (let i = 0; i < 6; ++i) statuses.push((await attempt(server, email, `guess number ${i} of many`, address)).status);
      assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429], email);
      const last = await attempt(server, email, goodPassword, '127.0.0.11');
      assert.equal(last.status, 429, 'the right password of a stranger waits too');
      assert.match(last.headers['retry-after'], /^\d+$/);
    }
    assert.equal((await attempt(server, 'other@example.com', goodPassword)).status, 200);
    assert.equal((await attempt(server, root, goodPassword, '127.0.0.1')).status, 200);
    await server.stop();
  });

  // Goal: who tries few passwords at many accounts is stopped by address; others are not.
  test('at many accounts has to wait by address', async () => {
    const { server } = await serverWithAdmin();
    let refused = 0;
    for (let i = 0; i < 35; ++i) refused += (await attempt(server, `user${i}@example.com`, 'a guess at many')).status === 429;
    assert.equal(refused, 5);
    assert.equal((await attempt(server, root, goodPassword, '127.0.0.12')).status, 200);
    await server.stop();
  });

  // Goal: the owner's confirmation of a password is no way around the limit.
  test('in an open browser has to wait', async () => {
    const { server, admin } = await serverWithAdmin();
    const statuses = [];
    for (let i = 0; i < 7; ++i) statuses.push((await admin.post('/v1/session/totp', { password: `guess number ${i}` })).status);
    assert.equal(statuses[0], 403);
    assert.equal(statuses.at(-1), 429);
    await server.stop();
  });

  // Goal: known and unknown accounts answer alike, and take as long. Method: in turns, and the fastest of each counts,
  // since noise only adds.
  test('which accounts there are is not told', async () => {
    const { server, admin } = await serverWithAdmin();
    const best = { known: Infinity, unknown: Infinity };
    const texts = new Set();
    for (let account = 1; account <= 4; ++account) {
      await person(admin, `known${account}@example.com`);
      for (let i = 0; i < 8; ++i) {
        const kind = i % 2 ? 'known' : 'unknown';
        const began = process.hrtime.bigint();
        const answer = await attempt(server, `${kind}${account}@example.com`, 'a wrong password', `127.0.1.${account}`);
        best[kind] = Math.min(best[kind], Number(process.hrtime.bigint() - began) / 1e6);
        assert.equal(answer.status, 401);
        texts.add(answer.text);
      }
    }
    assert.equal(texts.size, 1, [...texts].join());
    const factor = best.known / best.unknown;
    assert.ok(factor > 0.4 && factor < 2.5, `${best.known} ms against ${best.unknown} ms`);
    await server.stop();
  });
});
