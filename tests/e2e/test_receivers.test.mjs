// Test receivers: for people who have no receiver yet, on a server that sends to public https addresses only.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import net from 'node:net';
import path from 'node:path';

import { assertFields, assertProblem } from './support/api.mjs';
import { makeAuthority } from './support/certificates.mjs';
import { unusedPort } from './support/ports.mjs';
import { Limehook, temporaryFolder } from './support/process.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

async function start(options = {}) {
  const server = await Limehook.start({ allowLoopback: false, ...options });
  server.api.receiver = async (members) => {
    const made = await server.api.post('/v1/test-receivers', members);
    assert.equal(made.status, 201, made.text);
    return made.json;
  };
  server.api.requests = async ({ id }) => (await server.api.read(`/v1/test-receivers/${id}`)).requests;
  return server;
}

const sendTest = async (api, webhook) => {
  const answer = await api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
};

// Goal: a first webhook works with the flags of a fresh server, shows what was sent and that it was signed, and no secret.
test('a webhook to a test receiver works out of the box', async () => {
  const server = await start();
  const { api } = server;
  const receiver = await api.receiver();
  assert.equal(receiver.url, `${server.url}/test-receiver/${receiver.id}`);
  assert.deepEqual([receiver.status, receiver.delay_ms, receiver.received, receiver.team_id], [200, 0, 0, null]);
  const secrets = { token: 'token-of-mine', headers: { 'X-Api-Key': 'own-secret-value' } };
  const webhook = await api.createWebhook({ url: receiver.url, signature_header: 'X-Our-Signature', ...secrets });
  const tested = await sendTest(api, webhook);
  assert.equal(tested.response.status, 200, JSON.stringify(tested));
  const { deliveries, id } = await api.send(missedCall());
  assert.equal(deliveries, 1);
  const [sent, probe] = await waitFor(async () => {
    const requests = await api.requests(receiver);
    return requests.length === 2 && requests;
  }, 10_000, 'both requests');
  const [delivery] = await waitFor(async () => {
    const rows = (await api.deliveries(webhook.id)).filter((row) => row.event_id === id && row.status === 'delivered');
    return rows.length > 0 && rows;
  }, 10_000, 'the delivery');
  assert.deepEqual([sent.webhook_id, sent.signature_valid, sent.method, sent.body_cut], [webhook.id, true, 'POST', false]);
  assert.deepEqual(JSON.parse(sent.body), (await api.delivery(delivery.id)).payload);
  assert.equal(sent.headers['webhook-id'], delivery.id, 'newest first');
  assert.equal(sent.headers.authorization, 'Bearer ••••••••');
  assert.equal(sent.headers['x-api-key'], '••••••••');
  assert.match(sent.headers['x-our-signature'], /^[0-9a-f]{64}$/);
  assert.equal(probe.headers['x-limecall-test'], 'true');
  for (const { at } of [sent, probe]) assert.ok(Date.parse(at) > 0, at);
  const text = (await api.get(`/v1/test-receivers/${receiver.id}`)).text;
  for (const secret of [webhook.secret, secrets.token, 'own-secret-value']) assert.ok(!text.includes(secret));
  await server.stop();
});

// Goal: it fails on purpose, slowly if asked, so that retries can be watched; what comes from elsewhere is not vouched for.
test('it answers what it is told to, and tells webhooks from others', async () => {
  const server = await start({ args: ['--retry-schedule', '1s'] });
  const { api } = server;
  const receiver = await api.receiver({ status: 500 });
  const webhook = await api.createWebhook({ url: receiver.url });
  await api.send(missedCall());
  await waitFor(async () => (await api.deliveries(webhook.id))[0]?.status === 'retrying', 10_000, 'a failed attempt');
  const changed = await api.patch(`/v1/test-receivers/${receiver.id}`, { status: 204, delay_ms: 300 });
  assert.deepEqual([changed.status, changed.json.status, changed.json.delay_ms], [200, 204, 300], changed.text);
  await waitFor(async () => (await api.deliveries(webhook.id))[0].status === 'delivered', 10_000, 'the retry');
  const { attempts } = await api.delivery((await api.deliveries(webhook.id))[0].id);
  assert.deepEqual(attempts.map((attempt) => attempt.response.status), [500, 204]);
  assert.ok(attempts[1].duration_ms >= 290, `${attempts[1].duration_ms}`);

  await api.patch(`/v1/test-receivers/${receiver.id}`, { status: 200, delay_ms: 0 });
  const [{ headers }] = await api.requests(receiver);
  const forged = { 'webhook-id': headers['webhook-id'], 'x-limecall-signature': headers['x-limecall-signature'], cookie: 'a=secret-cookie' };
  for (const body of ['{}', '', 'x'.repeat(70_000)]) {
    const answer = await fetch(receiver.url, { method: 'POST', body, headers: forged });
    assert.equal(answer.status, 200);
  }
  const [long, empty] = await api.requests(receiver);
  assert.deepEqual([long.body_cut, long.body.length, empty.body], [true, 65_536, '']);
  for (const request of [long, empty]) assert.deepEqual([request.webhook_id, request.signature_valid], [null, null]);
  assert.equal(empty.headers.cookie, '••••••••');
  assert.equal((await fetch(receiver.url)).status, 405);
  assert.equal((await fetch(receiver.url, { method: 'POST', body: 'x'.repeat(530_000) })).status, 413);
  await server.stop();
});

