// People who sign in, as browsers do: a cookie, and a token with every change.

import assert from 'node:assert/strict';

import { waitFor } from './wait.mjs';

export class Person {
  constructor(url, email) {
    this.url = url;
    this.email = email;
    this.cookie = null; // "name=value"
    this.csrf = null;
  }

  /** Answers {status, headers, text, json}. Headers of null are left out. */
  async request(method, path, body, headers = {}) {
    const all = { accept: 'application/json' };
    if (this.cookie) all.cookie = this.cookie;
    if (this.csrf && method !== 'GET') all['x-csrf-token'] = this.csrf;
    if (body !== undefined) all['content-type'] = 'application/json';
    for (const [name, value] of Object.entries(headers)) {
      if (value === null) delete all[name.toLowerCase()];
      else all[name.toLowerCase()] = value;
    }
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await fetch(this.url + path, { method, headers: all, body: text, redirect: 'manual' });
    const set = answer.headers.getSetCookie().find((cookie) => /limehook_session=/.test(cookie));
    if (set) this.cookie = /=;/.test(set) ? null : set.split(';')[0];
    const received = await answer.text();
    const isJson = /json/.test(answer.headers.get('content-type') ?? '');
    return { status: answer.status, headers: answer.headers, text: received, json: isJson ? JSON.parse(received) : undefined };
  }

  get = (path, headers) => this.request('GET', path, undefined, headers);
  post = (path, body = {}, headers) => this.request('POST', path, body, headers);
  put = (path, body, headers) => this.request('PUT', path, body, headers);
  patch = (path, body, headers) => this.request('PATCH', path, body, headers);
  delete = (path, body, headers) => this.request('DELETE', path, body, headers);

  #signedIn(answer) {
    assert.ok(answer.status === 200, `${this.email} signs in: ${answer.text}`);
    this.csrf = answer.json.csrf_token;
    this.id = answer.json.user.id;
    return this;
  }

  /** The link that a server without users prints at its start. */
  static async setupToken(server) {
    const link = await waitFor(() => server.child.stdout.match(/\/setup#(lhl_[\w-]+)/), 10_000, 'the setup link');
    return link[1];
  }

  /** The first admin. */
  static async setUp(server, email, password) {
    const person = new Person(server.url, email);
    const token = await Person.setupToken(server);
    return person.#signedIn(await person.post('/v1/setup', { token, email, name: 'Root', password }));
  }

  static async signIn(url, email, password, code) {
    const person = new Person(url, email);
    return person.#signedIn(await person.post('/v1/session', { email, password, ...(code ? { code } : {}) }));
  }

  /** Invites somebody, who accepts; answers the new person, signed in. Only an admin gets the link. */
  async invite(email, members, password) {
    const invited = await this.post('/v1/invitations', { email, ...members });
    assert.equal(invited.status, 201, invited.text);
    const person = new Person(this.url, email);
    const token = invited.json.link.split('#')[1];
    return person.#signedIn(await person.post('/v1/invitations/accept', { token, name: email.split('@')[0], password }));
  }
}
