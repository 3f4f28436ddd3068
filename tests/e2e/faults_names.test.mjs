// The name server is down, late, or answers with errors.

import assert from 'node:assert/strict';

import { allDelivered, assertWell, Load, metric, patient } from './support/faults.mjs';
import { NameServer, noNameServer } from './support/name_server.mjs';
import { Limehook } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const good = { address: '127.0.0.1' };
const connectLimit = 1; // seconds for name, connection and TLS

const troubles = {
  silent: { behaviour: null, error: /no answer from the name server within 1s/ },
  late: { behaviour: { ...good, delay: 5_000 }, error: /no answer from the name server within 1s/ },
  servfail: { behaviour: { error: 2 }, error: /failure in name resolution/i },
  nxdomain: { behaviour: { error: 3 }, error: /not known/ },
};

// Goal: names that get no good answer fail as such and are retried; they cost other receivers nothing, neither those
// with an address in their URL nor those whose names are answered; and all goes on when the name server does. Method: a
// webhook for each trouble, with many more names without an answer than there are threads for lookups.
test('names without an answer hold up nobody, and come right by themselves', { skip: noNameServer, timeout: 90_000 }, async (t) => {
  let well = false;
  const behaviourOf = (name) => troubles[name.split('.')[0].replace(/\d+$/, '')].behaviour;
  const names = await NameServer.start((name) => (well || name.startsWith('fine') ? good : behaviourOf(name)));
  t.after(() => names.close());
  const receiver = await Receiver.start();
  const server = await Limehook.start({ wrap: names.wrap, args: [...patient, '--connect-timeout', `${connectLimit}s`] });
  t.after(() => server.child.signal('SIGKILL'));
  const url = (host) => `http://${host}:${receiver.port}/${host}`;
  const hosts = Object.keys(troubles).map((trouble) => `${trouble}.example.net`);
  for (let i = 0; i < 40; i += 1) hosts.push(`silent${i}.example.net`);
  const webhooks = new Map();
  for (const host of hosts) webhooks.set(host, await server.api.createWebhook({ url: url(host), team_id: 'team_sick' }));
  for (const host of ['fine.example.net', '127.0.0.1']) await server.api.createWebhook({ url: url(host), team_id: 'team_well' });

  const early = missedCall({ team_id: 'team_well' });
  await server.api.send(early);
  await waitFor(() => receiver.of(early.call_id).length === 2, 5_000, 'the name that is answered to be known');
  const sick = missedCall({ team_id: 'team_sick' });
  await server.api.send(sick);
  const load = new Load(server, { senders: 1, every: 50, members: () => ({ team_id: 'team_well' }) });
  await waitFor(async () => await metric(server, 'limehook_attempts_total{outcome="name_not_resolved"}') >= hosts.length, 20_000, 'every name to fail', 50);
  for (const [trouble, { error }] of Object.entries(troubles)) {
    const { id } = webhooks.get(`${trouble}.example.net`);
    const delivery = await waitFor(async () => {
      const [row] = await server.api.deliveries(id);
      return row.status === 'retrying' && server.api.delivery(row.id);
    }, 10_000, `${trouble} to be retried`, 50);
    assert.match(delivery.attempts[0].error, error, trouble);
  }
  // A name that has never been looked up, and one that is known, find their receivers while the others do not.
  await server.api.createWebhook({ url: url('fine-too.example.net'), team_id: 'team_new' });
  const began = Date.now();
  const fresh = missedCall({ team_id: 'team_new' });
  await server.api.send(fresh);
  await waitFor(() => receiver.of(fresh.call_id).length === 1, 5_000, 'a new name to be looked up');
  const newName = Date.now() - began;
  await load.stop();
  for (const target of ['/fine.example.net', '/127.0.0.1']) {
    const seen = new Set(receiver.requests.filter((request) => request.target === target).map(({ json }) => json.call_id));
    for (const id of load.accepted) assert.ok(seen.has(id), `${target} has ${id} at once`);
  }
  assert.equal(receiver.of(sick.call_id).length, 0);
  t.diagnostic(`${hosts.length} names failed, ${load.accepted.size} events went to two others meanwhile, a new name took ${newName} ms`);

  well = true;
  await waitFor(() => new Set(receiver.of(sick.call_id).map(({ target }) => target)).size === hosts.length, 30_000, 'every name, once they are answered');
  assert.equal(receiver.of(sick.call_id).length, hosts.length, 'each once');
  await allDelivered([sick.call_id, fresh.call_id, ...load.accepted], receiver);
  await assertWell(server);
  await server.stop();
});
