// The commands about keys, people, teams and the audit log, against a running server.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { run } from './support/process.mjs';
import { goodPassword as password, Person, serverWithAdmin, tokenOf } from './support/session.mjs';
import { test } from './support/test.mjs';

const day = 86_400_000;

describe('keys, people, teams and the audit log on the command line', () => {
  let server;
  before(async () => {
    ({ server } = await serverWithAdmin());
  });
  after(() => server?.stop());

  const cli = (args, key = server.key) => run(args, { env: { LIMEHOOK_SERVER: server.url, LIMEHOOK_KEY: key } });

  /** The output of a command that must succeed. */
  async function done(...args) {
    const { code, stdout, stderr } = await cli(args);
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
    return stdout;
  }
  const json = async (...args) => JSON.parse(await done(...args, '--json'));
  const linkIn = (text) => tokenOf(text.match(/^link: (\S+)/m)[1]);

  // Goal: --expires takes durations and times; the list tells expiry and last use; a renamed key keeps working.
  test('keys expire, are renamed and tell their last use', async () => {
    const made = await json('keys', 'create', '--name', 'pbx', '--role', 'ingest', '--expires', '90d');
    assert.ok(Math.abs(Date.parse(made.expires_at) - Date.now() - 90 * day) < 60_000, made.expires_at);
    const until = await json('keys', 'create', '--name', 'until', '--role', 'ingest', '--expires', '2999-01-30T15:00:00Z');
    assert.equal(until.expires_at, '2999-01-30T15:00:00Z');
    assert.match(await done('keys', 'create', '--name', 'shown', '--role', 'ingest', '--expires', '1h'), /^expires: 20/m);
    const lineOf = async (id) => (await done('keys', 'list')).split('\n').find((line) => line.includes(id));
    assert.match(await lineOf(made.id), /never/, 'not used yet');
    assert.equal((await server.api.withKey(made.key).get('/v1/event-types')).status, 200);
    const line = await lineOf(made.id);
    assert.ok(!line.includes('never') && line.includes(`…${made.hint}`), line);
    assert.match(await done('keys', 'rename', made.id, '--name', 'switchboard'), /switchboard/);
    assert.equal((await server.api.withKey(made.key).get('/v1/event-types')).status, 200);
  });

  const mistakes = [
    ['a word that is no time', ['keys', 'create', '--name', 'a', '--role', 'ingest', '--expires', 'soon'], 2, /--expires.*soon/],
    ['a time that is over', ['keys', 'create', '--name', 'a', '--role', 'ingest', '--expires', '2020-01-01T00:00:00Z'], 1, /\/expires_at/],
    ['a key that is not there', ['keys', 'rename', 'key_0000000000001', '--name', 'a'], 1, /404/],
    ['a role that people cannot have', ['users', 'invite', 'a@example.com', '--role', 'ingest'], 1, /\/role/],
    ['somebody who is not there', ['users', 'disable', 'nobody@example.com', '--yes'], 1, /nobody@example\.com/],
    ['the last admin', ['users', 'delete', 'root@example.com', '--yes'], 1, /last admin/],
    ['a team that is not there', ['teams', 'delete', 'no_such_team', '--yes'], 1, /404/],
    ['a time of the log that is none', ['audit', '--since', 'then'], 2, /--since.*then/],
  ];
  for (const [name, args, exitCode, told] of mistakes) {
    test(`refused: ${name}`, async () => {
      const { code, stderr } = await cli(args);
      assert.equal(code, exitCode, stderr);
      assert.match(stderr, told);
    });
  }

  // Goal: a list longer than the API's page is shown whole.
  test('keys list shows all of them', async () => {
    const count = 60;
    for (let i = 0; i < count; ++i) {
      assert.equal((await server.api.post('/v1/keys', { name: `one of many ${i}`, role: 'ingest' })).status, 201);
    }
    assert.equal((await done('keys', 'list')).match(/one of many/g).length, count);
  });

  // Goal: what an operator does with people, by e-mail address, from the invitation to the end of the account.
  test('users: invite, list, reset-link, disable, enable, delete', async () => {
    const invited = await done('users', 'invite', 'ann@example.com', '--role', 'manage', '--team', 'team_001', '--name', 'Ann');
    const ann = new Person(server.url);
    const token = linkIn(invited);
    assert.equal((await ann.post('/v1/invitations/accept', { token, password })).status, 200);
    const listed = await done('users', 'list', '--team', 'team_001');
    assert.match(listed, /ann@example\.com +Ann +team_001:manage +enabled +off/);
    assert.ok(!listed.includes('root@example.com'));

    const reset = linkIn(await done('users', 'reset-link', 'Ann@Example.com'));
    const changed = await ann.post('/v1/password-reset/complete', { token: reset, password: 'nine rivers under copper skies' });
    assert.equal(changed.status, 204, changed.text);

    const signIn = () => new Person(server.url).post('/v1/session', { email: 'ann@example.com', password: 'nine rivers under copper skies' });
    await done('users', 'disable', 'ann@example.com', '--yes');
    assert.equal((await signIn()).status, 401);
    await done('users', 'enable', 'ann@example.com');
    const { status, json: session } = await signIn();
    assert.equal(status, 200);
    await done('users', 'delete', session.user.id, '--yes');
    assert.ok(!(await done('users', 'list')).includes('ann@example.com'));
  });

  test('teams: create, list, delete', async () => {
    const made = await json('teams', 'create', 'Front desk');
    await done('teams', 'create', 'Berlin', '--id', 'acme:berlin');
    const listed = await done('teams', 'list');
    assert.match(listed, new RegExp(`${made.id} +Front desk`));
    assert.match(listed, /acme:berlin +Berlin/);
    await done('teams', 'delete', 'acme:berlin', '--yes');
    assert.ok(!(await done('teams', 'list')).includes('acme:berlin'));
  });

  // Goal: the log is readable, filtered and, with --json, one entry a line; a read key does not get it.
  test('audit shows who changed what', async () => {
    const { json: webhook } = await server.api.post('/v1/webhooks', { name: 'CRM', url: 'http://127.0.0.1:9/', team_id: 'team_a' });
    await server.api.patch(`/v1/webhooks/${webhook.id}`, { name: 'ERP' });
    const table = await done('audit', '--target', webhook.id);
    assert.match(table, /configured admin key +127\.0\.0\.1 +team_a +webhook\.updated +ERP +name: CRM → ERP/);
    assert.ok(!table.includes(webhook.secret));
    const lines = (await done('audit', '--action', 'webhook.', '--team', 'team_a', '--since', '1h', '--json')).trim().split('\n');
    assert.deepEqual(lines.map((line) => JSON.parse(line).action), ['webhook.created', 'webhook.updated'], 'the newest last');
    assert.equal((await done('audit', '--limit', '1', '--json')).trim().split('\n').length, 1);
    assert.equal(await done('audit', '--actor', 'key_0000000000001', '--json'), '');
    const reader = await json('keys', 'create', '--name', 'reader', '--role', 'read', '--team', 'team_a');
    const { code, stderr } = await cli(['audit'], reader.key);
    assert.equal(code, 1);
    assert.match(stderr, /403/);
  });
});
