// Goal: the server answers as api/openapi.yaml says, on every route, with successes and with errors, and what it
// delivers is what the document's webhooks section says.
// Method: starts the binary and a receiver, calls every operation, and lets lib/api.mjs hold each answer against the
// document. The last tests fail when a documented answer was never seen. The parts build on each other.

import assert from 'node:assert/strict';

import { test } from '../e2e/support/test.mjs';
import { checkDelivered } from './lib/delivered.mjs';
import { api, deliveredTo, document, receiver, webhooks } from './lib/world.mjs';
import './parts/delivering.mjs';
import './parts/people.mjs';
import './parts/access.mjs';
import './parts/refusals.mjs';

// Documented answers that this test does not provoke, and why.
const NOT_PROVOKED = [
  { answer: / 503$/, reason: 'needs a store that cannot be written; the tests of backpressure show it' },
  {
    answer: /^(PATCH|DELETE) .*\/webhooks\/\{id\} 409$|\/(enable|disable|rotate-secret) 409$/,
    reason: 'needs two changes of one webhook in the same commit; the tests of the scheduler show it',
  },
  { answer: /\/numbers\/\{id\} 409$/, reason: 'needs two changes of one number at the same moment' },
  {
    answer: /^(PATCH|DELETE) .*\/(keys|invitations)\/\{id\} 409$|^PATCH .*\/teams\/\{id\} 409$|\/reset-link 409$/,
    reason: 'needs two changes of the same thing at the same moment',
  },
  {
    answer: /\/(session|password|sessions|sessions\/\{id\}|setup|accept|complete|confirm-email) 409$|^DELETE .*\/totp 409$/,
    reason: 'needs two requests about the same account or link at the same moment',
  },
  { answer: /\/confirm-email 200$/, reason: 'needs a link that only comes by mail; the tests of mail show it' },
];

test('every delivered request is what the webhooks section says', () => {
  const seen = new Set();
  for (const request of receiver.requests) {
    const webhook = Object.values(webhooks).find((each) => each.path === request.target);
    assert.ok(webhook, `a request to ${request.target}`);
    checkDelivered(document, webhook, request);
    seen.add(request.headers['x-limecall-event']);
  }
  assert.deepEqual([...seen].sort(), Object.keys(document.root.webhooks).sort(), 'each event type was delivered');
  assert.deepEqual(JSON.parse(deliveredTo('detailed')[0].body), { from: '+1234567890', what: 'voicemail_received' });
  assert.equal(deliveredTo('detailed')[0].headers['x-environment'], 'test');
});

test('every documented answer was seen', () => {
  const unseen = api.unseen();
  assert.deepEqual(unseen.filter((answer) => !NOT_PROVOKED.some((exception) => exception.answer.test(answer))), []);
  for (const exception of NOT_PROVOKED) {
    assert.ok(unseen.some((answer) => exception.answer.test(answer)), `not needed any more: ${exception.reason}`);
  }
});
