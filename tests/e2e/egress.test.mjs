// Hostile tenants and hostile receivers: hosts written in tricky ways, and hundreds of receivers that misbehave at once.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { describe } from 'node:test';
import zlib from 'node:zlib';

import { assertFields } from './support/api.mjs';
import { NameServer, noNameServer } from './support/name_server.mjs';
import { Limehook } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

/** Hosts that lead to this machine or to a private network in somebody's reading. */
const tricky = [
  '127.0.0.1', '2130706433', '017700000001', '0177.0.0.1', '0x7f.1', '0X7F.1', '0x7f000001', '0x7f.0x0.0x0.0x1', '127.1',
  '127.0.1', '127.0.0.01', '127.0.0.1.', '127.0.0.1..', '0', '0x', '1.2.3.4.5', 'example.0x7f', 'localhost', 'LOCALHOST',
  'localhost.', 'a.localhost', 'localhos%74', '%31%32%37.0.0.1', '127.0.0.1%00.example.com', '127\u30020\u30020\u30021',
  '127\uff0e0\uff0e0\uff0e1', '127\uff610\uff610\uff611', '\uff11\uff12\uff17.0.0.1', '127.0.0.1@example.com',
  'example.com@127.0.0.1', 'example.com\\@127.0.0.1', '127.0.0.1\\.example.com', '127.0.0.1\t', '127.0.0.1\n',
  '127.0.0.1\u0000', '8.8.8.8:0', '8.8.8.8:65536', '8.8.8.8:', '8.8.8.8:80:80', '[::1]', '[::]', '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[64:ff9b:1::1]', '[2002:7f00:1::]', '[2001::1]', '[fe80::1%25lo]',
  '[fe80::1%lo]', '[fd00::1]', '[v1.x]', '[::1', '::1', '169.254.169.254', '168.63.129.16', '100.100.100.200',
  '[fd00:ec2::254]', '192.0.0.192', 'example..com', '.', '',
];

