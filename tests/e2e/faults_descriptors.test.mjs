// File descriptors run out: at the start, in normal work under a low limit, and taken away while it runs.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import net from 'node:net';

import { acknowledgedTwice, allDelivered, assertWell, Load, logOf, metric, patient } from './support/faults.mjs';
import { cpuSeconds, openFiles } from './support/proc.mjs';
import { Limehook } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { test } from './support/test.mjs';
import { pause, waitFor } from './support/wait.mjs';

const limited = (count) => ['prlimit', `--nofile=${count}:${count}`];

/** Opens connections that never say a word, from an address of their own; answers them. */
function openConnections(server, count) {
  const [host, port] = server.address.split(':');
  const to = { host, port: Number(port), localAddress: '127.0.0.2' };
  return Array.from({ length: count }, () => net.connect(to).on('error', () => {}));
}

// Goal: too low a limit is told at the start, with the number that is needed.
test('with too few descriptors it does not start, and says how many it needs', async () => {
  for (const count of [40, 79]) {
    const server = await Limehook.start({ wrap: limited(count), wait: false });
    const { code, stderr } = await server.child.ended();
    assert.equal(code, 2, stderr);
    assert.match(stderr, new RegExp(`may open ${count} files and sockets only; expected a limit of at least 80`));
  }
});

// Goal: with the fewest descriptors that it starts with, callers and receivers that hold connections take nothing from
// each other, from the store, or from those behind them. Method: a hundred silent callers at one address, hanging
// receivers on many webhooks, and events for them and for a healthy one.
test('with few descriptors, all of them wanted, it goes on', async (t) => {
  const server = await Limehook.start({ wrap: limited(96), args: [...patient, '--timeout', '1s'] });
  t.after(() => server.child.signal('SIGKILL'));
  const healthy = await Receiver.start();
  const hanging = await Receiver.start({ kind: 'hang' });
  await server.api.createWebhook({ url: healthy.url });
  for (let i = 0; i < 10; i += 1) await server.api.createWebhook({ url: hanging.url, max_concurrency: 100 });
  const callers = openConnections(server, 100);
  const load = new Load(server, { senders: 2 });
  await waitFor(() => load.accepted.size >= 40, 20_000, 'events to be accepted');
  assert.ok(hanging.inFlight > 0);
  await waitFor(() => callers.filter((caller) => caller.closed).length >= 80, 5_000, 'callers beyond their share to be closed');
  assert.ok(openFiles(server.child.pid) <= 96);
  await load.stop();
  await allDelivered(load.accepted, healthy);
  assert.ok(await metric(server, 'limehook_http_refused_total{reason="connections"}')
    + await metric(server, 'limehook_http_refused_total{reason="address_connections"}') > 0);
  assert.equal(await metric(server, 'limehook_attempts_total{outcome="internal"}'), 0);
  for (const caller of callers) caller.destroy();
  await assertWell(server);
});

// Goal: descriptors that are taken away while it runs (by the system's limit, or an operator) are told, cost no
// processor time and no event, and when they are back all goes on. Method: the limit is set to what is in use.
test('without a descriptor left it waits, says so, and goes on when there are some', async (t) => {
  const server = await Limehook.start({ args: patient });
  t.after(() => server.child.signal('SIGKILL'));
  const receiver = await Receiver.start({ status: 200, headers: { connection: 'close' } }); // each needs a new one
  await server.api.createWebhook({ url: receiver.url });
  const load = new Load(server);
  await waitFor(() => load.accepted.size >= 50, 10_000, 'events to be accepted');

  const { pid } = server.child;
  execFileSync('prlimit', ['--pid', pid, '--nofile=8:']);
  const callers = openConnections(server, 50);
  const [delivered, accepted, cpu] = [receiver.requests.length, load.accepted.size, cpuSeconds(pid)];
  await waitFor(() => logOf(server).includes('descriptor'), 10_000, 'the log to say so');
  await pause(1_000);
  t.diagnostic(`without descriptors: ${load.accepted.size - accepted} events accepted, ${receiver.requests.length - delivered} delivered, ` +
    `${(cpuSeconds(pid) - cpu).toFixed(2)} s of processor time`);
  assert.equal(server.child.exit, null, server.child.lastWords());
  assert.ok(load.accepted.size > accepted, 'events on open connections are taken');
  assert.ok(cpuSeconds(pid) - cpu < 1, 'it does not spin');

  execFileSync('prlimit', ['--pid', pid, '--nofile=8192:']);
  await load.stop();
  await allDelivered(load.accepted, receiver);
  assert.equal(acknowledgedTwice(receiver), 0);
  assert.ok(await metric(server, 'limehook_http_refused_total{reason="descriptors"}') > 0);
  for (const caller of callers) caller.destroy();
  await assertWell(server);
  await server.stop();
});
