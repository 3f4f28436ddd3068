// Delivery: schedules, limits, and receivers that misbehave in every way.

import assert from 'node:assert/strict';
import net from 'node:net';
import { before, after, describe } from 'node:test';
import { gzipSync } from 'node:zlib';

import { assertFields } from './support/api.mjs';
import { makeAuthority } from './support/certificates.mjs';
import { closedUrl } from './support/ports.mjs';
import { Limehook } from './support/process.mjs';
import { Receiver, rawValue } from './support/receiver.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

/** How much later than planned an attempt may start on a busy machine. */
const slack = 2_500;


const untilStatus = (api, webhook, status, milliseconds = 20_000) =>
  waitFor(async () => {
    const rows = await api.deliveries(webhook.id);
    return rows.length === 1 && rows[0].status === status && api.delivery(rows[0].id);
  }, milliseconds, `a delivery that is ${status}`);

const gaps = (receiver) => receiver.requests.slice(1).map((request, i) => request.at - receiver.requests[i].answeredAt);

function assertGaps(receiver, seconds) {
  const measured = gaps(receiver);
  assert.equal(measured.length, seconds.length);
  measured.forEach((gap, i) => {
    assert.ok(gap >= seconds[i] * 1000 - 20, `attempt ${i + 2} came after ${gap} ms, not ${seconds[i]} s`);
    assert.ok(gap <= seconds[i] * 1000 + slack, `attempt ${i + 2} came only after ${gap} ms, not ${seconds[i]} s`);
  });
}

/** A webhook at a new receiver, and one event for it. */
async function begin(api, behaviour, members = {}) {
  const receiver = await Receiver.start(behaviour);
  const event = missedCall();
  const onlyThis = { match: 'all', conditions: [{ field: 'call_id', op: 'eq', value: event.call_id }] };
  const webhook = await api.createWebhook({ url: receiver.url, filters: onlyThis, ...members });
  await api.send(event);
  return { receiver, webhook, event };
}

