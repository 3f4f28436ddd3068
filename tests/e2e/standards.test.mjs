// Signing, authorization and transport as published standards have them, each against the other side written from the
// standard: Standard Webhooks (v1, v1a), OAuth 2.0 client credentials (RFC 6749), mutual TLS, HTTP proxies (RFC 9110).

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import { after, before, describe } from 'node:test';

import { assertFields, assertProblem, loggedHeader } from './support/api.mjs';
import { makeAuthority } from './support/certificates.mjs';
import { Limehook, run } from './support/process.mjs';
import { Receiver, rawValue, rawValues } from './support/receiver.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { hmacByOpenssl, refusedByNpm, verifyWithNpm } from './support/verify.mjs';
import { waitFor } from './support/wait.mjs';

const authority = makeAuthority();
let server, api;
before(async () => {
  server = await Limehook.start({ args: ['--retry-schedule', '1s,1s', '--ca-file', authority.caFile] });
  api = server.api;
});
after(() => server.stop());

/** Sends one event to a new webhook at `receiver`; answers the webhook once the receiver has `count` requests. */
async function deliver(receiver, members, count = 1) {
  const webhook = await api.createWebhook({ url: receiver.url, ...members });
  await api.send(missedCall());
  await waitFor(() => receiver.requests.length >= count, 15_000, `${count} requests at the receiver`);
  return webhook;
}

/** The attempts of the webhook's only delivery once it has a final status. */
async function attemptsOf(webhook) {
  const done = await waitFor(async () => {
    const [delivery] = await api.deliveries(webhook.id);
    return ['delivered', 'failed'].includes(delivery?.status) && delivery;
  }, 15_000, 'a final status');
  return (await api.delivery(done.id)).attempts;
}

/** Whether one of the request's v1a signatures is genuine, as the Standard Webhooks specification defines it. */
function verifiesV1a(request, publicKey) {
  const signed = `${rawValue(request, 'webhook-id')}.${rawValue(request, 'webhook-timestamp')}.${request.body}`;
  return rawValue(request, 'webhook-signature').split(' ').some((one) => one.startsWith('v1a,') &&
    crypto.verify(null, Buffer.from(signed), publicKey, Buffer.from(one.slice(4), 'base64')));
}

describe('Standard Webhooks v1a', () => {
  test('a receiver verifies with the public key, which it gets without any key', async () => {
    const receiver = await Receiver.start();
    const webhook = await deliver(receiver, { signatures: ['v1a'] });
    const answer = await fetch(`${server.url}/v1/webhooks/${webhook.id}/public-key`);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('cache-control'), /max-age=\d+/);
    const shown = await answer.json();
    assert.equal(shown.public_key, webhook.public_key);
    assert.equal(shown.algorithm, 'ed25519');
    const fromPem = crypto.createPublicKey(shown.pem);
    const raw = Buffer.from(shown.public_key.replace(/^whpk_/, ''), 'base64');
    assert.equal(fromPem.export({ format: 'jwk' }).x, raw.toString('base64url'), 'both forms are the same key');

    const [request] = receiver.requests;
    assert.match(rawValue(request, 'webhook-signature'), /^v1a,[A-Za-z0-9+/]{86}==$/);
    assert.ok(verifiesV1a(request, fromPem));
    assert.ok(!verifiesV1a({ ...request, body: `${request.body} ` }, fromPem));
    assert.equal(rawValue(request, 'X-LimeCall-Signature'), hmacByOpenssl(request.body, webhook.secret));
    assert.ok(refusedByNpm(request, webhook.secret), 'there is no v1');

    const [attempt] = await attemptsOf(webhook);
    assert.equal(loggedHeader(attempt.request.headers, 'webhook-signature'), rawValue(request, 'webhook-signature'));
    const args = ['verify', '--public-key', shown.public_key, '--id', rawValue(request, 'webhook-id'), '--timestamp',
      rawValue(request, 'webhook-timestamp'), '--signature', rawValue(request, 'webhook-signature')];
    assert.equal((await run(args, { input: request.body.toString() })).code, 0);
    assert.equal((await run(args, { input: '{}' })).code, 1);
  });

  test('v1 and v1a go together, also while the secret is rotated; taking v1a out ends the key', async () => {
    const receiver = await Receiver.start();
    const webhook = await deliver(receiver, { signatures: ['v1', 'v1a'] });
    const path = `/v1/webhooks/${webhook.id}`;
    const key = crypto.createPublicKey((await api.read(`${path}/public-key`)).pem);
    const rotated = (await api.post(`${path}/rotate-secret`)).json.secret;
    await api.send(missedCall());
    await waitFor(() => receiver.requests.length === 2);
    for (const request of receiver.requests) assert.ok(verifiesV1a(request, key));
    for (const secret of [webhook.secret, rotated]) verifyWithNpm(receiver.requests[1], secret);
    const plain = await api.changeWebhook(webhook.id, { signatures: ['v1'] });
    assert.equal(plain.public_key, null);
    assertProblem(await api.get(`${path}/public-key`), 404);
    const again = await api.changeWebhook(webhook.id, { signatures: ['v1', 'v1a'] });
    assert.notEqual(again.public_key, webhook.public_key);
  });

  test('the private key is in no answer, and the key survives a restart', async () => {
    const own = await Limehook.start();
    const made = await own.api.createWebhook({ url: 'http://127.0.0.1:1/', signatures: ['v1a'] });
    for (const path of ['', '/secret', '/public-key']) {
      assert.ok(!(await own.api.get(`/v1/webhooks/${made.id}${path}`)).text.includes('whsk_'));
    }
    await own.stop();
    const restarted = await Limehook.start({ data: own.data });
    assert.equal((await restarted.api.read(`/v1/webhooks/${made.id}`)).public_key, made.public_key);
    await restarted.stop();
  });
});

