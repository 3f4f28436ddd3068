// Event sources: each sends one request after the other at its pace, and sends again, with the same idempotency key,
// what it got no answer for or was refused, until it is answered.

import { pause } from '../e2e/support/wait.mjs';
import { textOf } from './events.mjs';

const mostBehindMs = 2000; // after a stall, so much is caught up with
const remembered = 4096;

export class Sender {
  /** soak: see soak.mjs. */
  constructor(soak, index, perSecond, random) {
    Object.assign(this, { soak, index, perSecond, random });
    this.next = 0;
    this.sentAt = new Float64Array(remembered);
    this.counts = { requests: 0, refused: 0, notReached: 0, unanswered: 0, unansweredStored: 0, unansweredNotStored: 0, repeatedKeys: 0 };
  }

  /** When an event was sent first, in ms of the run. Only of the newest ones. */
  sentTime = (number) => this.sentAt[number % remembered];

  async run() {
    let due = performance.now();
    while (!this.soak.loadIsOver) {
      const count = this.random() < 0.6 ? 1 : 2 + Math.floor(this.random() * 18);
      const first = this.next;
      this.next += count;
      await this.#submit(first, count);
      due = Math.max(due + (count / this.perSecond) * 1000, performance.now() - mostBehindMs);
      if (due > performance.now()) await pause(due - performance.now());
    }
  }

  async #submit(first, count) {
    const texts = Array.from({ length: count }, (_, i) => textOf(this.index, first + i));
    for (let i = 0; i < count; i += 1) this.sentAt[(first + i) % remembered] = this.soak.now();
    const key = `soak-${this.index}-${first}`;
    let unanswered = false;
    while (!this.soak.isAborted) {
      const twice = this.random() < 0.02;
      const answers = await Promise.all([this.#post(texts, key), ...(twice ? [this.#post(texts, key)] : [])]);
      const taken = answers.filter((answer) => answer.ids);
      if (taken.length === 2) this.#compare(key, ...taken);
      if (taken.length > 0) {
        for (let i = 0; i < count; i += 1) this.soak.accepted.add(this.index, first + i);
        if (unanswered) this.counts[taken[0].duplicate ? 'unansweredStored' : 'unansweredNotStored'] += 1;
        if (this.random() < 0.01) await this.#sendAgain(texts, key, taken[0]);
        return;
      }
      unanswered ||= answers.some((answer) => answer.lost);
      await pause(50 + this.random() * 200);
    }
  }

  /** A key that has been answered must give the same events again. */
  async #sendAgain(texts, key, taken) {
    const again = await this.#post(texts, key);
    if (!again.ids) return;
    this.#compare(key, taken, again);
    if (!again.duplicate) this.soak.fault(`the key ${key} was taken as new a second time`);
  }

  #compare(key, one, two) {
    this.counts.repeatedKeys += 1;
    if (one.ids.join() !== two.ids.join()) this.soak.fault(`the key ${key} stands for two sets of events`);
    if (!one.duplicate && !two.duplicate) this.soak.fault(`two requests with the key ${key} were both taken as new`);
  }

  /** {ids, duplicate} when it is stored; otherwise {lost}, whether it may be stored although there was no answer. */
  async #post(texts, key) {
    this.counts.requests += 1;
    const [path, body] = texts.length === 1 ? ['/v1/events', texts[0]] : ['/v1/events/batch', `[${texts.join()}]`];
    let answer;
    try {
      answer = await this.soak.server.api.request('POST', path, body, { 'idempotency-key': key });
    } catch (error) {
      const notReached = error.cause?.code === 'ECONNREFUSED';
      this.counts[notReached ? 'notReached' : 'unanswered'] += 1;
      return { lost: !notReached };
    }
    const items = answer.json?.data ?? [answer.json];
    if ([200, 202].includes(answer.status) && items.length === texts.length && items.every((item) => item?.id)) {
      const duplicates = items.filter((item) => item.duplicate).length;
      if (duplicates !== 0 && duplicates !== items.length) this.soak.fault(`of the batch ${key} a part is called duplicate`);
      return { ids: items.map((item) => item.id), duplicate: duplicates > 0 };
    }
    this.counts.refused += 1;
    if (answer.status !== 503) this.soak.fault(`POST ${path} was answered ${answer.status} ${answer.text.slice(0, 300)}`);
    return { lost: false };
  }
}
