// What an idle server costs: resident memory, the time from start to ready on an empty store, the binary's size.
//   ./dev bench idle [RUNS]

import { execFileSync } from 'node:child_process';
import { copyFileSync, statSync } from 'node:fs';
import path from 'node:path';

import { binary } from '../tests/e2e/support/process.mjs';
import { Limehook, median, report, residentBytes, temporaryFolder } from './support/machine.mjs';

const runs = Number(process.argv[2] ?? 5);
const starts = [];
const memory = [];
for (let i = 0; i < runs; i += 1) {
  const begin = performance.now();
  const server = await Limehook.start();
  starts.push(performance.now() - begin);
  memory.push(residentBytes(server.child.pid));
  await server.stop();
}
const stripped = path.join(temporaryFolder(), 'limehook');
copyFileSync(binary, stripped);
execFileSync('strip', [stripped]);
report({
  bench: 'idle',
  runs,
  resident_mb: Number((median(memory) / 1e6).toFixed(1)),
  ready_ms: Number(median(starts).toFixed(1)),
  stripped_mb: Number((statSync(stripped).size / 1e6).toFixed(1)),
});
