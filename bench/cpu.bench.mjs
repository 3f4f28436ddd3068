// The server's CPU time per delivery (ingest, signing, sending and logging together) beside wrk's per request to the
// same nginx, in interleaved pairs of the throughput benchmark.
//   ./dev bench cpu [PAIRS] [SECONDS]

import { besideWrk } from './support/throughput.mjs';

const pairs = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 5);

await besideWrk('cpu', { pairs, seconds, goal: '<= 2.5', ratioOf: (row) => row.cpu_ratio });
