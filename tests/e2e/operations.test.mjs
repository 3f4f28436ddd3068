// Running it: health, metrics, configuration, draining.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, after, describe } from 'node:test';

import { assertProblem } from './support/api.mjs';
import { Limehook, temporaryFolder } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { pause, waitFor } from './support/wait.mjs';

/** Prometheus' text format, strictly: [{name, labels, value}], and the type of each family. */
function parseMetrics(text) {
  assert.ok(text.endsWith('\n'));
  const samples = [];
  const types = new Map();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const type = line.match(/^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/);
    if (type) {
      assert.ok(!types.has(type[1]), `one TYPE line for ${type[1]}`);
      types.set(type[1], type[2]);
      continue;
    }
    if (line.startsWith('#')) {
      assert.match(line, /^# HELP [a-zA-Z_:][a-zA-Z0-9_:]* \S/, line);
      continue;
    }
    const sample = line.match(/^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([^}]*)\})? (\S+)$/);
    assert.ok(sample, `a line of the text format: ${line}`);
    const value = sample[3] === '+Inf' ? Infinity : Number(sample[3]);
    assert.ok(!Number.isNaN(value), line);
    const labels = Object.fromEntries([...(sample[2] ?? '').matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g)].map((m) => [m[1], m[2]]));
    samples.push({ name: sample[1], labels, value });
  }
  return { samples, types };
}

describe('health and metrics', () => {
  let server;
  before(async () => {
    server = await Limehook.start({ args: ['--retry-schedule', '1s'] });
  });
  after(() => server.stop());

  test('/healthz and /readyz answer 200 without a key', async () => {
    for (const route of ['/healthz', '/readyz']) assert.equal((await fetch(server.url + route)).status, 200);
  });

  test('the address is in the data folder and is told', () => {
    assert.match(readFileSync(path.join(server.data, 'limehook.address'), 'utf8'), /^127\.0\.0\.1:\d+\n?$/);
    assert.ok((server.child.stdout + server.child.stderr).includes(server.address));
  });

  test('/metrics counts what happened', async () => {
    const good = await Receiver.start();
    const bad = await Receiver.start({ status: 500 });
    await server.api.createWebhook({ url: good.url });
    await server.api.createWebhook({ url: bad.url });
    const read = async () => {
      const answer = await fetch(`${server.url}/metrics`);
      assert.equal(answer.status, 200);
      assert.match(answer.headers.get('content-type'), /^text\/plain/);
      return parseMetrics(await answer.text());
    };
    const sum = ({ samples }, pattern) => samples.filter(({ name }) => pattern.test(name)).reduce((total, { value }) => total + value, 0);
    const first = await read();
    for (let i = 0; i < 5; i += 1) await server.api.send(missedCall());
    await waitFor(() => good.requests.length === 5 && bad.requests.length === 10, 15_000);
    const second = await waitFor(async () => {
      const now = await read();
      return sum(now, /failed.*total$/) - sum(first, /failed.*total$/) >= 5 && now;
    }, 10_000, 'the failed ones to be counted');
    assert.equal(sum(second, /accepted.*total$/) - sum(first, /accepted.*total$/), 5);
    assert.equal(sum(second, /delivered.*total$/) - sum(first, /delivered.*total$/), 5);
    for (const pattern of [/retr/, /backlog|pending/, /attempt.*duration.*_bucket$/, /attempt.*duration.*_count$/, /attempt.*duration.*_sum$/, /commit.*_(bucket|sum|count)$/]) {
      assert.ok(second.samples.some(({ name }) => pattern.test(name)), `a metric like ${pattern}`);
    }
    for (const { name } of second.samples) assert.match(name, /^(limehook|process|go)_/, name);
    assert.ok(sum(second, /attempt.*duration.*_count$/) >= 15);
    assertHistograms(second);
  });

  function assertHistograms({ samples, types }) {
    for (const [name, type] of types) {
      if (type !== 'histogram') continue;
      const series = new Map();
      for (const sample of samples.filter((entry) => entry.name === `${name}_bucket`)) {
        const { le, ...rest } = sample.labels;
        const key = JSON.stringify(rest);
        if (!series.has(key)) series.set(key, []);
        series.get(key).push([le === '+Inf' ? Infinity : Number(le), sample.value]);
      }
      assert.ok(series.size > 0, `${name} has buckets`);
      for (const [key, buckets] of series) {
        assert.equal(buckets.at(-1)[0], Infinity, `${name} ends with +Inf`);
        for (let i = 1; i < buckets.length; i += 1) {
          assert.ok(buckets[i][0] > buckets[i - 1][0] && buckets[i][1] >= buckets[i - 1][1], `${name} grows`);
        }
        const count = samples.find((entry) => entry.name === `${name}_count` && JSON.stringify(entry.labels) === key);
        assert.equal(count?.value, buckets.at(-1)[1], `${name}_count is the last bucket`);
      }
    }
  }

  test('logs are JSON lines when they go to a file, and tell no secret', () => {
    const lines = (server.child.stdout + server.child.stderr).split('\n').filter((line) => line.startsWith('{'));
    assert.ok(lines.length > 0, server.child.lastWords());
    for (const line of lines) assert.doesNotThrow(() => JSON.parse(line), line);
    assert.ok(!(server.child.stdout + server.child.stderr).includes(server.key));
  });

  test('routes and methods that do not exist are 404 and 405', async () => {
    assertProblem(await server.api.get('/v1/no-such-thing'), 404);
    const answer = await server.api.request('PUT', '/v1/events', '{}');
    assertProblem(answer, 405);
    assert.match(answer.headers.get('allow') ?? '', /POST/);
  });
});

