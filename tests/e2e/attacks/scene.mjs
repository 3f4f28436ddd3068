// What the attacks are tried on: a running server with two teams, one of which attacks the other.

import { Limehook } from '../support/process.mjs';
import { Receiver } from '../support/receiver.mjs';
import { missedCall } from '../support/samples.mjs';
import { goodPassword, person, serverWithAdmin } from '../support/session.mjs';
import { waitFor } from '../support/wait.mjs';

export const victimTeam = 'team_victim';
export const attackerTeam = 'team_attacker';
export const victimMarker = 'victim-only-text';
export const password = goodPassword;

async function keyOf(api, role, team) {
  const made = await api.post('/v1/keys', { name: `${role} of ${team}`, role, team_id: team });
  return made.json;
}

async function settle(api, team, url) {
  const webhook = await api.createWebhook({ name: `${victimMarker} ${team}`, url, team_id: team });
  const call = missedCall({ team_id: team, note: `${victimMarker} ${team}` });
  const event = await api.send(call);
  const delivery = await waitFor(async () => (await api.deliveries(webhook.id))[0], 10_000, 'the first delivery');
  const recovery = await api.post(`/v1/webhooks/${webhook.id}/recover`, { status: 'failed' });
  const number = await api.post('/v1/numbers', {
    number: team === victimTeam ? '+15550100001' : '+15550100002', team_id: team, name: victimMarker,
  });
  const testReceiver = await api.post('/v1/test-receivers', { team_id: team });
  return {
    testReceiver: testReceiver.json, team, webhook, call, event, delivery, recovery: recovery.json, number: number.json,
    manage: await keyOf(api, 'manage', team), read: await keyOf(api, 'read', team), ingest: await keyOf(api, 'ingest', team),
  };
}

/** A server that sends to public https addresses only, and a test receiver of the attacker's on it. */
async function strictServer() {
  const server = await Limehook.start({ allowLoopback: false });
  const attack = server.api.withKey((await keyOf(server.api, 'manage', attackerTeam)).key);
  const { json: receiver } = await attack.post('/v1/test-receivers', {});
  return { server, url: server.url, attack, receiver };
}

/** Every attack gets one of these; what one attack does must not get in the way of another. */
export async function openScene() {
  const receiver = await Receiver.start();
  const { server, admin } = await serverWithAdmin({ args: ['--retry-schedule', '1s'] });
  const { api } = server;
  const victim = await settle(api, victimTeam, receiver.url);
  const attacker = await settle(api, attackerTeam, receiver.url);
  victim.person = await person(admin, 'victim@example.com', { team_id: victimTeam });
  attacker.person = await person(admin, 'attacker@example.com', { team_id: attackerTeam });
  const attack = api.withKey(attacker.manage.key);
  return { server, receiver, api, admin, victim, attacker, attack, strict: await strictServer() };
}

export async function closeScene(scene) {
  scene.receiver.close();
  await scene.server.stop();
  await scene.strict.server.stop();
}
