// Makes a store by the version whose binary LIMEHOOK_BIN names, for later versions to open (upgrade.test.mjs):
//   LIMEHOOK_BIN=path/to/limehook node old_stores/make.mjs
// VERSION.tar.gz is the data folder, left by a kill; VERSION.json.gz says what that version showed of it, and when. Names of
// receivers lead nowhere by themselves: whoever opens the store is their proxy.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { makeAuthority } from '../support/certificates.mjs';
import { binary, Limehook } from '../support/process.mjs';
import { Receiver } from '../support/receiver.mjs';
import { sample, sampleTexts } from '../support/samples.mjs';
import { firstAdmin, person } from '../support/session.mjs';
import { waitFor } from '../support/wait.mjs';
import { lookAt } from './look.mjs';

const folder = path.dirname(fileURLToPath(import.meta.url));
const version = execFileSync(binary, ['--version']).toString().trim().split(' ').pop();
const hour = 3600;

// The proxy for all of them. What a webhook's receiver answers is in its URL.
const receivers = await Receiver.start((request) => ({ status: /\/answers-500/.test(request.target) ? 500 : 200, body: 'seen' }));
const server = await Limehook.start({ args: ['--proxy', `http://127.0.0.1:${receivers.port}`] });
const { api } = server;
const must = async (answer) => {
  const { status, text, json } = await answer;
  if (status >= 300) throw new Error(`${status}: ${text}`);
  return json;
};

// ---- people, keys, teams and numbers
const admin = await firstAdmin(server, 'root@example.com');
for (const [id, name] of [['team_001', 'First'], ['team_002', 'Second']]) await must(api.post('/v1/teams', { id, name }));
await person(admin, 'anna@example.com', { team_id: 'team_001', role: 'manage' });
await must(admin.post('/v1/invitations', { email: 'invited@example.com', team_id: 'team_002', role: 'read' }));
for (const role of ['manage', 'ingest', 'read']) await must(api.post('/v1/keys', { name: `key to ${role}`, role, team_id: 'team_001' }));
await must(api.post('/v1/numbers', { number: '+0987654321', team_id: 'team_001', name: 'Reception' }));

// ---- webhooks of every kind
const names = new Map();
const webhook = async (name, answers, members) => {
  const made = await api.createWebhook({ name, url: `http://${name}.example/answers-${answers}`, team_id: 'team_001', ...members });
  names.set(name, made.id);
  return made;
};
const secrets = {};
await webhook('plain', 200, { retry_schedule: [30, 60] });
await webhook('rotated', 200, { events: ['voicemail_received'] });
secrets.replaced = await must(api.get(`/v1/webhooks/${names.get('rotated')}/secret`));
await must(api.post(`/v1/webhooks/${names.get('rotated')}/rotate-secret`, { overlap_seconds: 7 * 24 * hour }));
await webhook('signs-by-key-pair', 200, { signatures: ['v1', 'v1a'], signature_header: 'X-Own-Signature' });
await webhook('of-all-teams', 200, { team_id: null, events: ['sms_received', 'webhook.failing'] });
await webhook('filtered', 200, {
  numbers: ['+0987654321'],
  filters: { match: 'all', conditions: [{ field: 'caller_number', op: 'in', value: ['+1234567890'] }] },
  headers: { 'X-Own': 'a value of its own' },
});
await webhook('picks-members', 200, { payload: { fields: { id: 'call_id', what: 'event' } } });
await webhook('slack', 200, { payload: { preset: 'slack' } });
await webhook('cloudevents', 200, { payload: { preset: 'cloudevents' } });
await webhook('templated', 200, { payload: { template: { text: 'A call from {{caller_number}}' } } });
await webhook('fallback', 500, { fallback_url: 'http://second.example/answers-200', retry_schedule: [1], events: ['call_completed'] });
await webhook('oauth', 200, {
  events: ['sms_sent'],
  oauth: { token_url: 'http://tokens.example/token', client_id: 'limehook', client_secret: 'the client secret', scope: 'hooks' },
});
const client = makeAuthority().leaf('DNS:limehook.example');
await webhook('certificate', 200, {
  events: ['sms_sent'],
  client_certificate: { certificate: client.cert.toString(), private_key: client.key.toString() },
});
await webhook('polled', 200, { mode: 'poll', url: null });
await webhook('fails', 500, { retry_schedule: [1] });
await webhook('waits', 500, { retry_schedule: [2 * hour], notify_emails: ['ops@example.com'], timeout_ms: 3000, rate_limit: 50 });
await webhook('ordered', 500, { retry_schedule: [2 * hour], ordered: 'webhook', events: ['call_status_update'] });
await webhook('ordered-by-call', 500, { retry_schedule: [2 * hour], ordered: 'call', events: ['call_status_update'] });
await webhook('disabled', 500, { retry_schedule: [2 * hour] });
await webhook('deleted', 500, { retry_schedule: [2 * hour] });
await webhook('skipped', 500, { retry_schedule: [2 * hour] });