describe('signature_header', () => {
  test('the plain signature goes under the webhook\'s own name, and is logged so', async () => {
    const receiver = await Receiver.start();
    const webhook = await deliver(receiver, { signature_header: 'X-Acme-Signature' });
    const rotated = (await api.post(`/v1/webhooks/${webhook.id}/rotate-secret`)).json.secret;
    const [attempt] = await attemptsOf(webhook);
    assert.match(loggedHeader(attempt.request.headers, 'X-Acme-Signature'), /^[0-9a-f]{64}$/);
    await api.send(missedCall());
    await waitFor(() => receiver.requests.length === 2);
    const [, request] = receiver.requests;
    assert.equal(rawValue(request, 'X-Acme-Signature'), hmacByOpenssl(request.body, rotated));
    assert.equal(rawValue(request, 'X-Acme-Signature-Previous'), hmacByOpenssl(request.body, webhook.secret));
    assert.deepEqual(rawValues(request, 'X-LimeCall-Signature'), []);
    verifyWithNpm(request, rotated);
  });

  test('names that are taken or no names are refused', async () => {
    const create = (members) => api.post('/v1/webhooks', { name: 'n', url: 'http://127.0.0.1:1/', ...members });
    for (const signature_header of ['Content-Length', 'webhook-id', 'X Y', '']) {
      assertFields(await create({ signature_header }), '/signature_header');
    }
    assertFields(await create({ signature_header: 'X-A', headers: { 'x-a': '1' } }), '/signature_header');
  });
});

/** An authorization server with just the client-credentials grant, written from RFC 6749. */
async function startTokenServer({ id, secret, expiresIn = 3600, inBody = false }) {
  const issued = new Map(); // token → when it expires
  const state = { requests: [], issued, refuse: false };
  const answer = (response, status, json) => {
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(json));
  };
  state.server = http.createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const form = new URLSearchParams(text);
    state.requests.push({ form, headers: request.headers });
    if (request.method !== 'POST' || request.headers['content-type'] !== 'application/x-www-form-urlencoded') {
      return answer(response, 400, { error: 'invalid_request' });
    }
    const basic = Buffer.from(request.headers.authorization?.replace(/^Basic /, '') ?? '', 'base64').toString();
    const decode = (part) => new URLSearchParams(`x=${part}`).get('x'); // RFC 6749 section 2.3.1 and appendix B
    const [gotId, gotSecret] = inBody ? [form.get('client_id'), form.get('client_secret')] : basic.split(':').map(decode);
    if (state.refuse || gotId !== id || gotSecret !== secret) return answer(response, 401, { error: 'invalid_client' });
    if (form.get('grant_type') !== 'client_credentials') return answer(response, 400, { error: 'unsupported_grant_type' });
    const token = crypto.randomBytes(16).toString('base64url');
    issued.set(token, Date.now() + expiresIn * 1000);
    return answer(response, 200, { access_token: token, token_type: 'Bearer', expires_in: expiresIn });
  });
  await new Promise((resolve) => state.server.listen(0, '127.0.0.1', resolve));
  state.server.unref();
  state.url = `http://127.0.0.1:${state.server.address().port}/token`;
  /** A receiver's behaviour: 200 to a token that is still good, 401 to anything else. */
  state.guard = (request) => {
    const token = rawValue(request, 'authorization').replace(/^Bearer /, '');
    return { status: (issued.get(token) ?? 0) > Date.now() ? 200 : 401, body: `token ${token}` };
  };
  return state;
}

