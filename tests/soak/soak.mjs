// A soak: the real server under a fixed load for a while, with faults in it and around it, and what came of every event.

import { monitorEventLoopDelay } from 'node:perf_hooks';

import { pause, waitFor } from '../e2e/support/wait.mjs';
import { generator } from '../e2e/support/random.mjs';
import { metric } from '../../bench/support/machine.mjs';
import { Accepted, Durations } from './ledger.mjs';
import { Operators } from './operators.mjs';
import { Sender } from './senders.mjs';
import { Server } from './server.mjs';
import { attemptTimeoutMs, clients, makeTargets, outages, shortWaits } from './targets.mjs';

const quietAfterMs = 5000; // after a fault of the process, before latencies count as those of calm time
const longestFaults = 20; // reported
const retentionLagSeconds = 150; // the server looks once a minute, and what is open stays
const longRunMs = 120_000; // from this length on, idle connections are waited for at the end

/** Different for each part, so that one more draw in one does not shift the others. */
function randomFor(seed) {
  return (name) => {
    let mixed = seed;
    for (const letter of name) mixed = Math.imul(mixed ^ letter.charCodeAt(0), 0x01000193);
    return generator(mixed);
  };
}

export class Soak {
  /**
   * restarts: in which share of the run, from its beginning, the process is restarted; progress: called with a line every
   * now and then.
   */
  constructor({ minutes, perSecond, seed, restarts = 2 / 3, progress = () => {} }) {
    const length = minutes * 60_000;
    Object.assign(this, { length, perSecond, seed, restarts, progress });
    this.began = performance.now();
    this.random = randomFor(seed);
    this.accepted = new Accepted(clients);
    this.firstAttempts = new Durations(); // in calm time
    this.ownDelay = monitorEventLoopDelay({ resolution: 5 }); // of callers and receivers, which share a thread
    this.faults = [];
    this.samples = []; // of the last life
    this.quietSince = 0;
    this.outages = 0;
    this.givenUp = 0;
    this.mean = Math.min(15_000, length / 20); // between two faults of the process
    this.retentionSeconds = 180;
    this.server = new Server(this, ['--retry-schedule', shortWaits.map((wait) => `${wait}s`).join(','), '--breaker-pause', '250ms',
      '--timeout', `${attemptTimeoutMs}ms`, '--retention', `${this.retentionSeconds}s`]);
    this.targetList = makeTargets(this, this.random);
    this.targets = Object.fromEntries(this.targetList.map((target) => [target.name, target]));
    this.senders = Array.from({ length: clients }, (_, i) => new Sender(this, i, perSecond / clients, this.random(`sender ${i}`)));
    this.operators = new Operators(this, this.targets, { random: this.random('operators'), mean: Math.min(4000, length / 30) });
  }

  /** ms since the beginning of the run. */
  now = () => performance.now() - this.began;

  fault(text) {
    this.faults.push(`at ${(this.now() / 1000).toFixed(1)} s: ${text}`);
    if (this.faults.length <= longestFaults) this.progress(`FAULT ${this.faults.at(-1)}`);
  }

  /** The first arrival of an event at a receiver that always answers at once. */
  firstAttempt({ client, number }) {
    const sent = this.senders[client].sentTime(number);
    if (sent > this.quietSince) this.firstAttempts.add(this.now() - sent);
  }

  async run() {
    await this.server.start();
    for (const target of this.targetList) await target.create();
    this.idleAtStart = this.server.resources();
    this.loadBegan = this.now();
    this.ownDelay.enable();
    const load = this.senders.map((sender) => sender.run());
    const others = [...this.operators.start(), this.#outages()];
    const watch = this.#watch();
    const stopForAWhile = () => this.#stopForAWhile();
    const kinds = [() => this.server.kill(), () => this.server.terminate(), stopForAWhile];
    await this.#faultsOfTheProcess(this.loadBegan + this.length * this.restarts, kinds);
    this.lastLifeFrom = this.now();
    this.samples = [];
    await this.#faultsOfTheProcess(this.loadBegan + this.length, [stopForAWhile]);
    this.#sample();
    this.ownDelay.disable();
    this.loadIsOver = true;
    this.loadEnded = this.now();
    this.faultsAreOver = true;
    for (const target of this.targetList) target.heal();
    await Promise.all(load);
    await this.#drain();
    this.drainedAfter = this.now() - this.loadEnded;
    this.isDrained = true;
    await Promise.all([...others, watch]);
    await this.#finish();
    return this;
  }

  async #faultsOfTheProcess(until, kinds) {
    const random = this.random(`process ${kinds.length}`);
    let deck = [...kinds].sort(() => random() - 0.5);
    while (this.now() < until) {
      const rest = Math.min(this.mean * (0.3 + 1.4 * random()), until - this.now());
      await pause(Math.max(0, rest));
      if (this.now() >= until - 10) return;
      if (deck.length === 0) deck = [kinds[0], ...kinds].sort(() => random() - 0.5);
      this.quietSince = Infinity;
      await deck.pop()().catch((error) => this.#onFailedFault(error));
      this.quietSince = this.now() + quietAfterMs;
    }
  }

  /** A server that cannot be started again ends the run. */
  #onFailedFault(error) {
    this.fault(error.message);
    if (!this.server.process.child.exit) return;
    this.isAborted = this.loadIsOver = this.faultsAreOver = this.isDrained = true;
    throw error;
  }

