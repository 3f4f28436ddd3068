// Attacks of those who may do something, and want to do more.

import assert from 'node:assert/strict';

import { Person, person as invited } from '../support/session.mjs';
import { refused } from './refused.mjs';
import { password } from './scene.mjs';

async function tryEach(who, requests, ...statuses) {
  for (const [method, path, body] of requests) {
    const answer = await who.request(method, path, body);
    assert.ok(statuses.includes(answer.status), `${method} ${path} answered ${answer.status}: ${answer.text}`);
  }
  return `${statuses.join(' or ')} to all ${requests.length}`;
}

const changes = ({ attacker }) => [
  ['POST', '/v1/webhooks', { name: 'x', url: 'https://example.com/' }], ['PATCH', `/v1/webhooks/${attacker.webhook.id}`, { name: 'x' }],
  ['DELETE', `/v1/webhooks/${attacker.webhook.id}`], ['POST', `/v1/webhooks/${attacker.webhook.id}/test`, { event: 'missed_call' }],
  ['GET', `/v1/webhooks/${attacker.webhook.id}/secret`], ['POST', `/v1/webhooks/${attacker.webhook.id}/rotate-secret`],
  ['POST', `/v1/deliveries/${attacker.delivery.id}/retry`], ['POST', `/v1/webhooks/${attacker.webhook.id}/recover`, { status: 'failed' }],
  ['POST', '/v1/numbers', { number: '+15550100009' }], ['POST', '/v1/teams', { name: 'x' }],
  ['POST', '/v1/teams/team_attacker/portal', {}], ['GET', '/v1/audit'], ['GET', '/v1/keys'], ['GET', '/v1/users'],
  ['POST', '/v1/keys', { name: 'x', role: 'read', team_id: 'team_attacker' }],
  ['POST', '/v1/invitations', { email: 'x@example.com', role: 'read' }],
];

const ofAdmins = ({ attacker }) => [
  ['POST', '/v1/keys', { name: 'x', role: 'admin' }], ['POST', '/v1/keys', { name: 'x', role: 'ingest', team_id: 'team_victim' }],
  ['POST', '/v1/invitations', { email: 'x@example.com', role: 'admin' }],
  ['POST', '/v1/invitations', { email: 'x@example.com', role: 'manage', team_id: 'team_victim' }],
  ['PATCH', `/v1/users/${attacker.person.user.id}`, { admin: true }],
  ['PATCH', `/v1/users/${attacker.person.user.id}`, { teams: [{ team_id: 'team_victim', role: 'manage' }] }],
  ['POST', `/v1/users/${attacker.person.user.id}/reset-link`], ['POST', '/v1/teams', { name: 'x' }], ['DELETE', '/v1/teams/team_attacker'],
];

