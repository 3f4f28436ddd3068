// The judge of a soak: it must see what it is there for.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { test } from '../e2e/support/test.mjs';
import { numberOf, textOf } from './events.mjs';
import { Accepted, Durations, Ledger } from './ledger.mjs';

const quiet = () => ({ paused: false });

function ledgerWith(members = {}) {
  return new Ledger({ name: 'it', clients: [0, 1], clientsInAll: 3, interruptions: quiet, slowAfter: 4000, ...members });
}

/** Arrivals as [client, number, answered 200?, id]. */
function take(ledger, arrivals) {
  arrivals.forEach(([client, number, answered = true, id = `dlv_${client}_${number}`], at) => {
    const acknowledge = ledger.arrived(client, number, id, 1000 + at * 10);
    if (answered) acknowledge(1001 + at * 10);
  });
  return ledger;
}

describe('a ledger', () => {
  // Goal: what was accepted and never answered 200 is missing, and nothing else is.
  test('misses what never came, or came and was not answered', () => {
    const accepted = new Accepted(3);
    for (let number = 0; number < 5000; number += 1) for (const client of [0, 1, 2]) accepted.add(client, number);
    accepted.add(0, 4); // again
    const ledger = ledgerWith();
    const arrivals = Array.from({ length: 10_000 }, (_, i) => [i % 2, i >> 1, i !== 4000]);
    take(ledger, arrivals.filter(([client, number]) => client !== 1 || number !== 4999));
    assert.equal(ledger.expected(accepted), 10_000);
    assert.equal(ledger.acknowledged, 9998);
    assert.deepEqual(ledger.missing(accepted), [{ client: 0, number: 2000 }, { client: 1, number: 4999 }]);
    assert.deepEqual(ledger.faults, []);
  });

  // Goal: each reason for a repeat is told apart, and one without a reason is a fault.
  test('says why an event came again', () => {
    const cases = [
      ['unanswered', { first: false }],
      ['killed', { killedAfter: 12 }],
      ['paused', { paused: true }],
      ['slow', { answerAt: 9000 }],
      ['byHand', { byHand: true }],
      ['unexplained', {}],
    ];
    for (const [reason, { first = true, killedAfter, paused = false, answerAt = 11, byHand = false }] of cases) {
      const ledger = ledgerWith({ interruptions: () => ({ killedAfter, paused }) });
      if (byHand) ledger.excused.set('dlv_1', 'byHand');
      const acknowledge = ledger.arrived(0, 7, 'dlv_1', 10);
      if (first) acknowledge(answerAt);
      ledger.arrived(0, 7, 'dlv_1', 10_000)(10_001);
      const expected = { killed: 0, paused: 0, slow: 0, byHand: 0, unexplained: 0 };
      if (first) expected[reason] = 1;
      assert.deepEqual(ledger.repeats, expected, reason);
      assert.equal(ledger.longestUnwritten, killedAfter ?? 0);
      assert.equal(ledger.repeatsUnanswered, first ? 0 : 1, reason);
      assert.equal(ledger.faults.length, reason === 'unexplained' ? 1 : 0, reason);
    }
  });

  // Goal: two ids for one event, and events of others, are faults.
  test('sees what must not come', () => {
    assert.match(take(ledgerWith(), [[0, 1, false, 'dlv_1'], [0, 1, true, 'dlv_2']]).faults[0], /two ids/);
    assert.match(take(ledgerWith(), [[2, 0]]).faults[0], /client 2/);
  });

  // Goal: only the next one, or the last one again, is in order; each client has an order of its own.
  test('checks the order', () => {
    const cases = [
      [0, [[0, 0], [1, 0], [0, 1], [0, 1, false], [1, 1]]],
      [1, [[0, 0], [0, 2]]], // one was left out
      [1, [[0, 0], [0, 1, false], [0, 2, false], [0, 1]]], // an older one later
    ];
    for (const [outOfOrder, arrivals] of cases) {
      const interruptions = () => ({ paused: true });
      assert.equal(take(ledgerWith({ ordered: true, interruptions }), arrivals).outOfOrder, outOfOrder, JSON.stringify(arrivals));
    }
    assert.equal(take(ledgerWith(), [[0, 5], [0, 1]]).outOfOrder, 0, 'where no order is promised');
  });
});

describe('what a soak counts with', () => {
  // Goal: quantiles are right to within a bucket.
  test('durations', () => {
    const durations = new Durations();
    assert.ok(Number.isNaN(durations.quantile(0.5)));
    for (let i = 1; i <= 1000; i += 1) durations.add(i);
    for (const q of [0.01, 0.5, 0.99]) assert.ok(Math.abs(durations.quantile(q) / (1000 * q) - 1) < 0.03, `${q}`);
  });

  // Goal: an event can be made again from its numbers, with large ones among them.
  test('events', () => {
    const lengths = Array.from({ length: 1000 }, (_, number) => textOf(2, number).length);
    assert.ok(lengths.some((length) => length > 60 * 1024) && Math.max(...lengths) < 256 * 1024);
    assert.equal(textOf(2, 498), textOf(2, 498));
    assert.deepEqual(numberOf(JSON.parse(textOf(3, 12))), { client: 3, number: 12 });
    assert.equal(numberOf({ call_id: '123' }), undefined);
  });
});
