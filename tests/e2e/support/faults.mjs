// What the tests of faults share: load with a ledger of what was accepted, and what the server says of itself.

import assert from 'node:assert/strict';

import { missedCall } from './samples.mjs';
import { pause, waitFor } from './wait.mjs';

/** How long the forms are that `./dev faults` runs; ./test runs the short ones. */
export const long = process.env.FAULTS === 'long';

/** Why limits of memory and other clocks are of no use here; false where they are. Sanitizers have both for themselves. */
export const sanitized = process.env.SLOWER ? 'the binary has sanitizers in it' : false;

/** A schedule that gives nothing up while a fault lasts: steps of one second, and one that a breaker may hold it for. */
export const patient = ['--retry-schedule', [...Array(19).fill('1s'), '1h'].join(',')];

/**
 * Sends events one after the other, over `senders` connections, until stop(). Each answer must be one that the contract
 * knows: 202 and the event is durable, or 503 with Retry-After and it is not. `unanswered` counts requests that got no
 * answer; a client sends these again, so nothing is promised about them.
 */
export class Load {
  accepted = new Set(); // call ids
  refused = 0;
  unanswered = 0;
  slowest = 0; // ms until an answer
  #over = false;
  #senders;

  constructor(server, { senders = 4, every = 5, members = () => ({}) } = {}) {
    this.#senders = Array.from({ length: senders }, () => this.#send(server, every, members));
  }

  async #send(server, every, members) {
    while (!this.#over) {
      const event = missedCall(members());
      const began = performance.now();
      const answer = await server.api.post('/v1/events', event).catch((error) => {
        if (!(error instanceof TypeError)) throw error; // what fetch throws when the peer is gone
      });
      this.slowest = Math.max(this.slowest, performance.now() - began);
      if (!answer) this.unanswered += 1;
      else if (answer.status === 503) {
        assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/, answer.text);
        this.refused += 1;
      } else {
        assert.equal(answer.status, 202, answer.text);
        this.accepted.add(event.call_id);
      }
      await pause(answer ? every : Math.max(every, 20));
    }
  }

  async stop() {
    this.#over = true;
    await Promise.all(this.#senders);
    return this;
  }
}

/** Waits until each of `ids` has come to `receiver` and been acknowledged. */
export async function allDelivered(ids, receiver, milliseconds = 30_000) {
  const missing = () => {
    const seen = new Set(receiver.requests.filter(({ acknowledged }) => acknowledged).map(({ json }) => json.call_id));
    return [...ids].filter((id) => !seen.has(id));
  };
  await waitFor(() => missing().length === 0, milliseconds, 'every accepted event at its receiver', 50).catch((error) => {
    throw new Error(`${error.message}; ${missing().length} of ${[...ids].length} are missing: ${missing().slice(0, 5)}`);
  });
}

/** How many requests `receiver` acknowledged of deliveries that it had acknowledged before. */
export function acknowledgedTwice(receiver) {
  const ids = receiver.requests.filter(({ acknowledged }) => acknowledged).map(({ headers }) => headers['webhook-id']);
  return ids.length - new Set(ids).size;
}

/** The value of a metric; `name` includes its labels. */
export async function metric(server, name) {
  const text = await (await (server.fetch ?? fetch)(`${server.url}/metrics`)).text();
  const line = text.split('\n').find((entry) => entry.startsWith(`${name} `));
  assert.ok(line, `a metric ${name}`);
  return Number(line.split(' ')[1]);
}

/** Everything that the server has put in its log. */
export const logOf = (server) => server.child.stdout + server.child.stderr;

/** It lives and is well: both kinds of health say so. */
export async function assertWell(server) {
  assert.equal(server.child.exit, null, server.child.lastWords());
  for (const path of ['/healthz', '/readyz']) {
    assert.equal((await (server.fetch ?? fetch)(server.url + path)).status, 200, path);
  }
}
