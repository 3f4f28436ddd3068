// Single sign-on, at a real provider of OpenID Connect: who gets in, who does not, and what a stranger's link can do.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { assertProblem } from './support/api.mjs';
import { OidcProvider } from './support/oidc_provider.mjs';
import { Person, goodPassword, invite, person, serverWithAdmin, tokenOf } from './support/session.mjs';
import { Limehook } from './support/process.mjs';
import { missingSmtpServer, SmtpServer } from './support/smtp.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const publicUrl = 'https://hooks.example.com';

const account = (sub, email, more = {}) => ({ sub, email, email_verified: true, name: `Name of ${sub}`, ...more });

/** A browser that keeps the cookie of a sign-in on its way, too. */
class SsoBrowser extends Person {
  flow = null;

  /** Goes to a path of the server as a link or a redirect leads there. */
  async visit(path) {
    const cookies = [this.cookie, this.flow].filter(Boolean).join('; ');
    const answer = await this.request('GET', path, undefined, { cookie: cookies || null });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      if (/limehook_oidc$/.test(name)) this.flow = value ? `${name}=${value}` : null;
    }
    return answer;
  }

  /** Answers where the provider sends the browser back to, as a path. */
  async atProvider(provider, who, returnTo) {
    const query = returnTo === undefined ? '' : `?${new URLSearchParams({ return_to: returnTo })}`;
    const start = await this.visit(`/v1/oidc/start${query}`);
    assert.equal(start.status, 303, start.text);
    const callback = new URL(await provider.signIn(start.headers.get('location'), who));
    return callback.pathname + callback.search;
  }

  /** The whole way; answers the path that it ends at. */
  async signInAt(provider, who, returnTo) {
    const answer = await this.visit(await this.atProvider(provider, who, returnTo));
    assert.equal(answer.status, 303, answer.text);
    return answer.headers.get('location');
  }
}