// ---- what waits, has failed, was delivered or given up
for (let n = 1; n <= 6; n += 1) {
  await must(api.post('/v1/events', sample('missed_call', { call_id: `call-${n}` }), { 'idempotency-key': `key-${n}` }));
}
for (const type of ['voicemail_received', 'sms_received', 'call_completed']) await must(api.post('/v1/events', sampleTexts[type]));
for (let n = 1; n <= 5; n += 1) {
  for (const call of ['one', 'two']) await must(api.post('/v1/events', sample('call_status_update', { call_id: `ordered-${call}`, sequence: n })));
}
const of = (name) => api.deliveries(names.get(name));
const settled = (name, status) => waitFor(async () => (await of(name)).every((d) => d.status === status), 30_000, `${name} to be ${status}`);
for (const name of ['plain', 'rotated', 'filtered', 'slack', 'cloudevents', 'templated', 'fallback', 'picks-members']) await settled(name, 'delivered');
await settled('fails', 'failed');
for (const name of ['waits', 'disabled', 'deleted', 'skipped']) await settled(name, 'retrying');
await waitFor(async () => (await of('ordered')).some((d) => d.status === 'retrying'));
await waitFor(async () => (await of('ordered-by-call')).filter((d) => d.status === 'retrying').length === 2);
for (const { id } of await of('skipped')) await must(api.post(`/v1/deliveries/${id}/skip`));
await must(api.post(`/v1/webhooks/${names.get('disabled')}/disable`));
await must(api.delete(`/v1/webhooks/${names.get('deleted')}`));
await must(api.post(`/v1/webhooks/${names.get('plain')}/test`, { event: 'missed_call' }));
const recovery = await must(api.post(`/v1/webhooks/${names.get('fails')}/recover`, { status: 'failed', q: 'call-1' }));
await waitFor(async () => (await api.read(`/v1/recoveries/${recovery.id}`)).state === 'done');
await settled('fails', 'failed');
for (const name of ['disabled', 'skipped']) await settled(name, 'canceled');

const shown = await lookAt(api);
for (const [name, id] of names) {
  if (name !== 'deleted') secrets[name] = await must(api.get(`/v1/webhooks/${id}/secret`));
}
await server.kill9();
const archive = path.join(folder, `${version}.tar.gz`);
execFileSync('tar', ['-C', server.data, '--owner=0', '--group=0', '-czf', archive, '.']);
const seen = { version, madeAt: new Date().toISOString(), webhooks: Object.fromEntries(names), secrets, shown };
writeFileSync(path.join(folder, `${version}.json.gz`), gzipSync(JSON.stringify(seen), { level: 9 }));
console.log(`${archive}: ${execFileSync('stat', ['-c', '%s', archive]).toString().trim()} bytes`);
receivers.close();
