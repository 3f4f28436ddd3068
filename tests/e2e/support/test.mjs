// node:test with a time limit on every test, so that a hanging product fails instead of blocking.

import nodeTest from 'node:test';

export function test(name, options, body) {
  if (typeof options === 'function') return nodeTest(name, { timeout: 60_000 }, options);
  return nodeTest(name, { timeout: 60_000, ...options }, body);
}