describe('OAuth 2.0 client credentials', () => {
  const id = 'limehook: 100%';
  const secret = 'p&ss=w%rd+';

  test('a receiver that wants a token gets a good one, asked for once', async () => {
    const tokens = await startTokenServer({ id, secret });
    const receiver = await Receiver.start(tokens.guard);
    const oauth = { token_url: tokens.url, client_id: id, client_secret: secret, scope: 'hooks:write', audience: 'crm' };
    const webhook = await deliver(receiver, { oauth });
    await Promise.all([1, 2, 3].map(() => api.send(missedCall())));
    await waitFor(() => receiver.requests.length === 4);
    const deliveries = await waitFor(async () => {
      const list = await api.deliveries(webhook.id);
      return list.every((one) => one.status === 'delivered') && list;
    });
    assert.equal(tokens.requests.length, 1);
    assert.equal(tokens.requests[0].form.get('scope'), 'hooks:write');
    assert.equal(tokens.requests[0].form.get('audience'), 'crm');
    const [token] = tokens.issued.keys();
    const log = (await api.get(`/v1/deliveries/${deliveries[0].id}`)).text;
    assert.ok(!log.includes(token) && !log.includes(secret), 'the log shows neither token nor secret');
    const shown = await api.get(`/v1/webhooks/${webhook.id}`);
    assert.ok(!shown.text.includes(secret));
    assert.deepEqual(shown.json.oauth, { token_url: tokens.url, client_id: id, scope: 'hooks:write', audience: 'crm', auth: 'basic' });
  });

  test('a token that has expired early is replaced after the receiver\'s 401', async () => {
    const tokens = await startTokenServer({ id, secret, inBody: true });
    const receiver = await Receiver.start(tokens.guard);
    const oauth = { token_url: tokens.url, client_id: id, client_secret: secret, auth: 'body' };
    const webhook = await deliver(receiver, { oauth });
    for (const token of tokens.issued.keys()) tokens.issued.set(token, 0);
    await api.send(missedCall());
    await waitFor(() => receiver.requests.length === 3, 15_000, 'the attempt after the 401');
    await waitFor(async () => (await api.deliveries(webhook.id)).every((one) => one.status === 'delivered'));
    assert.equal(tokens.requests.length, 2);
  });

  test('tokens are renewed when their time is over', async () => {
    const tokens = await startTokenServer({ id, secret, expiresIn: 1 });
    const receiver = await Receiver.start(tokens.guard);
    const webhook = await deliver(receiver, { oauth: { token_url: tokens.url, client_id: id, client_secret: secret } });
    await waitFor(() => [...tokens.issued.values()][0] < Date.now());
    await api.send(missedCall());
    await waitFor(() => receiver.requests.length === 2);
    await waitFor(async () => (await api.deliveries(webhook.id)).every((one) => one.status === 'delivered'));
    assert.equal(tokens.issued.size, 2);
    assert.equal(receiver.requests.length, 2, 'no attempt was spent on an old token');
  });

  test('without a token the attempt fails with a reason, and is retried by schedule', async () => {
    const tokens = await startTokenServer({ id, secret });
    tokens.refuse = true;
    const receiver = await Receiver.start();
    const webhook = await api.createWebhook({ url: receiver.url, oauth: { token_url: tokens.url, client_id: id, client_secret: secret } });
    await api.send(missedCall());
    await waitFor(() => tokens.requests.length === 1);
    tokens.refuse = false;
    const attempts = await attemptsOf(webhook);
    assert.equal(attempts.length, 2);
    assert.equal(attempts[0].outcome, 'oauth_failed');
    assert.equal(attempts[0].response, null);
    assert.match(attempts[0].error, /no OAuth token from http:\/\/127\.0\.0\.1:\d+: it answered 401: invalid_client/);
    assert.equal(attempts[1].response.status, 200);
    assert.equal(receiver.requests.length, 1);
  });

  test('settings are checked when saved; the secret stays with its client only', async () => {
    const create = (oauth) => api.post('/v1/webhooks', { name: 'n', url: 'http://127.0.0.1:1/', oauth });
    assertFields(await create({}), '/oauth/token_url', '/oauth/client_id', '/oauth/client_secret');
    assertFields(await create({ token_url: 'http://10.0.0.1/', client_id: 'a', client_secret: 'b' }), '/oauth/token_url');
    assertFields(await create({ token_url: 'http://127.0.0.1/', client_id: 'a', client_secret: 'b', auth: 'jwt' }), '/oauth/auth');
    const tokens = await startTokenServer({ id, secret });
    const receiver = await Receiver.start(tokens.guard);
    const webhook = await deliver(receiver, { oauth: { token_url: tokens.url, client_id: id, client_secret: secret } });
    await api.changeWebhook(webhook.id, { oauth: { token_url: tokens.url, client_id: id, scope: 'more' } });
    await api.send(missedCall());
    await waitFor(() => tokens.requests.length === 2);
    assert.equal(tokens.requests[1].form.get('scope'), 'more');
    await waitFor(() => receiver.requests.length === 2);
    const elsewhere = { oauth: { token_url: `${tokens.url}/other`, client_id: id } };
    assertFields(await api.patch(`/v1/webhooks/${webhook.id}`, elsewhere), '/oauth/client_secret');
  });
});

