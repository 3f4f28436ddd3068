// The commands that use a running server, in the ways that cli.test.mjs leaves out: what can be changed, what is asked,
// what is printed in full, and what is refused with which words.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { before, after, describe } from 'node:test';

import { Child, Limehook, binary, cleanEnvironment, run, temporaryFolder } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { eventTypes, missedCall, sample, uniqueId } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

let server, api, receiver;
before(async () => {
  server = await Limehook.start({ args: ['--retry-schedule', '1s'] });
  api = server.api;
  receiver = await Receiver.start();
});
after(() => server.stop());

const cli = (args, options = {}) => run(args, { env: { LIMEHOOK_SERVER: server.url, LIMEHOOK_KEY: server.key }, ...options });

async function done(args, options) {
  const { code, stdout, stderr } = await cli(args, options);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** Runs a command on a terminal of its own, where somebody types `input`. */
function onTerminal(args, input) {
  const env = { ...cleanEnvironment({ LIMEHOOK_SERVER: server.url, LIMEHOOK_KEY: server.key }), TERM: 'xterm' };
  delete env.NO_COLOR;
  return new Child('script', ['-qec', [binary, ...args].map((word) => `'${word}'`).join(' '), '/dev/null'], { env, input }).ended();
}

async function refused(args, words, code, options) {
  const answer = await cli(args, options);
  assert.equal(answer.code, code, answer.stdout + answer.stderr);
  assert.match(answer.stderr, words);
}

const newWebhook = (members = {}) => api.createWebhook({ url: receiver.url, team_id: uniqueId('team'), ...members });

describe('webhooks', () => {
  // Goal: what is given is changed and the rest stays; a change of nothing is refused.
  test('update', async () => {
    const { id, name } = await newWebhook();
    const shown = await done(['webhooks', 'update', id, '--max-concurrency', '3', '--header', 'X-Branch: north']);
    assert.ok(shown.includes(id), shown);
    const changed = await api.read(`/v1/webhooks/${id}`);
    assert.deepEqual([changed.name, changed.max_concurrency, changed.headers], [name, 3, { 'X-Branch': 'north' }]);
    await refused(['webhooks', 'update', id], /nothing to change/, 2);
    await refused(['webhooks', 'update', id, '--data', '{"timeout_ms":1}'], /timeout_ms/, 1);
  });

  test('disable and enable', async () => {
    const { id } = await newWebhook();
    for (const [command, enabled] of [['disable', false], ['enable', true]]) {
      await done(['webhooks', command, id, ...(enabled ? [] : ['--yes'])]);
      assert.equal((await api.read(`/v1/webhooks/${id}`)).enabled, enabled);
    }
    await refused(['webhooks', 'disable', 'wh_0', '--yes'], /wh_|no webhook/, 1);
  });

  // Goal: the secret is shown, and a rotation tells how long the old one is good for.
  test('secret and rotate-secret', async () => {
    const { id, secret, token } = await newWebhook();
    const shown = await done(['webhooks', 'secret', id]);
    assert.ok(shown.includes(secret) && shown.includes(token));
    const rotated = await done(['webhooks', 'rotate-secret', id, '--overlap', '2h', '--yes']);
    assert.match(rotated, /The old secret signs too until \d{4}-/);
    assert.ok(!rotated.includes(secret));
    assert.match(await done(['webhooks', 'rotate-secret', id, '--overlap', '0s', '--yes']), /no longer used/);
    await refused(['webhooks', 'rotate-secret', id, '--overlap', 'soon'], /--overlap: "soon" is not a duration/, 2);
  });

  // Goal: on a terminal deleting asks first, and anything but yes leaves things as they are.
  test('delete asks', async () => {
    const { id } = await newWebhook();
    const no = await onTerminal(['webhooks', 'delete', id], 'n\n');
    assert.equal(no.code, 1, no.stdout);
    assert.match(no.stdout, /Delete wh_\w+\?.*\[y\/N\][\s\S]*nothing was changed/);
    assert.equal((await api.get(`/v1/webhooks/${id}`)).status, 200);
    const yes = await onTerminal(['webhooks', 'delete', id], 'y\n');
    assert.equal(yes.code, 0, yes.stdout);
    assert.equal((await api.get(`/v1/webhooks/${id}`)).status, 404);
    await done(['webhooks', 'delete', (await newWebhook()).id, '--yes']);
  });

  // Goal: where nobody can be asked, what destroys something is done only with --yes: exit code 2, and nothing happens.
  test('without a terminal what destroys something needs --yes', async () => {
    const { id, secret } = await newWebhook();
    const data = await temporaryFolder();
    const { id: key } = (await api.post('/v1/keys', { name: 'kept', role: 'ingest' })).json;
    const team = (await api.post('/v1/teams', { name: 'Kept' })).json.id;
    const invited = await api.post('/v1/invitations', { email: 'kept@example.com', role: 'admin' });
    assert.equal(invited.status, 201, invited.text);
    const commands = [['webhooks', 'delete', id], ['webhooks', 'disable', id], ['webhooks', 'rotate-secret', id],
      ['webhooks', 'recover', id], ['keys', 'delete', key], ['teams', 'delete', team], ['users', 'delete', 'a@example.com'],
      ['users', 'disable', 'a@example.com'], ['rotate-key', '--data', data]];
    for (const command of commands) {
      for (const input of [undefined, 'y\n']) await refused(command, /--yes/, 2, { input });
    }
    const kept = await api.read(`/v1/webhooks/${id}`);
    assert.deepEqual([kept.enabled, (await api.read(`/v1/webhooks/${id}/secret`)).secret], [true, secret]);
    assert.equal((await api.get(`/v1/keys/${key}`)).status, 200);
    assert.equal((await api.get(`/v1/teams/${team}`)).status, 200);
    assert.deepEqual(readdirSync(data), []);
  });

  // Goal: what is shown only once is not made where it cannot be shown: an output that is closed, and one that is full.
  test('what is shown once needs an output that takes it', async () => {
    const count = async (path) => (await api.list(path)).length;
    const shell = (redirection, args) => {
      const env = cleanEnvironment({ LIMEHOOK_SERVER: server.url, LIMEHOOK_KEY: server.key });
      return new Child('sh', ['-c', `exec "$0" "$@" ${redirection}`, binary, ...args], { env }).ended();
    };
    const [keys, invitations] = [await count('/v1/keys'), await count('/v1/invitations')];
    for (const redirection of ['>&-', '>/dev/full']) {
      for (const more of [[], ['--json']]) {
        const key = await shell(redirection, ['keys', 'create', '--name', 'lost', '--role', 'ingest', ...more]);
        assert.equal(key.code, 1, key.stderr);
        assert.match(key.stderr, /standard output cannot be written/);
        const invitation = await shell(redirection, ['users', 'invite', 'lost@example.com', '--role', 'admin', ...more]);
        assert.equal(invitation.code, 1, invitation.stderr);
      }
      const listed = await shell(redirection, ['webhooks', 'list']);
      assert.equal(listed.code, 1, 'any command says so');
      assert.match(listed.stderr, /standard output cannot be written/);
    }
    assert.deepEqual([await count('/v1/keys'), await count('/v1/invitations')], [keys, invitations]);
  });

  // Goal: a recovery over a time, given as a duration or not at all, brings back what failed.
  test('recover', async () => {
    const failing = await Receiver.start({ status: 500 });
    const { id, team_id } = await newWebhook({ url: failing.url, retry_schedule: [1] });
    await api.send(missedCall({ team_id }));
    await waitFor(async () => (await api.deliveries(id))[0]?.status === 'failed', 20_000, 'it to fail');
    failing.behaviour = { status: 200 };
    assert.match(await done(['webhooks', 'recover', id, '--since', '1h', '--until', '0s', '--wait', '--yes']), /done: .*redelivering 1/);
    await waitFor(async () => (await api.deliveries(id))[0].status === 'delivered');
    await refused(['webhooks', 'recover', id, '--since', 'yesterday'], /--since/, 2);
  });

  test('test tells when the receiver does not answer well', async () => {
    const failing = await Receiver.start({ status: 503 });
    const { id } = await newWebhook({ url: failing.url });
    const answer = await cli(['webhooks', 'test', id, '--event', 'missed_call']);
    assert.equal(answer.code, 1, answer.stdout);
    assert.match(answer.stdout + answer.stderr, /503/);
    const json = await cli(['webhooks', 'test', id, '--event', 'missed_call', '--json']);
    assert.equal(JSON.parse(json.stdout).response.status, 503);
  });
});

describe('logs of one delivery', () => {
  // Goal: everything that a person asks about one delivery is there: each attempt with what was sent and answered.
  test('shows every attempt', async () => {
    const moody = await Receiver.start((request, index) => (index === 0 ? { status: 500, body: 'come back later' } : { status: 200 }));
    const { id, team_id } = await newWebhook({ url: moody.url });
    const event = missedCall({ team_id });
    await api.send(event);
    const delivery = await waitFor(async () => (await api.deliveries(id, '?status=delivered'))[0], 20_000, 'the second attempt');
    const shown = await done(['logs', delivery.id]);
    for (const words of [event.call_id, moody.url, 'attempt 1', 'come back later', 'attempt 2', 'acknowledged', 'User-Agent: Limehook/']) {
      assert.ok(shown.includes(words), `${words} in ${shown}`);
    }
    assert.equal(JSON.parse(await done(['logs', delivery.id, '--json'])).attempts.length, 2);
    await refused(['logs', 'dlv_0'], /dlv_0|no delivery/, 1);
  });

  test('lists by status, with when the next attempt comes', async () => {
    const failing = await Receiver.start({ status: 500 });
    const { id, team_id } = await newWebhook({ url: failing.url, retry_schedule: [3600] });
    await api.send(missedCall({ team_id }));
    await waitFor(async () => (await api.deliveries(id, '?status=retrying')).length === 1);
    assert.match(await done(['logs', '--webhook', id, '--status', 'retrying', '--since', '1h']), /next attempt /);
    const coloured = await onTerminal(['logs', '--webhook', id], '');
    assert.match(coloured.stdout, /\x1b\[3\dm.*retrying/, 'on a terminal a status has a colour');
  });
});

describe('send', () => {
  test('samples of every type, as often as asked', async () => {
    for (const type of eventTypes) assert.match(await done(['send', '--type', type]), /evt_/);
    assert.equal((await done(['send', '--count', '3'])).match(/evt_/g).length, 3);
    await refused(['send', '--type', 'webhook.failing'], /--type: "webhook.failing" is not known; expected one of missed_call/, 2);
  });

  // Goal: of many events the good ones go, each bad one is named with its field, and the exit status tells.
  test('many events, of which one is wrong', async () => {
    const lines = [missedCall(), missedCall({ timestamp: 'noon' }), sample('sms_sent')].map((event) => JSON.stringify(event)).join('\n');
    const answer = await cli(['send', '--file', '-'], { input: lines });
    assert.equal(answer.code, 1);
    assert.equal(answer.stdout.match(/evt_/g).length, 2);
    assert.match(answer.stderr, /event 2 was refused[\s\S]*\/timestamp/);
    const json = await cli(['send', '--json', '--file', '-'], { input: lines });
    assert.equal(json.code, 1);
    assert.equal(json.stdout.trim().split('\n').length, 3);
  });

  test('the same key makes no second event', async () => {
    const text = JSON.stringify([missedCall(), missedCall()]);
    const ids = (shown) => shown.match(/evt_\w+/g);
    const send = () => done(['send', '--data', text, '--idempotency-key', 'from-the-shell']);
    assert.deepEqual(ids(await send()), ids(await send()));
  });
});

describe('listen and verify', () => {
  async function listen(args) {
    const listener = new Child(binary, ['listen', ...args], { env: cleanEnvironment() });
    const url = await waitFor(() => listener.stdout.match(/http:\/\/127\.0\.0\.1:\d+/)?.[0], 10_000, 'the address of listen');
    return { listener, url };
  }

  // Goal: what is forwarded arrives whole at the path below the URL, its answer goes back, and each is a line of JSON.
  test('listen forwards', async () => {
    const behind = await Receiver.start({ status: 418, headers: { 'x-from': 'behind' }, body: 'short and stout' });
    const { listener, url } = await listen(['--forward', `${behind.url}/below`, '--json']);
    const answer = await fetch(`${url}/path?x=1`, { method: 'POST', body: '{"a":1}', headers: { 'x-own': 'kept' } });
    assert.deepEqual([answer.status, answer.headers.get('x-from'), await answer.text()], [418, 'behind', 'short and stout']);
    const [request] = behind.requests;
    assert.deepEqual([request.target, request.headers['x-own'], request.body.toString()], ['/hook/below/path?x=1', 'kept', '{"a":1}']);
    const line = await waitFor(() => listener.stdout.split('\n').map((text) => text && JSON.parse(text)).find((row) => row?.status === 418));
    assert.deepEqual([line.method, line.path, line.body, line.verified], ['POST', '/path?x=1', '{"a":1}', null]);
    behind.close();
    const gone = await fetch(url, { method: 'POST', body: '{}' });
    assert.equal(gone.status, 502);
    assert.match(await gone.text(), /cannot reach/);
    listener.signal('SIGINT');
    assert.equal((await listener.ended()).code, 0);
  });

  // Goal: v1a signatures are verified too, and a request without one is turned away.
  test('listen verifies with a public key', async () => {
    const webhook = await newWebhook({ signatures: ['v1', 'v1a'] });
    const { public_key } = (await api.get(`/v1/webhooks/${webhook.id}/public-key`)).json;
    const { listener, url } = await listen(['--public-key', public_key, '--json']);
    await api.changeWebhook(webhook.id, { url });
    await api.send(missedCall({ team_id: webhook.team_id }));
    await waitFor(async () => (await api.deliveries(webhook.id))[0]?.status === 'delivered');
    assert.match(listener.stdout, /"verified":true/);
    assert.equal((await fetch(url, { method: 'POST', body: '{}' })).status, 401);
    listener.signal('SIGINT');
    await listener.ended();
  });

  test('wrong use is told', async () => {
    const busy = new URL((await Receiver.start()).url).port;
    for (const [args, words, code] of [
      [['listen', '--public-key', 'whpk_x'], /--public-key: /, 2],
      [['listen', '--forward', 'ftp://nowhere'], /--forward: /, 2],
      [['listen', '--port', busy], /port|address/i, 1],
      [['verify', '--secret', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], /nothing to verify/, 2],
      [['verify', '--secret', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', '--limecall-signature', '00', '--body-file', '/nowhere'], /--body-file/, 2],
      [['demo', '--duration', 'long'], /--duration: "long" is not a duration/, 2],
    ]) {
      await refused(args, words, code);
    }
  });
});
