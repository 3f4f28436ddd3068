// The network between Limehook and its receivers, and between it and its callers, loses, delays, repeats and reorders
// packets, and is cut in both directions and in one. Limehook is a host of its own in a network namespace.

import assert from 'node:assert/strict';

import { acknowledgedTwice, allDelivered, assertWell, Load, long, metric, patient } from './support/faults.mjs';
import { Network, noNetwork } from './support/network.mjs';
import { Limehook } from './support/process.mjs';
import { test } from './support/test.mjs';
import { pause, waitFor } from './support/wait.mjs';

const bad = long ? { loss: 0.2, delay: [0.05, 0.2], repeat: 0.05 } : { loss: 0.05, delay: [0.02, 0.08], repeat: 0.02 };
const badFor = long ? 60_000 : 2_500; // ms
const cutFor = long ? 30_000 : 3_000;
const [timeout, connectTimeout, every] = long ? ['10s', '3s', 200] : ['2s', '1s', 20];

const phases = [
  { name: 'loss, delay, repetition, disorder', rules: bad, lasts: badFor },
  { name: 'cut', rules: { cut: ['first', 'second'] }, lasts: cutFor, outcomes: ['connect_failed', 'timeout'] },
  { name: 'cut from Limehook to receivers', rules: { cut: ['first'] }, lasts: cutFor, outcomes: ['connect_failed', 'timeout'] },
  { name: 'cut from receivers to Limehook', rules: { cut: ['second'] }, lasts: cutFor, outcomes: ['connect_failed', 'timeout'] },
];

// Goal: whatever the network does, what was acknowledged arrives, attempts end in their time, dead connections are
// noticed, and all goes on by itself when the network does. Method: callers and a receiver on the far side of a link
// that is made bad phase by phase; a receiver on the near side that must not notice; ledgers compared after each.
test('a bad network loses nothing, and nobody else notices', { skip: noNetwork, timeout: 400_000 }, async (t) => {
  const network = await Network.start();
  const { near, far } = network;
  const server = await Limehook.start({
    wrap: near.wrap,
    listen: `${near.address}:0`,
    fetch: near.agent.fetch,
    args: [...patient, '--timeout', timeout, '--connect-timeout', connectTimeout, '--allow-net', '10.77.0.0/24'],
  });
  t.after(() => server.child.signal('SIGKILL'));
  const receiver = await far.agent.receive(far.address);
  const neighbour = await near.agent.receive(near.address);
  for (const { url } of [receiver, neighbour]) await server.api.createWebhook({ url, max_concurrency: 64 });
  const distant = { api: server.api.withFetch(far.agent.fetch) };

  for (const { name, rules, lasts, outcomes } of phases) {
    const loads = [new Load(server, { senders: 2, every }), new Load(distant, { senders: 4, every })];
    const failures = async () => {
      let sum = 0;
      for (const outcome of outcomes ?? []) sum += await metric(server, `limehook_attempts_total{outcome="${outcome}"}`);
      return sum;
    };
    const before = await failures();
    const began = Date.now();
    network.rules(rules);
    await pause(lasts); // the fault itself
    if (outcomes) await waitFor(async () => await failures() > before, 15_000, `${name}: attempts to fail in their time`);
    const local = await loads[0].stop();
    await allDelivered(local.accepted, neighbour, 2_000);
    await assertWell(server);
    const healed = Date.now();
    if (outcomes) network.rules({});
    const remote = await loads[1].stop();
    const accepted = [...local.accepted, ...remote.accepted];
    await allDelivered(accepted, receiver, 60_000);
    t.diagnostic(`${name}, for ${healed - began} ms: ${accepted.length} accepted, ${remote.unanswered} requests of distant callers unanswered, ` +
      `all delivered ${Date.now() - healed} ms after it, ${(await failures()) - before} attempts failed, ${acknowledgedTwice(receiver)} came twice so far`);
    assert.ok(local.slowest < 1_500, `${local.slowest} ms: the nearby caller waits for nobody`);
    network.rules({});
  }
  assert.equal(acknowledgedTwice(neighbour), 0);
  await server.stop();
  const packets = await network.end();
  t.diagnostic(`packets: ${JSON.stringify(packets)}`);
  assert.ok(packets.lost > 0 && packets.cut > 0 && packets.repeated > 0);
});
