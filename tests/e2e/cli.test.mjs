// The command line: help, exit codes, and each subcommand against a running server.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, after, describe } from 'node:test';

import { unusedPort } from './support/ports.mjs';
import { Child, Limehook, binary, cleanEnvironment, run, temporaryFolder } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { eventTypes, missedCall, sample, sampleTexts, uniqueId } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { pause, waitFor } from './support/wait.mjs';

const subcommands = ['serve', 'demo', 'send', 'webhooks', 'logs', 'listen', 'verify', 'keys', 'users', 'teams',
  'audit', 'backup', 'check', 'rotate-key'];

/** A failure that a person can use: not 0, words on stderr, no dump of internals. */
function assertClearFailure({ code, stderr, stdout }, pattern) {
  assert.notEqual(code, 0);
  assert.notEqual(code, null, 'it ended by itself');
  const told = stderr.trim();
  assert.ok(told.length > 0, `something on stderr (stdout: ${stdout})`);
  assert.ok(!/terminate called|what\(\)|assert/i.test(told), told);
  if (pattern) assert.match(told, pattern);
}

const jsonLines = (text) => text.split('\n').filter((line) => line.trim().startsWith('{')).map((line) => JSON.parse(line));

describe('help and mistakes', () => {
  test('--help lists every subcommand and exits 0', async () => {
    const { code, stdout } = await run(['--help']);
    assert.equal(code, 0);
    for (const name of subcommands) assert.match(stdout, new RegExp(`\\b${name}\\b`));
  });

  for (const name of subcommands) {
    test(`${name} --help exits 0 and explains`, async () => {
      const { code, stdout } = await run([name, '--help']);
      assert.equal(code, 0);
      assert.ok(stdout.length > 100, stdout);
      assert.match(stdout, new RegExp(name));
    });
  }

  test('serve --help lists the flags of the contract', async () => {
    const { stdout } = await run(['serve', '--help']);
    for (const flag of ['--listen', '--data', '--admin-key', '--allow-http', '--allow-net', '--allow-port', '--retry-schedule', '--timeout', '--ca-file', '--config']) {
      assert.ok(stdout.includes(flag), flag);
    }
    assert.ok(stdout.includes('LIMEHOOK_'), 'and tells of the environment');
  });

  test('--version tells one version', async () => {
    const { code, stdout } = await run(['--version']);
    assert.equal(code, 0);
    assert.match(stdout, /\d+\.\d+\.\d+/);
  });

  test('an unknown subcommand and none at all exit non-zero with a hint', async () => {
    assertClearFailure(await run(['serv']), /serv/);
    const { code } = await run([]);
    assert.notEqual(code, 0);
  });

  const mistakes = [
    ['an unknown flag', ['--no-such-flag'], /no-such-flag/],
    ['a flag without its value', ['--listen'], /listen/],
    ['a listen address that is none', ['--listen', 'nowhere'], /listen|nowhere/],
    ['a port that is none', ['--listen', '127.0.0.1:99999'], /listen|99999/],
    ['a net that is none', ['--allow-net', '10.0.0.0/33'], /allow-net|10\.0\.0\.0\/33/],
    ['a port that is none', ['--allow-port', '65536'], /allow-port.*65536/],
    ['a schedule that is none', ['--retry-schedule', '1m,soon'], /retry-schedule|soon/],
    ['an empty schedule step', ['--retry-schedule', '1m,,5m'], /retry-schedule/],
    ['a schedule of 21 steps', ['--retry-schedule', Array(21).fill('1m').join(',')], /retry-schedule/],
    ['a step beyond 24 h', ['--retry-schedule', '25h'], /retry-schedule|25h/],
    ['a time limit that is none', ['--timeout', 'fast'], /timeout|fast/],
    ['a --ca-file that is not there', ['--ca-file', '/no/such/file.pem'], /file\.pem/],
    ['a --config that is not there', ['--config', '/no/such/file.toml'], /file\.toml/],
    ['a word too many', ['something'], /something/],
  ];
  for (const [what, args, pattern] of mistakes) {
    test(`serve refuses ${what} with one clear sentence`, async () => {
      const result = await run(['serve', '--data', temporaryFolder(), '--admin-key', 'lh_x_0123456789abcdef', ...args], { timeout: 5_000 });
      assertClearFailure(result, pattern);
      assert.ok(result.stderr.trim().split('\n').length <= 4, result.stderr);
    });
  }

  test('serve refuses a data folder that cannot be one', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'file'), 'x');
    const args = ['serve', '--listen', '127.0.0.1:0', '--admin-key', 'lh_x_0123456789abcdef'];
    assertClearFailure(await run([...args, '--data', path.join(folder, 'file')]));
  });

  test('serve refuses a port that is taken', async () => {
    const receiver = await Receiver.start();
    const result = await run(['serve', '--listen', `127.0.0.1:${receiver.port}`, '--data', temporaryFolder(), '--admin-key', 'lh_x_0123456789abcdef']);
    assertClearFailure(result, new RegExp(`${receiver.port}`));
  });

  // Goal: what a first start shows once is shown by the start that serves, and by none that cannot.
  test('the first admin key is shown by the first start that works', async () => {
    const receiver = await Receiver.start();
    const data = temporaryFolder();
    const failed = await run(['serve', '--listen', `127.0.0.1:${receiver.port}`, '--data', data]);
    assert.equal(failed.code, 1);
    assert.doesNotMatch(failed.stdout, /lh_|lhl_/);
    for (const redirection of ['>&-', '>/dev/full']) {
      const args = ['-c', `exec "$0" "$@" ${redirection}`, binary, 'serve', '--listen', '127.0.0.1:0', '--data', data];
      const unseen = await new Child('sh', args, { env: cleanEnvironment() }).ended();
      assert.equal(unseen.code, 1, unseen.stderr);
      assert.match(unseen.stderr, /admin key cannot be shown: standard output cannot be written/);
    }
    const server = await Limehook.start({ data, plain: true });
    const key = await waitFor(() => server.child.stdout.match(/^The first admin key, shown only now: (lh_\S+)$/m)?.[1]);
    assert.equal((await server.api.withKey(key).get('/v1/keys')).status, 200);
    await server.stop();
    const again = await Limehook.start({ data, plain: true });
    await waitFor(() => again.child.stdout.includes('lhl_'), 10_000, 'the link for the first account');
    assert.doesNotMatch(again.child.stdout, /lh_/, 'once');
    await again.stop();
  });
});

