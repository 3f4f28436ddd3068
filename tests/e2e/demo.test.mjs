// The demo, as a newcomer treats it: killed in the middle and started again, twice at once, on a folder that is damaged.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { Child, binary, cleanEnvironment, run, temporaryFolder } from './support/process.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const argsOn = (folder) => ['demo', '--listen', '127.0.0.1:0', '--data', folder, '--rate', '30', '--retry-schedule', '1s,1s,1s,1s'];
const startOn = (folder) => new Child(binary, argsOn(folder), { env: cleanEnvironment() });
const welcome = (demo) => waitFor(() => demo.stdout.match(/kill -9 (\d+) (\d+)/), 20_000, 'the demo to be at work');

// Goal: what the demo invites to do holds: both processes killed, started again, and nothing is missing.
test('killed with its server and started again, it has lost nothing', { timeout: 120_000 }, async () => {
  const folder = temporaryFolder();
  const demo = startOn(folder);
  const [, , server] = await welcome(demo);
  await waitFor(() => (demo.stdout.match(/missed_call|incoming_call|call_completed/g) ?? []).length > 20, 30_000, 'some deliveries');
  process.kill(Number(server), 'SIGKILL');
  demo.signal('SIGKILL');
  await demo.ended();
  const again = await run([...argsOn(folder), '--duration', '4s'], { timeout: 90_000 });
  assert.equal(again.code, 0, again.stdout + again.stderr);
  assert.match(again.stdout, /Back again\. Accepted events that waited when the last run ended: \d+\. .*lost: 0\./);
  assert.match(again.stdout, /Lost: 0\./);
});

// Goal: a server that dies under it is told with the end of its log, and the next start goes on.
test('says when its server has ended', { timeout: 120_000 }, async () => {
  const folder = temporaryFolder();
  const demo = startOn(folder);
  const [, , server] = await welcome(demo);
  process.kill(Number(server), 'SIGKILL');
  const { code, stdout, stderr } = await demo.ended(30_000);
  assert.equal(code, 1, stdout + stderr);
  assert.match(stderr, /the server .*; nothing that was accepted is lost, start the demo again\nThe end of .*demo-server\.log:\n {2}\S/);
});

test('refuses a folder that another demo uses, or whose file is not the demo’s', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  const demo = startOn(folder);
  await welcome(demo);
  const second = await run(argsOn(folder));
  assert.notEqual(second.code, 0);
  assert.match(second.stderr, /a demo runs in .* already; choose another folder with --data/);
  demo.signal('SIGINT');
  assert.equal((await demo.ended(30_000)).code, 0);
  for (const text of ['{', '[]', '']) {
    writeFileSync(path.join(folder, 'demo.json'), text);
    const damaged = await run(argsOn(folder));
    assert.notEqual(damaged.code, 0);
    assert.match(damaged.stderr, /demo\.json is not the demo's file; remove its folder to start anew/);
  }
});
