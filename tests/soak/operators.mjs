// People and programs that use the server while it is under faults: they switch and change webhooks, rotate secrets, bring
// back what failed, retry by hand, poll, listen, read the log and make backups. Each runs until the faults end.

import { rmSync } from 'node:fs';
import path from 'node:path';

import { run, temporaryFolder } from '../e2e/support/process.mjs';
import { pause } from '../e2e/support/wait.mjs';
import { numberOf } from './events.mjs';

const recoveredSeconds = 100; // longer than anything waits, shorter than retention
const timeAgo = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();

export class Operators {
  /** targets: by name. mean: of the time between two acts of one operator, in ms. */
  constructor(soak, targets, { random, mean }) {
    Object.assign(this, { soak, targets, random, mean });
    this.counts = { switched: 0, changed: 0, rotated: 0, recoveries: 0, retried: 0, created: 0, backups: 0, pages: 0, updates: 0 };
  }

  /** One promise for each of them; all end some time after the faults have ended. */
  start() {
    const repeat = async (act, mean = this.mean) => {
      while (!this.soak.faultsAreOver) {
        await this.#rest(mean);
        if (!this.soak.faultsAreOver) await act.call(this);
      }
    };
    return [
      repeat(this.#switchOff, this.mean * 3), repeat(this.#change), repeat(this.#rotate, this.mean * 3), repeat(this.#retry),
      repeat(this.#recoverFailed, this.mean * 4), repeat(this.#createAndDelete), repeat(this.#backUp, this.mean * 10),
      repeat(this.#readPages, this.mean / 4), this.#listen(), this.#listen(), this.#poll(),
    ];
  }

  async #rest(mean) {
    const until = Date.now() + mean * (0.3 + 1.4 * this.random());
    while (Date.now() < until && !this.soak.faultsAreOver) await pause(Math.min(200, until - Date.now()));
  }

  /** Asks until there is an answer of one of these statuses, as a person would who sees the server gone or busy. */
  async #insist(method, target, body, statuses) {
    for (let conflicts = 0; ; ) {
      if (this.soak.isAborted) throw new Error('the run was given up');
      const answer = await this.#ask(method, target, body);
      if (answer && statuses.includes(answer.status)) return answer;
      if (answer?.status === 409) conflicts += 1; // another change of it was just being stored
      if (answer && answer.status !== 503 && (answer.status !== 409 || conflicts > 20)) {
        this.soak.fault(`${method} ${target} was answered ${answer.status} ${answer.text.slice(0, 300)}`);
        return answer;
      }
      await pause(100);
    }
  }

  #ask = (method, target, body) => this.soak.server.api.request(method, target, body).catch(() => undefined);

  async #switchOff() {
    const { id } = this.targets.switched;
    const since = timeAgo(recoveredSeconds); // also what was accepted before and still waits is canceled
    await this.#insist('POST', `/v1/webhooks/${id}/disable`, undefined, [200]);
    await this.#rest(this.mean);
    await this.#insist('POST', `/v1/webhooks/${id}/enable`, undefined, [200]);
    await this.recover(id, { status: 'missing', since });
    this.counts.switched += 1;
  }

  /** Brings back to its end; a webhook has one recovery at a time. */
  async recover(id, wanted) {
    let answer;
    while ((answer = await this.#insist('POST', `/v1/webhooks/${id}/recover`, wanted, [202, 409])).status === 409) await pause(200);
    if (answer.status !== 202) return;
    for (;;) {
      const { json } = await this.#insist('GET', `/v1/recoveries/${answer.json.id}`, undefined, [200]);
      if (json.state !== 'running') break;
      await pause(200);
    }
    this.counts.recoveries += 1;
  }

  /** Outages in a row may be longer than a schedule, or keep a breaker open for as long: what failed is brought back. */
  async #recoverFailed() {
    for (const { id } of Object.values(this.targets).filter((target) => target.outages)) {
      await this.recover(id, { status: 'failed', since: timeAgo(recoveredSeconds) });
    }
  }

  async #change() {
    const target = [this.targets.switched, this.targets.moody, this.targets.calm][Math.floor(this.random() * 3)];
    const members = { name: `${target.name} ${this.counts.changed}`, max_concurrency: 4 + Math.floor(this.random() * 12) };
    await this.#insist('PATCH', `/v1/webhooks/${target.id}`, members, [200]);
    this.counts.changed += 1;
  }

