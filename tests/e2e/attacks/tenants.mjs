// Attacks of one team on another: everything that has an id, by every route that takes one.

import assert from 'node:assert/strict';

import { missedCall } from '../support/samples.mjs';
import { refused, saysNothing } from './refused.mjs';
import { victimTeam } from './scene.mjs';

const byId = ({ victim }) => [
  ['GET', `/v1/webhooks/${victim.webhook.id}`], ['PATCH', `/v1/webhooks/${victim.webhook.id}`, { name: 'mine' }],
  ['DELETE', `/v1/webhooks/${victim.webhook.id}`], ['POST', `/v1/webhooks/${victim.webhook.id}/enable`],
  ['POST', `/v1/webhooks/${victim.webhook.id}/disable`], ['POST', `/v1/webhooks/${victim.webhook.id}/test`, { event: 'missed_call' }],
  ['POST', `/v1/webhooks/${victim.webhook.id}/preview`, { event: 'missed_call' }], ['GET', `/v1/webhooks/${victim.webhook.id}/secret`],
  ['POST', `/v1/webhooks/${victim.webhook.id}/rotate-secret`], ['GET', `/v1/webhooks/${victim.webhook.id}/deliveries`],
  ['GET', `/v1/webhooks/${victim.webhook.id}/events`], ['POST', `/v1/webhooks/${victim.webhook.id}/recover`, { status: 'failed' }],
  ['GET', `/v1/webhooks/${victim.webhook.id}/recoveries`], ['GET', `/v1/webhooks/${victim.webhook.id}/stats`],
  ['GET', `/v1/deliveries/${victim.delivery.id}`], ['POST', `/v1/deliveries/${victim.delivery.id}/retry`],
  ['POST', `/v1/deliveries/${victim.delivery.id}/skip`], ['GET', `/v1/events/${victim.event.id}`],
  ['GET', `/v1/recoveries/${victim.recovery.id}`], ['POST', `/v1/recoveries/${victim.recovery.id}/cancel`],
  ['GET', `/v1/numbers/${victim.number.id}`], ['PATCH', `/v1/numbers/${victim.number.id}`, { name: 'mine' }],
  ['DELETE', `/v1/numbers/${victim.number.id}`], ['GET', `/v1/teams/${victimTeam}`], ['PATCH', `/v1/teams/${victimTeam}`, { name: 'mine' }],
  ['POST', `/v1/teams/${victimTeam}/portal`, {}], ['GET', `/v1/test-receivers/${victim.testReceiver.id}`],
  ['PATCH', `/v1/test-receivers/${victim.testReceiver.id}`, { status: 500 }], ['DELETE', `/v1/test-receivers/${victim.testReceiver.id}`],
];

// What the team's own people may do, its keys may not.
const byIdOfPeople = ({ victim }) => [
  ['GET', `/v1/keys/${victim.manage.id}`], ['PATCH', `/v1/keys/${victim.manage.id}`, { name: 'mine' }],
  ['DELETE', `/v1/keys/${victim.manage.id}`], ['GET', `/v1/users/${victim.person.user.id}`],
  ['PATCH', `/v1/users/${victim.person.user.id}`, { teams: [] }], ['DELETE', `/v1/users/${victim.person.user.id}`],
];

async function tryAll(who, requests, ...statuses) {
  for (const [method, path, body] of requests) {
    const answer = await who.request(method, path, body);
    assert.ok(statuses.includes(answer.status), `${method} ${path} answered ${answer.status}: ${answer.text}`);
    saysNothing(answer);
  }
  return `${statuses.join(' or ')} to all ${requests.length}`;
}

const lists = ['/v1/sources', '/v1/test-receivers', '/v1/webhooks', '/v1/deliveries', '/v1/events', '/v1/numbers', '/v1/stats', '/v1/teams'];
const listsOfPeople = [...lists, '/v1/keys', '/v1/users', '/v1/invitations', '/v1/audit'];

async function readAll(who, paths, ...words) {
  for (const path of paths) {
    const answer = await who.request('GET', path);
    assert.equal(answer.status, 200, `${path}: ${answer.text}`);
    saysNothing(answer, ...words);
  }
  return `200, nothing of it in ${paths.length} lists`;
}

