// Stores of older versions (old_stores/make.mjs), opened in place by this one: what waits goes out, and what was shown is
// shown as it was. Their clock is the server's, so that overlaps and retries are where they were.

import assert from 'node:assert/strict';
import { createHash, createHmac, createPublicKey, verify } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { lookAt } from './old_stores/look.mjs';
import { fakedClock, noFakedClock } from './support/clock.mjs';
import { sanitized } from './support/faults.mjs';
import { Limehook, run, temporaryFolder } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const stores = path.join(path.dirname(fileURLToPath(import.meta.url)), 'old_stores');
const versions = readdirSync(stores).filter((name) => name.endsWith('.tar.gz')).map((name) => name.replace('.tar.gz', ''));
const hours = 3_600_000;

function sqliteCli() {
  try {
    execFileSync('sqlite3', ['-version']);
    return false;
  } catch {
    return 'sqlite3 is not installed';
  }
}

function unpacked(version) {
  const data = temporaryFolder();
  execFileSync('tar', ['-C', data, '-xzf', path.join(stores, `${version}.tar.gz`)]);
  return { data, ...JSON.parse(gunzipSync(readFileSync(path.join(stores, `${version}.json.gz`)))) };
}

// How a webhook fares is not what it is; and what a request carried beyond its signatures, each version says for itself.
const changing = new Set(['breaker', 'backlog', 'failing_since', 'blocked_by', 'last_used_at', 'last_seen_at', 'User-Agent']);

/** Everything that was shown is shown as it was; there may be more. */
function assertStill(now, then, where) {
  if (Array.isArray(then)) {
    assert.ok(Array.isArray(now) && now.length === then.length, `${where}: ${JSON.stringify(now)} for ${JSON.stringify(then)}`);
    then.forEach((value, i) => assertStill(now[i], value, `${where}[${i}]`));
  } else if (then !== null && typeof then === 'object') {
    assert.ok(now !== null && typeof now === 'object', `${where}: ${JSON.stringify(now)}`);
    for (const [name, value] of Object.entries(then)) if (!changing.has(name)) assertStill(now[name], value, `${where}.${name}`);
  } else {
    assert.deepEqual(now, then, where);
  }
}