describe('configuration', () => {
  const keys = { flag: 'lh_key_from_flag_012345', env: 'lh_key_from_env_0123456', toml: 'lh_key_from_toml_012345' };

  async function keyThatWorks({ args = [], env = {} }) {
    const server = await Limehook.start({ plain: true, args, env });
    const working = [];
    for (const [name, key] of Object.entries(keys)) {
      if ((await server.api.withKey(key).get('/v1/webhooks')).status === 200) working.push(name);
    }
    await server.stop();
    return working;
  }

  test('flags go before LIMEHOOK_* and those before the TOML file', async () => {
    const file = path.join(temporaryFolder(), 'limehook.toml');
    writeFileSync(file, `admin_key = "${keys.toml}"\n`);
    const env = { LIMEHOOK_ADMIN_KEY: keys.env };
    assert.deepEqual(await keyThatWorks({ args: ['--config', file, '--admin-key', keys.flag], env }), ['flag']);
    assert.deepEqual(await keyThatWorks({ args: ['--config', file], env }), ['env']);
    assert.deepEqual(await keyThatWorks({ args: ['--config', file] }), ['toml']);
  });

  // Goal: without an admin key from outside the first start makes one, shows it once and keeps no copy.
  test('the first start makes a key when there is none', async () => {
    const server = await Limehook.start({ plain: true });
    const [, key] = server.child.stdout.match(/^The first admin key, shown only now: (lh_\S+)$/m) ?? [];
    assert.ok(key, server.child.stdout);
    assert.equal((await server.api.withKey(key).get('/v1/webhooks')).status, 200);
    await server.stop();
    const again = await Limehook.start({ plain: true, data: server.data });
    assert.ok(!again.child.stdout.includes('lh_'), again.child.stdout);
    assert.equal((await again.api.withKey(key).get('/v1/webhooks')).status, 200);
    await again.stop();
  });

  test('everything can come from the TOML file', async () => {
    const receiver = await Receiver.start({ status: 500 });
    const file = path.join(temporaryFolder(), 'limehook.toml');
    writeFileSync(file, `# all of it\nadmin_key = "${keys.toml}"\nallow_http = true\nallow_net = ["127.0.0.0/8"]\nretry_schedule = ["1s", "2s"]\ntimeout = "3s"\n`);
    const server = await Limehook.start({ plain: true, args: ['--config', file], key: keys.toml });
    const webhook = await server.api.createWebhook({ url: receiver.url });
    await server.api.send(missedCall());
    await waitFor(async () => (await server.api.deliveries(webhook.id))[0]?.status === 'failed', 20_000);
    assert.equal(receiver.requests.length, 3);
    await server.stop();
  });

  test('everything can come from the environment', async () => {
    const receiver = await Receiver.start({ status: 500 });
    const env = { LIMEHOOK_ADMIN_KEY: keys.env, LIMEHOOK_ALLOW_HTTP: 'true', LIMEHOOK_ALLOW_NET: '127.0.0.0/8', LIMEHOOK_RETRY_SCHEDULE: '1s' };
    const server = await Limehook.start({ plain: true, env, key: keys.env });
    const webhook = await server.api.createWebhook({ url: receiver.url });
    await server.api.send(missedCall());
    await waitFor(async () => (await server.api.deliveries(webhook.id))[0]?.status === 'failed', 20_000);
    assert.equal(receiver.requests.length, 2);
    await server.stop();
  });

  test('a mistake in the TOML file ends the start with its place', async () => {
    for (const [text, pattern] of [['admin_key = \n', /toml|line|admin_key/i], ['no_such_setting = 1\n', /no_such_setting/], ['timeout = "fast"\n', /timeout/]]) {
      const file = path.join(temporaryFolder(), 'limehook.toml');
      writeFileSync(file, text);
      const server = await Limehook.start({ args: ['--config', file], wait: false });
      const { code, stderr } = await server.child.ended();
      assert.notEqual(code, 0, text);
      assert.match(stderr, pattern);
    }
  });

  test('--timeout limits an attempt', async () => {
    const receiver = await Receiver.start({ kind: 'hang' });
    const server = await Limehook.start({ args: ['--timeout', '1s', '--retry-schedule', '600s'] });
    const webhook = await server.api.createWebhook({ url: receiver.url });
    await server.api.send(missedCall());
    const row = await waitFor(async () => {
      const [delivery] = await server.api.deliveries(webhook.id);
      return delivery?.status === 'retrying' && delivery;
    }, 8_000, 'the attempt to end');
    const [attempt] = (await server.api.delivery(row.id)).attempts;
    assert.ok(attempt.duration_ms >= 950 && attempt.duration_ms < 4_000, `${attempt.duration_ms} ms`);
    await server.stop();
  });
});

