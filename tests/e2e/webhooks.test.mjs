// Webhooks: create, look, change, delete; what they refuse; what they let through.

import assert from 'node:assert/strict';
import { before, after, describe } from 'node:test';

import { assertFields, assertProblem, loggedHeader } from './support/api.mjs';
import { Limehook } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { eventTypes, missedCall, sample, sampleTexts, uniqueId } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

describe('webhooks', () => {
  let server, api;
  before(async () => {
    server = await Limehook.start({ args: ['--retry-schedule', '1s,1s'] });
    api = server.api;
  });
  after(() => server.stop());

  // Nobody listens there: what other tests send comes back at once, and nothing leaves this machine.
  const minimal = { name: 'CRM', url: 'http://127.0.0.1:9/hook', events: ['missed_call'] };

  test('what is created is shown by GET and in the list, and every member can be read back', async () => {
    const members = {
      name: 'CRM Nørd 📞',
      url: 'https://127.0.0.1:9/hook?x=1',
      events: ['missed_call', 'sms_received'],
      filters: { match: 'any', conditions: [{ field: 'caller_number', op: 'in', value: ['+1234567890'] }] },
      headers: { 'X-Shop': '7' },
      enabled: true,
      team_id: 'team_001',
      numbers: ['+0987654321'],
      retry_schedule: [1, 60, 86400],
      timeout_ms: 2500,
      max_concurrency: 3,
    };
    const created = await api.createWebhook(members);
    const shown = await api.read(`/v1/webhooks/${created.id}`);
    for (const [member, value] of Object.entries(members)) assert.deepEqual(shown[member], value, member);
    const listed = (await api.list('/v1/webhooks')).find((webhook) => webhook.id === created.id);
    assert.equal(listed.name, members.name);
    assert.ok(!Number.isNaN(Date.parse(shown.created_at)));
  });

  test('the secret is shown when made and by GET …/secret, nowhere else; the token not after creation', async () => {
    const token = 'tok_very_private_0815';
    const created = await api.createWebhook({ ...minimal, token });
    assert.match(created.secret, /^whsec_[A-Za-z0-9+/]{32,}=*$/);
    const bytes = Buffer.from(created.secret.slice('whsec_'.length), 'base64').length;
    assert.ok(bytes >= 24 && bytes <= 64, `a Standard Webhooks secret has 24 to 64 bytes, not ${bytes}`);
    const secret = await api.read(`/v1/webhooks/${created.id}/secret`);
    assert.equal(secret.secret, created.secret);
    const changed = await api.changeWebhook(created.id, { name: 'other' });
    for (const json of [await api.read(`/v1/webhooks/${created.id}`), await api.read('/v1/webhooks'), changed]) {
      assert.ok(!JSON.stringify(json).includes(created.secret));
      assert.ok(!JSON.stringify(json).includes(token));
    }
  });

  test('rotate-secret answers a new secret, which GET …/secret then shows', async () => {
    const created = await api.createWebhook(minimal);
    const rotated = await api.post(`/v1/webhooks/${created.id}/rotate-secret`, {});
    assert.equal(rotated.status, 200, rotated.text);
    assert.notEqual(rotated.json.secret, created.secret);
    assert.equal((await api.read(`/v1/webhooks/${created.id}/secret`)).secret, rotated.json.secret);
  });

  // Goal: of people who edit one webhook at the same time one wins, also when their requests arrive together; the
  // others are told. Whatever changes a webhook gives it another tag, and only that.
  test('two people who change one webhook: If-Match', async () => {
    const made = await api.post('/v1/webhooks', minimal);
    const path = `/v1/webhooks/${made.json.id}`;
    let tag = made.headers.get('etag');
    assert.equal(tag, `"${made.json.version}"`);
    assert.equal((await api.get(path)).headers.get('etag'), tag);
    const change = (method, step, body, match) =>
      api.request(method, path + step, body, match === undefined ? {} : { 'If-Match': match });

    const together = await Promise.all(Array.from({ length: 8 }, (_, i) => change('PATCH', '', { name: `by ${i}` }, tag)));
    const won = together.filter((answer) => answer.status === 200);
    assert.equal(won.length, 1, together.map((answer) => answer.status).join());
    for (const answer of together) if (answer !== won[0]) assertProblem(answer, 412);
    assert.equal((await api.read(path)).name, won[0].json.name);

    const steps = [['POST', '/disable'], ['POST', '/enable'], ['POST', '/rotate-secret', {}], ['PATCH', '', { name: 'x' }]];
    for (const [method, step, body] of steps) {
      for (const stale of [tag, `W/${(await api.get(path)).headers.get('etag')}`, 'nonsense']) {
        assertProblem(await change(method, step, body, stale), 412);
      }
      const before = (await api.get(path)).headers.get('etag');
      assert.equal((await change(method, step, body, `"0", ${before}`)).status, 200, step);
      assert.notEqual((await api.get(path)).headers.get('etag'), before, `${method} ${step} makes another version`);
      tag = before;
    }
    assert.equal((await change('PATCH', '', { name: 'y' }, '*')).status, 200);
    assertProblem(await change('DELETE', '', undefined, tag), 412);
    assert.equal((await change('DELETE', '', undefined, (await api.get(path)).headers.get('etag'))).status, 204);
  });

  const wrong = {
    name: ['', 5, [], 'a\nb'],
    url: ['', 7, 'example.com', '/hook', 'ftp://example.com/', 'javascript:alert(1)', 'https://', 'https:///x',
      'https://user:pass@example.com/', 'https://user@example.com/', 'https://example.com/#part', 'https://example.com:0/',
      'https://example.com:65536/', 'https://example.com:abc/', 'https://exa mple.com/', 'https://example.com/a b',
      'https://example.com/\r\nX: y', 'https://[::1/', `https://example.com/${'x'.repeat(100_000)}`],
    events: [['missed_calls'], 'missed_call', [5], {}],
    filters: [[], 'x', { match: 'some', conditions: [] }, { match: 'all', conditions: {} },
      { match: 'all', conditions: [{ field: 'a', op: 'like', value: 'x' }] },
      { match: 'all', conditions: [{ op: 'eq', value: 'x' }] },
      { match: 'all', conditions: [{ field: '', op: 'eq', value: 'x' }] },
      { match: 'all', conditions: [{ field: 'a', op: 'eq' }] },
      { match: 'all', conditions: [{ field: 'a', op: 'in', value: 'x' }] },
      { match: 'all', conditions: [{ field: 'a', op: 'exists', value: 'perhaps' }] },
      { match: 'all', conditions: [{ field: 5, op: 'eq', value: 'x' }] }],
    payload: [[], 'x', { fields: 7 }],
    secret: ['', 'short', 'whsec_', 'whsec_not base64!', 9],
    token: ['a\r\nX-Evil: 1', 'a\nb', 12, {}],
    headers: ['x', { 'bad name': 'x' }, { '': 'x' }, { 'X-A': 'a\r\nX-B: b' }, { 'X-A': 5 }, { 'X-A\r\n': 'x' },
      { Connection: 'close' }, { 'Transfer-Encoding': 'chunked' }, { 'Keep-Alive': '1' }, { TE: 'trailers' }, { Upgrade: 'h2c' },
      { Trailer: 'x' }, { 'content-type': 'text/plain' }, { AUTHORIZATION: 'Bearer x' }, { 'X-LimeCall-Signature': 'x' },
      { 'x-limecall-event': 'x' }, { 'X-LimeCall-Attempt': '1' }, { 'Webhook-Id': 'x' }, { 'webhook-timestamp': '1' },
      { 'webhook-signature': 'x' }, { 'User-Agent': 'x' }],
    enabled: ['yes', 1],
    team_id: [5, []],
    numbers: ['+1234567890', ['1234567890'], ['+12x'], [5]],
    retry_schedule: [[], [0], [-1], [86401], ['1m'], 5, Array(21).fill(1)],
    timeout_ms: [0, -1, 'x', 1e12, 1.5],
    max_concurrency: [0, -1, 'x', 1.5, 1e9],
  };
  for (const [member, values] of Object.entries(wrong)) {
    test(`a wrong ${member} is refused with 422 that names it, on creation and on change`, async () => {
      const webhook = await api.createWebhook(minimal);
      for (const value of values) {
        const told = JSON.stringify(value).slice(0, 100);
        for (const answer of [
          await api.post('/v1/webhooks', { ...minimal, [member]: value }),
          await api.patch(`/v1/webhooks/${webhook.id}`, { [member]: value }),
        ]) {
          assert.equal(answer.status, 422, `${member} ${told}: ${answer.text}`);
          assertFields(answer, `/${member}`);
        }
      }
      const before = await api.read(`/v1/webhooks/${webhook.id}`);
      assert.equal(before.name, minimal.name);
      assert.equal(before.url, minimal.url);
    });
  }

  test('name and url are required; all that is wrong is named at once', async () => {
    assertFields(await api.post('/v1/webhooks', { events: ['missed_call'] }), '/name', '/url');
    assertFields(await api.post('/v1/webhooks', { name: '', url: 'x', timeout_ms: -1 }), '/name', '/url', '/timeout_ms');
    assertProblem(await api.post('/v1/webhooks', '[]'), 422);
    assertProblem(await api.post('/v1/webhooks', '{'), 400);
    assertProblem(await api.post('/v1/webhooks', 'name=x', { 'Content-Type': 'text/plain' }), 415);
    assertProblem(await api.withKey('lh_no').post('/v1/webhooks', minimal), 401);
  });

  test('an unknown webhook is 404 on every route', async () => {
    for (const id of ['wh_0000000000000', 'nonsense', 'wh_']) {
      const path = `/v1/webhooks/${id}`;
      assertProblem(await api.get(path), 404);
      assertProblem(await api.patch(path, { name: 'x' }), 404);
      assertProblem(await api.delete(path), 404);
      assertProblem(await api.post(`${path}/test`, { event: 'missed_call' }), 404);
      assertProblem(await api.post(`${path}/rotate-secret`), 404);
      assertProblem(await api.get(`${path}/secret`), 404);
      assertProblem(await api.get(`${path}/deliveries`), 404);
    }
    assertProblem(await api.get('/v1/nothing'), 404);
  });

  test('PATCH changes what it names only; null puts a member back to its default', async () => {
    const filters = { match: 'all', conditions: [{ field: 'status', op: 'eq', value: 'missed' }] };
    const created = await api.createWebhook({ ...minimal, filters, retry_schedule: [5], timeout_ms: 1000, max_concurrency: 2,
      headers: { 'X-A': '1' }, numbers: ['+1234567890'] });
    const fresh = await api.read(`/v1/webhooks/${(await api.createWebhook(minimal)).id}`);
    const changed = await api.changeWebhook(created.id, { name: 'renamed' });
    assert.equal(changed.name, 'renamed');
    assert.deepEqual(changed.filters, filters);
    assert.deepEqual(changed.retry_schedule, [5]);
    await api.changeWebhook(created.id, { filters: null, retry_schedule: null, timeout_ms: null, max_concurrency: null,
      headers: null, numbers: null });
    const reset = await api.read(`/v1/webhooks/${created.id}`);
    for (const member of ['filters', 'retry_schedule', 'timeout_ms', 'max_concurrency', 'headers', 'numbers']) {
      assert.deepEqual(reset[member], fresh[member], member);
    }
    assertFields(await api.patch(`/v1/webhooks/${created.id}`, { url: null }), '/url');
  });

  test('the list pages by cursor without losing or repeating one', async () => {
    const ids = [];
    for (let i = 0; i < 7; i += 1) ids.push((await api.createWebhook({ ...minimal, name: `page ${i}` })).id);
    const rows = await api.list('/v1/webhooks', 3);
    assert.equal(new Set(rows.map((row) => row.id)).size, rows.length);
    for (const id of ids) assert.ok(rows.some((row) => row.id === id));
  });

  // Goal: health=failing lists what needs somebody, and nothing else. Method: one webhook of each kind.
  test('the list of failing webhooks', async () => {
    const receivers = {};
    const ids = {};
    for (const [name, status] of Object.entries({ well: 200, fails: 500, gone: 410, stopped: 500, alsoFails: 503 })) {
      receivers[name] = await Receiver.start({ status });
      ids[name] = (await api.createWebhook({ url: receivers[name].url, team_id: 'team_health', retry_schedule: [3600] })).id;
    }
    await api.send(missedCall({ team_id: 'team_health' }));
    await waitFor(async () => (await api.deliveries(ids.gone, '?status=failed')).length === 1);
    await waitFor(async () => (await api.deliveries(ids.well, '?status=delivered')).length === 1);
    for (const name of ['fails', 'alsoFails', 'stopped']) await waitFor(async () => (await api.read(`/v1/webhooks/${ids[name]}`)).failing_since);
    await api.post(`/v1/webhooks/${ids.stopped}/disable`);
    const failing = '/v1/webhooks?health=failing&team_id=team_health';
    for (const limit of [1, 2, 3]) {
      assert.deepEqual((await api.list(failing, limit)).map(({ id }) => id), [ids.alsoFails, ids.gone, ids.fails], `${limit} a page`);
    }
    assertFields(await api.get('/v1/webhooks?health=well'), '/health');
    for (const receiver of Object.values(receivers)) receiver.close();
  });

  test('a deleted webhook is gone, gets nothing more, and what waited is canceled', async () => {
    const receiver = await Receiver.start({ status: 500 });
    const webhook = await api.createWebhook({ url: receiver.url, team_id: 'team_deleted', retry_schedule: [3600] });
    await api.send(missedCall({ team_id: 'team_deleted' }));
    const [delivery] = await waitFor(async () => {
      const rows = await api.deliveries(webhook.id);
      return rows[0]?.status === 'retrying' && rows;
    });
    const answer = await api.delete(`/v1/webhooks/${webhook.id}`);
    assert.ok([200, 204].includes(answer.status), answer.text);
    assertProblem(await api.get(`/v1/webhooks/${webhook.id}`), 404);
    const kept = await api.get(`/v1/deliveries/${delivery.id}`);
    if (kept.status === 200) {
      await waitFor(async () => (await api.delivery(delivery.id)).status === 'canceled', 5_000, 'canceled');
    } else {
      assertProblem(kept, 404);
    }
    const { id } = await api.send(missedCall({ team_id: 'team_deleted' }));
    const targets = (await api.read(`/v1/events/${id}`)).deliveries.map((row) => row.webhook_id);
    assert.ok(!targets.includes(webhook.id));
    assert.equal(receiver.requests.length, 1);
  });

  test('a disabled webhook gets nothing, what waited is canceled; enabled again it gets new events', async () => {
    const receiver = await Receiver.start({ status: 500 });
    const event = 'sms_sent';
    const webhook = await api.createWebhook({ url: receiver.url, events: [event], retry_schedule: [3600] });
    await api.send(sample(event, { message_id: uniqueId() }));
    await waitFor(async () => (await api.deliveries(webhook.id))[0]?.status === 'retrying');
    const changed = await api.changeWebhook(webhook.id, { enabled: false });
    assert.equal(changed.enabled, false);
    await waitFor(async () => (await api.deliveries(webhook.id))[0].status === 'canceled', 5_000, 'canceled');
    assert.equal((await api.send(sample(event, { message_id: uniqueId() }))).deliveries, 0);
    receiver.behaviour = { status: 200 };
    await api.changeWebhook(webhook.id, { enabled: true });
    const id = uniqueId();
    assert.equal((await api.send(sample(event, { message_id: id }))).deliveries, 1);
    await waitFor(() => receiver.of(id).length === 1);
    assert.equal(receiver.requests.length, 2);
    await api.delete(`/v1/webhooks/${webhook.id}`);
  });

  test('a webhook created disabled gets nothing', async () => {
    const webhook = await api.createWebhook({ ...minimal, events: ['incoming_call'], enabled: false });
    assert.equal((await api.send(sampleTexts.incoming_call)).deliveries, 0);
    assert.equal((await api.deliveries(webhook.id)).length, 0);
  });

  test('a changed URL is used from then on', async () => {
    const old = await Receiver.start();
    const fresh = await Receiver.start();
    const webhook = await api.createWebhook({ url: old.url });
    const [one, two] = [missedCall(), missedCall()];
    await api.send(one);
    await waitFor(() => old.of(one.call_id).length === 1);
    await api.changeWebhook(webhook.id, { url: fresh.url });
    await api.send(two);
    await waitFor(() => fresh.of(two.call_id).length === 1);
    assert.equal(old.of(two.call_id).length, 0);
    await api.delete(`/v1/webhooks/${webhook.id}`);
  });

  test('POST …/test sends the sample of every type at once and answers what came back', async () => {
    const receiver = await Receiver.start({ status: 201, headers: { 'X-Answer': 'yes' }, body: 'thank you' });
    const webhook = await api.createWebhook({ ...minimal, url: receiver.url });
    for (const type of eventTypes) {
      const answer = await api.post(`/v1/webhooks/${webhook.id}/test`, { event: type });
      assert.equal(answer.status, 200, answer.text);
      assert.match(answer.json.delivery_id, /^dlv_/);
      assert.equal(answer.json.response.status, 201);
      assert.equal(answer.json.response.body, 'thank you');
      assert.equal(loggedHeader(answer.json.response.headers, 'X-Answer'), 'yes');
      assert.equal(typeof answer.json.duration_ms, 'number');
      assert.ok(!answer.json.error, answer.text);
      const { json } = receiver.requests.at(-1);
      assert.equal(json.event, type);
      const expected = JSON.parse(sampleTexts[type]);
      for (const member of ['caller_number', 'sender_number', 'team_id']) {
        assert.equal(json[member], expected[member], `${type} ${member}`);
      }
      // The contract names sample ids without saying which event has which.
      assert.ok(['123456', '789012', '567890'].includes(json.call_id ?? json.message_id), type);
    }
    const rows = await api.deliveries(webhook.id);
    assert.equal(rows.length, eventTypes.length);
    for (const row of rows) assert.equal(row.test, true);
  });

  test('POST …/test tells what went wrong, once, without retrying', async () => {
    const receiver = await Receiver.start({ status: 500, body: 'no' });
    const webhook = await api.createWebhook({ ...minimal, url: receiver.url, timeout_ms: 500, retry_schedule: [1] });
    const path = `/v1/webhooks/${webhook.id}/test`;
    const failed = await api.post(path, { event: 'missed_call' });
    assert.deepEqual([failed.status, failed.json.response.status, failed.json.response.body], [200, 500, 'no']);
    receiver.behaviour = { kind: 'hang' };
    const hung = await api.post(path, { event: 'missed_call' });
    assert.deepEqual([hung.status, hung.json.response], [200, null]);
    assert.ok(hung.json.error.length > 0);
    assert.ok(hung.json.duration_ms >= 450 && hung.json.duration_ms < 5000, hung.text);
    receiver.behaviour = { kind: 'reset' };
    const reset = await api.post(path, { event: 'missed_call' });
    assert.deepEqual([reset.status, reset.json.response], [200, null]);
    assert.ok(reset.json.error.length > 0);
    const row = (await api.deliveries(webhook.id)).find(({ id }) => id === failed.json.delivery_id);
    assert.equal(row.status, 'failed');
    assertFields(await api.post(path, { event: 'missed_calls' }), '/event');
  });

  test('POST …/test works on a disabled webhook too', async () => {
    const receiver = await Receiver.start();
    const webhook = await api.createWebhook({ ...minimal, url: receiver.url, enabled: false });
    const answer = await api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' });
    assert.equal(answer.json.response?.status, 200, answer.text);
  });
});

