// The server against callers who mean no good: TLS of its own, reverse proxies, limits, headers.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe } from 'node:test';

import { assertProblem } from './support/api.mjs';
import { makeAuthority } from './support/certificates.mjs';
import { Limehook, run, temporaryFolder } from './support/process.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const KEY = Limehook.adminKey;
const bearer = { authorization: `Bearer ${KEY}` };

/** One GET over TLS; answers {status, headers, serial, protocol}, serial being that of the server's certificate. */
function getOverTls(address, ca, { target = '/healthz', agent = false, headers = {} } = {}) {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const request = https.get({ host, port, path: target, ca, agent, headers }, (answer) => {
      const serial = answer.socket.getPeerCertificate().serialNumber;
      const protocol = answer.socket.getProtocol();
      answer.resume().on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, serial, protocol }));
    });
    request.on('error', reject);
  });
}

/** Sends raw bytes; answers what comes until the connection ends. */
function sendRaw(address, bytes) {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), host, () => socket.write(bytes));
    let received = '';
    socket.setEncoding('latin1').on('data', (text) => (received += text)).on('error', reject);
    socket.on('close', () => resolve(received));
  });
}

async function metric(url, name) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return line ? Number(line.split(' ')[1]) : undefined;
}

describe('TLS', () => {
  const authority = makeAuthority();
  const ca = readFileSync(authority.caFile);
  const folder = temporaryFolder();
  const files = { cert: path.join(folder, 'server.pem'), key: path.join(folder, 'server.key') };
  const install = ({ cert, key }) => {
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key);
  };
  const flags = ['--tls-cert', files.cert, '--tls-key', files.key];
  let server;

  before(async () => {
    install(authority.leaf('IP:127.0.0.1'));
    server = await Limehook.start({ args: flags, wait: false });
    await waitFor(async () => server.address && (await getOverTls(server.address, ca)).status === 200, 20_000, 'the server over TLS');
  });
  after(() => server.stop());

  test('the API answers over TLS, tells browsers to stay with it, and says so in the log', async () => {
    const answer = await getOverTls(server.address, ca, { target: '/v1/webhooks', headers: bearer });
    assert.equal(answer.status, 200);
    assert.match(answer.headers['strict-transport-security'], /^max-age=\d{7,}/);
    assert.equal(answer.protocol, 'TLSv1.3');
    assert.match(server.child.stderr, new RegExp(`listens on https://${server.address}`));
  });

  test('the command line talks to it when it trusts the certificate, and only then', async () => {
    const env = { LIMEHOOK_SERVER: `https://${server.address}`, LIMEHOOK_KEY: KEY };
    assert.equal((await run(['keys', 'list', '--ca-file', authority.caFile], { env })).code, 0);
    assert.equal((await run(['keys', 'list'], { env: { ...env, LIMEHOOK_CA_FILE: authority.caFile } })).code, 0);
    const untrusted = await run(['keys', 'list'], { env });
    assert.equal(untrusted.code, 3);
    assert.match(untrusted.stderr, /verif/);
    const misnamed = await run(['keys', 'list', '--ca-file', authority.caFile], { env: { ...env, LIMEHOOK_SERVER: `https://localhost:${server.address.split(':')[1]}` } });
    assert.equal(misnamed.code, 3);
    assert.match(misnamed.stderr, /certificate is not valid for host localhost: it is for 127\.0\.0\.1/);
    const wrong = await run(['keys', 'list', '--ca-file', files.key], { env });
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /--ca-file/);
  });

  test('an issuing authority is enough for the command line; a Common Name is not a name', async () => {
    const issuing = authority.issuing();
    for (const [names, code] of [['DNS:localhost', 0], [null, 3]]) {
      install(issuing.leaf(names, { commonName: 'localhost' }));
      const own = await Limehook.start({ args: flags, wait: false, key: KEY });
      await waitFor(() => own.address, 20_000, 'the server');
      const env = { LIMEHOOK_SERVER: `https://localhost:${own.address.split(':')[1]}`, LIMEHOOK_KEY: KEY };
      const tried = await run(['keys', 'list', '--ca-file', issuing.caFile], { env });
      assert.equal(tried.code, code, tried.stderr);
      if (code !== 0) assert.match(tried.stderr, /it is for no host/);
      await own.stop();
    }
    install(authority.leaf('IP:127.0.0.1'));
  });

  test('plain HTTP gets nothing', async () => {
    assert.doesNotMatch(await sendRaw(server.address, 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP/);
  });

  test('SIGHUP changes the certificate of new connections; a broken pair is refused and the old one stays', async () => {
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    const old = await getOverTls(server.address, ca, { agent });
    install(authority.leaf('IP:127.0.0.1'));
    server.child.signal('SIGHUP');
    const renewed = await waitFor(async () => {
      const { serial } = await getOverTls(server.address, ca);
      return serial !== old.serial && serial;
    }, 10_000, 'the new certificate');
    assert.equal((await getOverTls(server.address, ca, { agent })).serial, old.serial, 'the open connection goes on');
    agent.destroy();

    writeFileSync(files.key, authority.leaf('IP:127.0.0.1').key);
    server.child.signal('SIGHUP');
    await waitFor(() => /certificate in use stays: --tls-key: .*server\.key/.test(server.child.stderr), 10_000, 'the error');
    assert.equal((await getOverTls(server.address, ca)).serial, renewed);
  });

  test('what cannot be used ends the start with the name of the option', async () => {
    const good = authority.leaf('IP:127.0.0.1');
    const at = (name, text) => {
      writeFileSync(path.join(folder, name), text);
      return path.join(folder, name);
    };
    const cert = at('a.pem', good.cert);
    const key = at('a.key', good.key);
    const other = at('b.key', authority.leaf('IP:127.0.0.1').key);
    const cases = [
      [['--tls-cert', cert], /--tls-cert: .*--tls-key/],
      [['--tls-key', key], /--tls-key: .*--tls-cert/],
      [['--tls-cert', path.join(folder, 'none'), '--tls-key', key], /--tls-cert: .*cannot be read/],
      [['--tls-cert', key, '--tls-key', key], /--tls-cert: .*a\.key/],
      [['--tls-cert', cert, '--tls-key', cert], /--tls-key: .*a\.pem/],
      [['--tls-cert', cert, '--tls-key', other], /--tls-key: .*b\.key/],
      [['--trusted-proxy', '10.0.0.0/33'], /--trusted-proxy: /],
      [['--request-rate', '-1'], /--request-rate: /],
      [['--connections-per-address', '0'], /--connections-per-address: /],
    ];
    for (const [args, pattern] of cases) {
      const { code, stderr } = await (await Limehook.start({ args, wait: false })).child.ended();
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, pattern);
    }
  });
});

