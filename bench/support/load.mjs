// Events for the benchmarks, and a client that sends them over a few keep-alive connections.

import http from 'node:http';

let serial = 0;

/** About 350 bytes, each with its own call id. */
export function event(team) {
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

/** `count` webhooks, each for a team of its own: "team_0", "team_1"… */
export async function createWebhooks(server, count, url, settings = {}) {
  for (let i = 0; i < count; i += 1) {
    await server.api.createWebhook({ events: ['call_completed'], name: `bench ${i}`, url: `${url}/hook`, team_id: `team_${i}`, ...settings });
  }
}