describe('hosts of URLs', () => {
  // Goal: no member that names a URL takes a tricky host, with a proxy or without; each is named.
  for (const [what, args] of [['directly', []], ['through a proxy', ['--proxy', 'http://127.0.0.1:9']]]) {
    test(`tricky ones are refused when saved: ${what}`, async () => {
      const server = await Limehook.start({ allowLoopback: false, args: ['--allow-http', ...args] });
      const good = await server.api.createWebhook({ url: 'https://example.com/' });
      for (const host of tricky) {
        const url = `http://${host}/`;
        const members = { url, fallback_url: url, oauth: { token_url: url, client_id: 'id', client_secret: 'secret' } };
        const created = await server.api.post('/v1/webhooks', { name: 'x', events: ['missed_call'], ...members });
        assertFields(created, '/url', '/fallback_url', '/oauth/token_url');
        assertFields(await server.api.patch(`/v1/webhooks/${good.id}`, { url }), '/url');
      }
      await server.stop();
    });
  }

  // Goal: ports of other protocols are refused when a webhook is saved, with the port's use, and when it is sent, unless
  // the operator allows them.
  test('ports of other protocols are refused unless --allow-port names them', async () => {
    const open = await Limehook.start({ args: ['--allow-port', '11,13'] });
    const members = (port) => {
      const url = `http://127.0.0.1:${port}/`;
      return { url, fallback_url: url, oauth: { token_url: url, client_id: 'id', client_secret: 'secret' } };
    };
    for (const port of [22, 25, 110, 143, 465, 587, 993, 995, 3306, 5060, 5432, 6379, 11211, 27017]) {
      const created = await open.api.post('/v1/webhooks', { name: 'x', events: ['missed_call'], ...members(port) });
      assertFields(created, '/url', '/fallback_url', '/oauth/token_url');
      assert.match(created.json.errors[0].detail, new RegExp(`must not use port ${port}, which is for .*--allow-port ${port}`));
    }
    for (const port of [80, 443, 8080, 8443, 9000, 40_000]) await open.api.createWebhook({ url: `http://127.0.0.1:${port}/`, team_id: 'team_b' });
    const webhook = await open.api.createWebhook({ url: 'http://127.0.0.1:13/', team_id: 'team_a' });
    const tried = await open.api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' });
    assert.match(tried.json.error, /connection/i);
    await open.stop();
    const strict = await Limehook.start({ data: open.data });
    const refused = await strict.api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' });
    const [attempt] = (await strict.api.delivery(refused.json.delivery_id)).attempts;
    assert.equal(attempt.outcome, 'address_refused');
    assert.match(attempt.error, /must not use port 13\b.*--allow-port 13/);
    await strict.stop();
  });

  // Goal: who may name hosts does not learn which names are known inside. Method: two names, one with a private address,
  // and all that the API tells about attempts at them.
  test('a name with a private address looks like one that nobody knows', { skip: noNameServer }, async (t) => {
    const names = await NameServer.start((name) => (name.startsWith('inside') ? { address: '10.1.2.3' } : { error: 3 }));
    t.after(() => names.close());
    const server = await Limehook.start({ allowLoopback: false, wrap: names.wrap, args: ['--allow-http'] });
    t.after(() => server.child.signal('SIGKILL'));
    const told = [];
    for (const host of ['inside.example.net', 'unknown.example.net']) {
      const url = `http://${host}/`;
      const oauth = { token_url: `http://token-${host}/`, client_id: 'id', client_secret: 'secret' };
      for (const members of [{ url }, { url: 'http://8.8.8.8/', oauth: { ...oauth, token_url: url } }]) {
        const webhook = await server.api.createWebhook({ ...members, team_id: 'team_a' });
        const { json } = await server.api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' });
        const [attempt] = (await server.api.delivery(json.delivery_id)).attempts;
        told.push([json.error, attempt.outcome, attempt.error].map((text) => text.replaceAll(host, 'HOST')));
      }
    }
    assert.deepEqual(told.slice(0, 2), told.slice(2));
    assert.equal(told[0][1], 'name_not_resolved');
    await server.stop();
  });

  // Goal: what was saved while it was allowed is refused once it is not, and no proxy is asked for it.
  test('saved ones are judged again before a proxy is asked', async () => {
    const hosts = ['127.0.0.1', 'localhost', 'a.localhost', '[::ffff:127.0.0.1]', '[64:ff9b::7f00:1]'];
    const open = await Limehook.start();
    const webhooks = [];
    for (const host of hosts) {
      webhooks.push(await open.api.createWebhook({ url: `http://${host}/`, team_id: 'team_a' }));
      webhooks.push(await open.api.createWebhook({ url: `https://${host}/`, team_id: 'team_a' }));
    }
    await open.stop();
    let asked = 0;
    const proxy = net.createServer((socket) => {
      asked += 1;
      socket.destroy();
    });
    await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const args = ['--allow-http', '--retry-schedule', '600s', '--proxy', `http://127.0.0.1:${proxy.address().port}`];
    const strict = await Limehook.start({ data: open.data, allowLoopback: false, args });
    await strict.api.send(missedCall({ team_id: 'team_a' }));
    for (const { id, url } of webhooks) {
      const delivery = await waitFor(async () => {
        const [row] = await strict.api.deliveries(id);
        return row?.attempt_count === 1 && strict.api.delivery(row.id);
      });
      assert.match(delivery.attempts[0].error, /is not a public address: loopback/, url);
    }
    assert.equal(asked, 0);
    proxy.close();
    await strict.stop();
  });
});

const ok = 'HTTP/1.1 200 OK\r\n';
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;
const bomb = zlib.gzipSync(Buffer.alloc(64 * 1024 * 1024));
const drip = (start, byte) => ({ start, piece: byte, every: 100 });
const pour = (start, piece) => ({ start, piece: piece.repeat(Math.ceil(16_384 / piece.length)) });

