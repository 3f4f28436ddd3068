// Deliveries per second when each event goes to 1,000 webhooks of one team, beside one delivery per event to 200
// webhooks of 200 teams, in interleaved pairs on one server.
//   ./dev bench fanout [PAIRS] [SECONDS]

import { createWebhooks, event } from './support/load.mjs';
import { Limehook, startNginx } from './support/machine.mjs';
import { compareDeliveries, deliver, makeLoad, plainLoad, reportPairs, webhookCount } from './support/throughput.mjs';

const pairs = Number(process.argv[2] ?? 7);
const seconds = Number(process.argv[3] ?? 5);
const fanout = 1000;

const nginx = await startNginx();
const server = await Limehook.start();
await createWebhooks(server, webhookCount, nginx.url);
await createWebhooks(server, fanout, nginx.url, { team_id: 'team_fanout' });
const single = plainLoad();
const wide = makeLoad(() => event('team_fanout'), { eventsPerBatch: 5, deliveriesPerEvent: fanout });
for (const load of [single, wide]) await deliver(server, load, 1); // warm-up
await reportPairs('fanout', {
  pairs,
  goal: '>= 1.0',
  reference: () => deliver(server, single, seconds),
  ours: () => deliver(server, wide, seconds),
  compare: compareDeliveries('fanout', 'single'),
});
await server.stop();
nginx.stop();