describe('what a webhook lets through', () => {
  let server, api;
  before(async () => {
    server = await Limehook.start();
    api = server.api;
  });
  after(() => server.stop());

  /**
   * Makes a webhook for each entry of `webhooks` (name → members), sends the events and answers what each got, by
   * `label`. Nothing else can follow: the 202s tell how many deliveries there are, and all of them have arrived.
   */
  async function whoGetsWhat(webhooks, events) {
    const receiver = await Receiver.start();
    const base = `http://127.0.0.1:${receiver.port}/`;
    const ids = [];
    for (const [name, members] of Object.entries(webhooks)) {
      ids.push((await api.createWebhook({ name, url: base + encodeURIComponent(name), events: eventTypes, ...members })).id);
    }
    let expected = 0;
    for (const event of events) expected += (await api.send(event)).deliveries;
    await waitFor(() => receiver.requests.length === expected, 15_000, `${expected} deliveries`);
    for (const id of ids) await api.delete(`/v1/webhooks/${id}`);
    receiver.close();
    return Object.fromEntries(
      Object.keys(webhooks).map((name) => [
        name,
        receiver.requests
          .filter((request) => request.target === `/${encodeURIComponent(name)}`)
          .map((request) => request.json.label)
          .sort(),
      ]),
    );
  }

  const condition = (field, op, value) => ({ filters: { match: 'all', conditions: [{ field, op, value }] } });

  test('each operator of a filter', async () => {
    const events = [
      missedCall({ label: 'a', caller_number: '+49301', duration: 5, extra: { vip: true, tags: ['x'] }, note: 'call me back' }),
      missedCall({ label: 'b', caller_number: '+49302', duration: 10, extra: { vip: false }, note: 'hello' }),
      missedCall({ label: 'c', caller_number: '+33111', duration: 10.5 }),
    ];
    const got = await whoGetsWhat(
      {
        eq: condition('caller_number', 'eq', '+49301'),
        'eq number': condition('duration', 'eq', 10),
        'eq boolean': condition('extra.vip', 'eq', true),
        ne: condition('caller_number', 'ne', '+49301'),
        in: condition('caller_number', 'in', ['+49301', '+33111', '+1']),
        not_in: condition('caller_number', 'not_in', ['+49301', '+33111']),
        prefix: condition('caller_number', 'prefix', '+49'),
        contains: condition('note', 'contains', 'me ba'),
        gt: condition('duration', 'gt', 10),
        gte: condition('duration', 'gte', 10),
        lt: condition('duration', 'lt', 10),
        lte: condition('duration', 'lte', 10),
        exists: condition('extra.vip', 'exists', true),
        'exists not': condition('extra', 'exists', false),
        'wrong kind': condition('duration', 'eq', '10'),
        missing: condition('no.such.member', 'eq', 'x'),
        all: { filters: { match: 'all', conditions: [{ field: 'caller_number', op: 'prefix', value: '+49' }, { field: 'duration', op: 'gt', value: 5 }] } },
        any: { filters: { match: 'any', conditions: [{ field: 'caller_number', op: 'eq', value: '+33111' }, { field: 'duration', op: 'lt', value: 6 }] } },
        none: {},
      },
      events,
    );
    assert.deepEqual(got, {
      eq: ['a'],
      'eq number': ['b'],
      'eq boolean': ['a'],
      ne: ['b', 'c'],
      in: ['a', 'c'],
      not_in: ['b'],
      prefix: ['a', 'b'],
      contains: ['a'],
      gt: ['c'],
      gte: ['b', 'c'],
      lt: ['a'],
      lte: ['a', 'b'],
      exists: ['a', 'b'],
      'exists not': ['c'],
      'wrong kind': [],
      missing: [],
      all: ['b'],
      any: ['a', 'c'],
      none: ['a', 'b', 'c'],
    });
  });

  test('numbers of filters and templates keep their text, from saving to sending', async () => {
    const receiver = await Receiver.start();
    const numbers = ['9007199254740993.5', '123456789012345678901234567890', '3.14159265358979323846', '1e-400', '1E+400', '-0', '1.50'];
    for (const number of numbers) {
      const filters = `{"match":"all","conditions":[{"field":"x","op":"in","value":[7,${number}]}]}`;
      const template = `{"fixed":${number},"list":[1.0,${number}],"x":"{{x}}"}`;
      const text = `{"name":"n","url":"${receiver.url}","events":["missed_call"],"timeout_ms":1.50e4,"max_concurrency":2.0,` +
        `"filters":${filters},"payload":{"template":${template}}}`;
      const made = await api.post('/v1/webhooks', text);
      assert.equal(made.status, 201, made.text);
      assert.deepEqual([made.json.timeout_ms, made.json.max_concurrency], [15_000, 2]);
      const path = `/v1/webhooks/${made.json.id}`;
      const changed = await api.patch(path, { name: 'm' });
      for (const shown of [made, changed, await api.get(path), await api.get('/v1/webhooks')]) {
        assert.ok(shown.text.includes(filters), shown.text);
        assert.ok(shown.text.includes(template), shown.text);
      }
      const body = `{"fixed":${number},"list":[1.0,${number}],"x":${number}}`;
      const sampleText = JSON.stringify(sample('missed_call', { x: '@' })).replace('"@"', number);
      for (const [route, request] of [
        ['/v1/webhooks/preview', `{"event":"missed_call","payload":{"template":${template}},"sample":${sampleText}}`],
        [`${path}/preview`, `{"event":"missed_call","sample":${sampleText}}`],
      ]) {
        assert.equal((await api.post(route, request)).json.body, body);
      }
      assert.equal((await api.send(sampleText)).deliveries, 1);
      await waitFor(() => receiver.requests.length === 1);
      assert.equal(receiver.requests[0].body.toString(), body);
      receiver.requests.length = 0;
      await api.delete(path);
    }
    receiver.close();
  });

  test('a number that is too long to be compared is refused with its place', async () => {
    const text = (value) => `{"name":"n","url":"https://example.com","filters":{"conditions":[{"field":"x","op":"eq","value":${value}}]}}`;
    assertFields(await api.post('/v1/webhooks', text('7'.repeat(101))), '/filters/conditions/0/value');
    assert.equal((await api.post('/v1/webhooks', text('7'.repeat(100)))).status, 201);
  });

  test('a member that comes twice is refused with its place', async () => {
    assertFields(await api.post('/v1/webhooks', '{"name":"a","url":"https://example.com","name":"b"}'), '/name');
    assertFields(await api.post('/v1/webhooks', '{"name":"a","url":"https://example.com","payload":{"template":{"a":{"b":1,"\\u0062":2}}}}'),
      '/payload/template/a/b');
  });

  test('event types', async () => {
    const got = await whoGetsWhat(
      { calls: { events: ['missed_call', 'call_completed'] }, texts: { events: ['sms_received'] }, all: {} },
      eventTypes.map((type) => sample(type, { label: type })),
    );
    assert.deepEqual(got, { calls: ['call_completed', 'missed_call'], texts: ['sms_received'], all: [...eventTypes].sort() });
  });

  test("a webhook for one team never gets another team's events; one without a team gets all", async () => {
    const got = await whoGetsWhat(
      { one: { team_id: 'team_001' }, two: { team_id: 'team_002' }, all: {} },
      [
        missedCall({ label: 'one', team_id: 'team_001' }),
        missedCall({ label: 'two', team_id: 'team_002' }),
        missedCall({ label: 'longer', team_id: 'team_0011' }),
        missedCall({ label: 'case', team_id: 'TEAM_001' }),
        sample('sms_received', { label: 'teamless', receiver_number: '+555000111' }),
      ],
    );
    assert.deepEqual(got, { one: ['one'], two: ['two'], all: ['case', 'longer', 'one', 'teamless', 'two'] });
  });

  test('a webhook limited to numbers gets only what belongs to them', async () => {
    const got = await whoGetsWhat(
      { limited: { numbers: ['+4930100', '+4930200'] }, all: {} },
      [
        missedCall({ label: 'call to 100', callee_number: '+4930100', caller_number: '+15550001' }),
        missedCall({ label: 'call to 300', callee_number: '+4930300', caller_number: '+15550001' }),
        missedCall({ label: 'call to 1001', callee_number: '+49301001', caller_number: '+15550001' }),
        sample('sms_received', { label: 'text to 200', receiver_number: '+4930200', sender_number: '+15550001' }),
        sample('sms_received', { label: 'text to 300', receiver_number: '+4930300', sender_number: '+15550001' }),
        sample('sms_sent', { label: 'text from 100', sender_number: '+4930100', receiver_number: '+15550001' }),
      ],
    );
    assert.deepEqual(got.limited, ['call to 100', 'text from 100', 'text to 200']);
    assert.equal(got.all.length, 6);
  });

  test('payload.fields picks and renames members, in its order, values as written', async () => {
    const receiver = await Receiver.start();
    const webhook = await api.createWebhook({
      url: receiver.url,
      payload: { fields: payloadFields([['who', 'caller_number'], ['amount', 'price'], ['big', 'deep.big'], ['gone', 'nothing']]) },
    });
    await api.send(
      '{"event":"missed_call","call_id":"1","caller_number":"+1234567890","callee_number":"+0987654321",' +
        '"timestamp":"2025-01-30T15:00:00Z","team_id":"team_001","status":"missed","price":1.10,"deep":{"big":9007199254740993}}',
    );
    await waitFor(() => receiver.requests.length === 1);
    assert.equal(receiver.requests[0].body.toString(), '{"who":"+1234567890","amount":1.10,"big":9007199254740993}');
    await api.delete(`/v1/webhooks/${webhook.id}`);
  });
});

