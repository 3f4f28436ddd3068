// node:test with a time limit on every test, so that a hanging product fails instead of blocking, and with what helps to
// understand a failure that does not happen again.

import nodeTest from 'node:test';

import { slower } from './wait.mjs';

const witnesses = [];

/** tell: answers lines that say how things are, for the report of a test that fails. */
export const askOnFailure = (tell) => witnesses.push(tell);

export function test(name, options, body) {
  if (typeof options === 'function') return test(name, {}, options);
  return nodeTest(name, { ...options, timeout: (options.timeout ?? 60_000) * slower }, async (t) => {
    try {
      await body(t);
    } catch (error) {
      for (const tell of witnesses) for (const line of await tell()) t.diagnostic(line);
      throw error;
    }
  });
}