test('SIGHUP without TLS changes nothing', async () => {
  const server = await Limehook.start();
  server.child.signal('SIGHUP');
  await waitFor(() => /SIGHUP/.test(server.child.stderr), 10_000, 'the log to tell of it');
  assert.equal((await server.api.get('/v1/webhooks')).status, 200);
  await server.stop();
});

describe('one server, plain', () => {
  let server;
  before(async () => {
    server = await Limehook.start();
  });
  after(() => server.stop());

  test('every answer has the security headers; none tells of the inside', async () => {
    const answers = [
      await server.api.get('/v1/webhooks'),
      await server.api.get('/healthz'),
      await server.api.get('/nothing/../here'),
      await server.api.withKey('lh_wrong').get('/v1/webhooks'),
      await server.api.request('OPTIONS', '/v1/webhooks'),
      await server.api.post('/v1/events', '{'),
      await server.api.post('/v1/events', ' '.repeat(300_000)),
    ];
    assert.deepEqual(answers.map(({ status }) => status), [200, 200, 404, 401, 405, 400, 413]);
    for (const { status, headers, text } of answers) {
      const seen = Object.fromEntries(headers);
      assert.equal(seen['x-content-type-options'], 'nosniff', status);
      assert.equal(seen['x-frame-options'], 'DENY', status);
      assert.equal(seen['referrer-policy'], 'no-referrer', status);
      assert.equal(seen['cross-origin-resource-policy'], 'same-origin', status);
      assert.equal(seen['cache-control'], 'no-store', status);
      assert.equal(seen['strict-transport-security'], undefined, status);
      assert.doesNotMatch(text, /\.cpp|exception|boost|std::|0x[0-9a-f]{6}/i);
    }
  });

  test('malformed requests get 400 and the connection ends', async () => {
    const get = 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n';
    const cases = [
      'GET /\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
      'GET http://a/healthz HTTP/1.1\r\nHost: a\r\n\r\n', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET /healthz HTTP/1.1\r\n\r\n', 'GET /healthz HTTP/1.1\nHost: a\n\n',
      `POST /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${KEY}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `POST /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${KEY}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    ];
    for (const bytes of cases) {
      const answer = await sendRaw(server.address, bytes + get);
      assert.match(answer, /^HTTP\/1\.1 400 [^]*Connection: close/, bytes);
      assert.match(answer, /application\/problem\+json/, bytes);
      assert.doesNotMatch(answer, /HTTP\/1\.1 2/, bytes);
    }
    assert.ok((await metric(server.url, 'limehook_http_refused_total{reason="malformed"}')) >= cases.length);
  });

  test('a head that comes too slowly ends the connection, while others are answered', async () => {
    const [host, port] = server.address.split(':');
    const slow = Array.from({ length: 50 }, () => net.connect(Number(port), host).on('error', () => {}));
    let closed = 0;
    for (const socket of slow) socket.on('close', () => (closed += 1));
    const drip = setInterval(() => slow.forEach((socket) => socket.writable && socket.write('X')), 200);
    try {
      for (const socket of slow) socket.write('GET /healthz HTTP/1.1\r\nX: ');
      await server.api.send(missedCall());
      await waitFor(() => closed === slow.length, 20_000, 'the end of all slow connections');
    } finally {
      clearInterval(drip);
    }
    assert.equal((await server.api.get('/healthz')).status, 200);
    assert.ok((await metric(server.url, 'limehook_http_refused_total{reason="timeout"}')) >= slow.length);
  });
});

