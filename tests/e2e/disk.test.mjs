// The disk under it: full, limited, read-only, gone, damaged. Nothing accepted is lost, nothing is lost in silence, and it
// goes on by itself where that is possible.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, closeSync, cpSync, existsSync, openSync, readFileSync, readdirSync, renameSync, rmSync, statfsSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { after, describe } from 'node:test';

import { assertProblem } from './support/api.mjs';
import { mountTiny, unprivileged } from './support/mount.mjs';
import { Child, Limehook, binary, cleanEnvironment, python, run, temporaryFolder } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const everySecond = ['--retry-schedule', Array(20).fill('1s').join(',')];

const status = async (server, route) => (await fetch(server.url + route)).status;

async function metric(server, name) {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(text.match(new RegExp(`^${name} (\\S+)$`, 'm'))[1]);
}

/** Sends events and remembers which were accepted. */
class Sender {
  accepted = [];
  constructor(server) {
    this.server = server;
  }
  async send(filler = 'x') {
    const event = missedCall({ filler });
    const answer = await this.server.api.post('/v1/events', event);
    if (answer.status === 202) this.accepted.push(event.call_id);
    return answer;
  }
  /** Answers the first refusal. */
  untilRefused() {
    return waitFor(async () => {
      const answer = await this.send('y'.repeat(200_000));
      return answer.status !== 202 && answer;
    }, 60_000, 'an event to be refused', 0);
  }
}

/** What holds while nothing can be stored: refusals that say so, a process that lives, and nothing lost. */
async function assertFull(server, refused) {
  assertProblem(refused, 503);
  assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/);
  assertProblem(await server.api.post('/v1/webhooks', { name: 'x', url: 'http://127.0.0.1:1/', events: ['missed_call'] }), 503);
  assert.equal(await status(server, '/healthz'), 200, 'it lives');
  await waitFor(async () => (await status(server, '/readyz')) === 503, 10_000, '/readyz to say so');
  assert.ok((await metric(server, 'limehook_store_commit_failures_total')) > 0);
  assert.match(server.child.stderr, /The store refused a commit: /);
}

async function assertGoesOn(server, sender, receiver) {
  await waitFor(async () => (await sender.send('again')).status === 202, 30_000, 'events to be accepted again', 200);
  await waitFor(() => sender.accepted.every((id) => receiver.of(id).length > 0), 30_000, 'every accepted event');
  assert.equal(await status(server, '/readyz'), 200);
  await server.stop();
  const checked = await run(['check', '--data', server.data]);
  assert.equal(checked.code, 0, checked.stderr);
}

describe('no room', () => {
  const tiny = mountTiny('24m');
  after(() => tiny.unmount?.());

  // Goal: also the outcome of an attempt that ends while the disk is full is kept, and the attempt is not made again.
  test('a full disk: refusals, then all goes on, and what attempts brought meanwhile is kept', { skip: tiny.reason ?? false, timeout: 120_000 }, async () => {
    let answerNow;
    const slow = await Receiver.start({ status: 200, until: new Promise((resolve) => (answerNow = resolve)) });
    const receiver = await Receiver.start();
    const server = await Limehook.start({ data: tiny.folder, args: [...everySecond, '--timeout', '60s'] });
    const { id } = await server.api.createWebhook({ url: slow.url, max_concurrency: 1, filters: { match: 'all', conditions: [{ field: 'filler', op: 'eq', value: 'slow' }] } });
    await server.api.createWebhook({ url: receiver.url });
    const sender = new Sender(server);
    assert.equal((await sender.send('slow')).status, 202);
    await waitFor(() => slow.requests.length === 1);
    for (let i = 0; i < 5; i += 1) assert.equal((await sender.send()).status, 202);
    const ballast = path.join(tiny.folder, 'ballast');
    const { bavail, bsize } = statfsSync(tiny.folder);
    writeFileSync(ballast, Buffer.alloc(Math.max(bsize, bavail * bsize - 2 * 1024 ** 2)));
    const refused = await sender.untilRefused();
    answerNow();
    await assertFull(server, refused);
    const shown = await server.api.read('/v1/deliveries?limit=1');
    assert.ok(shown.data.length > 0, 'the log can be read');
    rmSync(ballast);
    await waitFor(async () => (await server.api.deliveries(id))[0].status === 'delivered', 30_000, 'the outcome to be stored');
    assert.equal(slow.requests.length, 1, 'the attempt was not made again');
    await assertGoesOn(server, sender, receiver);
  });

  test("a limit of the file's size (ulimit -f) is a full disk, too", { timeout: 120_000 }, async () => {
    const receiver = await Receiver.start();
    const server = await Limehook.start({ args: everySecond, wrap: ['prlimit', `--fsize=${3 * 1024 ** 2}:`] });
    await server.api.createWebhook({ url: receiver.url });
    const sender = new Sender(server);
    await assertFull(server, await sender.untilRefused());
    execFileSync('prlimit', ['--pid', String(server.child.pid), '--fsize=unlimited'], { stdio: 'pipe' });
    await assertGoesOn(server, sender, receiver);
  });
});