export const escalation = [
  ['changes with a read key', (scene) => tryEach(scene.api.withKey(scene.attacker.read.key), changes(scene), 403)],
  ['anything but sending with an ingest key', (scene) =>
    tryEach(scene.api.withKey(scene.attacker.ingest.key), [...changes(scene), ['GET', '/v1/events'], ['GET', '/v1/deliveries']], 403)],
  ['keys and people with a team’s manage key', (scene) => tryEach(scene.attack, [...ofAdmins(scene), ['GET', '/v1/keys'],
    ['POST', '/v1/keys', { name: 'x', role: 'manage', team_id: 'team_attacker' }], ['GET', '/v1/audit']], 403)],
  ['an admin’s things, as a team’s manager', (scene) => tryEach(scene.attacker.person, ofAdmins(scene), 403)],
  ['a manager invites without a mail server', async (scene) => refused(await scene.attacker.person.post('/v1/invitations', {
    email: 'accomplice@example.com', role: 'read',
  }), 409)],
  ['everything else, from a portal', async (scene) => {
    const link = await scene.attack.post('/v1/teams/team_attacker/portal', { role: 'read' });
    const { json } = await scene.attack.post('/v1/portal/session', { token: link.json.token });
    return tryEach(scene.api.withKey(json.token), [...changes(scene), ['POST', '/v1/events', {}], ['GET', '/v1/sessions']], 403);
  }],
  ['the platform’s OAuth token, to a host of the portal’s', async (scene) => {
    const oauth = { token_url: 'http://127.0.0.1:9/token', client_id: 'platform', client_secret: 'of the platform' };
    const webhook = await scene.api.createWebhook({ name: 'x', url: 'http://127.0.0.1:9/', team_id: 'team_attacker', oauth });
    const link = await scene.attack.post('/v1/teams/team_attacker/portal', {});
    const { json } = await scene.attack.post('/v1/portal/session', { token: link.json.token });
    return refused(await scene.api.withKey(json.token).patch(`/v1/webhooks/${webhook.id}`, { url: scene.receiver.url.replace('127.0.0.1', '127.0.0.2') }), 422);
  }],
  ['a portal of somebody who was removed', async (scene) => {
    const gone = await invited(scene.admin, 'gone@example.com', { team_id: 'team_attacker' }, password);
    const link = await gone.post('/v1/teams/team_attacker/portal', {});
    const again = await gone.post('/v1/teams/team_attacker/portal', {});
    const { json } = await gone.post('/v1/portal/session', { token: link.json.token });
    assert.equal((await scene.admin.delete(`/v1/users/${gone.user.id}`)).status, 204);
    refused(await scene.api.withKey(null).post('/v1/portal/session', { token: again.json.token }), 404);
    return refused(await scene.api.withKey(json.token).get('/v1/webhooks'), 401);
  }],
  ['the log of a team whose id is used again', async (scene) => {
    await scene.api.send({ ...scene.victim.call, team_id: 'team_before', call_id: 'of the old tenant' });
    assert.equal((await scene.api.post('/v1/teams', { id: 'team_before', name: 'New' })).status, 201);
    const { json } = await scene.api.post('/v1/keys', { name: 'x', role: 'read', team_id: 'team_before' });
    const seen = await scene.api.withKey(json.key).get('/v1/events');
    assert.ok(!seen.text.includes('of the old tenant'), seen.text);
    assert.equal((await scene.api.delete(`/v1/keys/${json.id}`)).status, 204);
    assert.equal((await scene.api.delete('/v1/teams/team_before')).status, 204);
    return 'nothing of it';
  }],
  ['the admin’s own key, as a person', async (scene) => refused(await scene.api.get('/v1/sessions'), 403)],
  ['a form on another site (CSRF)', async (scene) => {
    const { person } = scene.attacker;
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x', 'application/json']) {
      const answer = await person.post('/v1/webhooks', '{"name":"x","url":"https://example.com/"}', {
        'x-csrf-token': null, 'content-type': type, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site',
      });
      refused(answer, 403);
    }
    return '403 to all 4';
  }],
  ['the token of another session (CSRF)', async (scene) => refused(await scene.attacker.person.post('/v1/webhooks', {}, {
    'x-csrf-token': scene.victim.person.csrf,
  }), 403)],
  ['signing somebody in by a form (login CSRF)', async (scene) => refused(await new Person(scene.server.url).post(
    '/v1/session', `{"email":"attacker@example.com","password":"${password}"}`, { 'content-type': 'text/plain' },
  ), 415)],
  ['a session id of one’s own choice (fixation)', async (scene) => {
    const person = new Person(scene.server.url);
    person.cookie = 'limehook_session=lhs_chosen_by_the_attacker';
    const answer = await person.post('/v1/session', { email: 'attacker@example.com', password });
    assert.notEqual(person.cookie, 'limehook_session=lhs_chosen_by_the_attacker');
    return `${answer.status} with another session`;
  }],
  ['a cookie after signing out', async (scene) => {
    const person = new Person(scene.server.url);
    await person.signIn('attacker@example.com');
    const { cookie } = person;
    assert.equal((await person.remove('/v1/session')).status, 204);
    person.cookie = cookie;
    return refused(await person.get('/v1/webhooks'), 401);
  }],
  ['the session’s token as a key', async (scene) =>
    refused(await scene.api.withKey(scene.attacker.person.cookie.split('=')[1]).get('/v1/webhooks'), 401)],
  ['a disabled person’s session', async (scene) => {
    const person = await invited(scene.admin, 'leaver@example.com', { team_id: 'team_attacker' });
    assert.equal((await scene.admin.patch(`/v1/users/${person.user.id}`, { enabled: false })).status, 200);
    return refused(await person.get('/v1/webhooks'), 401);
  }],
];
