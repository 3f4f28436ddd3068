// A BullMQ queue with one worker process, one producer process and a Redis of its own (append-only file, synced every
// second), measured as support/throughput.mjs measures a server.

import { fork, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { Child, connects, freePort, pause, temporaryFolder, waitFor } from '../support/machine.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const ended = (child) => child.exitCode !== null || child.signalCode !== null;
const rampMs = 500; // until the backlog stands

/** Installs BullMQ and undici where they are not there yet; ends the process where something is missing. */
export function prepare() {
  if (spawnSync('redis-server', ['--version']).error) {
    console.error('redis-server is missing; install the Debian package redis-server.');
    process.exit(1);
  }
  if (existsSync(here('../node_modules/.package-lock.json'))) return;
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: here('..'),
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (npm.status !== 0) process.exit(1);
}

async function startRedis() {
  const port = await freePort();
  const options = [
    ['--port', String(port)],
    ['--bind', '127.0.0.1'],
    ['--dir', temporaryFolder()],
    ['--appendonly', 'yes'],
    ['--appendfsync', 'everysec'],
    ['--save', ''],
  ];
  const child = new Child('redis-server', options.flat());
  await waitFor(() => connects(port), 5000, 'redis-server');
  return { port, child };
}

export class Rival {
  static async start(url, webhooks) {
    const rival = new Rival();
    rival.redis = await startRedis();
    rival.added = null; // until the producer is ready
    rival.last = null; // until the worker is
    const secrets = Array.from({ length: webhooks }, () => `whsec_${randomBytes(32).toString('base64')}`);
    const redisPort = rival.redis.port;
    rival.worker = fork(here('worker.mjs'), [JSON.stringify({ redisPort, url, secrets })]);
    rival.producer = fork(here('producer.mjs'), [JSON.stringify({ redisPort, webhooks })]);
    rival.worker.on('message', (message) => {
      rival.last = message;
      rival.producer.send({ completed: message.completed });
    });
    rival.producer.on('message', ({ added }) => (rival.added = added));
    await waitFor(() => rival.last && rival.added !== null, 20_000, 'the BullMQ worker and producer');
    return rival;
  }

  /** Keeps the worker busy for `seconds`: its deliveries per second. */
  async deliver(seconds) {
    this.producer.send({ running: true });
    await pause(rampMs);
    const before = this.last;
    await pause(seconds * 1000);
    const after = this.last;
    this.producer.send({ running: false });
    await pause(200); // for what the producer is just adding
    await waitFor(() => this.last.completed === this.added, 30_000, 'the rest of the jobs');
    return { perSecond: (after.completed - before.completed) / ((after.at - before.at) / 1000) };
  }

  async stop() {
    this.producer.disconnect();
    this.worker.disconnect();
    await waitFor(() => ended(this.producer) && ended(this.worker), 5000, 'the end of the BullMQ processes');
    this.redis.child.signal('SIGTERM');
    await this.redis.child.ended();
  }
}