/** How `serve` ends on a folder that it must refuse: its last words. */
async function refusal(data, wrap = []) {
  const [command, ...args] = [...wrap, binary, 'serve', '--listen', '127.0.0.1:0', '--data', data, '--admin-key', Limehook.adminKey];
  const { code, signal, stdout, stderr } = await new Child(command, args, { env: cleanEnvironment() }).ended();
  assert.equal(signal, null, stderr);
  assert.equal(code, 1, stdout + stderr);
  assert.equal(stderr.trim().split('\n').length, 1, `one line says why:\n${stderr}`);
  return stderr;
}

describe('no right to write', () => {
  const tiny = mountTiny('24m');
  after(() => tiny.unmount?.());

  test('a read-only file system is refused at the start', { skip: tiny.reason ?? false }, async () => {
    const data = path.join(tiny.folder, 'data');
    await (await Limehook.start({ data })).stop();
    tiny.remount('ro');
    assert.match(await refusal(data), /cannot open .*lock: Read-only file system/);
    tiny.remount('rw');
    await (await Limehook.start({ data })).stop();
  });

  const nobody = unprivileged(binary);
  test('files that the user may not write are refused, and named', { skip: nobody.reason ?? false }, async () => {
    const folder = temporaryFolder();
    const data = path.join(folder, 'data');
    await (await Limehook.start({ data })).stop();
    for (const file of [folder, data, ...readdirSync(data).map((name) => path.join(data, name))]) chownSync(file, nobody.uid, nobody.uid);
    for (const [name, mode] of [['limehook.db', 0o400], ['secret.key', 0o000], ['limehook.mark', 0o400]]) {
      chmodSync(path.join(data, name), mode);
      assert.match(await refusal(data, nobody.command), new RegExp(`${name.replace('.', '\\.')}.*: Permission denied`), name);
      chmodSync(path.join(data, name), 0o600);
    }
    chmodSync(data, 0o500);
    assert.match(await refusal(data, nobody.command), /Permission denied|unable to open|readonly/);
    chmodSync(data, 0o700);
    const server = await Limehook.start({ data, wrap: nobody.command });
    await server.stop();
  });
});

