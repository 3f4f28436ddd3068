// What a receiver gets: every header of the wire contract, exactly, checked with code that is not Limehook's.

import assert from 'node:assert/strict';
import { before, after, describe } from 'node:test';

import { assertFields, assertProblem } from './support/api.mjs';
import { Limehook, run } from './support/process.mjs';
import { Receiver, rawValue, rawValues } from './support/receiver.mjs';
import { eventTypes, missedCall, sampleTexts, uniqueId } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { hmacByOpenssl, refusedByNpm, verifyWithNpm } from './support/verify.mjs';
import { waitFor } from './support/wait.mjs';

describe('wire contract', () => {
  let server, api;
  before(async () => {
    server = await Limehook.start({ args: ['--retry-schedule', '1s,1s,1s,1s'] });
    api = server.api;
  });
  after(() => server.stop());

  async function deliverOne(webhookMembers = {}, event = missedCall(), behaviour = { status: 200 }, requests = 1) {
    const receiver = await Receiver.start(behaviour);
    const webhook = await api.createWebhook({ url: receiver.url, events: [event.event], ...webhookMembers });
    await api.send(event);
    await waitFor(() => receiver.requests.length >= requests, 15_000, `${requests} request(s) at the receiver`);
    return { receiver, webhook, request: receiver.requests[0] };
  }

  test('every header of the contract is there once, with exactly the value it must have', async () => {
    const event = missedCall();
    const { webhook, request } = await deliverOne({ token: 'a-token-of-my-own' }, event);
    assert.equal(request.method, 'POST');
    assert.equal(request.target, '/hook');
    assert.equal(rawValue(request, 'Content-Type'), 'application/json');
    assert.equal(rawValue(request, 'Authorization'), 'Bearer a-token-of-my-own');
    assert.equal(rawValue(request, 'X-LimeCall-Event'), 'missed_call');
    assert.equal(rawValue(request, 'X-LimeCall-Attempt'), '1');
    assert.match(rawValue(request, 'X-LimeCall-Signature'), /^[0-9a-f]{64}$/);
    assert.match(rawValue(request, 'webhook-id'), /^[A-Za-z0-9_-]{8,64}$/);
    assert.match(rawValue(request, 'webhook-timestamp'), /^\d{10}$/);
    assert.ok(Math.abs(Number(rawValue(request, 'webhook-timestamp')) - request.at / 1000) < 5);
    assert.match(rawValue(request, 'webhook-signature'), /^v1,[A-Za-z0-9+/]{43}=$/);
    assert.equal(rawValue(request, 'Accept-Encoding'), 'identity');
    assert.equal(Number(rawValue(request, 'Content-Length')), request.body.length);
    assert.match(rawValue(request, 'Host'), /^127\.0\.0\.1:\d+$/);
    assert.deepEqual(rawValues(request, 'X-LimeCall-Test'), []);
    assert.deepEqual(rawValues(request, 'X-LimeCall-Signature-Previous'), []);
    assert.equal(request.body.toString(), JSON.stringify(event));
    assert.match(webhook.secret, /^whsec_[A-Za-z0-9+/]+=*$/, 'the secret is shown when the webhook is made');
  });

  test('User-Agent is Limehook/ and the version the binary tells', async () => {
    const { request } = await deliverOne();
    const told = (await run(['--version'])).stdout.match(/\d+\.\d+\.\d+[^\s]*/)?.[0];
    assert.ok(told, 'limehook --version tells a version');
    assert.equal(rawValue(request, 'User-Agent'), `Limehook/${told}`);
  });

  test('the npm packages standardwebhooks and svix accept the request with the secret, and with no other', async () => {
    const { webhook, request } = await deliverOne();
    verifyWithNpm(request, webhook.secret);
    assert.ok(refusedByNpm(request, 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'));
  });

  test('the openssl command reproduces X-LimeCall-Signature from the body and the secret as shown', async () => {
    const { webhook, request } = await deliverOne();
    assert.equal(rawValue(request, 'X-LimeCall-Signature'), hmacByOpenssl(request.body, webhook.secret));
  });

  test('a secret of the caller is used as given', async () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const { request } = await deliverOne({ secret });
    verifyWithNpm(request, secret);
    assert.equal(rawValue(request, 'X-LimeCall-Signature'), hmacByOpenssl(request.body, secret));
  });

  for (const type of eventTypes) {
    test(`${type}: the sample arrives byte for byte and verifies`, async () => {
      const receiver = await Receiver.start();
      const webhook = await api.createWebhook({ url: receiver.url, events: [type] });
      await api.send(sampleTexts[type]);
      await waitFor(() => receiver.requests.length === 1);
      const [request] = receiver.requests;
      assert.equal(request.body.toString(), sampleTexts[type]);
      assert.equal(rawValue(request, 'X-LimeCall-Event'), type);
      verifyWithNpm(request, webhook.secret);
      assert.equal(rawValue(request, 'X-LimeCall-Signature'), hmacByOpenssl(request.body, webhook.secret));
      await api.delete(`/v1/webhooks/${webhook.id}`);
    });
  }

  test('over retries the body and webhook-id stay, X-LimeCall-Attempt counts, each attempt verifies', async () => {
    const behaviour = (_, index) => ({ status: index < 3 ? 500 : 200 });
    const event = `{"event":"missed_call","call_id":"${uniqueId()}","caller_number":"+1234567890",` +
      '"callee_number":"+0987654321","timestamp":"2025-01-30T15:00:00Z","team_id":"team_001","status":"missed",' +
      '"note":"Grüße 👋 \\u00e9","big":9007199254740993,"price":1.10}';
    const receiver = await Receiver.start(behaviour);
    const webhook = await api.createWebhook({ url: receiver.url });
    await api.send(event);
    await waitFor(() => receiver.requests.length === 4, 15_000, 'four attempts');
    const [first] = receiver.requests;
    receiver.requests.forEach((request, index) => {
      assert.ok(request.body.equals(first.body), `attempt ${index + 1} has the same bytes`);
      assert.equal(rawValue(request, 'webhook-id'), rawValue(first, 'webhook-id'));
      assert.equal(rawValue(request, 'X-LimeCall-Attempt'), String(index + 1));
      assert.equal(rawValue(request, 'X-LimeCall-Signature'), rawValue(first, 'X-LimeCall-Signature'));
      verifyWithNpm(request, webhook.secret);
    });
    const stamps = receiver.requests.map((request) => Number(rawValue(request, 'webhook-timestamp')));
    assert.ok(stamps[3] >= stamps[0] + 2, 'webhook-timestamp is the time of the attempt');
  });

  test('two deliveries have two webhook-ids, also of one event to two webhooks', async () => {
    const one = await Receiver.start();
    const two = await Receiver.start();
    await api.createWebhook({ url: one.url });
    await api.createWebhook({ url: two.url });
    await api.send(missedCall());
    await api.send(missedCall());
    await waitFor(() => one.requests.length === 2 && two.requests.length === 2);
    const ids = [...one.requests, ...two.requests].map((request) => rawValue(request, 'webhook-id'));
    assert.equal(new Set(ids).size, 4);
  });

  test('while a secret is rotated both signatures are sent and both secrets verify', async () => {
    const receiver = await Receiver.start();
    const webhook = await api.createWebhook({ url: receiver.url });
    const old = webhook.secret;
    const rotated = await api.post(`/v1/webhooks/${webhook.id}/rotate-secret`);
    assert.equal(rotated.status, 200, rotated.text);
    const fresh = rotated.json.secret;
    assert.match(fresh, /^whsec_/);
    assert.notEqual(fresh, old);
    await api.send(missedCall());
    await waitFor(() => receiver.requests.length === 1);
    const [request] = receiver.requests;
    assert.match(rawValue(request, 'webhook-signature'), /^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/);
    verifyWithNpm(request, fresh);
    verifyWithNpm(request, old);
    assert.equal(rawValue(request, 'X-LimeCall-Signature'), hmacByOpenssl(request.body, fresh));
    assert.equal(rawValue(request, 'X-LimeCall-Signature-Previous'), hmacByOpenssl(request.body, old));
    const shown = await api.read(`/v1/webhooks/${webhook.id}/secret`);
    assert.equal(shown.secret, fresh);
  });

  // Goal: a rotation ends no secret that was promised an overlap, a restart neither; what is promised can be kept.
  test('each secret signs until its own time is over, however many rotations', async () => {
    const receiver = await Receiver.start();
    let own = await Limehook.start();
    const webhook = await own.api.createWebhook({ url: receiver.url });
    const path = `/v1/webhooks/${webhook.id}/rotate-secret`;
    const rotate = async (overlap_seconds) => {
      const answer = await own.api.post(path, { overlap_seconds });
      assert.equal(answer.status, 200, answer.text);
      return answer.json;
    };
    const next = async () => {
      const event = missedCall();
      await own.api.send(event);
      await waitFor(() => receiver.of(event.call_id).length === 1);
      return receiver.of(event.call_id)[0];
    };
    const second = await rotate(3600);
    const third = await rotate(5); // the next one ends before those that it replaced
    const fourth = await rotate(7200);
    assert.deepEqual(fourth.previous_secrets.map(({ expires_at: at }) => at),
      [fourth, third, second].map(({ previous_secret_expires_at: at }) => at));
    for (let restarted = false; ; restarted = true) {
      const request = await next();
      for (const secret of [webhook.secret, third.secret, fourth.secret]) verifyWithNpm(request, secret);
      assert.equal(rawValue(request, 'X-LimeCall-Signature'), hmacByOpenssl(request.body, fourth.secret));
      assert.equal(rawValue(request, 'X-LimeCall-Signature-Previous'), hmacByOpenssl(request.body, third.secret));
      if (restarted) break;
      await own.stop();
      own = await Limehook.start({ data: own.data });
    }
    await waitFor(async () => refusedByNpm(await next(), second.secret), 20_000, 'the shortest overlap to end', 200);
    const request = await next();
    for (const secret of [webhook.secret, third.secret, fourth.secret]) verifyWithNpm(request, secret);
    await waitFor(async () => (await own.api.read(`/v1/webhooks/${webhook.id}/secret`)).previous_secrets.length === 2);

    // Five at once, no more: the sixth is told when it may come.
    for (let i = 0; i < 3; i += 1) await rotate(86_400);
    const refused = assertProblem(await own.api.post(path), 409);
    assert.ok(refused.detail.includes(second.previous_secret_expires_at), refused.detail);
    verifyWithNpm(await next(), webhook.secret);
    const last = await rotate(0); // promises nothing
    assert.equal(last.previous_secrets.length, 5);
    const after = await next();
    for (const secret of [webhook.secret, third.secret, fourth.secret, last.secret]) verifyWithNpm(after, secret);
    await own.stop();
  });

  test('with no overlap the old secret ends at once', async () => {
    const receiver = await Receiver.start();
    const webhook = await api.createWebhook({ url: receiver.url });
    for (const overlap_seconds of [-1, 2_592_001, 1.5, '1h', null]) {
      assertFields(await api.post(`/v1/webhooks/${webhook.id}/rotate-secret`, { overlap_seconds }), '/overlap_seconds');
    }
    const rotated = await api.post(`/v1/webhooks/${webhook.id}/rotate-secret`, { overlap_seconds: 0 });
    assert.equal(rotated.status, 200, rotated.text);
    await api.send(missedCall());
    await waitFor(() => receiver.requests.length === 1);
    const [request] = receiver.requests;
    assert.match(rawValue(request, 'webhook-signature'), /^v1,[A-Za-z0-9+/]{43}=$/);
    assert.deepEqual(rawValues(request, 'X-LimeCall-Signature-Previous'), []);
    verifyWithNpm(request, rotated.json.secret);
    assert.ok(refusedByNpm(request, webhook.secret));
  });

  test('a test delivery says so, and is signed like any other', async () => {
    const receiver = await Receiver.start();
    const webhook = await api.createWebhook({ url: receiver.url, events: ['call_completed'] });
    const answer = await api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'call_completed' });
    assert.equal(answer.status, 200, answer.text);
    const [request] = receiver.requests;
    assert.equal(rawValue(request, 'X-LimeCall-Test'), 'true');
    assert.equal(rawValue(request, 'X-LimeCall-Event'), 'call_completed');
    assert.equal(rawValue(request, 'X-LimeCall-Attempt'), '1');
    verifyWithNpm(request, webhook.secret);
  });

  test('own headers are added as given', async () => {
    const headers = { 'X-Shop': 'Nord 7', 'x-empty-ok': 'a=b; c="d"' };
    const { request } = await deliverOne({ headers });
    assert.equal(rawValue(request, 'X-Shop'), 'Nord 7');
    assert.equal(rawValue(request, 'x-empty-ok'), 'a=b; c="d"');
  });

  test('a token is generated when none is given, different per webhook, the same on every delivery', async () => {
    const receiver = await Receiver.start();
    const other = await Receiver.start();
    await api.createWebhook({ url: receiver.url });
    await api.createWebhook({ url: other.url });
    await api.send(missedCall());
    await api.send(missedCall());
    await waitFor(() => receiver.requests.length === 2 && other.requests.length === 2);
    const tokens = receiver.requests.map((request) => rawValue(request, 'Authorization'));
    assert.match(tokens[0], /^Bearer \S{16,}$/);
    assert.equal(tokens[0], tokens[1]);
    assert.notEqual(tokens[0], rawValue(other.requests[0], 'Authorization'));
  });

  test("a URL's path and query are sent exactly as given", async () => {
    const receiver = await Receiver.start();
    const target = '/a/%2Fb%20c//d;p=1/~x?q=1+2&r=%e4&empty=&r=2';
    await api.createWebhook({ url: `http://127.0.0.1:${receiver.port}${target}` });
    await api.send(missedCall());
    await waitFor(() => receiver.requests.length === 1);
    assert.equal(receiver.requests[0].target, target);
  });

  test('a URL without a path is sent as /', async () => {
    const receiver = await Receiver.start();
    await api.createWebhook({ url: `http://127.0.0.1:${receiver.port}` });
    await api.send(missedCall());
    await waitFor(() => receiver.requests.length === 1);
    assert.equal(receiver.requests[0].target, '/');
  });
});
