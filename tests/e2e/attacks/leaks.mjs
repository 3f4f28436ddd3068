// Looking for secrets where they must not be.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { missedCall } from '../support/samples.mjs';

const marker = 'MARKER0123456789abcdefMARKER';

function forms(secret) {
  const hex = Buffer.from(secret).toString('hex');
  return [secret, Buffer.from(secret).toString('base64').replace(/=+$/, ''), hex, hex.toUpperCase()];
}

function holdsNone(text, secrets, where) {
  for (const secret of secrets) {
    for (const form of forms(secret)) assert.ok(!text.includes(form), `${where} holds a secret`);
  }
}

async function secretsOf(scene) {
  const members = { token: `tok_${marker}`, headers: { 'X-Own': `hdr_${marker}` }, oauth: {
    token_url: 'https://id.example.com/', client_id: 'id', client_secret: `oauth_${marker}`,
  } };
  const webhook = await scene.attack.createWebhook({ url: scene.receiver.url, ...members });
  return { webhook, secrets: [webhook.secret, webhook.secret.slice(6), members.token, members.headers['X-Own'], members.oauth.client_secret,
    scene.server.key, scene.victim.manage.key, scene.attacker.person.cookie.split('=')[1]] };
}

export const leaks = [
  ['secrets in lists, metrics and the audit log', async (scene) => {
    const { webhook, secrets } = await secretsOf(scene);
    await scene.attack.patch(`/v1/webhooks/${webhook.id}`, { token: `tok2_${marker}` });
    await scene.attack.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' });
    const reader = scene.api.withKey(scene.attacker.read.key);
    for (const list of ['/v1/webhooks', `/v1/webhooks/${webhook.id}`, `/v1/webhooks/${webhook.id}/deliveries`, '/v1/deliveries']) {
      holdsNone((await reader.get(list)).text, [...secrets, `tok2_${marker}`], list);
    }
    for (const list of ['/v1/keys', '/v1/users', '/v1/audit', '/v1/invitations', '/metrics']) {
      holdsNone((await scene.api.get(list)).text, [...secrets, `tok2_${marker}`], list);
    }
    return 'in none of 9 answers';
  }],
  ['secrets in the data folder', async (scene) => {
    const { secrets } = await secretsOf(scene);
    const names = readdirSync(scene.server.data);
    for (const name of names) holdsNone(readFileSync(path.join(scene.server.data, name)).toString('latin1'), secrets, name);
    return `in none of ${names.length} files`;
  }],
  ['secrets and payloads in the process log', async (scene) => {
    const { secrets } = await secretsOf(scene);
    await scene.attack.send(missedCall({ team_id: 'team_attacker', note: `note_${marker}` }));
    holdsNone(scene.server.child.stderr, [...secrets, `note_${marker}`], 'the log');
    return 'none';
  }],
  ['what the server is made of, in errors', async (scene) => {
    for (const [method, target, body] of [['GET', '/v1/%zz'], ['POST', '/v1/events', '{'], ['POST', '/v1/events', '\u0000'],
      ['PATCH', `/v1/webhooks/${scene.attacker.webhook.id}`, '[]'], ['GET', '/.git/config'], ['GET', '/v1/../../etc/passwd'],
      ['GET', '/assets/'], ['GET', '/assets/..%2f..%2fetc%2fpasswd']]) {
      const answer = await scene.attack.request(method, target, body);
      assert.ok(answer.status >= 400 && answer.status < 500, `${method} ${target}: ${answer.status}`);
      assert.ok(!/\.cpp|boost|sqlite|SELECT |\/usr\/|\/home\//i.test(answer.text), answer.text);
    }
    return 'plain problems only';
  }],
];
