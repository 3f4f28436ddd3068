// Sizes, secrecy and age: what must fit does, what must not be seen is not, what is old goes.

import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe } from 'node:test';

import { assertProblem } from './support/api.mjs';
import { Limehook, run, temporaryFolder } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

describe('sizes and secrecy', () => {
  let server;
  let api;
  before(async () => {
    server = await Limehook.start();
    api = server.api;
  });
  after(() => server.stop());

  test('a batch just below 5 MiB is accepted', async () => {
    const events = Array.from({ length: 25 }, () => missedCall({ filler: 'x'.repeat(205_000) }));
    const body = JSON.stringify(events);
    assert.ok(body.length > 4.8 * 1024 ** 2 && body.length < 5 * 1024 ** 2, `${body.length} bytes`);
    const answer = await api.post('/v1/events/batch', body);
    assert.equal(answer.status, 202, answer.text.slice(0, 200));
    assert.equal(answer.json.data.length, 25);
  });

  test('a body from nobody is refused before it is read', async () => {
    const [host, port] = server.address.split(':');
    const answer = await new Promise((resolve, reject) => {
      const socket = net.connect(port, host, () => {
        socket.write('POST /v1/events/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000000\r\n\r\n[');
      });
      socket.on('error', reject).once('data', (data) => resolve(String(data)) || socket.destroy());
    });
    assert.match(answer, /^HTTP\/1\.1 401 /);
  });

  test('a receiver that echoes what it got does not bring the token into the log', async () => {
    const echo = await Receiver.start((request) => ({
      status: 200,
      headers: { 'x-echo': request.headers.authorization, 'x-own': request.headers['x-api-key'] },
      body: JSON.stringify(request.headers),
    }));
    const webhook = await api.createWebhook({ url: echo.url, headers: { 'X-Api-Key': 'own-key-of-the-receiver' } });
    await api.send(missedCall());
    const row = await waitFor(async () => (await api.deliveries(webhook.id)).find((each) => each.status === 'delivered'));
    const shown = JSON.stringify(await api.read(`/v1/deliveries/${row.id}`));
    assert.ok(!shown.includes(webhook.token), 'the token');
    assert.ok(!shown.includes('own-key-of-the-receiver'), "an own header's value");
    const tested = await api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' });
    assert.equal(tested.status, 200);
    assert.ok(!tested.text.includes(webhook.token), "the token in a test's answer");
  });

  test("own headers that are no credentials take no words from a receiver's answer", async () => {
    const body = '{"error":"relation production.calls does not exist","env":"production"}';
    const receiver = await Receiver.start({ status: 200, headers: { 'Content-Type': 'application/json' }, body });
    const headers = { 'X-Environment': 'production', 'X-Source': 'application', 'X-Token': 'calls does not' };
    const webhook = await api.createWebhook({ url: receiver.url, headers });
    const { json } = await api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' });
    assert.equal(json.response.headers['content-type'], 'application/json');
    assert.equal(json.response.body, '{"error":"relation production.•••••••• exist","env":"production"}');
  });

  test("who may only read does not see own headers' values", async () => {
    const receiver = await Receiver.start();
    const webhook = await api.createWebhook({ url: receiver.url, team_id: 'team_mask', headers: { 'X-Api-Key': 'hidden-value' } });
    const key = await api.post('/v1/keys', { name: 'looks', role: 'read', team_id: 'team_mask' });
    const reader = api.withKey(key.json.key);
    assert.ok(!(await reader.get(`/v1/webhooks/${webhook.id}`)).text.includes('hidden-value'));
    assert.ok(!(await reader.get('/v1/webhooks')).text.includes('hidden-value'));
    assert.ok((await api.get(`/v1/webhooks/${webhook.id}`)).text.includes('hidden-value'));
  });

  test("a test of a webhook for every team stays out of a team's log", async () => {
    const receiver = await Receiver.start();
    const webhook = await api.createWebhook({ url: receiver.url });
    assert.equal((await api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' })).status, 200);
    const key = await api.post('/v1/keys', { name: 'team', role: 'read', team_id: 'team_001' });
    const events = await api.withKey(key.json.key).read('/v1/events?limit=500');
    assert.ok(events.data.every((event) => !event.test));
  });

  test('one recovery per webhook at a time', async () => {
    const receiver = await Receiver.start();
    const webhook = await api.createWebhook({ url: receiver.url, team_id: 'team_twice', enabled: false });
    for (let i = 0; i < 20; i += 1) await api.send(missedCall({ team_id: 'team_twice' }));
    await api.post(`/v1/webhooks/${webhook.id}/enable`);
    const since = new Date(Date.now() - 3_600_000).toISOString();
    const both = await Promise.all([1, 2].map(() => api.post(`/v1/webhooks/${webhook.id}/recover`, { since, status: 'missing' })));
    assert.ok(both.some(({ status }) => status === 202));
    await waitFor(() => receiver.requests.length >= 20, 10_000, 'what was missed');
    await waitFor(async () => {
      const { data } = await api.read(`/v1/webhooks/${webhook.id}/recoveries`);
      return data.every(({ state }) => state === 'done');
    });
    const ids = receiver.requests.map((request) => request.json.call_id);
    assert.equal(ids.length, new Set(ids).size, 'nothing twice');
  });

  test('a number is found with its plus escaped or not', async () => {
    const event = missedCall({ caller_number: '+15559990001' });
    await api.send(event);
    for (const q of ['%2B15559990001', '+15559990001', '15559990001']) {
      const { data } = await api.read(`/v1/events?q=${q}`);
      assert.ok(data.some(({ payload }) => payload.call_id === event.call_id), q);
    }
  });

  test('a full or wrong key list does not matter to a wrong key', async () => {
    assertProblem(await api.withKey('lh_nobody').get('/v1/webhooks'), 401);
  });
});

describe('retention', () => {
  const filled = async (args) => {
    const receiver = await Receiver.start();
    const data = temporaryFolder();
    const first = await Limehook.start({ data });
    const webhook = await first.api.createWebhook({ url: receiver.url });
    const events = Array.from({ length: 300 }, () => missedCall({ filler: 'x'.repeat(10_000) }));
    assert.equal((await first.api.post('/v1/events/batch', events)).status, 202);
    await waitFor(() => receiver.requests.length === events.length, 20_000, 'all deliveries');
    await waitFor(async () => (await first.api.read('/v1/deliveries?status=pending&limit=1')).data.length === 0);
    await first.stop();
    return { receiver, webhook, server: await Limehook.start({ data, args }) };
  };

  test('what is older than --retention goes, and what is new stays', async () => {
    const { server, receiver, webhook } = await filled(['--retention', '1s']);
    await waitFor(async () => (await server.api.read('/v1/events?limit=1')).data.length === 0, 20_000, 'old events to go');
    assert.equal((await server.api.deliveries(webhook.id)).length, 0);
    const event = missedCall();
    await server.api.send(event);
    await waitFor(() => receiver.of(event.call_id).length === 1);
    await server.stop();
    assert.equal((await run(['check', '--data', server.data])).code, 0);
  });

  test('the oldest go when the store is larger than --retention-size', async () => {
    const { server } = await filled(['--retention-size', '2MB']);
    const left = await waitFor(async () => {
      const { data } = await server.api.read('/v1/events?limit=500');
      return data.length < 200 && data;
    }, 20_000, 'the oldest events to go');
    assert.ok(left.length > 0, 'the newest stay');
    await server.stop();
  });
});

describe('the demo', () => {
  test('shows deliveries, loses nothing, and ends by itself', { timeout: 60_000 }, async () => {
    const args = ['demo', '--listen', '127.0.0.1:0', '--data', temporaryFolder(), '--duration', '6s', '--rate', '10'];
    const { code, stdout, stderr } = await run([...args, '--retry-schedule', '1s,1s,1s,1s'], { timeout: 55_000 });
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /missed_call|incoming_call|call_completed/);
    assert.match(stdout, /Lost: 0\./);
  });
});
