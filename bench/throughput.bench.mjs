// Durable deliveries per second beside what wrk POSTs per second to the same nginx, in interleaved pairs.
//   ./dev bench throughput [PAIRS] [SECONDS]
// Events come in by the HTTP batch route (202 after fsync), 200 webhooks, one delivery per event, every attempt logged.

import { besideWrk } from './support/throughput.mjs';

const pairs = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 5);

await besideWrk('throughput', { pairs, seconds, goal: '>= 0.5', ratioOf: (row) => row.per_second_ratio });