describe('mutual TLS', () => {
  const client = authority.leaf('DNS:client.example');
  const text = (leaf) => ({ certificate: leaf.cert.toString(), private_key: leaf.key.toString() });

  async function startStrict() {
    const ca = (await import('node:fs')).readFileSync(authority.caFile);
    return Receiver.start({ status: 200 }, { tls: { ...authority.leaf('IP:127.0.0.1'), ca, requestCert: true, rejectUnauthorized: true } });
  }

  test('a receiver that asks for a certificate gets the webhook\'s, and nobody gets the key', async () => {
    const receiver = await startStrict();
    const webhook = await deliver(receiver, { client_certificate: text(client) });
    assert.equal(receiver.requests[0].socket.getPeerCertificate().fingerprint256, new crypto.X509Certificate(client.cert).fingerprint256);
    const shown = await api.get(`/v1/webhooks/${webhook.id}`);
    assert.equal(shown.json.client_certificate.certificate, client.cert.toString());
    assert.equal(shown.json.client_certificate.subject, 'CN=receiver');
    assert.equal(Date.parse(shown.json.client_certificate.not_after), Date.parse(new crypto.X509Certificate(client.cert).validTo));
    assert.ok(!shown.text.includes('PRIVATE KEY'));
    await api.changeWebhook(webhook.id, { client_certificate: { certificate: client.cert.toString() } });
    await api.send(missedCall());
    await waitFor(() => receiver.requests.length === 2, 10_000, 'a delivery with the key that was kept');
  });

  test('without one the attempt says what the receiver wants', async () => {
    const receiver = await startStrict();
    const webhook = await api.createWebhook({ url: receiver.url, retry_schedule: [1] });
    await api.send(missedCall());
    const [attempt] = await attemptsOf(webhook);
    assert.equal(attempt.outcome, 'tls_failed');
    assert.match(attempt.error, /certificate required/);
    assert.equal(receiver.requests.length, 0);
  });

  test('what cannot be used is refused when it is saved', async () => {
    const create = (client_certificate) => api.post('/v1/webhooks', { name: 'n', url: 'https://127.0.0.1/', client_certificate });
    const { certificate, private_key } = text(client);
    assertFields(await create({ certificate }), '/client_certificate/private_key');
    assertFields(await create({ certificate: 'x', private_key }), '/client_certificate/certificate');
    assertFields(await create({ certificate, private_key: text(authority.leaf('DNS:other')).private_key }), '/client_certificate/private_key');
    assertFields(await create({ certificate: certificate + private_key, private_key }), '/client_certificate/certificate');
  });
});

