// Secrets: that they are nowhere but where they are meant to be shown, that the store has them sealed only, and that the
// key can be lost, found and changed.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe } from 'node:test';

import { makeAuthority } from './support/certificates.mjs';
import { Markers } from './support/markers.mjs';
import { binary, Child, cleanEnvironment, Limehook, run, temporaryFolder } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall, sample, uniqueId } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { pause, waitFor } from './support/wait.mjs';

const filesOf = (folder) => readdirSync(folder).map((name) => path.join(folder, name)).filter((file) => statSync(file).isFile());

/** Answers with everything it got, in head and body; `status` and `more` are the rest of the answer. */
const echo = (status, more = {}) => (request) => {
  const got = Object.fromEntries(Object.entries(request.headers).filter(([name]) => /^(authorization|x-)/.test(name)));
  const headers = Object.fromEntries(Object.entries(got).map(([name, value]) => [`echo-${name}`, value]));
  return { status, headers: { ...headers, ...more }, body: JSON.stringify(got) + request.body };
};

/** A server for OAuth tokens that refuses, and repeats the client's secret wherever it can. */
async function startTokenServer() {
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const basic = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString();
      const said = `${basic} ${request.headers.authorization} ${body}`;
      response.writeHead(401, { 'content-type': 'application/json', 'x-said': said });
      response.end(JSON.stringify({ error: said, error_description: said, error_uri: said }));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return { url: `http://127.0.0.1:${server.address().port}/token`, close: () => server.closeAllConnections?.() ?? server.close() };
}