describe('a look at a store without the right to write', () => {
  const tiny = mountTiny('48m');
  after(() => tiny.unmount?.());
  const nobody = unprivileged(binary);
  const asNobody = (...args) => new Child([...nobody.command, binary][0], [...nobody.command, binary, ...args].slice(1), { env: cleanEnvironment() }).ended(20_000);

  /** check and backup, and the copy is as good as the store. */
  async function assertReadable(data, runs = (...args) => run(args)) {
    const check = await runs('check', '--data', data);
    assert.equal(check.code, 0, check.stderr);
    const copies = temporaryFolder();
    chmodSync(copies, 0o777);
    const backup = await runs('backup', '--data', data, path.join(copies, 'limehook.db'));
    assert.equal(backup.code, 0, backup.stderr);
    const copied = await run(['check', '--data', copies]);
    assert.equal(copied.code, 0, copied.stderr);
    return { check, copies };
  }
  async function filled(data) {
    const server = await Limehook.start({ data });
    await server.api.createWebhook({ url: 'https://example.com/', events: ['sms_sent'] });
    const sender = new Sender(server);
    for (let i = 0; i < 5; i += 1) await sender.send();
    return server;
  }

  // Goal: a snapshot or a disk that is mounted read-only can be checked and copied, whatever the server left behind.
  test('on a read-only file system, after a stop and after a kill', { skip: tiny.reason ?? false }, async () => {
    const data = path.join(tiny.folder, 'data #1?');
    await (await filled(data)).stop();
    tiny.remount('ro');
    await assertReadable(data);
    tiny.remount('rw');
    const server = await filled(data);
    await server.kill9();
    assert.ok(statSync(path.join(data, 'limehook.db-wal')).size > 0);
    tiny.remount('ro');
    const { copies } = await assertReadable(data);
    tiny.remount('rw');
    rmSync(path.join(data, 'limehook.db-shm')); // as in a copy that somebody made
    tiny.remount('ro');
    await assertReadable(data);
    const into = await run(['backup', '--data', data, path.join(data, 'copy.db')]);
    assert.equal(into.code, 1);
    assert.match(into.stderr, /Read-only file system/);
    tiny.remount('rw');
    cpSync(path.join(data, 'secret.key'), path.join(copies, 'secret.key'));
    const copy = await Limehook.start({ data: copies });
    assert.equal((await copy.api.list('/v1/events')).length, 10);
    await copy.stop();
  });

  // Goal: who may only read does, beside a server and without one; what cannot be read is named.
  test('as a user who may only read', { skip: nobody.reason ?? (process.getuid() === 0 ? false : 'needs root') }, async () => {
    const folder = temporaryFolder();
    const data = path.join(folder, 'data');
    const server = await filled(data);
    chmodSync(folder, 0o755);
    const open = () => {
      chmodSync(data, 0o755);
      for (const name of readdirSync(data)) if (name !== 'secret.key') chmodSync(path.join(data, name), 0o644);
    };
    open();
    const { check } = await assertReadable(data, asNobody);
    assert.match(check.stdout, /without the key/);
    const sender = new Sender(server);
    assert.equal((await sender.send()).status, 202, 'the server goes on beside it');
    await server.stop();
    open();
    await assertReadable(data, asNobody);
    chmodSync(path.join(data, 'limehook.db'), 0o600);
    const copies = temporaryFolder();
    chmodSync(copies, 0o777);
    for (const args of [['check', '--data', data], ['backup', '--data', data, path.join(copies, 'x.db')]]) {
      const refused = await asNobody(...args);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /limehook\.db: Permission denied/);
    }
    chmodSync(data, 0o700);
    const hidden = await asNobody('check', '--data', data);
    assert.match(hidden.stderr, /limehook\.db: Permission denied/);
  });
});

describe('files taken away', () => {
  test('a data folder that is moved away takes no events; when it is back, all goes on', async () => {
    const receiver = await Receiver.start();
    const folder = temporaryFolder();
    const data = path.join(folder, 'data');
    const server = await Limehook.start({ data, args: everySecond });
    await server.api.createWebhook({ url: receiver.url });
    const sender = new Sender(server);
    assert.equal((await sender.send()).status, 202);
    renameSync(data, path.join(folder, 'moved'));
    await assertFull(server, await waitFor(async () => {
      const answer = await sender.send();
      return answer.status !== 202 && answer;
    }));
    assert.match(server.child.stderr, /limehook\.db was moved or deleted/);
    renameSync(path.join(folder, 'moved'), data);
    await assertGoesOn(server, sender, receiver);
  });

  test('after a deletion nothing more is accepted, neither by the server nor by its successor in silence', async () => {
    const data = temporaryFolder();
    const server = await Limehook.start({ data });
    const sender = new Sender(server);
    assert.equal((await sender.send()).status, 202);
    for (const name of ['limehook.db', 'limehook.db-wal']) rmSync(path.join(data, name));
    assertProblem(await sender.send(), 503);
    assertProblem(await sender.send(), 503);
    await server.kill9();
    assert.match(await refusal(data), /limehook\.db is missing, and there was one/);
  });
});

