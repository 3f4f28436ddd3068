// Deliveries per second with 100,000 webhooks beside 200, in interleaved pairs on two servers. A team has 10 webhooks,
// which a filter limits to calls of one number each, so that an event makes one delivery; all get events in turn.
//   ./dev bench webhooks [PAIRS] [SECONDS] [COUNT]
// The first lines say how long it took to create the webhooks and what memory the server then takes.

import { createWebhooks, event } from './support/load.mjs';
import { Limehook, report, residentBytes, startNginx } from './support/machine.mjs';
import { compareDeliveries, deliver, makeLoad, reportPairs, webhookCount } from './support/throughput.mjs';

const pairs = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 4);
const manyCount = Number(process.argv[4] ?? 100_000);
const perTeam = 10;

const teamOf = (i) => `team_${Math.floor(i / perTeam)}`;
const numberOf = (i) => `+1555000${String(1000 + (i % perTeam))}`;
const nginx = await startNginx();

async function start(count) {
  const server = await Limehook.start();
  const begin = performance.now();
  await createWebhooks(server, count, nginx.url, (i) => ({
    team_id: teamOf(i),
    filters: { match: 'all', conditions: [{ field: 'callee_number', op: 'eq', value: numberOf(i) }] },
  }));
  const createSeconds = Number(((performance.now() - begin) / 1000).toFixed(1));
  const residentMb = Number((residentBytes(server.child.pid) / 1e6).toFixed(1));
  report({ bench: 'webhooks', webhooks: count, create_seconds: createSeconds, resident_mb: residentMb });
  const load = makeLoad((i) => event(teamOf(i % count), { callee_number: numberOf(i % count) }));
  await deliver(server, load, 1); // warm-up
  return { deliver: () => deliver(server, load, seconds), stop: () => server.stop() };
}

const few = await start(webhookCount);
const many = await start(manyCount);
await reportPairs('webhooks', {
  pairs,
  goal: '>= 0.9',
  reference: few.deliver,
  ours: many.deliver,
  compare: compareDeliveries('many', 'few'),
});
await few.stop();
await many.stop();
nginx.stop();