describe('against a running server', () => {
  let server, api, receiver, environment;
  before(async () => {
    server = await Limehook.start({ args: ['--retry-schedule', '600s'] });
    api = server.api;
    receiver = await Receiver.start();
    environment = { LIMEHOOK_SERVER: server.url, LIMEHOOK_KEY: server.key };
  });
  after(() => server.stop());

  const cli = (args, options = {}) => run(args, { env: environment, ...options });

  test('webhooks create, list and show; --server and --key as flags', async () => {
    const flags = ['--server', server.url, '--key', server.key];
    const created = await run(['webhooks', 'create', ...flags, '--json', '--name', 'from the shell', '--url', receiver.url,
      ...eventTypes.flatMap((type) => ['--event', type])]);
    assert.equal(created.code, 0, created.stderr);
    const webhook = JSON.parse(created.stdout);
    assert.match(webhook.id, /^wh_/);
    assert.match(webhook.secret, /^whsec_/);
    const listed = await cli(['webhooks', 'list']);
    assert.equal(listed.code, 0, listed.stderr);
    assert.ok(listed.stdout.includes('from the shell'));
    const json = await cli(['webhooks', 'list', '--json']);
    assert.ok(json.stdout.includes(webhook.id));
    assert.doesNotThrow(() => JSON.parse(json.stdout));
    const test = await cli(['webhooks', 'test', webhook.id, '--event', 'missed_call']);
    assert.equal(test.code, 0, test.stderr);
    assert.equal(receiver.requests.at(-1).headers['x-limecall-test'], 'true');
  });

  test('webhooks create tells what is wrong', async () => {
    assertClearFailure(await cli(['webhooks', 'create', '--name', 'x', '--url', 'ftp://nowhere']), /url/i);
    assertClearFailure(await cli(['webhooks', 'create', '--name', 'x', '--url', receiver.url, '--event', 'missed_calls']), /event/i);
  });

  // Goal: a webhook's delivery settings can be set from the shell, and trouble is seen and mended from there.
  test('webhooks tells which one is failing, and recovers what failed', async () => {
    const failing = await Receiver.start({ status: 500 });
    const created = await cli(['webhooks', 'create', '--json', '--name', 'in trouble', '--url', failing.url,
      '--event', 'call_completed', '--retry-schedule', '1s', '--ordered', 'call', '--rate-limit', '500', '--fallback-url', receiver.url]);
    assert.equal(created.code, 0, created.stderr);
    const { id, ordered, rate_limit, fallback_url } = JSON.parse(created.stdout);
    assert.deepEqual([ordered, rate_limit, fallback_url], ['call', 500, receiver.url]);
    await api.post('/v1/events/batch', Array.from({ length: 10 }, () => sample('call_completed', { call_id: uniqueId() })));
    await waitFor(async () => /in trouble +failing/.test((await cli(['webhooks', 'list'])).stdout), 10_000, 'it to be listed as failing');
    assert.match((await cli(['webhooks', 'get', id])).stdout, /failing since/);
    const recovered = await cli(['webhooks', 'recover', id, '--event', 'call_completed', '--outcome', 'timeout', '--wait', '--yes']);
    assert.equal(recovered.code, 0, recovered.stderr);
    assert.match(recovered.stdout, /done: .*redelivering 0/);
    assertClearFailure(await cli(['webhooks', 'recover', id, '--outcome', 'bad_luck', '--yes']), /outcome/);
    assert.equal((await cli(['webhooks', 'delete', id, '--yes'])).code, 0);
  });

  test('a wrong key and a server that is away are told plainly', async () => {
    assertClearFailure(await run(['webhooks', 'list', '--server', server.url, '--key', 'lh_wrong']), /key|401|unauthori/i);
    const away = `http://127.0.0.1:${await unusedPort()}`;
    assertClearFailure(await run(['webhooks', 'list', '--server', away, '--key', 'x']), /connect|reach|refused/i);
  });

  test('send takes an event from standard input', async () => {
    const event = missedCall();
    const sent = await cli(['send', '--file', '-'], { input: JSON.stringify(event) });
    assert.equal(sent.code, 0, sent.stderr);
    assert.match(sent.stdout, /evt_/);
    await waitFor(() => receiver.of(event.call_id).length === 1);
  });

  test('send tells which field is wrong', async () => {
    assertClearFailure(await cli(['send', '--file', '-'], { input: JSON.stringify(missedCall({ caller_number: 5 })) }), /caller_number/);
    assertClearFailure(await cli(['send', '--file', '-'], { input: '{' }));
  });

  test('logs shows deliveries, readable and as JSON', async () => {
    const event = missedCall();
    await api.send(event);
    await waitFor(() => receiver.of(event.call_id).length === 1);
    const readable = await cli(['logs']);
    assert.equal(readable.code, 0, readable.stderr);
    assert.match(readable.stdout, /missed_call/);
    const json = await cli(['logs', '--json']);
    assert.equal(json.code, 0, json.stderr);
    assert.match(json.stdout, /dlv_/);
  });

  test('logs --follow --json prints what happens while it runs', async () => {
    const follower = new Child(binary, ['logs', '--follow', '--json'], { env: cleanEnvironment(environment) });
    const seen = new Set();
    // How soon it follows is its own: so events are sent until it shows the first.
    await waitFor(async () => {
      const { id } = await api.send(missedCall());
      seen.add(id);
      await pause(100);
      return jsonLines(follower.stdout).length > 0;
    }, 15_000, 'the first line of logs --follow');
    const before = jsonLines(follower.stdout).length;
    await api.send(missedCall());
    await waitFor(() => jsonLines(follower.stdout).length > before, 10_000, 'the next line');
    assert.ok(follower.stdout.includes('missed_call'));
    follower.signal('SIGINT');
    await follower.ended();
  });

  test('keys makes a key that can send events, and deletes it', async () => {
    const made = await cli(['keys', 'create', '--name', 'pbx', '--role', 'ingest', '--json']);
    assert.equal(made.code, 0, made.stderr);
    const { key, id } = JSON.parse(made.stdout);
    assert.match(key, /^lh_/);
    assert.match(id, /^key_/);
    const own = api.withKey(key);
    await own.send(missedCall());
    assert.equal((await own.get('/v1/webhooks')).status, 403);
    const listed = await cli(['keys', 'list']);
    assert.equal(listed.code, 0, listed.stderr);
    assert.ok(listed.stdout.includes('pbx'));
    assert.ok(!listed.stdout.includes(key));
    const deleted = await cli(['keys', 'delete', id, '--yes']);
    assert.equal(deleted.code, 0, deleted.stderr);
    assert.equal((await own.post('/v1/events', missedCall())).status, 401);
  });

  test('verify accepts what Limehook sent and refuses what was changed', async () => {
    const webhook = await api.createWebhook({ url: receiver.url, team_id: 'team_verify' });
    const event = missedCall({ team_id: 'team_verify' });
    await api.send(event);
    const request = await waitFor(() => receiver.of(event.call_id).find(({ headers }) => {
      return headers['x-limecall-signature'] === createHmac('sha256', webhook.secret).update(JSON.stringify(event)).digest('hex');
    }));
    const args = ['verify', '--secret', webhook.secret, '--id', request.headers['webhook-id'],
      '--timestamp', request.headers['webhook-timestamp'], '--signature', request.headers['webhook-signature']];
    const good = await run(args, { input: request.body });
    assert.equal(good.code, 0, good.stdout + good.stderr);
    const changed = await run(args, { input: request.body.toString().replace('missed', 'Missed') });
    assert.equal(changed.code, 1, changed.stdout + changed.stderr);
    const hex = ['verify', '--secret', webhook.secret, '--limecall-signature', request.headers['x-limecall-signature']];
    assert.equal((await run(hex, { input: request.body })).code, 0);
    assert.equal((await run(hex, { input: `${request.body} ` })).code, 1);
  });

  test('listen receives, verifies and prints deliveries', async () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const listener = new Child(binary, ['listen', '--port', '0', '--secret', secret], { env: cleanEnvironment() });
    const port = await waitFor(() => (listener.stdout + listener.stderr).match(/(?:127\.0\.0\.1|localhost):(\d+)/)?.[1], 10_000, 'the address of listen');
    const webhook = await api.createWebhook({ url: `http://127.0.0.1:${port}/`, secret, team_id: 'team_listen' });
    const event = missedCall({ team_id: 'team_listen' });
    await api.send(event);
    await waitFor(() => listener.stdout.includes(event.call_id) || listener.stdout.includes('missed_call'), 10_000, 'the delivery in what listen prints');
    assert.match(listener.stdout, /verif|valid/i);
    await waitFor(async () => (await api.deliveries(webhook.id))[0]?.status === 'delivered');
    const forged = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: sampleTexts.missed_call,
      headers: { 'content-type': 'application/json', 'webhook-id': 'dlv_x', 'webhook-timestamp': String(Math.floor(Date.now() / 1000)), 'webhook-signature': 'v1,AAAA' } });
    assert.ok(forged.status >= 400, `a forged one is answered ${forged.status}`);
    listener.signal('SIGINT');
    await listener.ended();
  });
});