async function everyFilter({ attack, victim }) {
  const words = [victim.webhook.id, victim.event.id, victim.delivery.id, victim.call.call_id];
  for (const path of [
    `/v1/deliveries?webhook_id=${victim.webhook.id}`, `/v1/deliveries?q=${victim.call.call_id}`, `/v1/events?q=${victim.call.call_id}`,
    `/v1/deliveries?q=%2B1234567890`, `/v1/numbers?number=%2B15550100001`,
    `/v1/events?since=2020-01-01T00:00:00Z`, `/v1/deliveries?status=delivered`, `/v1/deliveries?event=missed_call`,
  ]) {
    const answer = await attack.get(path);
    const foreign = words.filter((word) => !path.includes(word));
    assert.ok([200, 404].includes(answer.status), `${path}: ${answer.text}`);
    saysNothing(answer, ...foreign);
  }
  for (const path of lists) {
    refused(await attack.get(`${path}?team_id=${victimTeam}`), 403, 422);
  }
  for (const { id } of [victim.delivery, victim.event, victim.webhook, victim.number]) {
    for (const path of ['/v1/deliveries', '/v1/events', '/v1/webhooks', '/v1/numbers']) {
      refused(await attack.get(`${path}?cursor=cur_${id.split('_')[1]}`), 422);
    }
  }
  return 'empty, or 403 by name';
}

export const tenants = [
  ['every id of another team, with a manage key', (scene) => tryAll(scene.attack, byId(scene), 404)],
  ['the same, signed in', (scene) => tryAll(scene.attacker.person, [...byId(scene), ...byIdOfPeople(scene)], 404)],
  ['the same, in a portal', async (scene) => {
    const link = await scene.attack.post(`/v1/teams/team_attacker/portal`, {});
    const { json } = await scene.attack.post('/v1/portal/session', { token: link.json.token });
    return tryAll(scene.api.withKey(json.token), byId(scene), 403, 404);
  }],
  ['the same, with a read key', (scene) => tryAll(scene.api.withKey(scene.attacker.read.key), byId(scene), 403, 404)],
  ['the same, with an ingest key', (scene) => tryAll(scene.api.withKey(scene.attacker.ingest.key), byId(scene), 403)],
  ['every list', (scene) => readAll(scene.attack, lists, scene.victim.webhook.id, scene.victim.event.id)],
  ['every list, signed in', (scene) => readAll(scene.attacker.person, listsOfPeople, scene.victim.webhook.id, scene.victim.manage.id)],
  ['every filter and cursor', everyFilter],
  ['acting in another team', async (scene) =>
    refused(await scene.attacker.person.request('GET', '/v1/webhooks', undefined, { 'limehook-team': victimTeam }), 403)],
  ['a webhook in another team', async (scene) =>
    refused(await scene.attack.post('/v1/webhooks', { name: 'x', url: scene.receiver.url, team_id: victimTeam }), 403)],
  ['a webhook for every team', async (scene) => {
    const made = await scene.attack.post('/v1/webhooks', { name: 'x', url: scene.receiver.url, team_id: null });
    assert.equal(made.json?.team_id, 'team_attacker', made.text);
    return 'made for the own team only';
  }],
  ['moving a webhook to another team', async (scene) => {
    const own = await scene.attack.post('/v1/webhooks', { name: 'x', url: scene.receiver.url });
    return refused(await scene.attack.patch(`/v1/webhooks/${own.json.id}`, { team_id: victimTeam }), 422);
  }],
  ['an event in another team’s name', async (scene) => {
    const ingest = scene.api.withKey(scene.attacker.ingest.key);
    refused(await ingest.post('/v1/events', missedCall({ team_id: victimTeam })), 403);
    const batch = await ingest.post('/v1/events/batch', [missedCall({ team_id: victimTeam })]);
    assert.ok(batch.json.data.every((item) => item.errors && !item.id), batch.text);
    return '403, and no item of a batch';
  }],
  ['another team’s number', async (scene) =>
    refused(await scene.attack.post('/v1/numbers', { number: '+15550100001', team_id: 'team_attacker' }), 409)],
  ['another team’s Idempotency-Key', async (scene) => {
    const headers = { 'idempotency-key': 'shared' };
    const theirs = await scene.api.withKey(scene.victim.ingest.key).post('/v1/events', missedCall({ team_id: victimTeam }), headers);
    const ours = await scene.api.withKey(scene.attacker.ingest.key).post('/v1/events', missedCall({ team_id: 'team_attacker' }), headers);
    assert.notEqual(ours.json.id, theirs.json.id);
    return 'two events';
  }],
];