test('--connections-per-address limits one caller', async () => {
  const server = await Limehook.start({ args: ['--connections-per-address', '3'] });
  const [host, port] = server.address.split(':');
  const call = (localAddress) => new Promise((resolve) => {
    const socket = net.connect({ port: Number(port), host, localAddress }, () => socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'));
    socket.on('error', () => {}).on('close', () => resolve({ socket, answered: false }));
    socket.once('data', () => resolve({ socket, answered: true }));
  });
  const calls = [];
  for (let i = 0; i < 5; i += 1) calls.push(await call('127.0.0.9'));
  assert.deepEqual(calls.map(({ answered }) => answered), [true, true, true, false, false]);
  const other = await call('127.0.0.8');
  assert.ok(other.answered, 'another address is not concerned');
  assert.equal(await metric(server.url, 'limehook_http_refused_total{reason="address_connections"}'), 2);
  for (const { socket } of [...calls, other]) socket.destroy();
  await server.stop();
});

describe('rates', () => {
  const forwarded = (address) => ({ 'x-forwarded-for': address });
  /** The statuses of so many requests with a wrong key, sorted. */
  const guess = async (api, count, headers) => {
    const statuses = [];
    for (let i = 0; i < count; i += 1) statuses.push((await api.request('GET', '/v1/webhooks', undefined, { authorization: 'Bearer lh_wrong', ...headers })).status);
    return statuses;
  };

  test('unknown keys are refused with 429 after a while; keys made by Limehook go on', async () => {
    const server = await Limehook.start();
    const made = await server.api.post('/v1/keys', { name: 'one', role: 'read', team_id: 'team_001' });
    assert.equal(made.status, 201, made.text);
    const statuses = await guess(server.api, 200, {});
    assert.deepEqual(statuses.slice(0, 100), Array(100).fill(401));
    assert.ok(statuses.includes(429));
    const refused = await waitFor(async () => {
      const answer = await server.api.request('GET', '/v1/webhooks', undefined, { authorization: 'Bearer lh_wrong' });
      return answer.status === 429 && answer;
    });
    assertProblem(refused, 429);
    assert.match(refused.headers.get('retry-after'), /^[1-9]\d*$/);
    assert.equal((await server.api.withKey(made.json.key).get('/v1/webhooks')).status, 200);
    await waitFor(async () => {
      await guess(server.api, 5, {});
      return (await server.api.get('/v1/webhooks')).status === 429;
    }, 10_000, 'the chosen key not to be looked at');
    await waitFor(async () => (await server.api.get('/v1/webhooks')).status === 200, 10_000, 'the end of that');
    assert.ok((await metric(server.url, 'limehook_http_refused_total{reason="rate"}')) > 0);
    await server.stop();
  });

  test('X-Forwarded-For names the caller when a trusted proxy says it, and nothing otherwise', async () => {
    const trusting = await Limehook.start({ args: ['--trusted-proxy', '127.0.0.1'] });
    assert.ok((await guess(trusting.api, 150, forwarded('192.0.2.1'))).includes(429));
    assert.deepEqual(await guess(trusting.api, 1, forwarded('192.0.2.2')), [401]);
    assert.deepEqual(await guess(trusting.api, 1, forwarded('192.0.2.1, 192.0.2.3')), [401], 'the last one counts');
    const secure = await trusting.api.request('GET', '/healthz', undefined, { 'x-forwarded-proto': 'https' });
    assert.match(secure.headers.get('strict-transport-security'), /max-age/);
    await trusting.stop();

    const other = await Limehook.start();
    const statuses = [];
    for (let i = 0; i < 150; i += 1) statuses.push(...(await guess(other.api, 1, forwarded(`192.0.2.${i}`))));
    assert.ok(statuses.includes(429), 'made up addresses do not help');
    const plain = await other.api.request('GET', '/healthz', undefined, { 'x-forwarded-proto': 'https' });
    assert.equal(plain.headers.get('strict-transport-security'), null);
    await other.stop();
  });

  test('--request-rate limits each key by itself', async () => {
    const server = await Limehook.start({ args: ['--request-rate', '5'] });
    const made = await server.api.post('/v1/keys', { name: 'one', role: 'read', team_id: 'team_001' });
    const other = server.api.withKey(made.json.key);
    let refused;
    await waitFor(async () => (refused = await server.api.get('/v1/webhooks')).status === 429, 10_000, '429');
    assertProblem(refused, 429);
    assert.match(refused.headers.get('retry-after'), /^[1-9]\d*$/);
    assert.equal((await other.get('/v1/webhooks')).status, 200, 'another key');
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200, 'nor callers without a key');
    await waitFor(async () => (await server.api.get('/v1/webhooks')).status === 200, 10_000, 'the end of the rest');
    await server.stop();
  });
});
