// Attacks on the server itself by what it sends: through the one exception from its rules, its own test receivers.

import assert from 'node:assert/strict';

import { refused } from './refused.mjs';

const id = `rcv_${'a'.repeat(43)}`;

/** URLs that lead to the server, but to no test receiver of it, in somebody's reading. */
function otherUrls({ url }) {
  const { port } = new URL(url);
  const own = `${url}/test-receiver/${id}`;
  return [
    `${url}/v1/keys`, `${url}/`, url, `${url}/test-receiver/`, `${url}/test-receiver/rcv_`, `${own}x`, `${own}/`, `${own}/../../v1/keys`,
    `${url}/test-receiver/../v1/keys`, `${url}/test-receiver/rcv_/../../v1/keys`, `${url}/test-receiver/%2e%2e/v1/keys`,
    `${url}/test-receiver/rcv_%2e%2e%2f%2e%2e%2fv1%2fkeys`, `${url}//test-receiver/${id}`, `${url}/v1/keys?/test-receiver/${id}`,
    `${own}?team_id=x`, `${own}?`, `${own}#`, `${own};/../v1/keys`, `${own}%00`, `${own}%0d%0aX-A:b`, `${own}\\..\\v1\\keys`,
    `http://127.0.0.1/test-receiver/${id}`, `http://127.0.0.1:22/test-receiver/${id}`, `http://127.0.0.1:0${port}/test-receiver/${id}`,
    `http://u@127.0.0.1:${port}/test-receiver/${id}`, `http://:@127.0.0.1:${port}/test-receiver/${id}`,
    `http://localhost:${port}/test-receiver/${id}`, `http://127.1:${port}/test-receiver/${id}`, `http://0.0.0.0:${port}/test-receiver/${id}`,
    `http://[::ffff:127.0.0.1]:${port}/test-receiver/${id}`, `http://127.0.0.1.:${port}/test-receiver/${id}`,
    `http://127.0.0.2:${port}/test-receiver/${id}`, `http://localtest.me:${port}/test-receiver/${id}`,
    `https://127.0.0.1:${port}/test-receiver/${id}`, `HTTP://127.0.0.1:${port}/test-receiver/${id}`,
  ];
}

async function refusedInEach(scene, members) {
  const urls = otherUrls(scene.strict);
  for (const url of urls) refused(await scene.strict.attack.post('/v1/webhooks', { name: 'x', ...members(url) }), 422);
  return `422 to all ${urls.length}`;
}

export const ownServer = [
  ['a webhook to another path of this server', (scene) => refusedInEach(scene, (url) => ({ url }))],
  ['the same as a fallback', (scene) => refusedInEach(scene, (url) => ({ url: 'https://example.com/', fallback_url: url }))],
  ['an OAuth token from a test receiver', async ({ strict }) => refused(await strict.attack.post('/v1/webhooks', {
    name: 'x', url: 'https://example.com/', oauth: { token_url: strict.receiver.url, client_id: 'i', client_secret: 's' },
  }), 422)],
  ['a redirect by a test receiver', async ({ strict }) => {
    await strict.attack.patch(`/v1/test-receivers/${strict.receiver.id}`, { status: 302 });
    const webhook = await strict.attack.createWebhook({ url: strict.receiver.url });
    const { json } = await strict.attack.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' });
    assert.deepEqual([json.response.status, json.response.headers.location], [302, undefined]);
    return '302 that leads nowhere';
  }],
  ['reading a test receiver with its URL only', async ({ strict }) => {
    const { pathname } = new URL(strict.receiver.url);
    const stranger = strict.attack.withKey(null);
    refused(await stranger.get(pathname), 405);
    refused(await stranger.get(`/v1/test-receivers/${strict.receiver.id}`), 401);
    return '405 and 401';
  }],
  ['a test receiver in another team', async ({ strict }) => refused(await strict.attack.post('/v1/test-receivers', { team_id: 'team_victim' }), 403)],
  ['a header of one’s own on the way to a test receiver', async ({ strict }) => {
    const headers = { 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Proto': 'https' };
    const made = await strict.attack.post('/v1/webhooks', { name: 'x', url: strict.receiver.url, headers: { ...headers, Host: 'x' } });
    return refused(made, 422);
  }],
];
