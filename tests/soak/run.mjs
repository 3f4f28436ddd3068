// node run.mjs MINUTES [EVENTS_PER_SECOND]: a soak of that length. SEED repeats the choices of another one;
// RESTARTS=0.2 restarts the process in the first fifth only (0.67 otherwise), for a longer life at the end.

import { reportOf } from './report.mjs';
import { Soak } from './soak.mjs';

const [minutes, perSecond] = [Number(process.argv[2] ?? 10), Number(process.argv[3] ?? 200)];
if (!(minutes >= 0.25 && perSecond >= 1)) {
  console.error('expected MINUTES, at least 0.25, and EVENTS_PER_SECOND, at least 1');
  process.exit(2);
}
const restarts = process.env.RESTARTS === undefined ? undefined : Number(process.env.RESTARTS);
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 32);
console.log(`soak of ${minutes} minutes, ${perSecond} events per second, seed ${seed}`);
const soak = await new Soak({ minutes, perSecond, seed, restarts, progress: (line) => console.log(line) }).run();
console.log(reportOf(soak).join('\n'));
process.exit(soak.faults.length === 0 ? 0 : 1);
