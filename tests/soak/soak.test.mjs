// A soak of half a minute, so that `./dev soak` works when it is needed. What it finds out is in its faults.

import assert from 'node:assert/strict';

import { test } from '../e2e/support/test.mjs';
import { reportOf } from './report.mjs';
import { Soak } from './soak.mjs';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 32);

// Goal: under kills, stops, pauses and outages nothing is lost, wrong, out of order or repeated without a reason.
test('half a minute with every fault', { timeout: 240_000 }, async (t) => {
  const soak = await new Soak({ minutes: 0.4, perSecond: 100, seed }).run();
  const report = reportOf(soak);
  for (const line of report) t.diagnostic(line);
  assert.deepEqual(soak.faults, [], `seed ${seed}`);
  assert.equal(soak.missing(), 0);
  assert.ok(soak.accepted.total > 500);
  for (const kind of ['kill -9', 'SIGTERM', 'SIGSTOP']) assert.ok(soak.server.counts[kind] > 0, `no ${kind}, seed ${seed}`);
  for (const [what, count] of Object.entries(soak.operators.counts)) assert.ok(count > 0, `nothing was ${what}, seed ${seed}`);
});
