// A small client of the HTTP API. Bodies given as text are sent byte for byte; other values as JSON.

import assert from 'node:assert/strict';

export class Api {
  /** timeout: after how many ms a request is given up; without it, never. fetch: what asks instead of Node's own. */
  constructor(url, key, { timeout, fetch = globalThis.fetch } = {}) {
    this.url = url;
    this.key = key;
    this.options = { timeout, fetch };
  }

  withKey(key) {
    return new Api(this.url, key, this.options);
  }

  withFetch(fetch) {
    return new Api(this.url, this.key, fetch);
  }

  /** Answers {status, headers, text, json}; json is undefined where the answer is not JSON. */
  async request(method, path, body, headers = {}) {
    const all = { ...(this.key ? { authorization: `Bearer ${this.key}` } : {}) };
    let text = body;
    if (body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array)) text = JSON.stringify(body);
    if (text !== undefined) all['content-type'] = 'application/json';
    for (const [name, value] of Object.entries(headers)) {
      if (value === null) delete all[name.toLowerCase()];
      else all[name.toLowerCase()] = value;
    }
    const { timeout, fetch } = this.options;
    const signal = timeout === undefined ? undefined : AbortSignal.timeout(timeout);
    const answer = await fetch(this.url + path, { method, headers: all, body: text, redirect: 'manual', signal });
    const received = await answer.text();
    let json;
    if (/json/.test(answer.headers.get('content-type') ?? '')) json = JSON.parse(received);
    return { status: answer.status, headers: answer.headers, text: received, json };
  }

  get = (path) => this.request('GET', path);
  post = (path, body, headers) => this.request('POST', path, body, headers);
  patch = (path, body) => this.request('PATCH', path, body);
  delete = (path) => this.request('DELETE', path);

  /** The JSON of a GET that must succeed. */
  async read(path) {
    const answer = await this.get(path);
    assert.equal(answer.status, 200, `GET ${path}: ${answer.text}`);
    return answer.json;
  }

  /** Sends one event that must be accepted; answers its {id, deliveries}. */
  async send(event, headers) {
    const answer = await this.post('/v1/events', event, headers);
    assert.equal(answer.status, 202, answer.text);
    return answer.json;
  }

  /** Creates a webhook that must be accepted. */
  async createWebhook(members) {
    const answer = await this.post('/v1/webhooks', { name: 'test', events: ['missed_call'], ...members });
    assert.equal(answer.status, 201, answer.text);
    assert.match(answer.json.id, /^wh_/);
    return answer.json;
  }

  async changeWebhook(id, members) {
    const answer = await this.patch(`/v1/webhooks/${id}`, members);
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  }

  /** Every row of a list, page by page. */
  async list(path, limit) {
    const rows = [];
    let cursor = null;
    do {
      const url = new URL(path, this.url);
      if (limit) url.searchParams.set('limit', limit);
      if (cursor) url.searchParams.set('cursor', cursor);
      const page = await this.read(url.pathname + url.search);
      assert.ok(Array.isArray(page.data), 'a list answers {"data": […]}');
      assert.ok('next_cursor' in page, 'a list answers next_cursor');
      if (limit) assert.ok(page.data.length <= limit, 'a page is not longer than its limit');
      rows.push(...page.data);
      cursor = page.next_cursor;
    } while (cursor);
    return rows;
  }

  deliveries = (webhook, query = '') => this.list(`/v1/webhooks/${webhook}/deliveries${query}`);
  delivery = (id) => this.read(`/v1/deliveries/${id}`);
}

/** Checks a problem+json answer (RFC 9457). */
export function assertProblem(answer, status) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/, answer.text);
  assert.equal(typeof answer.json.title, 'string', answer.text);
  if ('status' in answer.json) assert.equal(answer.json.status, status);
  return answer.json;
}

/** Checks a 422 that names these fields. */
export function assertFields(answer, ...pointers) {
  const problem = assertProblem(answer, 422);
  assert.ok(Array.isArray(problem.errors) && problem.errors.length > 0, answer.text);
  for (const error of problem.errors) {
    assert.equal(typeof error.pointer, 'string', answer.text);
    assert.ok(typeof error.detail === 'string' && error.detail.length > 0, answer.text);
  }
  for (const pointer of pointers) {
    assert.ok(
      problem.errors.some((error) => error.pointer === pointer || error.pointer.startsWith(`${pointer}/`)),
      `no error names ${pointer}: ${answer.text}`,
    );
  }
}

/** A header of a logged request or response, whichever way the log writes headers. */
export function loggedHeader(headers, name) {
  const wanted = name.toLowerCase();
  const pairs = Array.isArray(headers)
    ? headers.map((header) => (Array.isArray(header) ? header : [header.name, header.value]))
    : Object.entries(headers ?? {});
  return pairs.find(([key]) => key.toLowerCase() === wanted)?.[1];
}