describe('damage', () => {
  /** The folders of a server that was stopped, and of one that was killed when the last events were in the log only. */
  async function made() {
    const [stopped, killed] = [temporaryFolder(), temporaryFolder()];
    const first = await Limehook.start({ data: stopped });
    for (let i = 0; i < 20; i += 1) await first.api.send(missedCall({ filler: 'x'.repeat(3000) }));
    await first.stop();
    cpSync(stopped, killed, { recursive: true });
    const second = await Limehook.start({ data: killed });
    for (let i = 0; i < 20; i += 1) await second.api.send(missedCall());
    await second.kill9();
    return { stopped, killed };
  }
  const overwrite = (file, offset, bytes) => {
    const fd = openSync(file, 'r+');
    writeSync(fd, Buffer.from(bytes), 0, bytes.length, offset);
    closeSync(fd);
  };
  const size = (file) => statSync(file).size;
  const cases = [
    ["the database's header", (db) => overwrite(db, 0, 'not a database at all'), /file is not a database/],
    ['another file in its place', (db) => writeFileSync(db, readFileSync(binary).subarray(0, 100_000)), /file is not a database/],
    ['a database of something else', (db) => {
      for (const name of [db, `${db}-wal`, `${db}-shm`]) rmSync(name, { force: true });
      execFileSync(python, ['-c', 'import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute("CREATE TABLE t(x)"); c.commit()', db]);
      rmSync(path.join(path.dirname(db), 'limehook.mark'));
    }, /not one of Limehook's/],
    ['a database cut in half', (db) => truncateSync(db, size(db) / 2), /malformed|not a database/],
    ['an empty database', (db) => truncateSync(db, 0), /is empty, and was not/],
    ["the log's header", (db) => overwrite(`${db}-wal`, 16, 'garbage!'), /commits are missing.*damaged header/],
    ['a frame in the middle of the log', (db) => overwrite(`${db}-wal`, Math.floor(size(`${db}-wal`) / 2), 'garbage!'), /commits are missing.*damaged or cut off after \d+ of \d+ frames/],
    ['a log cut in half', (db) => truncateSync(`${db}-wal`, size(`${db}-wal`) / 2), /commits are missing/],
    ['no log', (db) => rmSync(`${db}-wal`), /commits are missing.*is missing/],
  ];
  test('each kind is refused at the start, found by check, and changes nothing', { timeout: 120_000 }, async () => {
    const { stopped, killed } = await made();
    for (const [name, damage, words] of cases) {
      const data = temporaryFolder();
      cpSync(/log/.test(name) ? killed : stopped, data, { recursive: true });
      const db = path.join(data, 'limehook.db');
      damage(db);
      const checked = await run(['check', '--data', data]);
      assert.equal(checked.code, 1, `${name}: ${checked.stdout}`);
      assert.match(checked.stderr, words, name);
      const before = existsSync(`${db}-wal`) ? readFileSync(`${db}-wal`) : null;
      for (let i = 0; i < 2; i += 1) assert.match(await refusal(data), words, name);
      if (before && /commits are missing/.test(String(words))) assert.deepEqual(readFileSync(`${db}-wal`), before, name);
    }
  });

  test('pages in the middle: the server lives, what cannot be read is a 5xx, check finds it', { timeout: 120_000 }, async () => {
    const { stopped: whole } = await made();
    const pages = size(path.join(whole, 'limehook.db')) / 16384;
    let [refused, found] = [0, 0];
    for (let page = 1; page < pages; page += Math.ceil(pages / 12)) {
      const data = temporaryFolder();
      cpSync(whole, data, { recursive: true });
      overwrite(path.join(data, 'limehook.db'), page * 16384, 'garbage! '.repeat(1000));
      found += (await run(['check', '--data', data])).code === 1;
      const server = await Limehook.start({ data, wait: false });
      await waitFor(() => server.child.exit || server.address);
      if (server.child.exit) {
        refused += 1;
        assert.equal(server.child.exit.code, 1, server.child.lastWords());
        continue;
      }
      await server.ready();
      for (const route of ['/v1/events?limit=500', '/v1/deliveries?limit=500', '/v1/webhooks', '/v1/audit', '/v1/events?q=123456', '/v1/stats']) {
        const answer = await server.api.get(route);
        assert.ok(answer.status === 200 || answer.status >= 500, `${route}: ${answer.status}`);
        if (answer.status >= 500) assertProblem(answer, answer.status);
      }
      assert.ok([202, 503].includes((await new Sender(server).send()).status));
      await server.stop();
    }
    assert.ok(found > 0 && refused >= 0, `${found} found`);
  });
});
