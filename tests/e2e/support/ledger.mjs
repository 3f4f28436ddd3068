// What receivers and operators know of a server that is killed again and again, to compare with what it has kept.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { rawValue } from './receiver.mjs';

/** What one receiver saw: by webhook-id the hash of its body and when it was answered 200; and what was not right. */
export class Ledger {
  deliveries = new Map();
  webhookIdOf = new Map();
  faults = [];

  /** round: the number of the process that is running; a kill lies between two. */
  record(request, round) {
    const id = rawValue(request, 'webhook-id');
    const { call_id } = request.json;
    const hash = createHash('sha1').update(request.body).digest('base64');
    const known = this.deliveries.get(id);
    if (known && known.hash !== hash) this.faults.push(`${id} came with two bodies`);
    const idBefore = this.webhookIdOf.get(call_id);
    if (idBefore !== undefined && idBefore !== id) this.faults.push(`${call_id} came as ${idBefore} and as ${id}`);
    this.webhookIdOf.set(call_id, id);
    const entry = known ?? { hash, acknowledged: 0, rounds: [] };
    this.deliveries.set(id, entry);
    // A process that has seen the 200 never sends it again, and the next one only if that was not yet durable.
    if (entry.rounds.includes(round)) this.faults.push(`${id} came again in round ${round}, which had acknowledged it`);
    request.onAnswered = (status) => {
      if (status !== 200) return;
      entry.acknowledged += 1;
      entry.rounds.push(round);
    };
  }

  /** How many 200s were repeated; each is explained by a kill, or a fault has been noted. */
  repeated() {
    return [...this.deliveries.values()].reduce((sum, { acknowledged }) => sum + Math.max(0, acknowledged - 1), 0);
  }
}

/**
 * Webhooks that are made, changed and deleted while the server is killed: what was answered must be there afterwards,
 * what was not may be.
 */
export class Changes {
  webhooks = new Map(); // id → names it may have, the last one that was answered first; null: it may be deleted
  answered = 0;
  #count = 0;
  #creating = new Map(); // name → nothing: asked for, not answered

  /** One change, of the kind that `draw` (0 to 1) chooses. Throws what the API's client throws. */
  async make(api, draw, url) {
    const ids = [...this.webhooks.keys()];
    const id = ids[Math.floor(draw * 97) % Math.max(1, ids.length)];
    const name = `change ${(this.#count += 1)}`;
    if (ids.length < 6 || draw < 0.2) return this.#create(api, name, url);
    return draw < 0.75 ? this.#rename(api, id, name) : this.#remove(api, id);
  }

  async #create(api, name, url) {
    this.#creating.set(name, true);
    const answer = await api.post('/v1/webhooks', { name, url, events: ['sms_sent'], enabled: false });
    if (answer.status === 503) return;
    assert.equal(answer.status, 201, answer.text);
    this.#creating.delete(name);
    this.webhooks.set(answer.json.id, [name]);
    this.answered += 1;
  }

  async #rename(api, id, name) {
    const names = this.webhooks.get(id);
    names.push(name);
    const answer = await api.patch(`/v1/webhooks/${id}`, { name });
    if (answer.status === 503) return;
    if (answer.status === 404 && names.includes(null)) return void this.webhooks.delete(id);
    assert.equal(answer.status, 200, answer.text);
    this.webhooks.set(id, [name]);
    this.answered += 1;
  }

  async #remove(api, id) {
    this.webhooks.get(id).push(null);
    const answer = await api.delete(`/v1/webhooks/${id}`);
    if (answer.status === 503) return;
    assert.ok([204, 404].includes(answer.status), answer.text);
    this.webhooks.delete(id);
    this.answered += 1;
  }

  /** Compares what is there with what must and may be; after that it is what must be. */
  async settle(api) {
    const there = new Map((await api.list('/v1/webhooks', 100)).map(({ id, name }) => [id, name]));
    for (const [id, names] of this.webhooks) {
      const name = there.get(id) ?? null;
      assert.ok(names.includes(name), `${id} is ${name}, expected one of ${names}`);
      if (name === null) this.webhooks.delete(id);
      else this.webhooks.set(id, [name]);
    }
    for (const [id, name] of there) {
      if (!name.startsWith('change ') || this.webhooks.has(id)) continue;
      assert.ok(this.#creating.has(name), `${id} (${name}) has been deleted, and is there`);
      this.webhooks.set(id, [name]);
    }
    this.#creating.clear();
  }
}
