// The webhooks of a soak and their receivers: how each behaves, and what is checked of every request.

import { createHmac } from 'node:crypto';

import { Receiver, rawValue, rawValues } from '../e2e/support/receiver.mjs';
import { numberOf, textOf } from './events.mjs';
import { Ledger } from './ledger.mjs';

export const clients = 4;
export const attemptTimeoutMs = 5000;
const everyone = [0, 1, 2, 3];
export const shortWaits = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 5, 5, 5, 5, 5, 5, 5, 5]; // seconds

const yes = { status: 200 };

/** Mostly well; `rates` has the probability of each trouble. */
function troubled(random, troubles) {
  return () => {
    let mood = random();
    for (const [probability, behaviour] of troubles) {
      mood -= probability;
      if (mood < 0) return behaviour;
    }
    return random() < 0.2 ? { status: 200, delay: Math.floor(random() * 40) } : yes;
  };
}

const slowDown = { status: 429, headers: { 'retry-after': '1' } };
const unavailable = { status: 503, headers: { 'retry-after': '2' } };
const moods = [[0.02, { status: 500 }], [0.0005, slowDown], [0.003, unavailable], [0.005, { kind: 'reset' }],
  [0.003, { kind: 'close' }], [0.0005, { kind: 'hang' }], [0.001, { kind: 'raw', bytes: 'HTTP/1.1 200 O' }]];
const moodsInOrder = [[0.001, { status: 500 }], [0.0005, { kind: 'reset' }], [0.0005, { kind: 'close' }]];

/** What a receiver that is down does; `refused` also closes its port's connections. */
export const outages = [{ status: 503 }, { kind: 'hang' }, { kind: 'reset' }, 'connections'];

/**
 * name: of webhook and ledger; from: whose events it gets; ledger: false when nothing is expected of it; behaviour: of its
 * receiver while it is up; outages: it goes down now and then; members: more of the webhook.
 */
const descriptions = [
  { name: 'calm', from: everyone },
  { name: 'moody', from: everyone, moods },
  { name: 'outages', from: [0, 1], outages: true },
  { name: 'switched', from: [1, 2] }, // disabled, enabled, changed, its secret rotated
  { name: 'ordered', from: [0], moods: moodsInOrder, members: { ordered: 'webhook' } },
  { name: 'gives-up', from: [3], outages: true, members: { retry_schedule: [1, 1] } }, // recovered by hand
  { name: 'polled', from: everyone, ordered: true, members: { mode: 'poll' } },
  { name: 'hangs', from: [2], behaviour: { kind: 'hang' }, ledger: false, members: { retry_schedule: [1], timeout_ms: 1000 } },
];

export class Target {
  constructor(soak, description, random) {
    Object.assign(this, { soak, ...description });
    this.up = this.behaviour ?? (this.moods ? troubled(random, this.moods) : yes);
    this.secrets = [];
    this.doubtful = []; // requests that no known secret has signed, until the next one is known
    this.wrong = 0; // signatures, bodies
    if (this.ledger === false) return;
    this.ledger = new Ledger({
      name: this.name,
      clients: this.from,
      clientsInAll: clients,
      ordered: this.ordered ?? this.members?.ordered === 'webhook',
      interruptions: (since, until) => soak.server.interruptions(since, until),
      slowAfter: attemptTimeoutMs - 1000,
    });
  }

  async create() {
    const filters = { match: 'all', conditions: [{ field: 'client', op: 'in', value: this.from.map(String) }] };
    const polled = this.members?.mode === 'poll';
    if (!polled) this.receiver = await Receiver.start(this.up, { record: (request) => this.#take(request) });
    const where = polled ? {} : { url: this.receiver.url };
    const webhook = await this.soak.server.api.createWebhook({ name: this.name, ...where, filters, ...this.members });
    this.id = webhook.id;
    if (!polled) this.learn((await this.soak.server.api.read(`/v1/webhooks/${this.id}/secret`)).secret);
  }

  /** A secret that may sign from now on. */
  learn(secret) {
    if (this.secrets.includes(secret)) return;
    this.secrets = [secret, ...this.secrets].slice(0, 3);
    this.doubtful = this.doubtful.filter((request) => !this.#isSigned(request));
  }

  goDown(outage) {
    this.receiver.resetConnections = outage === 'connections';
    this.receiver.behaviour = outage === 'connections' ? { kind: 'reset' } : outage;
  }

  comeBack() {
    this.receiver.resetConnections = false;
    this.receiver.behaviour = this.up;
  }

  /** From now on everything is answered 200. */
  heal() {
    if (this.behaviour) return;
    this.up = yes;
    if (this.receiver) this.comeBack();
  }

  #take(request) {
    if (!this.#isSigned(request)) {
      this.doubtful.push({ body: request.body, rawHeaders: request.rawHeaders });
      if (this.doubtful.length > 1000) this.#wrong('many signatures', this.doubtful.shift());
    }
    const event = numberOf(request.json);
    if (!event) return;
    if (request.body.toString() !== textOf(event.client, event.number)) this.#wrong('a body', request);
    if (!this.ledger) return;
    const acknowledged = this.ledger.arrived(event.client, event.number, rawValue(request, 'webhook-id'), this.soak.now());
    if (this.name === 'calm') this.soak.firstAttempt(event);
    request.onAnswered = (status) => status === 200 && acknowledged(this.soak.now());
  }

  /**
   * Both schemes, each by a secret that is known. While a secret is rotated both secrets sign; when the answer to a
   * rotation was lost, the newer one is never known here, and the older one must do.
   */
  #isSigned(request) {
    const standard = rawValue(request, 'webhook-signature').split(' ');
    const signed = `${rawValue(request, 'webhook-id')}.${rawValue(request, 'webhook-timestamp')}.`;
    const plain = ['X-LimeCall-Signature', 'X-LimeCall-Signature-Previous'].flatMap((name) => rawValues(request, name));
    return this.secrets.some((secret) => {
      const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
      const digest = createHmac('sha256', key).update(signed).update(request.body).digest('base64');
      if (!standard.includes(`v1,${digest}`)) return false;
      return plain.includes(createHmac('sha256', secret).update(request.body).digest('hex'));
    });
  }

  #wrong(what, request) {
    this.wrong += 1;
    if (this.wrong <= 3) this.soak.fault(`${this.name} got ${what} that is wrong: ${rawValue(request, 'webhook-id')}`);
  }

  get wrongInAll() {
    return this.wrong + this.doubtful.length;
  }
}

export const makeTargets = (soak, randomOf) =>
  descriptions.map((description) => new Target(soak, description, randomOf(description.name)));
