// Latency at a steady rate of single-event POSTs: from POST to 202 (which comes after the fsync), and from 202 to the
// whole request's arrival at the receiver. Beside them what the machine takes by itself: a bare POST by the same
// generator to the same receiver until its 200, and an fdatasync. Rounds of both alternate; figures are medians of rounds.
//   ./dev bench latency [RATE] [SECONDS] [ROUNDS]
//
// The generator (this thread) writes prepared requests to kept connections whenever they are due, whether or not earlier
// ones were answered; about two a millisecond, since Node's timers go by milliseconds. A time begins when the generator
// hands a request over, so waiting for a free connection counts. The receiver is a thread of its own on the same machine,
// which reads requests by hand and notes the time before it answers. Both clocks are the machine's monotonic one. What
// Node takes from the kernel's wake-up to the callback is part of each figure, on both sides.

import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

import { createWebhooks, event } from './support/load.mjs';
import { Limehook, median, quantiles, report, temporaryFolder, waitFor } from './support/machine.mjs';

const clockOffset = Number(process.hrtime.bigint()) / 1e6 - performance.now();
const now = () => performance.now() + clockOffset; // the same in every thread
const digits = 8; // of the number in a call id: call-00000042

/** Splits what a connection brings into messages; calls back with each whole one. */
function messages(found) {
  let text = '';
  return (chunk) => {
    text += chunk;
    for (;;) {
      const headEnd = text.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, headEnd + 2));
      const end = headEnd + 4 + Number(length?.[1] ?? 0);
      if (text.length < end) return;
      const message = text.slice(0, end);
      text = text.slice(end);
      found(message);
    }
  };
}

