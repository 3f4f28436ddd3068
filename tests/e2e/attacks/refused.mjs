// What counts as refused. Each function answers a short text for the table, or throws.

import assert from 'node:assert/strict';

import { attackerTeam, victimMarker } from './scene.mjs';

/** The server must answer with one of these statuses, and say nothing of the victim. */
export function refused(answer, ...statuses) {
  assert.ok(statuses.includes(answer.status), `answered ${answer.status}: ${answer.text.slice(0, 300)}`);
  saysNothing(answer);
  return String(answer.status);
}

/** An answer that may succeed, but without a word of the victim's. */
export function saysNothing(answer, ...words) {
  for (const word of [victimMarker, 'team_victim', 'victim@example.com', ...words]) {
    const text = answer.text.replaceAll(`${victimMarker} ${attackerTeam}`, '');
    assert.ok(!text.includes(word) || word === victimMarker && !text.includes(`${victimMarker} team_victim`),
      `it says ${word}: ${answer.text.slice(0, 300)}`);
  }
  assert.ok(!/\bat .+\.(cpp|hpp):\d+|terminate called|boost::|std::/.test(answer.text), 'it shows its inside');
  return `${answer.status}, nothing of it`;
}