const key = (secret) => Buffer.from(secret.replace('whsec_', ''), 'base64');
const signedText = ({ headers, body }) => `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
const standardSignature = (request, secret) => `v1,${createHmac('sha256', key(secret)).update(signedText(request)).digest('base64')}`;
const limecallSignature = (request, secret) => createHmac('sha256', secret).update(request.body).digest('hex');

for (const version of versions) {
  // Goal: an upgrade in place loses nothing, forgets nothing and keeps every promise that was made.
  test(`a store of ${version} goes on where it was`, { skip: sanitized || noFakedClock, timeout: 120_000 }, async () => {
    const { data, madeAt, webhooks, secrets, shown } = unpacked(version);
    const clock = fakedClock();
    const since = (milliseconds) => clock.set(Math.round((Date.parse(madeAt) + milliseconds - Date.now()) / 1000));
    const receivers = await Receiver.start();
    const options = { data, env: clock.env, args: ['--proxy', `http://127.0.0.1:${receivers.port}`] };

    // A minute later nothing is due.
    since(60_000);
    let server = await Limehook.start(options);
    const seen = await lookAt(server.api);
    const audits = shown['/v1/audit'].data;
    seen['/v1/audit'].data = seen['/v1/audit'].data.slice(-audits.length);
    for (const [where, then] of Object.entries(shown)) assertStill(seen[where], then, where);
    assert.equal(receivers.requests.length, 0);
    for (const [name, { secret, token }] of Object.entries(secrets)) {
      if (name === 'replaced') continue;
      const now = await server.api.read(`/v1/webhooks/${webhooks[name]}/secret`);
      assert.deepEqual([now.secret, now.token], [secret, token], name);
    }

    // A rotation keeps what the older version promised: three secrets sign.
    const rotated = await server.api.post(`/v1/webhooks/${webhooks.rotated}/rotate-secret`);
    assert.equal(rotated.status, 200, rotated.text);
    await server.api.send(missedCall({ event: 'voicemail_received', voicemail_url: 'https://example.com/1.mp3', status: undefined }));
    const [request] = await waitFor(() => { const all = receivers.requests.filter(({ target }) => /rotated/.test(target)); return all.length > 0 && all; });
    const signatures = request.headers['webhook-signature'].split(' ');
    for (const secret of [rotated.json.secret, secrets.rotated.secret, secrets.replaced.secret]) {
      assert.ok(signatures.includes(standardSignature(request, secret)), request.headers['webhook-signature']);
    }
    assert.equal(request.headers['x-limecall-signature-previous'], limecallSignature(request, secrets.rotated.secret));
    await server.stop();

    // When the retries are due, they go out, signed, and in order where that was promised.
    receivers.requests.length = 0;
    since(3 * hours);
    server = await Limehook.start(options);
    const waited = shown['/v1/deliveries'].data.filter(({ status }) => status === 'retrying' || status === 'pending');
    assert.ok(waited.length > 20, `${waited.length} waited`);
    await waitFor(async () => {
      const rows = await Promise.all(waited.map(({ id }) => server.api.delivery(id)));
      return rows.every(({ status }) => status === 'delivered');
    }, 60_000, 'all that waited to be delivered', 200);
    const secretOf = Object.fromEntries(Object.entries(webhooks).map(([name, id]) => [id, secrets[name]]));
    for (const { id, webhook_id: webhook } of waited) {
      const came = receivers.requests.filter(({ headers }) => headers['webhook-id'] === id);
      assert.equal(came.length, 1, id);
      const { secret, token } = secretOf[webhook];
      assert.ok(came[0].headers['webhook-signature'].split(' ').includes(standardSignature(came[0], secret)), id);
      assert.equal(came[0].headers['x-limecall-signature'], limecallSignature(came[0], secret));
      assert.equal(came[0].headers.authorization, `Bearer ${token}`);
    }
    const orderOf = (name) => receivers.requests.filter(({ target }) => target.includes(`//${name}.`)).map(({ json }) => json);
    assert.deepEqual(orderOf('ordered').map(({ call_id: call, sequence }) => `${call} ${sequence}`),
      [1, 2, 3, 4, 5].flatMap((n) => [`ordered-one ${n}`, `ordered-two ${n}`]));
    for (const call of ['ordered-one', 'ordered-two']) {
      assert.deepEqual(orderOf('ordered-by-call').filter(({ call_id: id }) => id === call).map(({ sequence }) => sequence), [1, 2, 3, 4, 5]);
    }

    // New work: by a key pair that was made then, and a key of an event that was accepted then.
    const again = await server.api.post('/v1/events', JSON.stringify(shownPayload(shown, 'call-1')), { 'idempotency-key': 'key-1' });
    assert.equal(again.status, 200, again.text);
    assert.equal(again.json.duplicate, true);
    await server.api.send(missedCall({ call_id: 'call-new' }));
    const [signed] = await waitFor(() => { const all = receivers.requests.filter(({ target, json }) => /key-pair/.test(target) && json?.call_id === 'call-new'); return all.length > 0 && all; });
    const { pem } = await server.api.read(`/v1/webhooks/${webhooks['signs-by-key-pair']}/public-key`);
    const v1a = signed.headers['webhook-signature'].split(' ').find((text) => text.startsWith('v1a,')).slice(4);
    assert.ok(verify(null, signedText(signed), createPublicKey(pem), Buffer.from(v1a, 'base64')));
    assert.equal(signed.headers['x-own-signature'], limecallSignature(signed, secrets['signs-by-key-pair'].secret));
    await server.stop();
    const check = await run(['check', '--data', data]);
    assert.equal(check.code, 0, check.stderr);
    receivers.close();
  });
}

// Goal: a store of a version to come is refused with a sentence, and not a byte of it is changed.
test('a store of a newer version is refused untouched', { skip: sqliteCli() }, async () => {
  for (const killed of [false, true]) {
    const server = await Limehook.start();
    await server.api.send(missedCall());
    if (killed) await server.kill9();
    else await server.stop();
    // Once in the write-ahead log, as that version may have left it, and once in the file.
    const keep = killed ? ['-cmd', '.dbconfig no_ckpt_on_close on'] : [];
    execFileSync('sqlite3', [...keep, path.join(server.data, 'limehook.db'), 'PRAGMA user_version=9999']);
    // A log of no bytes holds nothing: SQLite makes one for whoever reads.
    const bytes = () => Object.fromEntries(readdirSync(server.data).filter((name) => !/-shm$|lock|address/.test(name))
      .map((name) => [name, readFileSync(path.join(server.data, name))])
      .filter(([name, content]) => !name.endsWith('-wal') || content.length > 0)
      .map(([name, content]) => [name, createHash('sha256').update(content).digest('hex')]));
    const before = bytes();
    for (const args of [['serve', '--listen', '127.0.0.1:0'], ['rotate-key', '--yes'], ['check'], ['backup', path.join(temporaryFolder(), 'x.db')]]) {
      const refused = await run([args[0], '--data', server.data, ...args.slice(1)]);
      assert.equal(refused.code, 1, args[0]);
      assert.match(refused.stderr, /newer Limehook/, args[0]);
      assert.deepEqual(bytes(), before, args[0]);
    }
  }
});

const shownPayload = (shown, call) => Object.entries(shown)
  .find(([where, { payload }]) => where.startsWith('/v1/events/') && payload?.call_id === call && payload.event === 'missed_call')[1].payload;