  async #rotate() {
    const target = this.targets.switched;
    // 409: five earlier secrets still sign. Then it is left for the next time.
    const { status } = await this.#insist('POST', `/v1/webhooks/${target.id}/rotate-secret`, { overlap_seconds: 20 }, [200, 409]);
    if (status === 409) return;
    target.learn((await this.#insist('GET', `/v1/webhooks/${target.id}/secret`, undefined, [200])).json.secret);
    this.counts.rotated += 1;
  }

  async #retry() {
    const target = this.random() < 0.5 ? this.targets.moody : this.targets['gives-up'];
    const status = target.name === 'moody' ? 'retrying' : 'failed';
    const { json } = await this.#insist('GET', `/v1/webhooks/${target.id}/deliveries?status=${status}&limit=3`, undefined, [200]);
    for (const { id } of json.data) {
      target.ledger.excused.set(id, 'byHand'); // it may have been delivered meanwhile
      await this.#insist('POST', `/v1/deliveries/${id}/retry`, undefined, [202, 404]); // 404: retention was faster
      this.counts.retried += 1;
    }
  }

  async #createAndDelete() {
    const answer = await this.#ask('POST', '/v1/webhooks', {
      name: 'for a while', url: this.targets.hangs.receiver.url, events: ['missed_call'], team_id: 'team_of_nobody',
    });
    if (answer?.status !== 201) return;
    await this.#insist('DELETE', `/v1/webhooks/${answer.json.id}`, undefined, [204, 404]);
    this.counts.created += 1;
  }

  async #backUp() {
    const folder = temporaryFolder();
    const made = await run(['backup', '--data', this.soak.server.data, path.join(folder, 'limehook.db')], { timeout: 300_000 });
    if (made.code === 0) await this.soak.server.check(folder);
    else this.soak.fault(`limehook backup ended with ${made.code}: ${made.stderr}`);
    rmSync(folder, { recursive: true, force: true });
    this.counts.backups += 1;
  }

  async #readPages() {
    const paths = ['/v1/deliveries?limit=100', '/v1/deliveries?status=failed', '/v1/deliveries?q=%2B15550001111&limit=20',
      '/v1/events?limit=50', '/v1/stats', `/v1/webhooks/${this.targets.outages.id}/stats`, '/v1/webhooks', '/v1/audit', '/metrics'];
    const answer = await this.#ask('GET', paths[Math.floor(this.random() * paths.length)]);
    if (!answer) return;
    if (answer.status !== 200 && answer.status !== 503) this.soak.fault(`GET was answered ${answer.status} ${answer.text.slice(0, 300)}`);
    this.counts.pages += 1;
    const some = answer.json?.data?.[0]?.id;
    if (some?.startsWith('dlv_')) await this.#ask('GET', `/v1/deliveries/${some}`);
  }

  /** A dashboard: live updates, connected again when they end. */
  async #listen() {
    while (!this.soak.faultsAreOver) {
      const until = AbortSignal.timeout(20_000);
      const { url, key } = this.soak.server.process;
      try {
        const { body } = await fetch(`${url}/v1/updates`, { headers: { authorization: `Bearer ${key}` }, signal: until });
        for await (const chunk of body) {
          this.counts.updates += Buffer.from(chunk).toString().split('event: changed').length - 1;
          if (this.soak.faultsAreOver) break;
        }
      } catch {
        await pause(100);
      }
    }
  }

  /** A receiver that asks instead of being told: each event once, and in order. */
  async #poll() {
    const { id, ledger } = this.targets.polled;
    let after = '';
    while (!this.soak.isDrained) {
      const answer = await this.#ask('GET', `/v1/webhooks/${id}/events?limit=500&wait=2${after}`);
      if (answer?.status !== 200) {
        if (answer && answer.status !== 503) this.soak.fault(`polling was answered ${answer.status} ${answer.text.slice(0, 300)}`);
        await pause(100);
        continue;
      }
      for (const row of answer.json.data) {
        const event = numberOf(row.payload);
        if (event) ledger.arrived(event.client, event.number, row.id, this.soak.now())(this.soak.now());
      }
      after = `&after=${answer.json.next_cursor}`;
    }
  }
}