// Goal: after a restart a webhook's receiver is there, without its requests; another is not, in words; nor is one deleted.
test('what is left after a restart', async () => {
  const data = temporaryFolder();
  const listen = `127.0.0.1:${await unusedPort()}`;
  let server = await start({ data, listen });
  const used = await server.api.receiver({ team_id: 'team_001', status: 500 });
  const unused = await server.api.receiver();
  const webhook = await server.api.createWebhook({ url: used.url, team_id: 'team_001' });
  await sendTest(server.api, webhook);
  assert.equal((await server.api.requests(used)).length, 1);
  await server.stop();

  server = await start({ data, listen });
  assert.deepEqual((await server.api.read('/v1/test-receivers')).data.map(({ id, team_id }) => [id, team_id]), [[used.id, 'team_001']]);
  assert.deepEqual(await server.api.requests(used), []);
  assert.equal((await sendTest(server.api, webhook)).response.status, 200);
  const gone = assertProblem(await server.api.post(`/test-receiver/${unused.id}`, {}), 404);
  assert.match(gone.detail, /kept in memory.*restarted/);
  assertProblem(await server.api.get(`/v1/test-receivers/${unused.id}`), 404);
  assert.equal((await server.api.delete(`/v1/test-receivers/${used.id}`)).status, 204);
  assert.equal((await sendTest(server.api, webhook)).response.status, 404);
  await server.stop();
});

// Goal: wrong members are named, and a team has 20.
test('bad input and the limit of a team', async () => {
  const server = await start();
  const { api } = server;
  for (const [members, pointer] of [[{ status: 199 }, '/status'], [{ status: 600 }, '/status'], [{ status: '200' }, '/status'],
    [{ delay_ms: -1 }, '/delay_ms'], [{ delay_ms: 30_001 }, '/delay_ms'], [{ team_id: 7 }, '/team_id'], [{ no: 1 }, '/no']]) {
    assertFields(await api.post('/v1/test-receivers', members), pointer);
  }
  const first = await api.receiver({ team_id: 'full' });
  assertFields(await api.patch(`/v1/test-receivers/${first.id}`, { team_id: 'other' }), '/team_id');
  for (let count = 1; count < 20; count += 1) await api.receiver({ team_id: 'full' });
  assertProblem(await api.post('/v1/test-receivers', { team_id: 'full' }), 409);
  await api.receiver({ team_id: 'another' });
  assert.equal((await api.delete(`/v1/test-receivers/${first.id}`)).status, 204);
  await api.receiver({ team_id: 'full' });
  await server.stop();
});

// Goal: its URL works whatever the server listens on; where none can, the answer says why.
test('where it is reached', async () => {
  for (const [listen, host] of [['0.0.0.0:0', '127.0.0.1'], ['[::1]:0', '[::1]'], ['[::]:0', '[::1]']]) {
    const server = await start({ listen, args: ['--public-url', 'https://hooks.example.com'] });
    const receiver = await server.api.receiver();
    assert.equal(new URL(receiver.url).hostname, host);
    assert.equal((await sendTest(server.api, await server.api.createWebhook({ url: receiver.url }))).response?.status, 200, listen);
    await server.stop();
  }
  const proxy = net.createServer((socket) => socket.end('HTTP/1.1 502 No\r\n\r\n'));
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const behind = await start({ args: ['--proxy', `http://user:password@127.0.0.1:${proxy.address().port}`] });
  const receiver = await behind.api.receiver();
  assert.equal((await sendTest(behind.api, await behind.api.createWebhook({ url: receiver.url }))).response?.status, 200, 'past the proxy');
  assert.equal((await behind.api.requests(receiver))[0].headers['proxy-authorization'], undefined);
  await behind.stop();
  proxy.close();
});

// Goal: with TLS there is one where people reach the server, if they do, or else words.
test('with TLS', async () => {
  const authority = makeAuthority();
  const folder = temporaryFolder();
  const { key, cert } = authority.leaf('DNS:hooks.example.com');
  for (const [name, text] of [['key.pem', key], ['cert.pem', cert]]) writeFileSync(path.join(folder, name), text, { mode: 0o600 });
  const tls = ['--tls-cert', path.join(folder, 'cert.pem'), '--tls-key', path.join(folder, 'key.pem')];
  for (const [args, status] of [[[], 409], [['--public-url', 'https://hooks.example.com'], 201]]) {
    const server = await Limehook.start({ allowLoopback: false, args: [...tls, ...args], wait: false });
    await waitFor(() => server.address, 10_000, 'the address');
    const answer = await postTls(server, authority.caFile, '/v1/test-receivers');
    assert.equal(answer.status, status, answer.text);
    if (status === 409) assert.match(answer.text, /speaks TLS.*--public-url/);
    else assert.match(JSON.parse(answer.text).url, /^https:\/\/hooks\.example\.com\/test-receiver\/rcv_/);
    await server.stop();
  }
});

async function postTls(server, caFile, target) {
  const [host, port] = server.address.split(':');
  return new Promise((resolve, reject) => {
    const options = { host, port, path: target, method: 'POST', ca: readFileSync(caFile), servername: 'hooks.example.com',
      headers: { authorization: `Bearer ${server.key}` }, agent: false };
    request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    }).on('error', reject).end();
  });
}
