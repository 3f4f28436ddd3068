// What was accepted and what arrived, by client and number: a few bytes for each delivery, so that hours of it fit into
// memory. Pure: times come from the caller, in ms of the same clock.

/** A typed array that grows; what was never set is 0. */
class Column {
  constructor(Type) {
    this.values = new Type(4096);
  }

  get(index) {
    return index < this.values.length ? this.values[index] : 0;
  }

  set(index, value) {
    while (index >= this.values.length) {
      const longer = new this.values.constructor(this.values.length * 2);
      longer.set(this.values);
      this.values = longer;
    }
    this.values[index] = value;
  }
}

const columns = (count, Type) => Array.from({ length: count }, () => new Column(Type));

/** Which events the server said yes to. Each client numbers its events from 0. */
export class Accepted {
  constructor(clients) {
    this.flags = columns(clients, Uint8Array);
    this.counts = new Array(clients).fill(0);
    this.ends = new Array(clients).fill(0); // one more than the highest number
  }

  add(client, number) {
    if (this.flags[client].get(number)) return;
    this.flags[client].set(number, 1);
    this.counts[client] += 1;
    this.ends[client] = Math.max(this.ends[client], number + 1);
  }

  has = (client, number) => this.flags[client]?.get(number) === 1;

  get total() {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  countOf = (clients) => clients.reduce((sum, client) => sum + this.counts[client], 0);
}

/** 32 bits of a text (FNV-1a), never 0. */
function hashOf(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0 || 1;
}

/** Why an event that was answered 200 came again; `unexplained` must not happen. */
export const repeatReasons = ['killed', 'paused', 'slow', 'byHand', 'unexplained'];

/**
 * What one webhook's receiver saw. clients: whose events it should get. interruptions: says what happened to the server
 * between two times: {killedAfter, paused}, the first how many ms after the first time it was killed, if it was. slowAfter:
 * an answer that took so many ms may have come too late.
 */
export class Ledger {
  constructor({ name, clients, clientsInAll, ordered = false, interruptions, slowAfter }) {
    Object.assign(this, { name, clients, ordered, interruptions, slowAfter });
    this.ids = columns(clientsInAll, Uint32Array);
    this.answered = columns(clientsInAll, Uint32Array); // when an answer of 200 was sent, in ms of the run; 0: never
    this.newest = new Array(clientsInAll).fill(-1);
    this.arrivals = 0;
    this.acknowledged = 0; // different ones
    this.repeats = Object.fromEntries(repeatReasons.map((reason) => [reason, 0]));
    this.longestUnwritten = 0; // ms from an answer of 200 to a kill that made it come to nothing
    this.repeatsUnanswered = 0; // came again because it had not been answered 200
    this.outOfOrder = 0;
    this.faults = [];
    this.excused = new Map(); // webhook-id → 'byHand' or 'slow'
  }

  /** An arrival at `at`; answers what to call when an answer of 200 was sent. */
  arrived(client, number, webhookId, at) {
    this.arrivals += 1;
    if (!this.clients.includes(client)) this.#fault(`an event of client ${client} came to ${this.name}`);
    const hash = hashOf(webhookId);
    const known = this.ids[client].get(number);
    if (known === 0) this.ids[client].set(number, hash);
    else if (known !== hash) this.#fault(`event ${client}-${number} came to ${this.name} with two ids`);
    const answeredAt = this.answered[client].get(number);
    const reason = answeredAt > 0 ? this.#reason(webhookId, answeredAt, at) : undefined;
    if (reason) {
      this.repeats[reason] += 1;
      if (reason === 'unexplained') {
        this.#fault(`event ${client}-${number} (${webhookId}) came to ${this.name} ${at - answeredAt} ms after it was answered 200`);
      }
    } else if (known !== 0) {
      this.repeatsUnanswered += 1;
    }
    if (this.ordered) this.#checkOrder(client, number, reason);
    return (now) => this.#acknowledge(client, number, webhookId, at, now);
  }

  /** Numbers of a client that were accepted and never answered 200 here, at most `limit`. */
  missing(accepted, limit = Infinity) {
    const found = [];
    for (const client of this.clients) {
      for (let number = 0; number < accepted.ends[client] && found.length < limit; number += 1) {
        if (accepted.has(client, number) && this.answered[client].get(number) === 0) found.push({ client, number });
      }
    }
    return found;
  }

  expected = (accepted) => accepted.countOf(this.clients);

  #acknowledge(client, number, webhookId, arrivedAt, now) {
    if (this.answered[client].get(number) === 0) this.acknowledged += 1;
    this.answered[client].set(number, Math.max(1, now));
    if (now - arrivedAt > this.slowAfter) this.excused.set(webhookId, 'slow');
  }

  #reason(webhookId, answeredAt, at) {
    const excuse = this.excused.get(webhookId);
    if (excuse) return excuse;
    const { killedAfter, paused } = this.interruptions(answeredAt, at);
    if (killedAfter === undefined) return paused ? 'paused' : 'unexplained';
    this.longestUnwritten = Math.max(this.longestUnwritten, killedAfter);
    return 'killed';
  }

  // One at a time, in the order in which they were accepted: the next one, or the last one again.
  #checkOrder(client, number, reason) {
    const newest = this.newest[client];
    this.newest[client] = Math.max(newest, number);
    if (number === newest + 1 || number === newest) return;
    if (number < newest && reason === 'killed') return;
    this.outOfOrder += 1;
    this.#fault(`event ${client}-${number} came to ${this.name} after ${client}-${newest}`);
  }

  #fault(text) {
    if (this.faults.length < 20) this.faults.push(text);
    else if (this.faults.length === 20) this.faults.push('and more');
  }
}

/** Counts of durations by buckets of 2 %. */
export class Durations {
  constructor() {
    this.counts = new Uint32Array(1024);
    this.total = 0;
  }

  add(milliseconds) {
    const bucket = Math.round(Math.log(Math.max(milliseconds, 0.01) / 0.01) / Math.log(1.02));
    this.counts[Math.min(bucket, this.counts.length - 1)] += 1;
    this.total += 1;
  }

  /** The quantile in ms; NaN when there is nothing. */
  quantile(q) {
    let left = q * this.total;
    for (let bucket = 0; bucket < this.counts.length; bucket += 1) {
      left -= this.counts[bucket];
      if (left <= 0 && this.total > 0) return 0.01 * 1.02 ** bucket;
    }
    return NaN;
  }
}