describe('the key of one team', () => {
  let server, api, manage, read, ingest, own, foreign, foreignDelivery, foreignEvent;
  before(async () => {
    server = await Limehook.start({ args: ['--retry-schedule', '600s'] });
    api = server.api;
    const key = async (role) => {
      const made = await api.post('/v1/keys', { name: role, role, team_id: 'team_001' });
      assert.equal(made.status, 201, made.text);
      return api.withKey(made.json.key);
    };
    [manage, read, ingest] = [await key('manage'), await key('read'), await key('ingest')];
    const receiver = await Receiver.start();
    own = await manage.createWebhook({ url: receiver.url, events: eventTypes });
    foreign = await api.createWebhook({ url: receiver.url, events: eventTypes, team_id: 'team_002' });
    await api.createWebhook({ url: receiver.url, events: eventTypes });
    foreignEvent = (await api.send(missedCall({ team_id: 'team_002' }))).id;
    [foreignDelivery] = (await api.deliveries(foreign.id)).map(({ id }) => id);
  });
  after(() => server.stop());

  test('makes webhooks of its team, and of no other', async () => {
    assert.equal((await api.read(`/v1/webhooks/${own.id}`)).team_id, 'team_001');
    const body = { name: 'x', url: 'http://127.0.0.1:9/', events: ['missed_call'], team_id: 'team_002' };
    assertProblem(await manage.post('/v1/webhooks', body), 403);
  });

  test("sees its team's things only; another's are 404", async () => {
    for (const client of [manage, read]) {
      assert.deepEqual((await client.list('/v1/webhooks')).map(({ id }) => id), [own.id]);
      assert.ok((await client.list('/v1/deliveries')).every(({ webhook_id }) => webhook_id === own.id));
      assert.ok((await client.list('/v1/events')).every(({ id }) => id !== foreignEvent));
      assert.deepEqual(await client.list(`/v1/deliveries?q=${encodeURIComponent('+1234567890')}`), []);
      for (const path of [`/v1/webhooks/${foreign.id}`, `/v1/webhooks/${foreign.id}/deliveries`, `/v1/webhooks/${foreign.id}/stats`,
        `/v1/deliveries/${foreignDelivery}`, `/v1/events/${foreignEvent}`]) {
        assertProblem(await client.get(path), 404);
      }
    }
    for (const answer of [
      await manage.get(`/v1/webhooks/${foreign.id}/secret`),
      await manage.patch(`/v1/webhooks/${foreign.id}`, { name: 'mine' }),
      await manage.delete(`/v1/webhooks/${foreign.id}`),
      await manage.post(`/v1/webhooks/${foreign.id}/test`, { event: 'missed_call' }),
      await manage.post(`/v1/webhooks/${foreign.id}/rotate-secret`),
      await manage.post(`/v1/webhooks/${foreign.id}/recover`, { since: '2025-01-01T00:00:00Z', status: 'missing' }),
      await manage.post(`/v1/deliveries/${foreignDelivery}/retry`),
    ]) assertProblem(answer, 404);
  });

  test('sets the team of events that name none, and may not name another', async () => {
    const event = missedCall();
    delete event.team_id;
    const { id } = await ingest.send(event);
    assert.equal((await manage.read(`/v1/events/${id}`)).id, id);
    assertProblem(await ingest.post('/v1/events', missedCall({ team_id: 'team_002' })), 403);
  });

  test('with role read only looks, with role ingest only sends', async () => {
    for (const answer of [
      await read.post('/v1/webhooks', { name: 'x', url: 'http://127.0.0.1:9/' }),
      await read.patch(`/v1/webhooks/${own.id}`, { name: 'x' }),
      await read.delete(`/v1/webhooks/${own.id}`),
      await read.get(`/v1/webhooks/${own.id}/secret`),
      await read.post(`/v1/webhooks/${own.id}/test`, { event: 'missed_call' }),
      await read.post('/v1/events', missedCall()),
      await read.get('/v1/keys'),
      await ingest.get('/v1/webhooks'),
      await ingest.get('/v1/deliveries'),
      await ingest.get('/v1/events'),
      await manage.get('/v1/keys'),
      await manage.post('/v1/keys', { name: 'x', role: 'admin' }),
    ]) assertProblem(answer, 403);
  });
});

/** Picks as the API takes them: from [name, path] pairs. */
function payloadFields(pairs) {
  return Object.fromEntries(pairs);
}
