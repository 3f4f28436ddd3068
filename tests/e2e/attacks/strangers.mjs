// Attacks of those who have no key, or one that is not good any more.

import assert from 'node:assert/strict';

import { Person, setupToken } from '../support/session.mjs';
import { refused } from './refused.mjs';
import { password } from './scene.mjs';

const withHeaders = (scene, headers, path = '/v1/webhooks', method = 'GET', body) =>
  scene.api.request(method, path, body, { authorization: null, ...headers });

const oneAnswer = async (scene, tries) => {
  for (const headers of tries) refused(await withHeaders(scene, headers), 401, 403);
  return `401 to all ${tries.length}`;
};

export const strangers = [
  ['no key at all', async (scene) => refused(await withHeaders(scene, {}), 401)],
  ['keys in every other form', async (scene) => oneAnswer(scene, [
    { authorization: scene.server.key }, { authorization: `Basic ${btoa(`x:${scene.server.key}`)}` },
    { authorization: `Bearer ${scene.server.key.slice(0, -1)}` }, { authorization: `Bearer ${scene.server.key}x` },
    { authorization: `Bearer ${scene.server.key.toUpperCase()}` }, { authorization: 'Bearer ' }, { authorization: 'Bearer null' },
    { 'x-api-key': scene.server.key }, { cookie: `limehook_session=${scene.server.key}` },
    { authorization: `Bearer ${'A'.repeat(8000)}` },
  ])],
  ['the key in the query', async (scene) =>
    refused(await withHeaders(scene, {}, `/v1/webhooks?key=${scene.server.key}&access_token=${scene.server.key}`), 401)],
  ['a key’s id or hint instead of the key', async (scene) => oneAnswer(scene, [
    { authorization: `Bearer ${scene.victim.manage.id}` }, { authorization: `Bearer ${scene.victim.manage.hint}` },
  ])],
  ['a revoked key', async (scene) => {
    const made = await scene.api.post('/v1/keys', { name: 'gone', role: 'read', team_id: 'team_victim' });
    assert.equal((await scene.api.delete(`/v1/keys/${made.json.id}`)).status, 204);
    return refused(await scene.api.withKey(made.json.key).get('/v1/webhooks'), 401);
  }],
  ['an expired key', async (scene) => {
    let expires_at, made;
    for (let ahead = 400; made?.status !== 201; ahead *= 2) {
      assert.ok(ahead < 60_000, made?.text);
      expires_at = new Date(Date.now() + ahead).toISOString();
      made = await scene.api.post('/v1/keys', { name: 'short', role: 'read', team_id: 'team_victim', expires_at });
    }
    const late = scene.api.withKey(made.json.key);
    while (Date.now() < Date.parse(expires_at) + 5) await new Promise((resolve) => setTimeout(resolve, 50));
    return refused(await late.get('/v1/webhooks'), 401);
  }],
  ['the setup link, after there is an admin', async (scene) => refused(await new Person(scene.server.url).post('/v1/setup', {
    token: await setupToken(scene.server), email: 'evil@example.com', name: 'x', password,
  }), 404, 409)],
  ['an invented link', async (scene) => refused(await new Person(scene.server.url).post('/v1/invitations/accept', {
    token: `lhl_${'A'.repeat(43)}`, name: 'x', password,
  }), 404)],
  ['a portal link of another kind', async (scene) => {
    const portal = await scene.attack.post('/v1/teams/team_attacker/portal', {});
    const person = new Person(scene.server.url);
    refused(await person.post('/v1/password-reset/complete', { token: portal.json.token, password }), 404);
    return refused(await person.post('/v1/invitations/accept', { token: portal.json.token, name: 'x', password }), 404);
  }],
  ['a link for the second time', async (scene) => {
    const portal = await scene.attack.post('/v1/teams/team_attacker/portal', {});
    const person = new Person(scene.server.url);
    assert.equal((await person.post('/v1/portal/session', { token: portal.json.token })).status, 201);
    return refused(await person.post('/v1/portal/session', { token: portal.json.token }), 404);
  }],
  ['whether an address has an account, by signing in', async (scene) => {
    const person = new Person(scene.server.url);
    const known = await person.post('/v1/session', { email: 'victim@example.com', password: 'wrong wrong wrong' });
    const unknown = await person.post('/v1/session', { email: 'nobody@example.com', password: 'wrong wrong wrong' });
    assert.equal(known.text, unknown.text);
    return refused(known, 401);
  }],
  ['guessing passwords', async (scene) => {
    const person = new Person(scene.server.url);
    let last;
    for (let i = 0; i < 8; i += 1) {
      last = await person.post('/v1/session', { email: 'guessed@example.com', password: `wrong guess ${i} ${i}` });
      if (last.status === 429) break;
    }
    assert.ok(Number(last.headers.get('retry-after')) > 0);
    return refused(last, 429);
  }],
  ['SQL and scripts in every text', async (scene) => {
    for (const text of ["' OR 1=1 --", '"; DROP TABLE keys; --', '<script>alert(1)</script>', '../../etc/passwd', '%00', '\u0000']) {
      const q = encodeURIComponent(text);
      for (const path of [`/v1/deliveries?q=${q}`, `/v1/events/${q}`, `/v1/audit?action=${q}&actor=${q}`, `/v1/teams/${q}`]) {
        const answer = await scene.attack.get(path);
        refused(answer, 200, 400, 403, 404, 422);
        assert.ok(!/html/.test(answer.headers.get('content-type') ?? ''));
      }
    }
    return 'no error of the server, no HTML';
  }],
];