describe('retries', { concurrency: 12 }, () => {
  let server, api;
  before(async () => {
    server = await Limehook.start({ args: ['--retry-schedule', '1s,1s,2s,2s'] });
    api = server.api;
  });
  after(() => server.stop());

  test("the server's schedule, counted from the end of each attempt, then failed after 1 + steps attempts", async () => {
    const { receiver, webhook } = await begin(api, { status: 500, body: 'broken', delay: 300 });
    const delivery = await untilStatus(api, webhook, 'failed');
    assert.equal(receiver.requests.length, 5);
    assertGaps(receiver, [1, 1, 2, 2]);
    assert.deepEqual(delivery.attempts.map((attempt) => attempt.number), [1, 2, 3, 4, 5]);
    for (const attempt of delivery.attempts) {
      assert.equal(attempt.response.status, 500);
      assert.equal(attempt.response.body, 'broken');
    }
    assert.ok(!delivery.next_attempt_at);
  });

  test("a webhook's own schedule goes before the server's", async () => {
    const { receiver, webhook } = await begin(api, { status: 503 }, { retry_schedule: [2, 1] });
    await untilStatus(api, webhook, 'failed');
    assertGaps(receiver, [2, 1]);
  });

  test('while it waits it is retrying, with the time of the next attempt', async () => {
    const { webhook } = await begin(api, { status: 500 }, { retry_schedule: [600] });
    const delivery = await untilStatus(api, webhook, 'retrying');
    const ahead = Date.parse(delivery.next_attempt_at) - Date.now();
    assert.ok(ahead > 580_000 && ahead <= 600_500, `${ahead} ms ahead`);
  });

  test('a success ends it', async () => {
    const { receiver, webhook } = await begin(api, (_, index) => ({ status: index === 0 ? 500 : 200 }));
    const delivery = await untilStatus(api, webhook, 'delivered');
    assert.equal(receiver.requests.length, 2);
    assert.deepEqual(delivery.attempts.map((attempt) => attempt.response.status), [500, 200]);
  });

  for (const status of [200, 201, 202, 204, 206, 299]) {
    test(`${status} acknowledges`, async () => {
      const { receiver, webhook } = await begin(api, { status });
      const delivery = await untilStatus(api, webhook, 'delivered');
      assert.equal(receiver.requests.length, 1);
      assert.equal(delivery.attempts[0].response.status, status);
    });
  }

  for (const status of [301, 302, 304, 307, 400, 401, 403, 404, 409, 422, 429, 500, 502, 504, 599]) {
    test(`${status} is a failure and is retried`, async () => {
      const { receiver, webhook } = await begin(api, (_, index) => ({ status: index === 0 ? status : 200 }));
      const delivery = await untilStatus(api, webhook, 'delivered');
      assert.equal(receiver.requests.length, 2);
      assert.equal(delivery.attempts[0].response.status, status);
    });
  }

  test('a redirect is not followed', async () => {
    const other = await Receiver.start();
    const { receiver, webhook } = await begin(api, (_, index) =>
      index === 0 ? { status: 302, headers: { location: other.url } } : { status: 200 });
    await untilStatus(api, webhook, 'delivered');
    assert.equal(other.requests.length, 0);
    assert.equal(receiver.requests.length, 2);
  });

  for (const status of [429, 503]) {
    test(`Retry-After in seconds is honoured on ${status}`, async () => {
      const { receiver, webhook } = await begin(api, (_, index) =>
        index === 0 ? { status, headers: { 'Retry-After': '4' } } : { status: 200 });
      await untilStatus(api, webhook, 'delivered');
      assertGaps(receiver, [4]);
    });
  }

  const forms = {
    'IMF-fixdate': (date) => date.toUTCString(),
    'of RFC 850': (date) => {
      const [, day, month, year, time] = date.toUTCString().split(' ');
      return `${date.toLocaleDateString('en', { weekday: 'long', timeZone: 'UTC' })}, ${day}-${month}-${year.slice(2)} ${time} GMT`;
    },
    'of asctime()': (date) => {
      const [weekday, day, month, year, time] = date.toUTCString().replace(',', '').split(' ');
      return `${weekday} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`;
    },
  };
  for (const [name, format] of Object.entries(forms)) {
    test(`Retry-After as a date is honoured: ${name}`, async () => {
      let until;
      const { receiver, webhook } = await begin(api, (_, index) => {
        if (index > 0) return { status: 200 };
        until = Math.ceil(Date.now() / 1000) * 1000 + 4000;
        return { status: 503, headers: { 'Retry-After': format(new Date(until)) } };
      });
      await untilStatus(api, webhook, 'delivered');
      const late = receiver.requests[1].at - until;
      assert.ok(late >= -50 && late <= slack, `${late} ms after the date`);
    });
  }

  test('a Retry-After that is sooner, absurd or unreadable does not shorten or break the schedule', async () => {
    const values = ['0', 'soon', '-5', '1.5', '', '99999999999999999999999'];
    const runs = await Promise.all(values.map((value) =>
      begin(api, { status: 503, headers: { 'Retry-After': value } }, { retry_schedule: [600] })));
    for (const [i, { webhook }] of runs.entries()) {
      const delivery = await untilStatus(api, webhook, 'retrying');
      const ahead = Date.parse(delivery.next_attempt_at) - Date.now();
      assert.ok(ahead > 580_000, `${values[i]}: ${ahead} ms ahead`);
      assert.ok(ahead < 24 * 3600_000 + 1000, `${values[i]}: ${ahead} ms ahead`);
    }
  });

  test('Retry-After asks for at most 24 h, and counts on 429 and 503 only', async () => {
    const long = await begin(api, { status: 503, headers: { 'Retry-After': '864000' } });
    const other = await begin(api, { status: 500, headers: { 'Retry-After': '864000' } }, { retry_schedule: [600] });
    const capped = Date.parse((await untilStatus(api, long.webhook, 'retrying')).next_attempt_at) - Date.now();
    assert.ok(capped > 23.9 * 3600_000 && capped <= 24 * 3600_000 + 500, `${capped} ms ahead`);
    const ignored = Date.parse((await untilStatus(api, other.webhook, 'retrying')).next_attempt_at) - Date.now();
    assert.ok(ignored > 580_000 && ignored <= 600_500, `${ignored} ms ahead`);
  });

  test('410 disables the webhook and says so; there is no further attempt', async () => {
    const { receiver, webhook } = await begin(api, { status: 410 });
    await untilStatus(api, webhook, 'failed');
    const shown = await api.read(`/v1/webhooks/${webhook.id}`);
    assert.equal(shown.enabled, false);
    assert.match(JSON.stringify(shown), /410|gone/i);
    assert.equal(receiver.requests.length, 1);
  });

  test('retry by hand: a failed delivery goes again at once, with the same id and the next number', async () => {
    const { receiver, webhook } = await begin(api, { status: 500 }, { retry_schedule: [1] });
    const failed = await untilStatus(api, webhook, 'failed');
    receiver.behaviour = { status: 200 };
    const asked = Date.now();
    const answer = await api.post(`/v1/deliveries/${failed.id}/retry`);
    assert.ok(answer.status >= 200 && answer.status < 300, answer.text);
    const delivery = await untilStatus(api, webhook, 'delivered');
    assert.ok(receiver.requests[2].at - asked < slack);
    assert.equal(rawValue(receiver.requests[2], 'webhook-id'), rawValue(receiver.requests[0], 'webhook-id'));
    assert.equal(rawValue(receiver.requests[2], 'X-LimeCall-Attempt'), '3');
    assert.ok(receiver.requests[2].body.equals(receiver.requests[0].body));
    assert.deepEqual(delivery.attempts.map((attempt) => attempt.number), [1, 2, 3]);
  });

  test('retry by hand of one that waits for its turn goes now', async () => {
    const { receiver, webhook } = await begin(api, { status: 500 }, { retry_schedule: [3600] });
    const waiting = await untilStatus(api, webhook, 'retrying');
    receiver.behaviour = { status: 200 };
    const answer = await api.post(`/v1/deliveries/${waiting.id}/retry`);
    assert.ok(answer.status >= 200 && answer.status < 300, answer.text);
    await untilStatus(api, webhook, 'delivered', 5_000);
    assert.equal(receiver.requests.length, 2);
  });

  test('a retry does not need the connection of the attempt before', async () => {
    const { receiver, webhook } = await begin(api, { status: 500 }, { retry_schedule: [1, 1, 1, 1, 1] });
    await waitFor(() => receiver.requests.length >= 1);
    for (const socket of receiver.sockets) socket.destroy(); // the kept-alive connection is gone
    receiver.behaviour = { status: 200 };
    await untilStatus(api, webhook, 'delivered');
  });
});

