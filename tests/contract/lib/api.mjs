// Talks to the server as a user of the document does, and holds every answer against it: the status is documented, the
// content type is the documented one, body and headers validate. Remembers which answers were seen.

import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';

// A body larger than this is announced first (RFC 9110, section 10.1.1), so that a server that does not want it can
// say so before it is sent.
const ANNOUNCED_BYTES = 64 * 1024;
const ANNOUNCED_WAIT_MS = 1000;

function sendBody(request, body) {
  if (body === undefined || Buffer.byteLength(body) <= ANNOUNCED_BYTES) return request.end(body);
  const send = () => { if (!request.destroyed && !request.writableEnded) request.end(body); };
  const timer = setTimeout(send, ANNOUNCED_WAIT_MS);
  request.on('continue', send).on('close', () => clearTimeout(timer));
  request.setHeader('expect', '100-continue');
  request.flushHeaders();
}

// One exchange. The answer counts from the moment it is there, whether or not the server has read all of the request.
export function exchange(url, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    let answered = false;
    const request = httpRequest(url, { method, headers, agent: false }, async (response) => {
      answered = true;
      try {
        const chunks = [];
        for await (const chunk of response) {
          chunks.push(chunk);
          if (response.headers['content-type'] === 'text/event-stream') break;  // it has no end
        }
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode, headers: response.headers, text });
      } catch (error) {
        reject(error);
      } finally {
        request.destroy();
      }
    });
    request.on('error', (error) => { if (!answered) reject(error); });
    sendBody(request, body);
  });
}

const mediaTypeOf = (headers) => (headers['content-type'] ?? '').split(';')[0].trim();

function parsed(mediaType, text) {
  return /[/+]json$/.test(mediaType) ? JSON.parse(text) : text;
}

// A call as text, for messages: "PATCH /v1/webhooks/wh_1 → 422 {…}".
const describe = (operation, url, answer) =>
  `${operation.method} ${url.pathname}${url.search} → ${answer.status} ${answer.text.slice(0, 600)}`;

export class Api {
  #operations = new Map();
  #seen = new Map();  // operation id → Set of statuses

  constructor(document, origin) {
    this.document = document;
    this.origin = origin;
    for (const operation of document.operations('paths')) this.#operations.set(operation.id, operation);
  }

  operation(id) {
    const operation = this.#operations.get(id);
    assert.ok(operation, `no operation ${id}`);
    return operation;
  }

  get operations() {
    return [...this.#operations.values()];
  }

  // Calls an operation, expects `status`, and answers the body. Options: key, or session {cookie, csrf} and the team in
  // which that person acts (`csrf: false` leaves the token out), path {name: value}, query {…} or search (a query as it is
  // sent), headers {…}, json (a value) or text, `type` (the body's media type), lax (see #checkRequest).
  async call(id, status, options = {}) {
    return (await this.exchange(id, status, options)).value;
  }

  // The same; answers {value, headers}.
  async exchange(id, status, options = {}) {
    const operation = this.operation(id);
    const url = this.#url(operation, options);
    const { headers, body } = this.#request(operation, options);
    const answer = await exchange(url, { method: operation.method, headers, body });
    const story = describe(operation, url, answer);
    assert.equal(answer.status, status, story);
    if (status < 400) this.#checkRequest(operation, options, story);
    const value = this.#checkAnswer(operation, answer, story);
    this.#remember(id, status);
    return { value, headers: answer.headers };
  }

  // Calls `body` with another server as the one that is called.
  async at(origin, body) {
    const before = this.origin;
    this.origin = origin;
    try {
      await body();
    } finally {
      this.origin = before;
    }
  }

  // Which documented answers no call has got: ["GET /v1/events 403", …].
  unseen() {
    return this.operations.flatMap((operation) => operation.statuses
      .filter((status) => !this.#seen.get(operation.id)?.has(Number(status)))
      .map((status) => `${operation.name} ${status}`));
  }

  #url(operation, { path = {}, query = {}, search = '' }) {
    const filled = operation.path.replaceAll(/\{(\w+)\}/g, (_, name) => {
      assert.ok(path[name], `${operation.name} needs ${name}`);
      return encodeURIComponent(path[name]);
    });
    const url = new URL(filled + search, this.origin);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url;
  }

  #request(operation, { key, session, csrf = true, team, headers = {}, json, text, type }) {
    const all = { ...headers };
    if (key) all.authorization = `Bearer ${key}`;
    if (session) all.cookie = `limehook_session=${session.cookie}`;
    if (session && csrf && operation.method !== 'GET') all['x-csrf-token'] = session.csrf;
    if (team) all['limehook-team'] = team;
    const body = json === undefined ? text : JSON.stringify(json);
    if (body !== undefined) {
      all['content-type'] = type ?? 'application/json';
      all['content-length'] = String(Buffer.byteLength(body));
    }
    return { headers: all, body };
  }

  // What the server takes must be what the document lets a user send. `lax` is for requests that are wrong in parts and
  // answered with a success all the same (batches).
  #checkRequest(operation, { path = {}, query = {}, headers = {}, json, text, type, lax }, story) {
    const given = { path, query, header: headers };
    for (const { name, in: place, required, schema } of operation.parameters) {
      const value = given[place][name];
      assert.ok(value !== undefined || !required, `${story}\nmisses ${name}`);
      if (value !== undefined) assert.equal(this.document.problems(schema, value), '', `${story}\nparameter ${name}`);
    }
    for (const [place, values] of Object.entries(given)) {
      for (const name of Object.keys(values)) {
        const known = operation.parameters.some((parameter) => parameter.in === place && parameter.name === name);
        assert.ok(known, `${story}\n${place} parameter ${name} is not documented`);
      }
    }
    const body = json ?? text;
    if (body === undefined) {
      assert.ok(!operation.spec.requestBody?.required, `${story}\nhas no body`);
      return;
    }
    const mediaType = type ?? 'application/json';
    assert.ok(operation.requestTypes.includes(mediaType), `${story}\nrequest type ${mediaType} is not documented`);
    const value = json ?? parsed(mediaType, text);
    if (lax) return;
    assert.equal(this.document.problems(operation.requestSchema(mediaType), value), '', `${story}\nrequest body`);
  }

  #checkAnswer(operation, answer, story) {
    const response = operation.response(answer.status);
    assert.ok(response, `not documented: ${story}`);
    for (const { name, required, schema } of response.headers) {
      const value = [answer.headers[name.toLowerCase()]].flat()[0];  // Set-Cookie comes as a list
      assert.ok(value !== undefined || !required, `${story}\nmisses the header ${name}`);
      if (value !== undefined) assert.equal(this.document.problems(schema, value), '', `${story}\nheader ${name}`);
    }
    if (response.contentTypes.length === 0) {
      assert.equal(answer.text, '', `${story}\nhas a body`);
      return undefined;
    }
    const mediaType = mediaTypeOf(answer.headers);
    assert.ok(response.contentTypes.includes(mediaType), `${story}\ncontent type "${mediaType}" is not documented`);
    const value = parsed(mediaType, answer.text);
    assert.equal(this.document.problems(response.schema(mediaType), value), '', story);
    if (mediaType === 'application/problem+json') assert.equal(value.status, answer.status, story);
    return value;
  }

  #remember(id, status) {
    if (!this.#seen.has(id)) this.#seen.set(id, new Set());
    this.#seen.get(id).add(status);
  }
}