describe('single sign-on', () => {
  let provider, smtp, server, admin;
  before(async () => {
    provider = await OidcProvider.start({ redirectUri: `${publicUrl}/v1/oidc/callback` });
    if (!missingSmtpServer()) smtp = await SmtpServer.start();
    const mail = smtp ? ['--smtp-url', smtp.url, '--smtp-from', 'limehook@example.com'] : [];
    ({ server, admin } = await serverWithAdmin({ args: ['--public-url', publicUrl, ...provider.flags, '--oidc-name', 'Acme', ...mail] }));
  });
  after(async () => {
    await server?.stop();
    await provider?.stop();
    await smtp?.stop();
  });
  const browser = () => new SsoBrowser(server.url);
  const refusedWith = async (visit, error) => {
    const b = browser();
    const location = await visit(b);
    assert.equal(location, `/sign-in#error=${error}`);
    assert.equal(b.cookie, null);
  };

  // Goal: whom an account is for gets in with the provider, lands where they wanted, and has an ordinary session.
  test('lets in who has an account', async () => {
    await person(admin, 'known@example.com', { team_id: 'team_s', role: 'read' });
    const b = browser();
    assert.equal((await b.read('/v1/sign-in')).oidc_name, 'Acme');
    assert.equal(await b.signInAt(provider, account('s-known', 'Known@Example.com'), '/webhooks?tab=1'), '/webhooks?tab=1');
    const session = await b.read('/v1/session');
    assert.deepEqual([session.user.email, session.role, session.team_id], ['known@example.com', 'read', 'team_s']);
    b.csrf = null;
    assertProblem(await b.remove('/v1/session'), 403);
    b.csrf = session.csrf_token;
    assert.equal((await b.remove('/v1/session')).status, 204);
  });

  // Goal: the cookies that it sets are as guarded as those of other sign-ins.
  test('sets cookies that only the browser has', async () => {
    const b = browser();
    const start = await b.visit('/v1/oidc/start');
    const [flow] = start.headers.getSetCookie();
    for (const attribute of ['HttpOnly', 'SameSite=Lax', 'Path=/v1/oidc', 'Secure']) assert.ok(flow.includes(attribute), flow);
    const authorize = new URL(start.headers.get('location'));
    assert.equal(authorize.searchParams.get('code_challenge_method'), 'S256');
    assert.equal(authorize.searchParams.get('redirect_uri'), `${publicUrl}/v1/oidc/callback`);
    assert.match(start.headers.get('cache-control'), /no-store/);
    await person(admin, 'cookies@example.com');
    const done = await b.visit(await b.atProvider(provider, account('s-cookies', 'cookies@example.com')));
    const session = done.headers.getSetCookie().find((line) => line.startsWith('__Host-limehook_session='));
    for (const attribute of ['HttpOnly', 'SameSite=Lax', 'Path=/', 'Secure']) assert.ok(session.includes(attribute), session);
    assert.equal(b.flow, null, 'the cookie of the flow stays');
  });

  // Goal: an invitation makes the account at the first sign-in, with the place it names, and is used up.
  test('makes an account for who is invited, once', async () => {
    const token = await invite(admin, { email: 'invited@example.com', team_id: 'team_i', role: 'read' });
    const b = browser();
    assert.equal(await b.signInAt(provider, account('s-invited', 'INVITED@example.com')), '/');
    const { user } = await b.read('/v1/session');
    assert.deepEqual([user.email, user.admin, user.teams], ['invited@example.com', false, [{ team_id: 'team_i', role: 'read' }]]);
    assertProblem(await browser().post('/v1/links/look', { token }), 404);
    await browser().signIn('invited@example.com', goodPassword, undefined, 401);
    await browser().signIn('invited@example.com', '', undefined, 422);
    const joined = await waitFor(async () => (await admin.list(`/v1/audit?team_id=team_i&target=${user.id}`))[0], 5000, 'an audit entry of the team');
    assert.deepEqual([joined.action, joined.after], ['user.joined', { teams: { team_i: 'read' } }]);
  });

  // Goal: nobody else gets in: strangers, addresses that the provider has not verified, disabled accounts, and another
  // person at the provider with the address of somebody who has signed in before.
  // Goal: an invitation by a team's manager, who can invite anybody, makes nobody a member unasked; an admin's does. The
  // manager's can be accepted by its link.
  test('joins no team unasked', { skip: missingSmtpServer() }, async () => {
    const email = 'sought@example.com';
    const manager = await person(admin, 'mallory@example.net', { team_id: 'team_strange' });
    assert.equal((await manager.post('/v1/invitations', { email, role: 'manage' })).status, 201);
    await invite(admin, { email, team_id: 'team_own', role: 'read' });
    const b = browser();
    assert.equal(await b.signInAt(provider, account('s-sought', email)), '/');
    const session = await b.read('/v1/session');
    assert.deepEqual([session.team_id, session.user.teams], ['team_own', [{ team_id: 'team_own', role: 'read' }]]);
    const { link } = await waitFor(async () => {
      const mail = smtp.mails.find(({ recipients, text }) => recipients.includes(email) && text.includes('team_strange'));
      return mail && { link: mail.text.match(/https?:\S+#\S+/)[0] };
    }, 10_000, 'the invitation');
    b.csrf = session.csrf_token;
    assert.equal((await b.post('/v1/invitations/accept', { token: tokenOf(link) })).status, 200);
    assert.deepEqual((await b.read('/v1/session')).user.teams.map(({ team_id }) => team_id), ['team_own', 'team_strange']);
  });

  test('lets nobody else in', async () => {
    await refusedWith((b) => b.signInAt(provider, account('s-stranger', 'stranger@example.com')), 'no_account');
    await person(admin, 'victim@example.com');
    for (const email_verified of [false, 'true', undefined]) {
      await refusedWith((b) => b.signInAt(provider, account('s-unverified', 'victim@example.com', { email_verified })), 'no_account');
    }
    await refusedWith((b) => b.signInAt(provider, account('s-none', undefined)), 'no_account');
    assert.equal(await browser().signInAt(provider, account('s-victim', 'victim@example.com')), '/');
    await refusedWith((b) => b.signInAt(provider, account('s-thief', 'victim@example.com')), 'no_account');
    const disabled = await person(admin, 'off@example.com');
    assert.equal(await browser().signInAt(provider, account('s-off', 'off@example.com')), '/');
    assert.equal((await admin.patch(`/v1/users/${disabled.user.id}`, { enabled: false })).status, 200);
    await refusedWith((b) => b.signInAt(provider, account('s-off', 'off@example.com')), 'no_account');
    await refusedWith((b) => b.signInAt(provider, account('s-off-again', 'off@example.com')), 'no_account');
  });

  // Goal: an account follows the person, not the address: the provider's name for them counts from the first time on.
  test('knows the person again by subject when the address has changed', async () => {
    await person(admin, 'before@example.com');
    const b = browser();
    await b.signInAt(provider, account('s-moves', 'before@example.com'));
    const { user } = await b.read('/v1/session');
    const again = browser();
    assert.equal(await again.signInAt(provider, account('s-moves', 'after@example.com', { email_verified: false })), '/');
    assert.equal((await again.read('/v1/session')).user.id, user.id);
  });

  // Goal: a callback is good once, in the browser that began, with the state of that beginning.
  test('cannot be finished by others, twice, or with another state', async () => {
    await person(admin, 'flow@example.com');
    const who = account('s-flow', 'flow@example.com');
    const b = browser();
    const callback = await b.atProvider(provider, who);
    await refusedWith(async (thief) => (await thief.visit(callback)).headers.get('location'), 'refused');
    await refusedWith(async (victim) => {
      await victim.visit('/v1/oidc/start');  // has a flow of their own
      return (await victim.visit(callback)).headers.get('location');
    }, 'refused');
    const { flow } = b;
    assert.equal((await b.visit(callback)).headers.get('location'), '/');
    await refusedWith(async (replay) => {
      replay.flow = flow;
      return (await replay.visit(callback)).headers.get('location');
    }, 'refused');
    for (const change of [(q) => q.set('state', 'x'), (q) => q.delete('state'), (q) => q.delete('code'), (q) => q.set('code', 'x'),
      (q) => q.set('iss', 'https://evil.example.com'), (q) => q.set('error', 'access_denied')]) {
      await refusedWith(async (fresh) => {
        const changed = new URL(await fresh.atProvider(provider, who), publicUrl);
        change(changed.searchParams);
        return (await fresh.visit(changed.pathname + changed.search)).headers.get('location');
      }, 'refused');
    }
  });

  // Goal: after signing in one stays here, whatever a link says.
  test('leads nowhere else', async () => {
    await person(admin, 'return@example.com');
    const who = account('s-return', 'return@example.com');
    for (const evil of ['https://evil.example.com/', '//evil.example.com', '/\\evil.example.com', '\\\\evil.example.com', 'javascript:alert(1)',
      '/\t/evil.example.com', '/%0d%0aSet-Cookie:x=1', '/\r\nSet-Cookie: x=1', 'evil', ' //evil.example.com', '/./\\/evil.example.com']) {
      const location = await browser().signInAt(provider, who, evil);
      const reached = new URL(location, `${publicUrl}/v1/oidc/callback`);
      assert.equal(reached.origin, publicUrl, `${JSON.stringify(evil)} leads to ${location}`);
      assert.match(location, /^\/(?![/\\])[!-~]*$/, JSON.stringify(evil));
    }
  });

  test('tells neither secrets nor tokens to the log or the audit log', async () => {
    const { text } = await admin.get('/v1/audit?limit=500');
    for (const place of [text, server.child.stderr, server.child.stdout]) {
      assert.ok(!place.includes(provider.clientSecret));
      assert.ok(!/eyJ[\w-]+\.[\w-]+\./.test(place), 'an ID token');
    }
  });
});

// Goal: a provider that is gone harms nobody: people with passwords get in, others are told.
test('a provider that is down keeps nobody with a password out', async () => {
  const provider = await OidcProvider.start({ redirectUri: `${publicUrl}/v1/oidc/callback` });
  await provider.stop();
  const { server } = await serverWithAdmin({ args: ['--public-url', publicUrl, ...provider.flags] });
  const b = new SsoBrowser(server.url);
  const start = await b.visit('/v1/oidc/start');
  assert.deepEqual([start.status, start.headers.get('location')], [303, '/sign-in#error=unavailable']);
  await b.signIn('root@example.com');
  await server.stop();
});

test('there is none unless it is configured', async () => {
  const server = await Limehook.start();
  for (const path of ['start', 'callback?state=x&code=y']) assertProblem(await new Person(server.url).get(`/v1/oidc/${path}`), 404);
  assert.equal((await new Person(server.url).read('/v1/sign-in')).oidc_name, null);
  await server.stop();
});
