// What a soak has shown, as a table.

import { repeatReasons } from './ledger.mjs';

const sum = (values) => values.reduce((total, value) => total + value, 0);
const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const milliseconds = (value) => (Number.isNaN(value) ? 'none' : `${value.toFixed(1)} ms`);
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** What a process needed early and late in its last life, under load: medians of a few samples each. */
function earlyAndLate(samples, name) {
  const some = Math.max(1, Math.floor(samples.length / 5));
  const warm = Math.floor(samples.length / 4);
  const of = (from, to) => median(samples.slice(from, to).map((sample) => sample[name]));
  return [of(warm, warm + some), of(samples.length - some)];
}

const reasonNames = {
  killed: 'kill -9', paused: 'SIGSTOP', slow: 'answer too late', byHand: 'retried by hand', unexplained: 'unexplained',
};

function events(soak) {
  const total = (name) => sum(soak.senders.map((sender) => sender.counts[name]));
  return [
    ['events accepted', soak.accepted.total],
    ['  per second of load', (soak.accepted.total / ((soak.loadEnded - soak.loadBegan) / 1000)).toFixed(1)],
    ['requests', total('requests')],
    ['  refused (503)', total('refused')],
    ['  sent while nobody listened', total('notReached')],
    ['  without an answer', total('unanswered')],
    ['  … sent again, and found stored', total('unansweredStored')],
    ['  … sent again, and found not stored', total('unansweredNotStored')],
    ['  keys used twice, and compared', total('repeatedKeys')],
  ];
}

function deliveries({ ledgers, accepted, targetList, givenUp }) {
  const total = (name) => sum(ledgers.map((ledger) => ledger[name]));
  const expected = sum(ledgers.map((ledger) => ledger.expected(accepted)));
  const repeats = (reason) => sum(ledgers.map((ledger) => ledger.repeats[reason]));
  return [
    ['deliveries expected', expected],
    ['  delivered', total('acknowledged')],
    ['  LOST', expected - total('acknowledged')],
    ['  failed at the end of a schedule, and recovered by hand', givenUp],
    ['arrivals at receivers', total('arrivals')],
    ['  again, as the receiver had not answered 200', total('repeatsUnanswered')],
    ['  again although answered 200', sum(repeatReasons.map(repeats))],
    ...repeatReasons.map((reason) => [`    ${reasonNames[reason]}`, repeats(reason)]),
    ['    longest from such an answer to the kill', milliseconds(Math.max(...ledgers.map((ledger) => ledger.longestUnwritten)))],
    ['  wrong signature or body', sum(targetList.map((target) => target.wrongInAll))],
    ['  out of order (ordered, polled)', total('outOfOrder')],
  ];
}

function around({ server, operators, outages, targetList }) {
  return [
    ...Object.entries(server.counts).map(([kind, count]) => [kind === 'byItself' ? 'ended by itself' : kind, count]),
    ['start to ready', `median ${milliseconds(median(server.startsMs))}, longest ${milliseconds(Math.max(...server.startsMs))}`],
    ['SIGTERM to end', `median ${milliseconds(median(server.stopsMs))}, longest ${milliseconds(Math.max(...server.stopsMs))}`],
    ['outages of receivers', outages],
    ['requests to a receiver that always hangs', targetList.find((target) => target.name === 'hangs').receiver.count],
    ['operators', Object.entries(operators.counts).map(([name, count]) => `${name} ${count}`).join(', ')],
  ];
}

function machine(soak) {
  const { samples, idleAtStart, idleAtEnd, firstAttempts } = soak;
  const first = [0.5, 0.99].map((q) => milliseconds(firstAttempts.quantile(q)));
  const own = [50, 99].map((p) => milliseconds(soak.ownDelay.percentile(p) / 1e6));
  const row = (title, name, show = String) => [
    `  ${title}, early and late`,
    `${earlyAndLate(samples, name).map(show).join(', ')}; ` +
      `idle at the start ${show(idleAtStart[name])}, at the end ${show(idleAtEnd[name])}`,
  ];
  return [
    ['first attempt after sending, in calm time', `p50 ${first[0]}, p99 ${first[1]} of ${firstAttempts.total}`],
    ['  of which the soak itself may have waited', `p50 ${own[0]}, p99 ${own[1]}, most ${milliseconds(soak.ownDelay.max / 1e6)}`],
    ['everything delivered after the load', `${(soak.drainedAfter / 1000).toFixed(1)} s`],
    ['store', `${mebibytes(soak.storeBytes)}; ${soak.commitFailures} commits failed in the last life`],
    ['last life without a restart', `${((soak.loadEnded - soak.lastLifeFrom) / 1000).toFixed(0)} s of load`],
    row('memory', 'residentBytes', mebibytes),
    row('descriptors', 'descriptors'),
    row('threads', 'threads'),
  ];
}

/** Lines of text. */
export function reportOf(soak) {
  const rows = [...events(soak), ...deliveries(soak), ...around(soak), ...machine(soak)];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const table = rows.map(([name, value]) => name.padEnd(width) + value);
  const warnings = [...soak.server.warnings].sort(([, a], [, b]) => b - a).map(([text, count]) => `  ${count} × ${text}`);
  return [
    ...table,
    ...(warnings.length > 0 ? ['in the process log:', ...warnings.slice(0, 20)] : []),
    ...(soak.faults.length > 0 ? ['FAULTS:', ...soak.faults.slice(0, 40).map((text) => `  ${text}`)] : []),
    `${soak.faults.length === 0 ? 'nothing lost' : 'FAILED'}; seed ${soak.seed}`,
  ];
}