describe('the store', () => {
  test('backup while serving makes a copy that can be started; check says both are sound', async () => {
    const receiver = await Receiver.start();
    const server = await Limehook.start();
    await server.api.createWebhook({ name: 'kept', url: receiver.url });
    const state = { over: false };
    const load = (async () => {
      while (!state.over) await server.api.post('/v1/events/batch', Array.from({ length: 20 }, () => missedCall()));
    })();
    const first = missedCall();
    const { id } = await server.api.send(first);
    const folder = temporaryFolder();
    const file = path.join(folder, 'limehook.db');
    const made = await run(['backup', '--data', server.data, file], { timeout: 30_000 });
    state.over = true;
    await load;
    assert.equal(made.code, 0, made.stderr);
    assert.ok(existsSync(file));
    await server.stop();
    assert.equal((await run(['check', '--data', server.data])).code, 0);
    const check = await run(['check', '--data', folder]);
    assert.equal(check.code, 0, check.stdout + check.stderr);
    copyFileSync(path.join(server.data, 'secret.key'), path.join(folder, 'secret.key')); // backups do not have it
    const copy = await Limehook.start({ data: folder });
    assert.equal((await copy.api.list('/v1/webhooks'))[0].name, 'kept');
    assert.equal((await copy.api.read(`/v1/events/${id}`)).id, id);
    const later = missedCall();
    await copy.api.send(later);
    await waitFor(() => receiver.of(later.call_id).length === 1);
    await copy.stop();
  });

  test('check finds a damaged store and says so', async () => {
    const server = await Limehook.start();
    const receiver = await Receiver.start();
    await server.api.createWebhook({ url: receiver.url });
    await server.api.post('/v1/events/batch', Array.from({ length: 500 }, () => missedCall({ filler: 'x'.repeat(500) })));
    await waitFor(() => receiver.requests.length === 500);
    await server.stop();
    const file = path.join(server.data, 'limehook.db');
    const size = Number(execFileSync('stat', ['-c', '%s', file]));
    assert.ok(size > 200_000, `${size} bytes`);
    execFileSync('dd', ['if=/dev/urandom', `of=${file}`, 'bs=4096', 'seek=20', 'count=12', 'conv=notrunc'], { stdio: 'ignore' });
    assertClearFailure(await run(['check', '--data', server.data]));
    const nothing = path.join(temporaryFolder(), 'nothing');
    mkdirSync(nothing);
    assertClearFailure(await run(['check', '--data', nothing]));
  });

  test('a store from a newer version is refused with a sentence, and left as it was', { skip: sqliteCli() }, async () => {
    const server = await Limehook.start();
    await server.stop();
    const file = path.join(server.data, 'limehook.db');
    const before = execFileSync('sqlite3', [file, 'PRAGMA user_version']).toString().trim();
    assert.ok(Number(before) > 0, 'the schema has a version');
    execFileSync('sqlite3', [file, 'PRAGMA user_version=9999']);
    const result = await run(['serve', '--listen', '127.0.0.1:0', '--data', server.data, '--admin-key', server.key]);
    assertClearFailure(result, /newer|version/i);
    assert.equal(execFileSync('sqlite3', [file, 'PRAGMA user_version']).toString().trim(), '9999');
    execFileSync('sqlite3', [file, `PRAGMA user_version=${before}`]);
    await (await Limehook.start({ data: server.data })).stop();
  });

  test('a second server on the same folder is refused; the first goes on', async () => {
    const server = await Limehook.start();
    const second = await run(['serve', '--listen', '127.0.0.1:0', '--data', server.data, '--admin-key', server.key]);
    assertClearFailure(second, /use|lock|running|another/i);
    assert.equal((await server.api.get('/v1/webhooks')).status, 200);
    await server.stop();
  });

  // Goal: what keeps a second server out is the database itself, whatever became of the lock file, under whatever name
  // the folder is found; and nothing that a server has left behind keeps the next one out.
  test('a second server is refused without the lock file and under another name; left locks stop nobody', async () => {
    const server = await Limehook.start();
    const lock = path.join(server.data, 'lock');
    const elsewhere = path.join(temporaryFolder(), 'linked');
    symlinkSync(server.data, elsewhere);
    const copy = temporaryFolder();
    const refused = async (data) => {
      for (const args of [['serve', '--listen', '127.0.0.1:0', '--data', data, '--admin-key', server.key], ['rotate-key', '--data', data, '--yes']]) {
        assertClearFailure(await run(args), /in use by another/);
      }
    };
    rmSync(lock);
    await refused(server.data);
    await refused(elsewhere);
    const hardLinked = temporaryFolder();
    for (const name of ['limehook.db', 'limehook.db-wal', 'limehook.db-shm', 'limehook.mark', 'secret.key']) {
      linkSync(path.join(server.data, name), path.join(hardLinked, name));
    }
    await refused(hardLinked);
    assert.equal((await server.api.post('/v1/events', missedCall())).status, 202);
    assert.equal((await run(['check', '--data', server.data])).code, 0, 'who only looks is let in');
    await server.kill9();
    execFileSync('cp', ['-a', `${server.data}/.`, copy]);
    for (const leave of [() => writeFileSync(lock, '4711\n'), () => { rmSync(lock); mkdirSync(lock); }, () => { rmSync(lock, { recursive: true }); symlinkSync('/nowhere/at/all', lock); }]) {
      leave();
      const next = await Limehook.start({ data: server.data });
      await next.kill9();
    }
    const [one, other] = [await Limehook.start({ data: server.data }), await Limehook.start({ data: copy })]; // a copy is another store
    await one.stop();
    await other.stop();
  });

  test('only its owner may read the data folder', async () => {
    const server = await Limehook.start();
    await server.stop();
    for (const name of readdirSync(server.data).filter((file) => file.startsWith('limehook.db'))) {
      const mode = execFileSync('stat', ['-c', '%a', path.join(server.data, name)]).toString().trim();
      assert.match(mode, /00$/, `${name} has mode ${mode}`);
    }
  });

  test('SIGTERM under load: exit 0 within 10 s, and nothing that was accepted is lost', async () => {
    const receiver = await Receiver.start({ status: 200, delay: 20 });
    let server = await Limehook.start();
    await server.api.createWebhook({ url: receiver.url });
    const accepted = [];
    const state = { over: false };
    const load = Array.from({ length: 4 }, async () => {
      while (!state.over) {
        const events = Array.from({ length: 10 }, () => missedCall({ call_id: uniqueId() }));
        try {
          const answer = await server.api.post('/v1/events/batch', events);
          if (answer.status < 300) accepted.push(...events);
        } catch {
          return; // the server is gone
        }
      }
    });
    await waitFor(() => receiver.requests.length >= 50);
    const took = await server.stop();
    state.over = true;
    await Promise.all(load);
    assert.ok(took < 10_000);
    server = await Limehook.start({ data: server.data });
    await waitFor(() => {
      const seen = new Set(receiver.requests.map(({ json }) => json.call_id));
      return accepted.every(({ call_id }) => seen.has(call_id));
    }, 30_000, 'every accepted event');
    await server.stop();
  });
});

function sqliteCli() {
  try {
    execFileSync('sqlite3', ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'the sqlite3 command is not installed';
  }
}
