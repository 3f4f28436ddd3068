// Throughput while a day of COUNT attempts is dropped, beside that of a server with the same store whose retention is
// longer. Both servers live all the time and are measured in turn; the one that is not measured is halted (SIGSTOP), so
// that the two never share the machine.
//   ./dev bench retention [COUNT] [PAIRS] [SECONDS]
// 200 webhooks, one delivery per event, nginx as receiver. `dropped` is how many of the attempts each measurement saw go;
// the store's rows are spread evenly over the day, so the time of the oldest one left tells.

import { execFileSync } from 'node:child_process';

import { fillStore } from './support/fill.mjs';
import { Limehook, startNginx, temporaryFolder } from './support/machine.mjs';
import { compareDeliveries, deliver, plainLoad, reportPairs, webhookCount } from './support/throughput.mjs';

const count = Number(process.argv[2] ?? 10_000_000);
const pairs = Number(process.argv[3] ?? 5);
const seconds = Number(process.argv[4] ?? 4);

/** Starts on the store in `data`, halted but while `use` runs. */
async function start(data, retention) {
  const server = await Limehook.start({ data, args: ['--retention', retention] });
  const use = async (work) => {
    server.child.signal('SIGCONT');
    try {
      return await work(server);
    } finally {
      server.child.signal('SIGSTOP');
    }
  };
  server.child.signal('SIGSTOP');
  return use;
}

/** How many of the filled attempts are gone. */
async function dropped(server, filled) {
  const [first, last] = [Date.parse(filled.first_at), Date.parse(filled.last_at)];
  const isLeftBefore = async (time) => {
    const until = encodeURIComponent(new Date(time).toISOString());
    return (await server.api.read(`/v1/deliveries?until=${until}&limit=1`)).data.length > 0;
  };
  let [gone, left] = [first, last + 1];
  while (left - gone > 1) {
    const middle = Math.floor((gone + left) / 2);
    if (await isLeftBefore(middle)) left = middle;
    else gone = middle;
  }
  return Math.round((filled.attempts * (gone - first)) / (last - first));
}

const nginx = await startNginx();
const filled = await fillStore({ attempts: count, age: 31, webhooks: webhookCount, teams: webhookCount, url: `${nginx.url}/hook` });
const copy = temporaryFolder();
execFileSync('cp', ['--reflink=auto', `${filled.data}/limehook.db`, copy]);
const keeping = await start(copy, '60d');
const pruning = await start(filled.data, '30d');
const load = plainLoad();
const measure = (server) => deliver(server, load, seconds);
await keeping((server) => deliver(server, load, 1)); // warm-up
await pruning((server) => deliver(server, load, 1));

let droppedBefore = await pruning((server) => dropped(server, filled));
async function measurePruning(server) {
  const result = await measure(server);
  const droppedNow = await dropped(server, filled);
  if (droppedNow >= count) throw new Error('everything was dropped before the end: choose a larger COUNT or fewer PAIRS');
  result.dropped = droppedNow - droppedBefore;
  droppedBefore = droppedNow;
  return result;
}
const compare = compareDeliveries('pruning', 'keeping');
await reportPairs('retention', {
  pairs,
  goal: '>= 0.9',
  reference: () => keeping(measure),
  ours: () => pruning(measurePruning),
  compare: (ours, reference) => ({ ...compare(ours, reference), dropped: ours.dropped }),
});
await keeping((server) => server.stop());
await pruning((server) => server.stop());
nginx.stop();