/** An HTTP proxy with Basic authentication; every name leads to 127.0.0.1. */
async function startProxy(credentials) {
  const seen = [];
  const allowed = (request) => request.headers['proxy-authorization'] === `Basic ${Buffer.from(credentials).toString('base64')}`;
  const proxy = http.createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (!allowed(request)) return response.writeHead(407, { 'proxy-authenticate': 'Basic' }).end();
    const url = new URL(request.url);
    const { 'proxy-authorization': _, ...headers } = request.headers;
    const onward = http.request({ port: url.port, host: '127.0.0.1', path: url.pathname + url.search, method: request.method, headers });
    onward.on('response', (answer) => { response.writeHead(answer.statusCode, answer.headers); answer.pipe(response); });
    onward.on('error', () => response.writeHead(502).end());
    return request.pipe(onward);
  });
  proxy.on('connect', (request, socket, head) => {
    seen.push(`${request.method} ${request.url}`);
    socket.on('error', () => {});
    if (!allowed(request)) return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    const onward = net.connect(Number(request.url.split(':').pop()), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
    socket.on('close', () => onward.destroy());
    return undefined;
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  proxy.unref();
  return { seen, port: proxy.address().port };
}

describe('an HTTP proxy', () => {
  const start = (url) => Limehook.start({
    allowLoopback: false,
    args: ['--allow-http', '--retry-schedule', '1s', '--ca-file', authority.caFile],
    env: { LIMEHOOK_PROXY: url },
  });

  test('https goes by CONNECT, http with the whole URL; names are the proxy\'s business', async () => {
    const proxy = await startProxy('user:p@ss');
    const own = await start(`http://user:p%40ss@127.0.0.1:${proxy.port}`);
    const plain = await Receiver.start();
    const secure = await Receiver.start({ status: 200 }, { tls: authority.leaf('DNS:hooks.example') });
    const urls = [`http://hooks.example:${plain.port}/a?b=c`, `https://hooks.example:${secure.port}/d`];
    for (const url of urls) await own.api.createWebhook({ url });
    await own.api.send(missedCall());
    await waitFor(async () => (await own.api.read('/v1/deliveries?status=delivered')).data.length === 2);
    await own.api.send(missedCall());
    await waitFor(() => plain.requests.length === 2 && secure.requests.length === 2);
    assert.equal(plain.requests[0].target, '/a?b=c');
    assert.equal(rawValue(plain.requests[0], 'Host'), `hooks.example:${plain.port}`);
    assert.deepEqual(rawValues(secure.requests[0], 'Proxy-Authorization'), []);
    assert.equal(secure.connections, 1, 'the tunnel is kept');
    assert.deepEqual([...new Set(proxy.seen)].sort(), [`CONNECT hooks.example:${secure.port}`, `POST ${urls[0]}`]);
    assertFields(await own.api.post('/v1/webhooks', { name: 'n', url: 'http://10.0.0.1/' }), '/url');
    await own.stop();
  });

  test('what the proxy refuses is told as the proxy\'s refusal', async () => {
    const proxy = await startProxy('user:pass');
    const own = await start(`http://127.0.0.1:${proxy.port}`);
    for (const [scheme, error] of [['https', /^proxy 127\.0\.0\.1:\d+: it answered 407 to CONNECT$/], ['http', /the proxy .* 407/]]) {
      const webhook = await own.api.createWebhook({ url: `${scheme}://hooks.example/` });
      const answer = await own.api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' });
      assert.equal(answer.json.response, null);
      assert.match(answer.json.error, error);
    }
    await own.stop();
  });

  test('a proxy URL that cannot be used is refused at start, without being repeated', async () => {
    const ended = await run(['serve', '--proxy', 'https://u:s3cret@h:1'], { timeout: 5000 });
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /--proxy.*expected http:\/\/HOST:PORT/);
    assert.doesNotMatch(ended.stderr, /s3cret/);
  });
});

describe('IPv6', () => {
  test('a receiver at an IPv6 literal is reached', async (context) => {
    const receiver = http.createServer((request, response) => { receiver.host = request.headers.host; request.resume(); response.end(); });
    const listening = await new Promise((resolve) => {
      receiver.on('error', () => resolve(false));
      receiver.listen(0, '::1', () => resolve(true));
    });
    if (!listening) return context.skip('this machine has no IPv6');
    receiver.unref();
    const { port } = receiver.address();
    const own = await Limehook.start({ args: ['--allow-net', '::1'] });
    const webhook = await own.api.createWebhook({ url: `http://[::1]:${port}/hook` });
    const answer = await own.api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' });
    assert.equal(answer.json.response?.status, 200, answer.text);
    assert.equal(receiver.host, `[::1]:${port}`);
    return own.stop();
  });
});