  #stopForAWhile() {
    const milliseconds = 500 + this.random(`pause ${this.server.counts.SIGSTOP}`)() * 6500;
    return this.server.pause(Math.min(milliseconds, this.length / 10));
  }

  /** Receivers go down for a while, each in its own time. */
  async #outages() {
    const goDown = async (target) => {
      const random = this.random(`outage ${target.name}`);
      const rest = async (most) => {
        const until = this.now() + Math.min(most, this.length / 8) * (0.2 + 0.8 * random());
        while (this.now() < until && !this.faultsAreOver) await pause(50);
      };
      while (!this.faultsAreOver) {
        await rest(30_000);
        if (this.faultsAreOver) return;
        target.goDown(outages[Math.floor(random() * outages.length)]);
        this.outages += 1;
        await rest(15_000);
        target.comeBack();
        await this.#untilBreakerCloses(target);
      }
    };
    await Promise.all(this.targetList.filter((target) => target.outages).map(goDown));
  }

  /**
   * Outages one after the other, each met by a probe, could keep a breaker open for longer than retention keeps what was
   * given up meanwhile.
   */
  async #untilBreakerCloses(target) {
    while (!this.faultsAreOver) {
      const answer = await this.server.api.get(`/v1/webhooks/${target.id}`).catch(() => undefined);
      if (answer?.json?.breaker?.state === 'closed') return;
      await pause(200);
    }
  }

  #sample() {
    try {
      this.samples.push({ at: this.now(), storeBytes: this.server.storeBytes(), ...this.server.resources() });
    } catch {
      // it is just being started again
    }
    return this.samples.at(-1);
  }

  async #watch() {
    const every = Math.min(10_000, this.length / 10);
    for (let next = this.now() + every; !this.isDrained; next += every) {
      while (this.now() < next && !this.isDrained) await pause(50);
      const sample = this.#sample();
      this.progress(this.#progressLine(sample));
    }
  }

  #progressLine(sample) {
    const { counts } = this.server;
    const sum = (of) => this.ledgers.reduce((total, ledger) => total + of(ledger), 0);
    const [delivered, expected] = [sum((ledger) => ledger.acknowledged), sum((ledger) => ledger.expected(this.accepted))];
    const mebibytes = (bytes) => `${Math.round(bytes / 2 ** 20)} MiB`;
    const process = sample
      ? `; ${mebibytes(sample.residentBytes)}, ${sample.descriptors} descriptors, store ${mebibytes(sample.storeBytes)}`
      : '';
    return `${Math.round(this.now() / 1000)} s: ${this.accepted.total} events accepted, ${delivered} of ${expected} delivered; ` +
      `killed ${counts['kill -9']}, stopped ${counts.SIGTERM}, paused ${counts.SIGSTOP}${process}`;
  }

  get ledgers() {
    return this.targetList.map((target) => target.ledger).filter(Boolean);
  }

  missing = () => this.ledgers.reduce((sum, ledger) => sum + ledger.expected(this.accepted) - ledger.acknowledged, 0);

  /** Without faults everything must get to its end in bounded time; what a webhook gave up is brought back by hand. */
  async #drain() {
    const isOpen = async (status) => (await this.server.api.read(`/v1/deliveries?status=${status}&limit=1`)).data.length > 0;
    const limit = 120_000 + this.length / 5;
    const nothingOpen = () => waitFor(async () => !(await isOpen('pending')) && !(await isOpen('retrying')), limit, 'nothing to be open', 200);
    try {
      await nothingOpen();
      const since = new Date(Date.now() - limit).toISOString();
      for (const { id } of this.targetList.filter((target) => target.outages)) {
        await this.operators.recover(id, { status: 'failed', since });
      }
      await nothingOpen();
      await waitFor(() => this.missing() === 0, 20_000, 'the last events', 100);
    } catch (error) {
      this.fault(error.message);
    }
    await this.#tellOfMissing();
  }

  async #tellOfMissing() {
    for (const ledger of this.ledgers) {
      for (const { client, number } of ledger.missing(this.accepted, 5)) {
        const { id } = this.targets[ledger.name];
        const rows = (await this.server.api.get(`/v1/deliveries?webhook_id=${id}&q=soak-${client}-${number}`)).text;
        this.fault(`${ledger.name} never got event ${client}-${number}; the log has ${rows.slice(0, 600)}`);
      }
    }
  }

  /** Only who has outages may give up; the log may have forgotten it, the statistics have not. */
  async #countGivenUp() {
    const since = new Date(Date.now() - this.now() - 60_000).toISOString();
    for (const target of this.targetList.filter(({ ledger, receiver }) => ledger && receiver)) {
      const { totals } = await this.server.api.read(`/v1/webhooks/${target.id}/stats?since=${since}`);
      this.givenUp += totals.failed;
      if (totals.failed > 0 && !target.outages) this.fault(`${totals.failed} deliveries to ${target.name} were given up`);
    }
  }

  async #checkRetention() {
    const until = new Date(Date.now() - (this.retentionSeconds + retentionLagSeconds) * 1000).toISOString();
    const [left] = (await this.server.api.read(`/v1/events?limit=1&until=${until}`)).data;
    if (left) this.fault(`retention left ${left.id} of ${left.received_at}`);
  }

  async #finish() {
    if (this.length >= longRunMs) {
      const few = () => this.server.resources().descriptors <= this.idleAtStart.descriptors + 4;
      await waitFor(few, 45_000, 'idle connections to end', 500).catch(() => undefined);
    }
    this.idleAtEnd = this.server.resources();
    this.storeBytes = this.server.storeBytes();
    this.commitFailures = await metric(this.server.process, 'limehook_store_commit_failures_total');
    await this.#countGivenUp();
    await this.#checkRetention();
    await this.server.stop();
    await this.server.check();
    for (const target of this.targetList) {
      for (const text of target.ledger?.faults ?? []) this.fault(text);
      if (target.wrongInAll > 0) this.fault(`${target.name} got ${target.wrongInAll} requests with a wrong signature or body`);
      target.receiver?.close();
    }
  }
}