describe('draining', () => {
  test('SIGTERM lets attempts that run end, and keeps what waits for the next start', async () => {
    const receiver = await Receiver.start({ status: 200, delay: 800 });
    const server = await Limehook.start();
    const webhook = await server.api.createWebhook({ url: receiver.url, max_concurrency: 4 });
    await server.api.post('/v1/events/batch', Array.from({ length: 60 }, () => missedCall()));
    await waitFor(() => receiver.inFlight === 4);
    const began = receiver.requests.length;
    const took = await server.stop();
    assert.ok(took <= 10_000, `${took} ms`);
    assert.equal(receiver.inFlight, 0, 'no attempt was cut off');
    const seen = receiver.requests.length;
    assert.ok(seen >= began);
    receiver.behaviour = { status: 200 };
    const again = await Limehook.start({ data: server.data });
    await waitFor(async () => (await again.api.deliveries(webhook.id, '?status=delivered')).length === 60, 20_000, 'the rest');
    const ids = receiver.requests.map(({ json }) => json.call_id);
    assert.equal(new Set(ids).size, 60);
    assert.equal(ids.length, 60, 'each once: nothing was cut off');
    await again.stop();
  });

  test('a hanging receiver does not hold up the stop beyond 10 s', async () => {
    const receiver = await Receiver.start({ kind: 'hang' });
    const server = await Limehook.start();
    await server.api.createWebhook({ url: receiver.url });
    await server.api.send(missedCall());
    await waitFor(() => receiver.requests.length === 1);
    assert.ok((await server.stop()) <= 10_000);
  });

  test('retries that wait survive a restart, at their time', async () => {
    const receiver = await Receiver.start((_, index) => ({ status: index === 0 ? 500 : 200 }));
    let server = await Limehook.start({ args: ['--retry-schedule', '3s'] });
    const webhook = await server.api.createWebhook({ url: receiver.url });
    await server.api.send(missedCall());
    await waitFor(async () => (await server.api.deliveries(webhook.id))[0]?.status === 'retrying');
    await server.stop();
    server = await Limehook.start({ data: server.data, args: ['--retry-schedule', '3s'] });
    await waitFor(async () => (await server.api.deliveries(webhook.id))[0].status === 'delivered', 15_000);
    const gap = receiver.requests[1].at - receiver.requests[0].answeredAt;
    assert.ok(gap >= 2_980 && gap < 6_000, `${gap} ms`);
    await server.stop();
  });
});