describe('receivers that misbehave', { concurrency: 12 }, () => {
  let server, api;
  before(async () => {
    server = await Limehook.start({ args: ['--retry-schedule', '600s'] });
    api = server.api;
  });
  after(() => server.stop());

  /** The first attempt failed without a response; answers it. */
  async function failedAttempt({ webhook }, milliseconds = 20_000) {
    const delivery = await untilStatus(api, webhook, 'retrying', milliseconds);
    assert.equal(delivery.attempts.length, 1);
    const [attempt] = delivery.attempts;
    assert.equal(attempt.response, null, JSON.stringify(attempt.response)?.slice(0, 300));
    assert.equal(typeof attempt.error, 'string');
    assert.ok(attempt.error.length > 3, `the error says something: ${attempt.error}`);
    return attempt;
  }

  test('one that never answers: the attempt ends at the time limit', async () => {
    const attempt = await failedAttempt(await begin(api, { kind: 'hang' }, { timeout_ms: 700 }));
    assert.ok(attempt.duration_ms >= 650 && attempt.duration_ms < 700 + slack, `${attempt.duration_ms} ms`);
    assert.match(attempt.error, /time|late|slow/i);
  });

  test('one that resets after reading the request', async () => {
    await failedAttempt(await begin(api, { kind: 'reset' }));
  });

  test('one that closes without an answer', async () => {
    await failedAttempt(await begin(api, { kind: 'close' }));
  });

  test('one that resets before reading anything', async () => {
    const receiver = await Receiver.start();
    receiver.resetConnections = true;
    const event = missedCall({ team_id: 'team_reset' });
    const webhook = await api.createWebhook({ url: receiver.url, team_id: 'team_reset' });
    await api.send(event);
    await failedAttempt({ webhook });
  });

  test('one where nobody listens', async () => {
    const webhook = await api.createWebhook({ url: await closedUrl(), team_id: 'team_refused' });
    await api.send(missedCall({ team_id: 'team_refused' }));
    const attempt = await failedAttempt({ webhook });
    assert.match(attempt.error, /refus|connect/i);
  });

  test('a name that does not exist', async () => {
    const webhook = await api.createWebhook({ url: 'https://no-such-host.invalid/hook', team_id: 'team_dns' });
    await api.send(missedCall({ team_id: 'team_dns' }));
    await failedAttempt({ webhook });
  });

  test('one whose head comes byte by byte, too slowly', async () => {
    const drip = { kind: 'drip', text: `HTTP/1.1 200 OK\r\nX-Slow: ${'z'.repeat(200)}\r\nContent-Length: 0\r\n\r\n`, every: 30 };
    const attempt = await failedAttempt(await begin(api, drip, { timeout_ms: 1000 }));
    assert.ok(attempt.duration_ms < 1000 + slack, `${attempt.duration_ms} ms`);
  });

  test('one whose answer comes byte by byte, in time', async () => {
    const drip = { kind: 'drip', text: 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow', every: 5 };
    const { webhook } = await begin(api, drip);
    const delivery = await untilStatus(api, webhook, 'delivered');
    assert.equal(delivery.attempts[0].response.body, 'slow');
  });

  test('one that answers 1 GB: 16 KiB are kept, the rest is not taken', async () => {
    const { receiver, webhook } = await begin(api, { kind: 'huge', size: 1024 ** 3 }, { timeout_ms: 5000 });
    const delivery = await untilStatus(api, webhook, 'delivered');
    assert.equal(delivery.attempts[0].response.status, 200);
    assert.equal(delivery.attempts[0].response.body.length, 16 * 1024);
    assert.ok(receiver.requests[0].poured < 64 * 1024 ** 2, `${receiver.requests[0].poured} bytes were taken`);
  });

  test('a body of exactly 16 KiB is kept whole, one more byte is cut', async () => {
    for (const size of [16 * 1024, 16 * 1024 + 1]) {
      const { webhook } = await begin(api, { status: 200, body: 'b'.repeat(size) });
      const delivery = await untilStatus(api, webhook, 'delivered');
      assert.equal(delivery.attempts[0].response.body, 'b'.repeat(16 * 1024));
    }
  });

  test('one with header lines without end', async () => {
    const running = await begin(api, { kind: 'endless-headers' }, { timeout_ms: 5000 });
    await failedAttempt(running);
    assert.ok(running.receiver.requests[0].poured < 64 * 1024 ** 2, `${running.receiver.requests[0].poured} bytes were taken`);
  });

  for (const [what, bytes] of [
    ['random bytes', Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 197 + 13) % 256))],
    ['text that is not HTTP', 'hello, I am not a web server\r\n\r\n'],
    ['an SSH banner', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['an absurd status', 'HTTP/1.1 99999 What\r\n\r\n'],
    ['a status that is no number', 'HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n'],
    ['a head that stops in the middle', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['nothing at all', ''],
  ]) {
    test(`one that answers ${what}`, async () => {
      await failedAttempt(await begin(api, { kind: 'raw', bytes }, { timeout_ms: 3000 }));
    });
  }

  test('100 Continue and other interim answers before the real one', async () => {
    const bytes = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    const { webhook } = await begin(api, { kind: 'raw', bytes });
    const delivery = await untilStatus(api, webhook, 'delivered');
    assert.equal(delivery.attempts[0].response.body, 'ok');
  });

  test('an HTTP/1.0 answer that ends with its connection, and a chunked one', async () => {
    for (const bytes of ['HTTP/1.0 200 OK\r\n\r\nbye', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nby\r\n1;x=y\r\ne\r\n0\r\n\r\n']) {
      const { webhook } = await begin(api, { kind: 'raw', bytes });
      const delivery = await untilStatus(api, webhook, 'delivered');
      assert.equal(delivery.attempts[0].response.body, 'bye');
    }
  });

  for (const head of ['HTTP/1.1 200', 'HTTP/1.1 200 ', 'HTTP/1.1  200 OK', 'HTTP/1.1 200 \xdcber', 'HTTP/1.1 200 OK\r\nContent-Length : 2', 'HTTP/1.1 200 OK\nX-Feed: 1']) {
    test(`a sloppy head is an acknowledgement: ${JSON.stringify(head)}`, async () => {
      const bytes = Buffer.from(`${head}\r\nX-Fold: a\r\n b\r\nContent-Length: 2\r\n\r\nok`, 'latin1');
      const { webhook } = await begin(api, { kind: 'raw', bytes });
      const delivery = await untilStatus(api, webhook, 'delivered');
      assert.equal(delivery.attempts[0].response.body, 'ok');
      assert.equal(delivery.attempts[0].response.headers['x-fold'], 'a b');
    });
  }

  test('what is no answer is shown in the log and in the answer to a test', async () => {
    const bytes = 'HTTP/1.1 503 Busy\r\nContent-Length: none\r\n\r\n';
    const running = await begin(api, { kind: 'raw', bytes });
    const attempt = await failedAttempt(running);
    assert.equal(attempt.outcome, 'bad_response');
    assert.match(attempt.error, /Content-Length is not a number; it begins with: HTTP\/1\.1 503 Busy/);
    const { json } = await api.post(`/v1/webhooks/${running.webhook.id}/test`, { event: 'missed_call' });
    assert.equal(json.error, attempt.error);
  });

  test('a compressed answer is logged as text, and each cookie on its own', async () => {
    const cookies = ['a=1; Expires=Wed, 01 Jan 2031 00:00:00 GMT', 'b=2'];
    const body = gzipSync('{"error":"no contact with +1234567890"}');
    const { webhook } = await begin(api, { status: 500, headers: { 'Content-Encoding': 'gzip', 'Set-Cookie': cookies }, body });
    const { response } = (await untilStatus(api, webhook, 'retrying')).attempts[0];
    assert.equal(response.body, '{"error":"no contact with +1234567890"}');
    assert.deepEqual(response.headers['set-cookie'], cookies);
    assert.equal(response.body_truncated, false);
  });

  test('a small body that stands for a large one is cut as any other', async () => {
    const { webhook } = await begin(api, { status: 200, headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(Buffer.alloc(4 * 1024 ** 2, 'z')) });
    const { response } = (await untilStatus(api, webhook, 'delivered')).attempts[0];
    assert.equal(response.body, 'z'.repeat(16 * 1024));
    assert.equal(response.body_truncated, true);
  });

  test('a body that is not UTF-8 is logged without breaking the log', async () => {
    const bytes = Buffer.concat([Buffer.from('HTTP/1.1 500 No\r\nX-Odd: \xe4\xff\r\nContent-Length: 4\r\n\r\n', 'latin1'), Buffer.from([0xff, 0x00, 0xc3, 0x28])]);
    const { webhook } = await begin(api, { kind: 'raw', bytes });
    const delivery = await untilStatus(api, webhook, 'retrying');
    assert.equal(delivery.attempts[0].response.status, 500);
    assert.equal(typeof delivery.attempts[0].response.body, 'string');
  });

  test('the server is well after all this', async () => {
    const { webhook } = await begin(api, { status: 200 });
    await untilStatus(api, webhook, 'delivered');
    assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
  });
});

describe('concurrency', () => {
  let server, api;
  before(async () => {
    server = await Limehook.start({ args: ['--retry-schedule', '1s'] });
    api = server.api;
  });
  after(() => server.stop());

  for (const [what, members, limit] of [['the default limit of 8', {}, 8], ['a limit of 3', { max_concurrency: 3 }, 3], ['a limit of 1', { max_concurrency: 1 }, 1]]) {
    test(`${what} is reached and never exceeded`, async () => {
      const team_id = `team_limit_${limit}`;
      const receiver = await Receiver.start({ status: 200, delay: 30 });
      await api.createWebhook({ url: receiver.url, team_id, ...members });
      const answer = await api.post('/v1/events/batch', Array.from({ length: 40 }, () => missedCall({ team_id })));
      assert.ok(answer.status < 300, answer.text);
      await waitFor(() => receiver.requests.length === 40 && receiver.inFlight === 0, 20_000);
      assert.equal(receiver.maxInFlight, limit);
      assert.ok(receiver.connections <= limit, `${receiver.connections} connections`);
    });
  }

  test('connections are kept and used again', async () => {
    const receiver = await Receiver.start();
    await api.createWebhook({ url: receiver.url, team_id: 'team_keep' });
    for (let i = 0; i < 30; i += 1) {
      const event = missedCall({ team_id: 'team_keep' });
      await api.send(event);
      await waitFor(() => receiver.of(event.call_id).length === 1, 5_000, 'the delivery', 1);
    }
    assert.ok(receiver.connections <= 3, `${receiver.connections} connections for 30 deliveries, one after the other`);
  });

  test('a receiver that closes every connection after its answer still gets everything', async () => {
    const receiver = await Receiver.start({ status: 200, headers: { Connection: 'close' } });
    const webhook = await api.createWebhook({ url: receiver.url, team_id: 'team_close' });
    const events = Array.from({ length: 40 }, () => missedCall({ team_id: 'team_close' }));
    await api.post('/v1/events/batch', events);
    await waitFor(async () => (await api.deliveries(webhook.id, '?status=delivered')).length === 40, 20_000);
    assert.equal(receiver.requests.length, 40, 'each once');
  });

  test('a receiver that drops idle connections without saying so still gets everything', async () => {
    const receiver = await Receiver.start((request) => {
      setTimeout(() => request.socket.destroy(), 25);
      return { status: 200 };
    });
    const webhook = await api.createWebhook({ url: receiver.url, team_id: 'team_drop', retry_schedule: [1, 1, 1, 1, 1, 1] });
    for (let i = 0; i < 20; i += 1) {
      const event = missedCall({ team_id: 'team_drop' });
      await api.send(event);
      await waitFor(() => receiver.of(event.call_id).length >= 1, 10_000, 'the delivery', 7);
    }
    await waitFor(async () => (await api.deliveries(webhook.id, '?status=delivered')).length === 20, 20_000);
  });

  /** A receiver of raw sockets: `handle` gets each whole request, the connection's number and the request's number on it. */
  async function rawReceiver(handle) {
    let connections = 0;
    const receiver = net.createServer({ allowHalfOpen: true }, (socket) => {
      connections += 1;
      const connection = connections;
      let count = 0;
      let seen = Buffer.alloc(0);
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        seen = Buffer.concat([seen, chunk]);
        const end = seen.indexOf('\r\n\r\n');
        if (end < 0) return;
        const length = Number(/content-length: (\d+)/i.exec(seen)[1]);
        if (seen.length < end + 4 + length) return;
        const head = seen.toString('latin1', 0, end);
        seen = seen.subarray(end + 4 + length);
        count += 1;
        handle(socket, { head, connection, number: count });
      });
      socket.on('end', () => socket.end());
    });
    await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    receiver.unref();
    return { url: `http://127.0.0.1:${receiver.address().port}`, connections: () => connections };
  }

  for (const [what, forged] of [['of no form', 'ok'], ['in the form of an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged']]) {
    test(`late bytes ${what} are not the answer to another team's request`, async () => {
      const receiver = await rawReceiver((socket, { head }) => {
        if (!head.startsWith('POST /bad')) return socket.write('HTTP/1.1 500 broken\r\nContent-Length: 6\r\n\r\nhonest');
        socket.write(`HTTP/1.1 204 No Content\r\nContent-Length: ${forged.length}\r\n\r\n`);
        return setTimeout(() => socket.write(forged), 20);
      });
      const team = (name) => `team_late_${name}_${forged.length}`;
      const hooks = {};
      for (const name of ['bad', 'good']) {
        hooks[name] = await api.createWebhook({ url: `${receiver.url}/${name}`, team_id: team(name), max_concurrency: 1, retry_schedule: [600] });
      }
      for (let i = 0; i < 8; i += 1) {
        await api.send(missedCall({ team_id: team('bad') }));
        await api.send(missedCall({ team_id: team('good') }));
        const done = async (name) => (await api.deliveries(hooks[name].id)).filter(({ status }) => status !== 'pending').length > i;
        await waitFor(async () => (await done('bad')) && (await done('good')));
      }
      for (const row of await api.deliveries(hooks.good.id)) {
        assert.equal(row.status, 'retrying');
        assert.equal((await api.delivery(row.id)).attempts[0].response.body, 'honest');
      }
    });
  }

  test('408 in the place of the end of a kept connection is no failure', async () => {
    const receiver = await rawReceiver((socket, { number }) => {
      if (number === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      else socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
    const webhook = await api.createWebhook({ url: receiver.url, team_id: 'team_408', max_concurrency: 1 });
    for (let i = 1; i <= 6; i += 1) {
      await api.send(missedCall({ team_id: 'team_408' }));
      await waitFor(async () => (await api.deliveries(webhook.id, '?status=delivered')).length === i);
    }
    for (const row of await api.deliveries(webhook.id)) assert.equal(row.attempt_count, 1);
  });

  test('a request that was read before its kept connection ended is not repeated at once, and the log says why', async () => {
    let requests = 0;
    const receiver = await rawReceiver((socket, { number }) => {
      requests += 1;
      if (number === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      else socket.end();
    });
    const webhook = await api.createWebhook({ url: receiver.url, team_id: 'team_read', max_concurrency: 1, retry_schedule: [600] });
    await api.send(missedCall({ team_id: 'team_read' }));
    await waitFor(async () => (await api.deliveries(webhook.id, '?status=delivered')).length === 1);
    await api.send(missedCall({ team_id: 'team_read' }));
    const delivery = await waitFor(async () => {
      const [row] = await api.deliveries(webhook.id, '?status=retrying');
      return row && api.delivery(row.id);
    });
    assert.equal(delivery.attempts[0].outcome, 'connection_lost');
    assert.match(delivery.attempts[0].error, /may have been processed$/);
    assert.equal(requests, 2);
  });

  test('hanging webhooks do not delay another', async () => {
    const hanging = await Receiver.start({ kind: 'hang' });
    const healthy = await Receiver.start();
    for (let i = 0; i < 20; i += 1) await api.createWebhook({ url: `${hanging.url}/${i}`, team_id: 'team_sick' });
    await api.createWebhook({ url: healthy.url, team_id: 'team_well' });
    await api.post('/v1/events/batch', Array.from({ length: 50 }, () => missedCall({ team_id: 'team_sick' })));
    await waitFor(() => hanging.inFlight >= 100, 10_000, 'the sick ones to hang');
    const times = [];
    for (let i = 0; i < 20; i += 1) {
      const event = missedCall({ team_id: 'team_well' });
      const asked = Date.now();
      await api.send(event);
      await waitFor(() => healthy.of(event.call_id).length === 1, 10_000, 'the delivery', 2);
      times.push(Date.now() - asked);
    }
    times.sort((a, b) => a - b);
    assert.ok(times[10] < 250, `half of them took longer than ${times[10]} ms`);
    assert.ok(times[19] < 2_000, `the slowest took ${times[19]} ms`);
    hanging.close();
  });
});

describe('where deliveries may go', () => {
  const privateUrls = [
    'https://127.0.0.1/', 'https://127.1.2.3:8443/x', 'https://10.0.0.1/', 'https://172.16.5.5/', 'https://192.168.1.1/',
    'https://169.254.169.254/latest/meta-data', 'https://100.64.0.1/', 'https://0.0.0.0/', 'https://255.255.255.255/',
    'https://224.0.0.1/', 'https://[::1]/', 'https://[::]/', 'https://[fc00::1]/', 'https://[fe80::1]/', 'https://[ff02::1]/',
    'https://[::ffff:127.0.0.1]/', 'https://[::ffff:a00:1]/',
  ];

  test('plain http is refused without --allow-http', async () => {
    const server = await Limehook.start({ allowLoopback: false, args: ['--allow-net', '127.0.0.0/8'] });
    assertFields(await server.api.post('/v1/webhooks', { name: 'x', url: 'http://example.com/', events: ['missed_call'] }), '/url');
    await server.api.createWebhook({ url: 'https://example.com/' });
    await server.stop();
  });

  test('addresses that are not public are refused as literals without --allow-net', async () => {
    const server = await Limehook.start({ allowLoopback: false, args: ['--allow-http'] });
    for (const url of privateUrls) {
      const answer = await server.api.post('/v1/webhooks', { name: 'x', url, events: ['missed_call'] });
      assert.equal(answer.status, 422, `${url}: ${answer.text}`);
      assertFields(answer, '/url');
    }
    await server.api.createWebhook({ url: 'https://8.8.8.8/' });
    await server.api.createWebhook({ url: 'https://[2606:4700::1]/' });
    await server.stop();
  });

  test('--allow-net allows just that net', async () => {
    const server = await Limehook.start({ allowLoopback: false, args: ['--allow-net', '127.0.0.0/8', '--allow-net', '10.1.0.0/16'] });
    await server.api.createWebhook({ url: 'https://127.0.0.9/' });
    await server.api.createWebhook({ url: 'https://10.1.200.3/' });
    assertFields(await server.api.post('/v1/webhooks', { name: 'x', url: 'https://10.2.0.1/', events: ['missed_call'] }), '/url');
    await server.stop();
  });

  test('a name is judged by the address that is connected to; the attempt is logged as refused', async () => {
    const receiver = await Receiver.start();
    const allowed = await Limehook.start();
    const literal = await allowed.api.createWebhook({ url: receiver.url, team_id: 'team_literal' });
    const named = await allowed.api.createWebhook({ url: `http://localhost:${receiver.port}/named`, team_id: 'team_named' });
    await allowed.api.send(missedCall({ team_id: 'team_named' }));
    await waitFor(() => receiver.requests.length === 1); // a name that resolves to an allowed address works
    await allowed.stop();

    const strict = await Limehook.start({ data: allowed.data, allowLoopback: false, args: ['--allow-http', '--retry-schedule', '600s'] });
    for (const [webhook, team_id] of [[literal, 'team_literal'], [named, 'team_named']]) {
      const event = missedCall({ team_id });
      await strict.api.send(event);
      const delivery = await waitFor(async () => {
        const [row] = await strict.api.deliveries(webhook.id, `?q=${event.call_id}`);
        if (!row || row.status === 'pending') return false;
        return strict.api.delivery(row.id);
      });
      assert.notEqual(delivery.status, 'delivered');
      assert.equal(delivery.attempts[0].response, null);
      assert.match(delivery.attempts[0].error, /refused|allow|address|private|public|loopback/i);
    }
    assert.equal(receiver.requests.length, 1);
    await strict.stop();
  });
});

describe('HTTPS', () => {
  const authority = makeAuthority();
  let server, api;
  before(async () => {
    server = await Limehook.start({ args: ['--ca-file', authority.caFile, '--retry-schedule', '600s'] });
    api = server.api;
  });
  after(() => server.stop());

  test('a certificate of the authority in --ca-file is accepted, by address and by name, with SNI', async () => {
    const receiver = await Receiver.start({ status: 200 }, { tls: authority.leaf('IP:127.0.0.1,DNS:localhost') });
    const names = [];
    receiver.server.on('secureConnection', (socket) => names.push(socket.servername));
    const byAddress = await begin(api, undefined, { url: receiver.url });
    await untilStatus(api, byAddress.webhook, 'delivered');
    const byName = await begin(api, undefined, { url: receiver.url.replace('127.0.0.1', 'localhost') });
    await untilStatus(api, byName.webhook, 'delivered');
    assert.equal(receiver.requests.length, 2);
    assert.equal(names.at(-1), 'localhost');
  });

  test('TLS connections are kept and used again', async () => {
    const receiver = await Receiver.start({ status: 200 }, { tls: authority.leaf('IP:127.0.0.1') });
    await api.createWebhook({ url: receiver.url, team_id: 'team_tls' });
    for (let i = 0; i < 10; i += 1) {
      const event = missedCall({ team_id: 'team_tls' });
      await api.send(event);
      await waitFor(() => receiver.of(event.call_id).length === 1, 5_000, 'the delivery', 1);
    }
    assert.ok(receiver.connections <= 3, `${receiver.connections} connections`);
  });

  for (const [what, tls] of [
    ['self-signed', () => authority.selfSigned('IP:127.0.0.1')],
    ['of another authority', () => makeAuthority().leaf('IP:127.0.0.1')],
    ['for another name', () => authority.leaf('DNS:other.example,IP:127.0.0.2')],
  ]) {
    test(`a certificate that is ${what} is refused`, async () => {
      const receiver = await Receiver.start({ status: 200 }, { tls: tls() });
      const { webhook } = await begin(api, undefined, { url: receiver.url });
      const delivery = await untilStatus(api, webhook, 'retrying');
      assert.equal(delivery.attempts[0].response, null);
      assert.match(delivery.attempts[0].error, /certificate|tls|ssl|verif/i);
      assert.equal(receiver.requests.length, 0);
    });
  }

  test('a certificate without alternative names is refused, and the error says which names one has', async () => {
    for (const [leaf, names] of [
      [authority.leaf(null, { commonName: 'localhost' }), /localhost: it is for no host \(a Common Name does not count\)/],
      [authority.leaf('DNS:l*host', { commonName: 'localhost' }), /localhost: it is for l\*host/],
    ]) {
      const receiver = await Receiver.start({ status: 200 }, { tls: leaf });
      const { webhook } = await begin(api, undefined, { url: receiver.url.replace('127.0.0.1', 'localhost') });
      const delivery = await untilStatus(api, webhook, 'retrying');
      assert.match(delivery.attempts[0].error, names);
      assert.equal(receiver.requests.length, 0);
    }
  });

  test('--ca-file may hold an issuing authority without the one above it', async () => {
    const issuing = authority.issuing();
    const trusting = await Limehook.start({ args: ['--ca-file', issuing.caFile] });
    const receiver = await Receiver.start({ status: 200 }, { tls: issuing.leaf('IP:127.0.0.1') });
    const { webhook } = await begin(trusting.api, undefined, { url: receiver.url });
    await untilStatus(trusting.api, webhook, 'delivered');
    await trusting.stop();
  });

  test('TLS 1.1 is refused', async () => {
    const tls = { ...authority.leaf('IP:127.0.0.1'), minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
    const receiver = await Receiver.start({ status: 200 }, { tls });
    const { webhook } = await begin(api, undefined, { url: receiver.url });
    const delivery = await untilStatus(api, webhook, 'retrying');
    assert.equal(delivery.attempts[0].response, null);
    assert.equal(receiver.requests.length, 0);
  });

  test('a plain receiver behind an https URL is a failed attempt', async () => {
    const receiver = await Receiver.start();
    const { webhook } = await begin(api, undefined, { url: receiver.url.replace('http:', 'https:') });
    const delivery = await untilStatus(api, webhook, 'retrying');
    assert.equal(delivery.attempts[0].response, null);
    assert.equal(receiver.requests.length, 0);
  });
});
