// Adds jobs to the BullMQ queue, 500 at a time over a few connections, while fewer than a bounded number wait.
//   fork(producer.mjs, [JSON of {redisPort, webhooks}]); it is told {running, completed} and tells {added},
// at once and after each batch

import { Queue } from 'bullmq';

import { event } from '../support/load.mjs';
import { pause } from '../../tests/e2e/support/wait.mjs';

const { redisPort, webhooks } = JSON.parse(process.argv[2]);
const batchSize = 500;
const waitingMax = 4000;
const connections = 4;
const state = { running: false, completed: 0 };
const parentIsGone = () => {}; // a failed send is followed by 'disconnect'
let added = 0;

// Made beforehand, so that the producer costs little.
const batches = Array.from({ length: 20 }, () =>
  Array.from({ length: batchSize }, (_, i) => {
    const webhook = i % webhooks;
    return { name: 'delivery', data: { webhook, event: 'call_completed', body: event(`team_${webhook}`) } };
  }),
);

async function feed(offset) {
  const queue = new Queue('deliveries', {
    connection: { host: '127.0.0.1', port: redisPort },
    defaultJobOptions: { attempts: 5, backoff: { type: 'custom' }, removeOnComplete: true },
  });
  for (let i = offset; ; ) {
    if (!state.running || added - state.completed >= waitingMax) {
      await pause(state.running ? 2 : 50);
      continue;
    }
    added += batchSize;
    await queue.addBulk(batches[i % batches.length]);
    i += connections;
    process.send({ added }, parentIsGone);
  }
}

process.on('message', (message) => Object.assign(state, message));
process.on('disconnect', () => process.exit());
for (let i = 0; i < connections; i += 1) feed(i);
process.send({ added }, parentIsGone);
