// Signals under load: asked to stop, once and twice, told to hang up, halted and let go on.

import assert from 'node:assert/strict';

import { acknowledgedTwice, allDelivered, assertWell, Load, logOf, long, metric, patient } from './support/faults.mjs';
import { cpuSeconds } from './support/proc.mjs';
import { Limehook, run } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { pause, waitFor } from './support/wait.mjs';

// Goal: what is acknowledged while it stops is kept, whichever signal asks for it. Method: stop under load, start on
// the same folder, compare ledgers.
for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`${signal} under load: exit code 0 within 10 s, and nothing acknowledged is lost or sent twice`, async (t) => {
    const receiver = await Receiver.start((_, index) => ({ status: 200, delay: index % 50 }));
    const server = await Limehook.start({ args: patient });
    await server.api.createWebhook({ url: receiver.url, max_concurrency: 32 });
    const load = new Load(server, { senders: 8, every: 1 });
    await waitFor(() => load.accepted.size >= 300, 20_000, 'events to be accepted');
    const began = Date.now();
    server.child.signal(signal);
    const { code } = await server.child.ended(12_000);
    assert.equal(code, 0, server.child.lastWords());
    const took = Date.now() - began;
    assert.ok(took < 10_000, `${took} ms`);
    await load.stop();
    const before = receiver.requests.length;
    const again = await Limehook.start({ data: server.data, args: patient });
    await allDelivered(load.accepted, receiver);
    t.diagnostic(`${load.accepted.size} accepted, ${load.refused} refused; stopped in ${took} ms; ` +
      `${receiver.requests.length - before} came after the next start`);
    assert.equal(acknowledgedTwice(receiver), 0);
    await again.stop();
    assert.equal((await run(['check', '--data', server.data])).code, 0);
  });
}

// Goal: who asks a second time is in a hurry: the attempts that run are cut off, and made again after the next start.
test('a second SIGTERM ends the wait for attempts that run, in good order', async (t) => {
  const receiver = await Receiver.start({ kind: 'hang' });
  const server = await Limehook.start({ args: patient });
  await server.api.createWebhook({ url: receiver.url });
  const event = missedCall();
  await server.api.send(event);
  await waitFor(() => receiver.requests.length === 1);
  const began = Date.now();
  server.child.signal('SIGTERM');
  await waitFor(() => logOf(server).includes('Stopping'));
  server.child.signal('SIGTERM');
  const { code } = await server.child.ended(12_000);
  assert.equal(code, 0, server.child.lastWords());
  assert.ok(Date.now() - began < 4_000, `${Date.now() - began} ms`);
  t.diagnostic(`stopped in ${Date.now() - began} ms`);
  receiver.behaviour = { status: 200 };
  const again = await Limehook.start({ data: server.data, args: patient });
  await allDelivered([event.call_id], receiver);
  await again.stop();
});

// Goal: signals that are not meant to end it do not.
test('SIGHUP and SIGPIPE change nothing', async (t) => {
  const receiver = await Receiver.start();
  const server = await Limehook.start({ args: patient });
  t.after(() => server.child.signal('SIGKILL'));
  await server.api.createWebhook({ url: receiver.url });
  const load = new Load(server);
  for (const signal of ['SIGHUP', 'SIGPIPE', 'SIGHUP']) {
    const known = load.accepted.size;
    server.child.signal(signal);
    await waitFor(() => load.accepted.size > known + 20, 10_000, `events after ${signal}`);
  }
  assert.match(logOf(server), /SIGHUP: there is no certificate/);
  await load.stop();
  assert.equal(load.unanswered + load.refused, 0);
  await allDelivered(load.accepted, receiver);
  await assertWell(server);
  await server.stop();
});

// Goal: a halt (a suspended machine, a debugger, a frozen container) costs time and nothing else: answers that came
// meanwhile count, what ran out of time is retried as its schedule says, and no storm follows. Method: halted under
// load for longer than an attempt may take, with answers that come during the halt.
test('halted and let go on (SIGSTOP, SIGCONT): nothing lost, nothing twice, no storm', { timeout: 180_000 }, async (t) => {
  const halt = long ? 60_000 : 4_000;
  const receiver = await Receiver.start({ status: 200, delay: 300 });
  const server = await Limehook.start({ args: [...patient, '--timeout', '2s'] });
  t.after(() => server.child.signal('SIGKILL'));
  await server.api.createWebhook({ url: receiver.url, max_concurrency: 100 });
  const load = new Load(server, { senders: 8, every: 5 });
  await waitFor(() => receiver.inFlight >= 40, 20_000, 'attempts to be under way');

  server.child.signal('SIGSTOP');
  await pause(halt); // the fault itself
  const [requests, cpu] = [receiver.requests.length, cpuSeconds(server.child.pid)];
  assert.equal(receiver.inFlight, 0, 'every attempt was answered during the halt');
  server.child.signal('SIGCONT');
  const continued = Date.now();
  await waitFor(() => receiver.requests.length > requests, 10_000, 'the first attempt after the halt');
  const first = Date.now() - continued;
  await pause(1_000);
  const busy = cpuSeconds(server.child.pid) - cpu;
  await load.stop();
  await allDelivered(load.accepted, receiver);
  await assertWell(server);
  const timeouts = await metric(server, 'limehook_attempts_total{outcome="timeout"}');
  t.diagnostic(`halted for ${halt} ms: ${load.accepted.size} accepted, ${load.unanswered} requests unanswered, the first attempt ` +
    `${first} ms later, ${timeouts} timed out, ${acknowledgedTwice(receiver)} acknowledged twice, ${busy.toFixed(2)} s of processor time in the first second`);
  assert.equal(timeouts, 0, 'answers that came during the halt count');
  assert.equal(acknowledgedTwice(receiver), 0);
  assert.ok(receiver.maxInFlight <= 100);
  await server.stop();
});
