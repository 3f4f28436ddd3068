// Events for the benchmarks, and a client that sends them over a few keep-alive connections.

import http from 'node:http';

let serial = 0;

/** About 350 bytes, each with its own call id; `members` replace or add. */
export function event(team, members = {}) {
  serial += 1;
  return JSON.stringify({
    event: 'call_completed',
    call_id: `call-${process.pid}-${serial}`,
    caller_number: `+1555${String(1000000 + (serial % 9000000))}`,
    callee_number: '+15550001111',
    timestamp: '2025-01-30T15:00:00Z',
    team_id: team,
    status: 'completed',
    direction: 'inbound',
    started_at: '2025-01-30T14:58:00Z',
    answered_at: '2025-01-30T14:58:10Z',
    ended_at: '2025-01-30T15:00:00Z',
    duration: 110,
    ring_duration: 10,
    ...members,
  });
}

export class Client {
  constructor(server, connections) {
    this.agent = new http.Agent({ keepAlive: true, maxSockets: connections });
    const [host, port] = server.address.split(':');
    this.options = { host, port, method: 'POST', agent: this.agent };
    this.key = server.constructor.adminKey;
  }

  /** Resolves with the status when the whole answer is there. */
  post(target, body, type = 'application/json') {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${this.key}`, 'content-type': type, 'content-length': Buffer.byteLength(body) };
      const request = http.request({ ...this.options, path: target, headers }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      });
      request.on('error', reject).end(body);
    });
  }

  close() {
    this.agent.destroy();
  }
}

/**
 * `count` webhooks, each for a team of its own: "team_0", "team_1"… `settings` are more members, or a function that
 * makes them from the webhook's number.
 */
export async function createWebhooks(server, count, url, settings = {}) {
  const inFlight = 64;
  const client = new Client(server, inFlight);
  const settingsOf = typeof settings === 'function' ? settings : () => settings;
  let next = 0;
  const create = async () => {
    while (next < count) {
      const i = next;
      next += 1;
      const plain = { events: ['call_completed'], name: `bench ${i}`, url: `${url}/hook`, team_id: `team_${i}` };
      const status = await client.post('/v1/webhooks', JSON.stringify({ ...plain, ...settingsOf(i) }));
      if (status !== 201) throw new Error(`the server answered ${status} to a new webhook`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, create));
  client.close();
}

/** Calls `post(0)`, `post(1)`… at `rate` per second; answers what each gave. */
export async function paced(rate, count, post) {
  const begin = performance.now();
  const running = [];
  for (let i = 0; i < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - begin) / 1000) * rate));
    for (; i < due; i += 1) running.push(post(i));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return Promise.all(running);
}