/** What a hostile receiver writes: `start`, then `piece` without end, as fast as it goes or `every` so many ms. */
const hostile = {
  'never answers': { start: '' },
  'drips its status line': drip('HTTP/1.1 200 ', 'x'),
  'drips a header': drip(`${ok}X-Slow: `, 'x'),
  'drips a body': drip(`${ok}Content-Length: 100000\r\n\r\n`, 'x'),
  'drips a chunk extension': drip(`${chunked}1;`, 'x'),
  'pours a status line': pour('HTTP/1.1 200 ', 'x'),
  'pours headers': pour(ok, 'X-More: and more\r\n'),
  'pours one header': pour(`${ok}X-Long: `, 'x'),
  'pours interim answers': pour('', 'HTTP/1.1 100 Continue\r\n\r\n'),
  'pours a body with a huge length': pour(`${ok}Content-Length: 18446744073709551615\r\n\r\n`, 'x'),
  'pours a body without a length': pour(`${ok}\r\n`, 'x'),
  'pours chunks': pour(chunked, '1\r\nx\r\n'),
  'pours chunk extensions': pour(chunked, `1;${'e'.repeat(16_000)}\r\nx\r\n`),
  'pours trailers': pour(`${chunked}0\r\n`, 'X-Trailer: 1\r\n'),
  'pours NUL bytes': pour('', '\0'),
  'sends a compressed bomb': { start: Buffer.concat([Buffer.from(`${ok}Content-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`), bomb]) },
  'says two lengths': { start: `${ok}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx` },
  'says a length and chunks': { start: `${ok}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n` },
  'has a NUL in a header': { start: `${ok}X-Nul: a\0b\r\nContent-Length: 0\r\n\r\n` },
  'closes at once': { start: '', close: true },
  'redirects inside': { start: 'HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n', close: true },
};

/** Receivers on one port; the path says which. `poured` counts what each kind could write, in bytes. */
async function startHostile() {
  const poured = {};
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (request) => {
      const kind = decodeURIComponent(request.toString('latin1').split(' ')[1].slice(1));
      const { start, piece, every, close } = hostile[kind];
      const write = (bytes) => {
        poured[kind] = (poured[kind] ?? 0) + bytes.length;
        return socket.write(bytes, typeof bytes === 'string' ? 'latin1' : undefined);
      };
      if (start.length > 0) write(start);
      if (close) socket.end();
      if (every) {
        const timer = setInterval(() => write(piece), every);
        socket.on('close', () => clearInterval(timer));
      } else if (piece) {
        const more = () => {
          while (!socket.destroyed && write(piece));
        };
        socket.on('drain', more);
        more();
      }
    });
  });
  server.unref();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', 1024, resolve));
  return { server, poured, url: (kind) => `http://127.0.0.1:${server.address().port}/${encodeURIComponent(kind)}` };
}

const peakMemory = (pid) => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

describe('hostile receivers', () => {
  // Goal: hundreds at once cost their own webhooks one attempt each, the process little memory, and others nothing.
  test('hundreds at once exhaust nothing', async () => {
    const each = 16;
    const timeout = 2_000;
    const server = await Limehook.start({ args: ['--retry-schedule', '600s'] });
    const { api } = server;
    const receivers = await startHostile();
    const webhooks = [];
    for (const kind of Object.keys(hostile)) {
      for (let i = 0; i < each; i += 1) {
        const { id } = await api.createWebhook({ url: receivers.url(kind), team_id: 'team_bad', timeout_ms: timeout });
        webhooks.push({ id, kind });
      }
    }
    const good = await Receiver.start();
    await api.createWebhook({ url: good.url, team_id: 'team_good' });
    await api.send(missedCall({ team_id: 'team_good' }));
    await waitFor(() => good.requests.length === 1);
    const before = peakMemory(server.child.pid);

    await api.send(missedCall({ team_id: 'team_bad' }));
    for (let i = 0; i < 20; i += 1) {
      const event = missedCall({ team_id: 'team_good' });
      await api.send(event);
      await waitFor(() => good.of(event.call_id).length === 1, 5_000, 'a delivery beside hostile receivers', 2);
    }
    for (const { id, kind } of webhooks) {
      const delivery = await waitFor(async () => {
        const [row] = await api.deliveries(id);
        return row?.attempt_count === 1 && api.delivery(row.id);
      }, 20_000, `the end of an attempt at one that ${kind}`);
      const [{ duration_ms: took, response, error }] = delivery.attempts;
      assert.ok(took <= timeout + 2_500, `one that ${kind}: ${took} ms`);
      assert.ok(response !== null || error.length > 3, kind);
      // Bytes that are no UTF-8 are shown by one character each.
      if (response) assert.ok(response.body.length <= 16 * 1024, `one that ${kind}: ${response.body.length} kept`);
    }
    const grown = peakMemory(server.child.pid) - before;
    assert.ok(grown < 128, `the memory has grown by ${grown} MB`);
    for (const [kind, bytes] of Object.entries(receivers.poured)) {
      assert.ok(bytes / each < 32 * 1024 ** 2, `one that ${kind} got rid of ${bytes / each} bytes`);
    }
    receivers.server.close();
    await server.stop();
  });
});
