// The BullMQ worker: signs each job's body both ways and POSTs it over an undici pool, with a delivery's headers.
//   fork(worker.mjs, [JSON of {redisPort, url, secrets}]); every 20 ms it tells {completed, at}

import { createHmac } from 'node:crypto';

import { Worker } from 'bullmq';
import { Pool } from 'undici';

const { redisPort, url, secrets } = JSON.parse(process.argv[2]);
const concurrency = 64;
const retryMinutes = [1, 5, 15, 30];

const pool = new Pool(url, { connections: concurrency, pipelining: 1, keepAliveTimeout: 60_000 });
const webhooks = secrets.map((secret, i) => ({
  path: '/hook',
  secret,
  standardKey: Buffer.from(secret.slice('whsec_'.length), 'base64'),
  authorization: `Bearer token_${i}`,
}));

function headersOf(webhook, job, body) {
  const id = `dlv_${job.id}`;
  const timestamp = String(Math.floor(Date.now() / 1000));
  const standard = createHmac('sha256', webhook.standardKey).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'content-type': 'application/json',
    authorization: webhook.authorization,
    'x-limecall-signature': createHmac('sha256', webhook.secret).update(body).digest('hex'),
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${standard}`,
    'x-limecall-event': job.data.event,
    'x-limecall-attempt': String(job.attemptsMade + 1),
    'user-agent': 'BullMQ',
    accept: '*/*',
  };
}

async function send(job) {
  const { body, webhook: index } = job.data;
  const webhook = webhooks[index];
  const headers = headersOf(webhook, job, body);
  const response = await pool.request({ method: 'POST', path: webhook.path, headers, body });
  await response.body.dump();
  if (response.statusCode >= 300) throw new Error(`the receiver answered ${response.statusCode}`);
}

let completed = 0;
const worker = new Worker('deliveries', send, {
  connection: { host: '127.0.0.1', port: redisPort, maxRetriesPerRequest: null },
  concurrency,
  settings: { backoffStrategy: (made) => retryMinutes[made - 1] * 60_000 },
});
worker.on('completed', () => (completed += 1));
worker.on('error', (error) => console.error(error));
await worker.waitUntilReady();
const parentIsGone = () => {}; // a failed send is followed by 'disconnect'
setInterval(() => process.send({ completed, at: performance.now() }, parentIsGone), 20);
process.on('disconnect', () => process.exit());
