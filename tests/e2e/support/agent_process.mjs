// Runs in a network namespace for support/network.mjs: makes requests from there, and has receivers there.

import { Receiver } from './receiver.mjs';

const requestLimit = 10_000; // ms
const receivers = new Map();

const calls = {
  async fetch({ url, options }) {
    const answer = await fetch(url, { ...options, signal: AbortSignal.timeout(requestLimit) });
    return { status: answer.status, headers: [...answer.headers], text: await answer.text() };
  },
  async receive({ number, behaviour, host }) {
    const receiver = await Receiver.start(behaviour, {
      host,
      record: ({ at, json, headers }) => process.send({ receiver: number, at, json, headers }),
    });
    receivers.set(number, receiver);
    return { url: receiver.url };
  },
};

process.on('message', async ({ id, call, ...parameters }) => {
  try {
    process.send({ id, result: await calls[call](parameters) });
  } catch (error) {
    process.send({ id, error: error.cause?.code ?? error.message });
  }
});
process.on('disconnect', () => process.exit(0));
