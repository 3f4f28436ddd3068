// Deliveries per second over HTTPS beside those over HTTP, both keep-alive and to the same nginx with one worker, in
// interleaved pairs on one server.
//   ./dev bench tls [PAIRS] [SECONDS]

import { createWebhooks, event } from './support/load.mjs';
import { Limehook, startNginx } from './support/machine.mjs';
import { compareDeliveries, deliver, makeLoad, plainLoad, reportPairs, webhookCount } from './support/throughput.mjs';

const pairs = Number(process.argv[2] ?? 7);
const seconds = Number(process.argv[3] ?? 5);

const nginx = await startNginx({ tls: true });
const server = await Limehook.start({ args: ['--ca-file', nginx.caFile] });
await createWebhooks(server, webhookCount, nginx.url);
await createWebhooks(server, webhookCount, nginx.tlsUrl, (i) => ({ team_id: `tls_${i}` }));
const http = plainLoad();
const https = makeLoad((i) => event(`tls_${i % webhookCount}`));
for (const load of [http, https]) await deliver(server, load, 1); // warm-up
await reportPairs('tls', {
  pairs,
  goal: '>= 0.7',
  reference: () => deliver(server, http, seconds),
  ours: () => deliver(server, https, seconds),
  compare: compareDeliveries('https', 'http'),
});
await server.stop();
nginx.stop();
