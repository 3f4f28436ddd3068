// What the parts of openapi.test.mjs share: one server, one receiver, and what was made on the way. The parts build on
// each other, in the order in which they are imported there.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { Limehook } from '../../e2e/support/process.mjs';
import { Receiver } from '../../e2e/support/receiver.mjs';
import { waitFor } from '../../e2e/support/wait.mjs';
import { Api } from './api.mjs';
import { Document } from './document.mjs';
import { OPENAPI_PATH } from './paths.mjs';

export const document = new Document(OPENAPI_PATH);
export const started = new Date(Date.now() - 1000).toISOString();
export const keys = {};      // by name: {id, key}
export const webhooks = {};  // by name: {id, secrets, token, path, shaped}
export const people = {};    // by name: {id, email, password, session}
export const portals = {};   // by role: the token of an open portal of team_001
// samples: event type → sample payload; phoneSamples: those of them that callers can send; eventId: of an event of
// team_001 with a delivery to webhooks.all; deliveryId: that delivery; recoveryId: of webhooks.failing; numberId,
// testReceiverId, invitationId: of team_001.
export const known = {};
export let server;
export let receiver;
export let api;

// Answers by path: "/status/500/name" with 500, every other path with 200.
function answerByPath({ target }) {
  const [, status] = target.match(/^\/status\/(\d+)\//) ?? [];
  return { status: Number(status ?? 200), headers: { 'content-type': 'text/plain' }, body: status ? 'no' : 'ok' };
}

before(async () => {
  receiver = await Receiver.start(answerByPath);
  // The test is a proxy, so that it can be many callers: one with many unknown keys would get 429.
  server = await Limehook.start({ args: ['--retry-schedule', '1s', '--trusted-proxy', '127.0.0.1'] });
  api = new Api(document, server.url);
  keys.admin = { key: server.key };
});

after(async () => {
  receiver?.close();
  await server?.stop();
});

export const until = (what, condition) => waitFor(condition, 15_000, what);

export const admin = (options = {}) => ({ key: keys.admin.key, ...options });
export const manager = (options = {}) => ({ key: keys.manage.key, ...options });
export const person = (name, options = {}) => ({ session: people[name].session, ...options });
export const ofWebhook = (name, options = {}) => manager({ path: { id: webhooks[name].id }, ...options });
export const deliveredTo = (name) => receiver.requests.filter((request) => request.target === webhooks[name].path);

export const receiverUrl = (path) => new URL(path, receiver.url).href;

export async function createWebhook(name, settings, options = manager()) {
  const { path = `/${name}`, ...rest } = settings;
  const json = { name, url: receiverUrl(path), ...rest };
  const created = await api.call('createWebhook', 201, { ...options, json });
  const { id, secret, token } = created;
  webhooks[name] = { id, secrets: [secret], token, path, shaped: Boolean(json.payload) };
  return created;
}

// Follows next_cursor to the end; answers the entries of all pages.
export async function allPages(id, options, limit = 2) {
  const entries = [];
  let cursor = null;
  do {
    const query = { ...options.query, limit, ...(cursor ? { cursor } : {}) };
    const page = await api.call(id, 200, { ...options, query });
    assert.ok(page.data.length <= limit);
    entries.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor);
  const ids = entries.map((entry) => entry.id);
  const inOrder = [...new Set(ids)].sort();
  if (id !== 'listTeams') inOrder.reverse();
  assert.deepEqual(ids, inOrder, 'each entry once, in order');
  return entries;
}