describe('no secret leaks', () => {
  const markers = new Markers();
  const authority = makeAuthority();
  const secrets = {
    adminKey: markers.make('admin-key'),
    smtpPassword: markers.make('smtp-password'),
    token: markers.make('token'),
    laterToken: markers.make('later-token'),
    oauth: markers.make('oauth-client-secret'),
    header: markers.make('header-value'),
    secret: markers.makeSigningSecret('secret'),
    laterSecret: markers.makeSigningSecret('later-secret'),
    sms: markers.make('sms-content'),
  };
  const payloads = ['sms-content']; // stored and delivered as they are, but not for the process log
  const ownHeaders = ['header-value']; // shown with the webhook to those who may change it
  const clientLeaf = authority.leaf('DNS:client.example');
  markers.addPem('client-private-key', clientLeaf.key);

  let server, api, tokens, readKey;
  const receivers = [];
  const webhooks = [];
  const answers = []; // {place, text}: of requests that are not meant to show a secret

  /** Asks for something that should show no secret. */
  async function ask(method, path, body, headers) {
    const answer = await api.request(method, path, body, headers);
    const head = JSON.stringify([...answer.headers]);
    answers.push({ place: `${method} ${path} (${answer.status})`, text: head + answer.text });
    return answer;
  }

  async function receiver(behaviour, options) {
    const made = await Receiver.start(behaviour, options);
    receivers.push(made);
    return made;
  }

  before(async () => {
    tokens = await startTokenServer();
    server = await Limehook.start({
      args: ['--log-level', 'trace', '--retry-schedule', '1s', '--timeout', '1s', '--smtp-url', 'smtp://127.0.0.1:1',
        '--smtp-from', 'limehook@example.com', '--smtp-to', 'ops@example.com', '--smtp-user', 'me', '--breaker-pause', '100ms'],
      env: { LIMEHOOK_SMTP_PASSWORD: secrets.smtpPassword },
      key: secrets.adminKey,
    });
    api = server.api;
    const storeKey = readFileSync(path.join(server.data, 'secret.key'), 'utf8').split('\n').find((line) => line && !line.startsWith('#'));
    markers.add('store-key as text', storeKey);
    markers.add('store-key', Buffer.from(storeKey, 'base64'));
    const made = await api.post('/v1/keys', { name: 'reader', role: 'read', team_id: 'team_001' });
    assert.equal(made.status, 201, made.text);
    readKey = made.json.key;
    const number = await api.post('/v1/numbers', { number: '+0987654321', team_id: 'team_001' });
    assert.equal(number.status, 201, number.text);
    markers.add('api-key', readKey);
  });
  after(async () => {
    for (const one of receivers) one.close();
    tokens?.close();
    if (server && !server.child.exit) await server.stop();
  });

  test('whatever fails', async () => {
    const reply = (text) => ({ kind: 'raw', bytes: text });
    const everything = (request) => `${request.headers.authorization} ${request.headers['x-api-key']}`;
    const echoing = await receiver(echo(500));
    const gone = await receiver(echo(410));
    const targets = [
      (await receiver(echo(200))).url,
      echoing.url,
      gone.url,
      (await receiver((request) => echo(302, { location: `/${request.headers.authorization.slice(7)}` })(request))).url,
      (await receiver((request) => reply(`HTTP/1.1 200 ${everything(request)}\r\nContent-Length: 0\r\n\r\n`))).url,
      (await receiver((request) => reply(`HTTP/9 ${everything(request)}\r\n\r\n`))).url,
      (await receiver((request) => reply(`HTTP/1.1 200 OK\r\nContent-Length: ${everything(request)}\r\n\r\n`))).url,
      (await receiver((request) => reply(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${everything(request)}\r\n`))).url,
      (await receiver((request) => reply(`HTTP/1.1 429 OK\r\nRetry-After: ${everything(request)}\r\nContent-Length: 0\r\n\r\n`))).url,
      (await receiver({ kind: 'hang' })).url,
      (await receiver({ kind: 'reset' })).url,
      'http://127.0.0.1:1/', // nobody listens
      'http://10.0.0.1/'.replace('10.0.0.1', 'no-such-host.invalid'),
      (await receiver(echo(500), { tls: authority.selfSigned('IP:127.0.0.1') })).url, // a certificate that nobody vouches for
    ];
    const members = {
      team_id: 'team_001',
      secret: secrets.secret,
      headers: { 'X-Api-Key': secrets.header },
      client_certificate: { certificate: clientLeaf.cert.toString(), private_key: clientLeaf.key.toString() },
      events: ['missed_call', 'sms_received', 'webhook.failing', 'webhook.disabled'],
      signatures: ['v1', 'v1a'],
      retry_schedule: [1],
    };
    for (const url of targets) webhooks.push(await api.createWebhook({ ...members, url, token: secrets.token }));
    for (const auth of ['basic', 'body']) {
      const oauth = { token_url: tokens.url, client_id: 'me', client_secret: secrets.oauth, auth };
      webhooks.push(await api.createWebhook({ ...members, url: echoing.url, token: secrets.token, oauth }));
    }
    const template = { fields: { nothing: 'no.such.member' } };
    webhooks.push(await api.createWebhook({ ...members, url: echoing.url, token: secrets.token, payload: template }));

    await api.send(missedCall());
    await api.send(sample('sms_received', { message_id: uniqueId('sms'), message_content: secrets.sms }));
    for (const webhook of webhooks.slice(0, 4)) await ask('POST', `/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' });
    for (const webhook of webhooks) {
      const rotated = await api.post(`/v1/webhooks/${webhook.id}/rotate-secret`, {});
      assert.equal(rotated.status, 200, rotated.text);
      markers.add(`rotated secret of ${webhook.id}`, Buffer.from(rotated.json.secret.slice(6), 'base64'));
      markers.add(`rotated secret of ${webhook.id} as text`, rotated.json.secret.slice(6));
      await ask('PATCH', `/v1/webhooks/${webhook.id}`, { secret: secrets.laterSecret, token: secrets.laterToken });
    }
    await api.send(missedCall());
    await waitFor(async () => (await api.list('/v1/deliveries')).every((one) => ['delivered', 'failed', 'canceled'].includes(one.status)),
      40_000, 'the end of all deliveries');
  });

  test('whatever is refused', async () => {
    const [{ id }] = webhooks;
    const all = Object.values(secrets);
    for (const value of all) {
      await ask('PATCH', `/v1/webhooks/${id}`, { secret: `whsec_${value}!` });
      await ask('PATCH', `/v1/webhooks/${id}`, { secret: value });
      await ask('PATCH', `/v1/webhooks/${id}`, { token: `${value} with spaces` });
      await ask('PATCH', `/v1/webhooks/${id}`, { headers: { 'X-Api-Key': `${value}\n` } });
      await ask('PATCH', `/v1/webhooks/${id}`, { headers: { Authorization: value } });
      await ask('PATCH', `/v1/webhooks/${id}`, { url: `https://user:${value}@example.com/` });
      await ask('PATCH', `/v1/webhooks/${id}`, { client_certificate: { certificate: value, private_key: value } });
      await ask('PATCH', `/v1/webhooks/${id}`, { oauth: { token_url: tokens.url, client_id: 'me', client_secret: `${value}\n` } });
      await ask('PATCH', `/v1/webhooks/${id}`, { enabled: value, ordered: value, signatures: [value], mode: value });
      await ask('PATCH', `/v1/webhooks/${id}`, `{"secret":"${value}",}`);
      await ask('POST', '/v1/keys', { name: 'n', role: value });
      await ask('GET', '/v1/webhooks', undefined, { authorization: `Bearer ${value}x` });
      await ask('GET', '/v1/webhooks', undefined, { authorization: `Basic ${value}` });
    }
    const refused = answers.filter(({ place }) => /\((4..)\)$/.test(place));
    assert.ok(refused.length > all.length * 10, `${refused.length} were refused`);
  });

  test('whatever is looked at', async () => {
    await ask('GET', '/metrics');
    for (const key of [secrets.adminKey, readKey]) {
      const as = { authorization: `Bearer ${key}` };
      for (const list of ['webhooks', 'deliveries', 'events', 'keys', 'numbers', 'teams', 'audit', 'stats', 'event-types']) {
        const answer = await ask('GET', `/v1/${list}`, undefined, as);
        assert.ok([200, 403].includes(answer.status), answer.text);
        if (!['deliveries', 'events'].includes(list)) continue;
        for (const { id } of answer.json.data) assert.equal((await ask('GET', `/v1/${list}/${id}`, undefined, as)).status, 200);
      }
      for (const { id } of webhooks) {
        for (const part of ['', '/deliveries', '/stats', '/public-key', '/recoveries']) await ask('GET', `/v1/webhooks/${id}${part}`, undefined, as);
      }
    }
    assert.ok(answers.length > 200, `${answers.length} answers`);
    assert.ok(answers.some(({ text }) => text.includes('Bearer ••••')), 'receivers have echoed tokens');
  });

  // Goal: no answer but those that are meant to show a secret has one.
  test('is in no answer', () => {
    for (const { place, text } of answers) {
      const isWebhook = /^(GET|PATCH) \/v1\/webhooks(\/wh_\w+)? \(200\)/.test(place);
      markers.assertNone(text, place, [...payloads, ...(isWebhook ? ownHeaders : [])]);
    }
  });

  test('is shown where it is meant to be', async () => {
    const { json } = await api.get(`/v1/webhooks/${webhooks[0].id}/secret`);
    assert.equal(json.secret, secrets.laterSecret);
    assert.equal(json.token, secrets.laterToken);
    assert.equal((await api.read(`/v1/webhooks/${webhooks[0].id}`)).headers['X-Api-Key'], secrets.header);
    const seen = await api.withKey(readKey).get(`/v1/webhooks/${webhooks[0].id}`);
    markers.assertNone(seen.text, 'a webhook, to a key that may only read');
  });

  test('is not in the log of the process at any level, and neither is what people write', () => {
    const log = server.child.stdout + server.child.stderr;
    assert.match(log, /failed/, 'at that level attempts are told');
    markers.assertNone(log, 'the log');
  });

  test('is in no file of the data folder, running or stopped, nor in a backup', async () => {
    const backup = path.join(temporaryFolder(), 'copy.db');
    const made = await run(['backup', '--data', server.data, backup]);
    assert.equal(made.code, 0, made.stderr);
    assert.equal(statSync(backup).mode & 0o777, 0o600);
    markers.assertNone(made.stdout + made.stderr, 'the output of backup');
    markers.assertNone(readFileSync(backup), 'the backup', payloads);
    const look = () => {
      for (const file of filesOf(server.data)) {
        const key = path.basename(file) === 'secret.key' ? ['store-key', 'store-key as text'] : [];
        markers.assertNone(readFileSync(file), file, [...payloads, ...key]);
      }
    };
    assert.ok(existsSync(path.join(server.data, 'limehook.db-wal')));
    look();
    await api.delete(`/v1/webhooks/${webhooks[0].id}`);
    await server.stop();
    look();
    const checked = await run(['check', '--data', server.data]);
    assert.equal(checked.code, 0, checked.stderr);
  });
});

describe('what the operator gives', () => {
  const markers = new Markers();

  // Goal: a password that was mistyped into a flag does not end up on screen or in a journal.
  test('a wrong flag or variable is refused without repeating a secret', async () => {
    const secret = markers.make('secret');
    const wrong = [
      { args: ['--admin-key', `${secret} `] },
      { args: ['--secret-key', secret] },
      { env: { LIMEHOOK_SECRET_KEY: secret } },
      { args: ['--proxy', `http://me:${secret}@`] },
      { args: ['--proxy', `https://me:${secret}@proxy.example:3128`] },
      { args: ['--smtp-url', `smtp://me:${secret}@mail.example`] },
      { args: ['--smtp-url', 'smtp://127.0.0.1', '--smtp-from', 'a@example.com', '--smtp-user', 'me', '--smtp-password', `${secret}\n`] },
      { args: ['--smtp-password', secret] },
    ];
    for (const { args = [], env = {} } of wrong) {
      const result = await run(['serve', '--listen', '127.0.0.1:0', '--data', path.join(temporaryFolder(), 'data'), ...args], { env });
      assert.equal(result.code, 2, JSON.stringify({ args, env }) + result.stderr);
      markers.assertNone(result.stdout + result.stderr, `serve ${args.join(' ')}`);
    }
  });

  // Goal: neither log nor answers show the proxy's password, whatever the proxy answers.
  test('the password of a proxy is not told', async () => {
    const password = markers.make('proxy-password');
    const seen = [];
    const proxy = http.createServer((request, response) => {
      seen.push(request.headers['proxy-authorization']);
      const said = request.headers['proxy-authorization'];
      response.writeHead(request.url.includes('407') ? 407 : 500, { 'proxy-authenticate': 'Basic', 'x-said': said, connection: 'close' });
      response.end(`no ${said} ${Buffer.from(said.slice(6), 'base64')}`);
    });
    await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const server = await Limehook.start({
      args: ['--log-level', 'trace', '--retry-schedule', '1s'],
      env: { LIMEHOOK_PROXY: `http://me:${password}@127.0.0.1:${proxy.address().port}` },
    });
    const webhooks = [];
    for (const url of ['http://a.example/407', 'http://a.example/500']) webhooks.push(await server.api.createWebhook({ url, retry_schedule: [1] }));
    await server.api.send(missedCall());
    await waitFor(async () => (await server.api.list('/v1/deliveries')).every(({ status }) => status === 'failed'), 15_000);
    for (const { id } of await server.api.list('/v1/deliveries')) {
      markers.assertNone((await server.api.get(`/v1/deliveries/${id}`)).text, 'a delivery');
    }
    await server.stop();
    proxy.close();
    assert.equal(seen[0], `Basic ${Buffer.from(`me:${password}`).toString('base64')}`);
    markers.assertNone(server.child.stdout + server.child.stderr, 'the log');
    for (const file of filesOf(server.data)) markers.assertNone(readFileSync(file), file);
  });
});

describe('the key of the store', () => {
  const base = (data) => ['serve', '--listen', '127.0.0.1:0', '--data', data, '--admin-key', Limehook.adminKey];
  const randomKey = () => crypto.randomBytes(32).toString('base64');
  function keyFile(key = randomKey(), mode = 0o600) {
    const file = path.join(temporaryFolder(), 'a.key');
    writeFileSync(file, `${key}\n`);
    chmodSync(file, mode);
    return file;
  }
  const secretOf = async (server, id) => (await server.api.read(`/v1/webhooks/${id}/secret`)).secret;

  /** A stopped server's folder with a webhook in it: {data, id, secret}. */
  async function filled(options = {}) {
    const server = await Limehook.start(options);
    const { id, secret } = await server.api.createWebhook({ url: 'http://127.0.0.1:1/' });
    await server.stop();
    return { data: server.data, id, secret };
  }
  async function assertOpens({ data, id, secret }, options = {}) {
    const server = await Limehook.start({ data, ...options });
    assert.equal(await secretOf(server, id), secret);
    await server.stop();
  }
  async function assertRefused(data, pattern, { args = [], env = {} } = {}) {
    const before = readFileSync(path.join(data, 'limehook.db'));
    const names = () => readdirSync(data).filter((name) => name !== 'lock' && !/-(wal|shm)$/.test(name)).sort();
    const known = names();
    const { code, stderr } = await run([...base(data), ...args], { env });
    assert.equal(code, 1, stderr);
    assert.match(stderr, pattern);
    assert.deepEqual(names(), known, 'nothing was made');
    assert.ok(readFileSync(path.join(data, 'limehook.db')).equals(before), 'the store is as it was');
  }

  test('is made at the first start, for its owner only', async () => {
    const { data } = await filled();
    assert.equal(statSync(path.join(data, 'secret.key')).mode & 0o777, 0o600);
  });

  // Goal: a lost, wrong or open key ends the start with words, and costs nothing once the right one is back.
  test('that is missing, wrong or readable by others ends the start', async () => {
    const store = await filled();
    const own = path.join(store.data, 'secret.key');
    const kept = path.join(temporaryFolder(), 'kept.key');
    renameSync(own, kept);
    await assertRefused(store.data, /the key file .*secret\.key is missing/);
    await assertRefused(store.data, /the key in .+a\.key does not fit/, { args: ['--secret-key-file', keyFile()] });
    await assertRefused(store.data, /the key that was given/, { env: { LIMEHOOK_SECRET_KEY: randomKey() } });
    await assertRefused(store.data, /may be read by others/, { args: ['--secret-key-file', keyFile(randomKey(), 0o644)] });
    await assertRefused(store.data, /in line 1/, { args: ['--secret-key-file', keyFile(randomKey().slice(4))] });
    await assertRefused(store.data, /cannot read the key file \/nowhere/, { args: ['--secret-key-file', '/nowhere'] });
    copyFileSync(kept, own);
    await assertOpens(store);
  });

  test('can come from a file or a variable', async () => {
    const key = randomKey();
    const file = keyFile(key);
    const store = await filled({ args: ['--secret-key-file', file] });
    assert.ok(!existsSync(path.join(store.data, 'secret.key')), 'none is made');
    await assertOpens(store, { env: { LIMEHOOK_SECRET_KEY: Buffer.from(key, 'base64').toString('hex') } });
    await assertOpens(store, { env: { LIMEHOOK_SECRET_KEY_FILE: file } });
    const both = await run([...base(store.data), '--secret-key-file', file], { env: { LIMEHOOK_SECRET_KEY: key } });
    assert.equal(both.code, 2);
    assert.match(both.stderr, /one of the two/);
  });

  test('can be changed while the server is stopped, and not while it runs', async () => {
    const store = await filled();
    const own = path.join(store.data, 'secret.key');
    const before = readFileSync(own, 'utf8');
    const server = await Limehook.start({ data: store.data });
    const busy = await run(['rotate-key', '--yes', '--data', store.data]);
    assert.equal(busy.code, 1);
    assert.match(busy.stderr, /in use by another Limehook server/);
    assert.equal(readFileSync(own, 'utf8'), before);
    await server.stop();
    const done = await run(['rotate-key', '--yes', '--data', store.data]);
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /1 sealed anew/);
    assert.notEqual(readFileSync(own, 'utf8'), before);
    assert.ok(!done.stdout.includes(before.trim().split('\n').at(-1)));
    await assertOpens(store);
    const old = path.join(temporaryFolder(), 'old.key');
    writeFileSync(old, before, { mode: 0o600 });
    await assertRefused(store.data, /does not fit/, { args: ['--secret-key-file', old] });
  });

  test('can be changed for one from elsewhere', async () => {
    const store = await filled();
    const file = keyFile();
    const key = randomKey();
    const rotate = (args, env = {}) => run(['rotate-key', '--yes', '--data', store.data, ...args], { env });
    assert.equal((await rotate(['--new-secret-key-file', file])).code, 0);
    await assertOpens(store, { args: ['--secret-key-file', file] });
    const unnamed = await rotate(['--secret-key-file', file]);
    assert.equal(unnamed.code, 1);
    assert.match(unnamed.stderr, /--new-secret-key-file or LIMEHOOK_NEW_SECRET_KEY/);
    assert.equal((await rotate([], { LIMEHOOK_SECRET_KEY_FILE: file, LIMEHOOK_NEW_SECRET_KEY: key })).code, 0);
    await assertOpens(store, { env: { LIMEHOOK_SECRET_KEY: key } });
    assert.equal((await rotate([], { LIMEHOOK_SECRET_KEY: 'x', LIMEHOOK_NEW_SECRET_KEY: key })).code, 2);
  });

  // Goal: whenever a rotation is killed, the folder has a key that opens the store, and the next rotation ends.
  test('is not lost when its change is killed', async () => {
    const store = await filled();
    for (let i = 0; i < 12; ++i) {
      const child = new Child(binary, ['rotate-key', '--yes', '--data', store.data], { env: cleanEnvironment() });
      await pause(i * 2);
      child.signal('SIGKILL');
      await child.ended();
      const checked = await run(['check', '--data', store.data]);
      assert.equal(checked.code, 0, checked.stderr);
      assert.doesNotMatch(checked.stdout, /without the key/);
    }
    await assertOpens(store);
    assert.equal((await run(['rotate-key', '--yes', '--data', store.data])).code, 0);
    await assertOpens(store);
  });

  // Goal: a backup is worth nothing to whoever has only it, and everything with its key.
  test('is not in the backup, which needs it', async () => {
    const store = await filled();
    const data = temporaryFolder();
    assert.equal((await run(['backup', '--data', store.data, path.join(data, 'limehook.db')])).code, 0);
    const alone = await run(['check', '--data', data]);
    assert.equal(alone.code, 0, alone.stderr);
    assert.match(alone.stdout, /without the key/);
    const wrong = await run(['check', '--data', data, '--secret-key-file', keyFile()]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, new RegExp(`the secrets of ${store.id} cannot be opened: sealed with another key`));
    await assertRefused(data, /is missing/);
    copyFileSync(path.join(store.data, 'secret.key'), path.join(data, 'secret.key'));
    await assertOpens({ ...store, data });
  });
});
