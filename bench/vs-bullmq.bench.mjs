// Deliveries per second beside those of a BullMQ worker with undici over Redis, in interleaved pairs, to the same
// nginx: 200 webhooks, the same events and headers, both signatures.
//   ./dev bench vs-bullmq [PAIRS] [SECONDS]
// BullMQ gets what is fastest for it short of giving up retries (5 attempts) or stalled-job checks: jobs are removed
// when completed (no log is kept), added 500 at a time by a process of their own, Redis syncs once a second and not
// before it answers, and ioredis does not pipeline by itself, which makes the worker slower. One worker process with
// concurrency 64; it uses one core.

import { Rival, prepare } from './bullmq/rival.mjs';
import { createWebhooks } from './support/load.mjs';
import { Limehook, startNginx } from './support/machine.mjs';
import { compareDeliveries, deliver, plainLoad, reportPairs, webhookCount } from './support/throughput.mjs';

const pairs = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 5);

prepare();
const nginx = await startNginx();
const server = await Limehook.start();
await createWebhooks(server, webhookCount, nginx.url);
const load = plainLoad();
const rival = await Rival.start(nginx.url, webhookCount);
await deliver(server, load, 1); // warm-up
await rival.deliver(3); // so is this, for the JIT
await reportPairs('vs-bullmq', {
  pairs,
  goal: '>= 8',
  reference: () => rival.deliver(seconds),
  ours: () => deliver(server, load, seconds),
  compare: compareDeliveries('limehook', 'bullmq'),
});
await rival.stop();
await server.stop();
nginx.stop();
