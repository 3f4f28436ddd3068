// People as the product sees them: browsers with a cookie and a token against forged requests, and the ways to an
// account.

import assert from 'node:assert/strict';
import http from 'node:http';

import { Api } from './api.mjs';
import { Limehook } from './process.mjs';
import { waitFor } from './wait.mjs';

export const goodPassword = 'seven purple kites over Bremen';

/** A browser that is signed in, or not yet. `cookie`: "name=value"; `team`: the team its person acts in. */
export class Browser extends Api {
  cookie = null;
  csrf = null;
  team = null;

  async request(method, path, body, headers = {}) {
    const own = {};
    if (this.cookie) own.cookie = this.cookie;
    if (this.csrf && method !== 'GET') own['x-csrf-token'] = this.csrf;
    if (this.team) own['limehook-team'] = this.team;
    const answer = await super.request(method, path, body, { ...own, ...headers });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      if (/limehook_session$/.test(name)) this.cookie = value ? `${name}=${value}` : null;
    }
    if (answer.json?.csrf_token) this.csrf = answer.json.csrf_token;
    return answer;
  }

  put = (path, body) => this.request('PUT', path, body);
  remove = (path, body) => this.request('DELETE', path, body);

  /** Signs in; expects that to work unless `status` says otherwise. */
  async signIn(email, password = goodPassword, code = undefined, status = 200) {
    const answer = await this.post('/v1/session', { email, password, ...(code ? { code } : {}) });
    assert.equal(answer.status, status, answer.text);
    return answer;
  }

  get isSignedIn() {
    return this.get('/v1/session').then(({ status }) => status === 200);
  }
}

/** The token of the link with which the first admin is made, from what the server prints. */
export const setupToken = (server) =>
  waitFor(() => server.child.stdout.match(/\/setup#(lhl_\S+)/)?.[1], 10_000, 'the link of the setup');

/** A server with a first admin; answers {server, admin}, the latter signed in. */
export async function serverWithAdmin(options = {}) {
  const server = await Limehook.start(options);
  const admin = new Browser(server.url);
  const body = { token: await setupToken(server), email: 'root@example.com', name: 'Root', password: goodPassword };
  const answer = await admin.post('/v1/setup', body);
  assert.equal(answer.status, 200, answer.text);
  return { server, admin };
}

export const tokenOf = (link) => new URL(link).hash.slice(1);

/** The token of an invitation by `admin`. */
export async function invite(admin, members) {
  const answer = await admin.post('/v1/invitations', { role: members.team_id ? 'manage' : 'admin', ...members });
  assert.equal(answer.status, 201, answer.text);
  return tokenOf(answer.json.link);
}

/** A new person, invited by `admin` and signed in. */
export async function person(admin, email, members = {}) {
  const browser = new Browser(admin.url);
  const token = await invite(admin, { email, ...members });
  const answer = await browser.post('/v1/invitations/accept', { token, name: email.split('@')[0], password: goodPassword });
  assert.equal(answer.status, 200, answer.text);
  browser.user = answer.json.user;
  return browser;
}

/** A request from another address of this machine, such as 127.0.0.9; answers {status, headers, text}. */
export function requestFrom(address, url, method, body, headers = {}) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const all = { ...(text ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } : {}), ...headers };
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, localAddress: address, headers: all, agent: false }, (response) => {
      let received = '';
      response.setEncoding('utf8').on('data', (part) => (received += part));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text: received }));
    });
    request.on('error', reject).end(text);
  });
}