function receive(arrivals) {
  const answer = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  const server = net.createServer({ noDelay: true }, (socket) => {
    let at = 0;
    const read = messages((message) => {
      const start = message.indexOf('"call-') + 6;
      const call = Number(message.slice(start, start + digits));
      if (arrivals[call] === 0) arrivals[call] = at;
      socket.write(answer);
    });
    socket.on('data', (chunk) => {
      at = now();
      read(chunk.latin1Slice());
    });
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
}

/** Kept connections to one server. Answers are noted in `answered` by the number of the call. */
class Generator {
  constructor(port, connections, status, answered) {
    this.status = `HTTP/1.1 ${status} `;
    this.answered = answered;
    this.waiting = [];
    this.sockets = Array.from({ length: connections }, () => this.connect(port));
    this.free = [...this.sockets];
  }

  connect(port) {
    const read = messages((message) => {
      if (!message.startsWith(this.status)) throw new Error(`the server answered ${message.split('\r\n')[0]}`);
      this.answered[socket.call] = now();
      this.done += 1;
      if (this.waiting.length > 0) this.write(socket, ...this.waiting.shift());
      else this.free.push(socket);
    });
    const onread = { buffer: Buffer.allocUnsafe(16_384), callback: (size, buffer) => (read(buffer.latin1Slice(0, size)), true) };
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, onread });
    return socket;
  }

  write(socket, call, request) {
    socket.call = call;
    socket.write(request);
  }

  /** Sends calls `first`… at the rate, each with request(call); notes when in `begun`. Resolves when all are answered. */
  async run(first, count, rate, begun, request) {
    this.done = 0;
    const begin = performance.now();
    for (let i = 0; i < count; ) {
      const due = Math.min(count, Math.floor(((performance.now() - begin) / 1000) * rate));
      for (; i < due; i += 1) {
        begun[first + i] = now();
        const socket = this.free.pop();
        if (socket) this.write(socket, first + i, request(first + i));
        else this.waiting.push([first + i, request(first + i)]);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await waitFor(() => this.done === count, 10_000, 'all answers');
  }

  close() {
    for (const socket of this.sockets) socket.destroy();
  }
}

/** request(call) → the bytes of a POST whose body bears the call's number. */
function requests(target, teams, key) {
  const templates = Array.from({ length: teams }, (_, i) => {
    const body = event(`team_${i}`).replace(/"call_id":"[^"]*"/, `"call_id":"call-${'0'.repeat(digits)}"`);
    return Buffer.from(
      `POST ${target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  });
  const at = templates.map((template) => template.indexOf('"call-') + 6);
  return (call) => {
    const bytes = Buffer.from(templates[call % teams]);
    bytes.write(String(call).padStart(digits, '0'), at[call % teams], 'latin1');
    return bytes;
  };
}

function fdatasyncs(count) {
  const file = openSync(path.join(temporaryFolder(), 'sync'), 'w');
  const block = Buffer.alloc(4096, 1);
  const times = Array.from({ length: count }, () => {
    writeSync(file, block);
    const begin = performance.now();
    fdatasyncSync(file);
    return performance.now() - begin;
  });
  closeSync(file);
  return times;
}

/** What happened to the calls of one round, in ms. */
function differences(from, to, first, count) {
  // A delivery may arrive before its 202 does: that counts as no time at all.
  return Float64Array.from({ length: count }, (_, i) => Math.max(0, to[first + i] - from[first + i]));
}

const rounded = (ms) => Number(ms.toFixed(3));

/** The medians of the rounds' quantiles. */
function summary(rounds) {
  const each = rounds.map((values) => quantiles(values, 0.5, 0.99, 0.999));
  const [p50_ms, p99_ms, p999_ms] = [0, 1, 2].map((q) => rounded(median(each.map((quantile) => quantile[q]))));
  return { p50_ms, p99_ms, p999_ms };
}

async function main() {
  const rate = Number(process.argv[2] ?? 2000);
  const seconds = Number(process.argv[3] ?? 4);
  const rounds = Number(process.argv[4] ?? 5);
  const webhooks = 20;
  const count = Math.floor(rate * seconds);
  const total = rate + count * rounds * 2; // the first second of each is warm-up
  const shared = () => new Float64Array(new SharedArrayBuffer(8 * (total + rate)));
  const [begun, answered, arrivals] = [shared(), shared(), shared()];

  const receiver = new Worker(fileURLToPath(import.meta.url), { workerData: arrivals, argv: process.argv.slice(2) });
  const port = await new Promise((resolve) => receiver.once('message', resolve));
  const server = await Limehook.start();
  await createWebhooks(server, webhooks, `http://127.0.0.1:${port}`);
  const sides = {
    bare: { generator: new Generator(port, 64, 200, answered), request: requests('/hook', webhooks, '') },
    limehook: {
      generator: new Generator(Number(server.address.split(':')[1]), 64, 202, answered),
      request: requests('/v1/events', webhooks, Limehook.adminKey),
    },
  };
  let first = 0;
  const run = async ({ generator, request }, calls) => {
    const from = first;
    first += calls;
    await generator.run(from, calls, rate, begun, request);
    await waitFor(() => arrivals.subarray(from, first).every((at) => at > 0), 10_000, 'all deliveries');
    return from;
  };
  for (const side of Object.values(sides)) await run(side, rate);

  const results = { fdatasync: [], bare_post: [], post_to_202: [], '202_to_receiver': [], post_to_receiver: [] };
  for (let round = 0; round < rounds; round += 1) {
    results.fdatasync.push(fdatasyncs(200));
    const bare = await run(sides.bare, count);
    results.bare_post.push(differences(begun, answered, bare, count));
    const ours = await run(sides.limehook, count);
    results.post_to_202.push(differences(begun, answered, ours, count));
    results['202_to_receiver'].push(differences(answered, arrivals, ours, count));
    results.post_to_receiver.push(differences(begun, arrivals, ours, count));
  }
  for (const { generator } of Object.values(sides)) generator.close();
  await server.stop();
  await receiver.terminate();

  const of = Object.fromEntries(Object.entries(results).map(([name, values]) => [name, summary(values)]));
  for (const [name, figures] of Object.entries(of)) report({ bench: 'latency', rate, rounds, of: name, ...figures });
  report({
    bench: 'latency',
    rate,
    rounds,
    sum_p50_ms: rounded(of.post_to_202.p50_ms + of['202_to_receiver'].p50_ms),
    sum_p99_ms: rounded(of.post_to_202.p99_ms + of['202_to_receiver'].p99_ms),
    post_to_receiver_p50_ms: of.post_to_receiver.p50_ms,
    post_to_receiver_p99_ms: of.post_to_receiver.p99_ms,
    bare_post_p50_ms: of.bare_post.p50_ms,
    bare_post_p99_ms: of.bare_post.p99_ms,
    goal_p50_ms: 2,
    goal_p99_ms: 10,
  });
}

if (isMainThread) await main();
else receive(workerData);
