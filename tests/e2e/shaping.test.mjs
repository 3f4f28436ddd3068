// Payload shaping: templates, presets and forms, against receivers that take what their vendors' documentation says
// and refuse all else as those vendors do.

import assert from 'node:assert/strict';
import { before, after, describe } from 'node:test';

import { assertFields } from './support/api.mjs';
import { Limehook } from './support/process.mjs';
import { Receiver, rawValue } from './support/receiver.mjs';
import { eventTypes, missedCall, sample, uniqueId } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const json = (status, body, headers = {}) =>
  ({ status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
const isText = (value, max) => typeof value === 'string' && value.trim().length >= 1 && value.length <= max;
const isJsonRequest = (request) => request.headers['content-type']?.startsWith('application/json') && request.json;

// ---- Slack: incoming webhooks --------------------------------------------------------------------------------

const slackText = (text, max) =>
  ['mrkdwn', 'plain_text'].includes(text?.type) && isText(text.text, max) &&
  !('verbatim' in text && text.type !== 'mrkdwn') && !('emoji' in text && text.type !== 'plain_text') &&
  !/<(?![!@#]|https?:\/\/)|&(?!(amp|lt|gt);)/.test(text.text);

function slackBlock(block) {
  switch (block.type) {
    case 'section': {
      const { text, fields } = block;
      return (text || fields) && (!text || slackText(text, 3000)) &&
        (!fields || (fields.length <= 10 && fields.every((field) => slackText(field, 2000))));
    }
    case 'header':
      return block.text.type === 'plain_text' && slackText(block.text, 150);
    case 'context':
      return block.elements?.length <= 10 && block.elements.every((element) => slackText(element, 3000));
    default:
      return false;
  }
}

function slack(request) {
  const body = isJsonRequest(request);
  if (typeof body !== 'object') return { status: 400, body: 'invalid_payload' };
  if (!isText(body.text, 40_000)) return { status: 400, body: 'no_text' };
  if (body.blocks && !(body.blocks.length <= 50 && body.blocks.every(slackBlock))) {
    return { status: 400, body: 'invalid_blocks' };
  }
  return { status: 200, body: 'ok' };
}

// ---- Discord: execute webhook --------------------------------------------------------------------------------

function discord(request) {
  const body = isJsonRequest(request);
  if (!body) return json(400, { message: 'The request body contains invalid JSON.', code: 50109 });
  const { content = '', embeds = [] } = body;
  if (!content && embeds.length === 0) return json(400, { message: 'Cannot send an empty message', code: 50006 });
  const lengths = [];
  const within = (value, max) => {
    if (value === undefined) return true;
    lengths.push(value.length);
    return isText(value, max);
  };
  const embedFits = ({ title, description, url, timestamp, fields = [] }) =>
    within(title, 256) && within(description, 4096) && (url === undefined || (URL.canParse(url) && url.length <= 2048)) &&
    (timestamp === undefined || !Number.isNaN(Date.parse(timestamp))) && fields.length <= 25 &&
    fields.every((field) => within(field.name, 256) && within(field.value, 1024));
  const fits = content.length <= 2000 && embeds.length <= 10 && embeds.every(embedFits) &&
    lengths.reduce((all, length) => all + length, 0) <= 6000;
  return fits ? { status: 204 } : json(400, { code: 50035, message: 'Invalid Form Body' });
}

// ---- Teams: a workflow's webhook -----------------------------------------------------------------------------

const cardElement = (element) => {
  if (element.type === 'TextBlock') return isText(element.text, 28_000);
  return element.type === 'RichTextBlock' && element.inlines.length > 0 &&
    element.inlines.every((run) => run.type === 'TextRun' && isText(run.text, 28_000));
};

function teams(request) {
  const body = isJsonRequest(request);
  if (!body || body.type !== 'message' || body.attachments?.length !== 1) return json(400, { error: 'BadRequest' });
  if (request.body.length > 28 * 1024) return json(413, { error: 'RequestEntityTooLarge' });
  const [{ contentType, content }] = body.attachments;
  const actions = content.actions ?? [];
  const fits = contentType === 'application/vnd.microsoft.card.adaptive' && content.type === 'AdaptiveCard' &&
    /^1\.[0-5]$/.test(content.version) && content.body.length > 0 && content.body.every(cardElement) &&
    actions.every((action) => action.type === 'Action.OpenUrl' && URL.canParse(action.url) && action.title);
  return fits ? { status: 202 } : json(400, { error: 'InvalidCard' });
}

// ---- CloudEvents 1.0: HTTP binding, structured mode ----------------------------------------------------------

function cloudevents(request) {
  if (!/^application\/cloudevents\+json(;|$)/.test(request.headers['content-type'])) return { status: 415 };
  const event = request.json;
  const attributes = Object.keys(event ?? {}).filter((name) => name !== 'data');
  const fits = event?.specversion === '1.0' && isText(event.id, 1e6) && isText(event.type, 1e6) &&
    isText(event.source, 1e6) && URL.canParse(event.source, 'https://base.example') &&
    (event.time === undefined || !Number.isNaN(Date.parse(event.time))) &&
    (event.subject === undefined || isText(event.subject, 1e6)) &&
    attributes.every((name) => /^[a-z0-9]{1,20}$/.test(name));
  return fits ? { status: 200 } : json(400, { error: 'not a CloudEvent' });
}

function form(request) {
  return request.headers['content-type'] === 'application/x-www-form-urlencoded' ? { status: 200 } : { status: 415 };
}

const vendors = { slack, discord, teams, cloudevents, form };

// Everything that a text from outside could do harm with.
const hostile = '"},{"x":"\\ {{call_id}} {{ \u2028\u0007<!channel> <@U1> @everyone <https://evil.example|pay> ' +
  '**b** [pay](https://evil.example) & &amp; 📞\r\n';

describe('payload shaping', () => {
  let server, api, receiver;
  before(async () => {
    server = await Limehook.start({ args: ['--retry-schedule', '1s,1s'] });
    api = server.api;
    receiver = await Receiver.start((request) => vendors[request.target.split('/')[1]]?.(request) ?? { status: 200 });
  });
  after(async () => {
    receiver.close();
    await server.stop();
  });

  const create = (vendor, payload, members = {}) => {
    const path = `/${vendor}/${uniqueId()}`;
    return api.createWebhook({ url: new URL(path, receiver.url).href, payload, team_id: uniqueId('team'), ...members })
      .then((webhook) => ({ ...webhook, path }));
  };
  const receivedBy = (webhook, count = 1) => waitFor(() => {
    const requests = receiver.requests.filter((request) => request.target === webhook.path);
    return requests.length >= count && requests;
  });
  const ended = (webhook) => waitFor(async () => {
    const [delivery] = await api.list(`/v1/webhooks/${webhook.id}/deliveries`);
    return delivery?.attempt_count > 0 && api.read(`/v1/deliveries/${delivery.id}`);
  });
  const preview = async (path, request) => {
    const answer = await api.post(path, request);
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  };

  for (const preset of ['slack', 'discord', 'teams', 'cloudevents']) {
    // Goal: each vendor takes every kind of event, harmless or not, long or not, and a preview shows what it gets.
    test(`${preset} takes every event of the preset, and the preview is what is sent`, async () => {
      const webhook = await create(preset, { preset }, { events: eventTypes });
      const { team_id } = webhook;
      const texts = [hostile, `${'x'.repeat(2899)}📞${'"'.repeat(5000)}`, '\n'.repeat(4000), '&'.repeat(4000), '', ' \u00a0'];
      const events = eventTypes.map((type) => sample(type, { team_id }));
      for (const text of texts) {
        events.push(sample('sms_received', { team_id, message_content: text }));
        events.push(sample('voicemail_received', { team_id, transcription: text, voicemail_url: `https://example.com/?${'a&'.repeat(800)}` }));
        events.push(sample('call_status_update', { team_id, status: 'no_answer', reason: text }));
      }
      for (const event of events) await api.send(event);
      const requests = await receivedBy(webhook, events.length);
      const deliveries = await waitFor(async () => {
        const all = await api.list(`/v1/webhooks/${webhook.id}/deliveries`);
        return all.every((delivery) => delivery.attempt_count > 0) && all;
      });
      const refused = deliveries.filter((delivery) => delivery.status !== 'delivered');
      assert.deepEqual(refused.map((delivery) => `${delivery.event}: ${delivery.error}`), []);
      assert.equal(requests.length, events.length, 'nothing was refused and sent again');
      if (preset === 'cloudevents') return;
      const sent = requests.map((request) => request.body.toString());
      for (const event of events) {
        const shown = await preview('/v1/webhooks/preview', { payload: { preset }, event: event.event, sample: event });
        assert.ok(sent.includes(shown.body), shown.body);
        assert.equal(shown.content_type, 'application/json');
        assert.deepEqual(shown.notes, []);
      }
    });
  }

  test('a CloudEvent carries the payload byte for byte', async () => {
    // Goal: consumers find the event's own id, time and bytes in the envelope.
    const webhook = await create('cloudevents', { preset: 'cloudevents' });
    const text = `{"event":"missed_call","call_id":"c\\u0031","caller_number":"+1234567890","callee_number":"+0987654321",` +
      `"timestamp":"2025-01-30T15:00:00Z","team_id":"${webhook.team_id}","status":"missed","cost":1.50}`;
    const { id } = await api.send(text);
    const [request] = await receivedBy(webhook);
    assert.equal(rawValue(request, 'content-type'), 'application/cloudevents+json; charset=UTF-8');
    assert.ok(request.body.toString().endsWith(`"data":${text}}`));
    const { data, ...attributes } = request.json;
    assert.deepEqual(attributes, {
      specversion: '1.0', id, source: `/limehook/teams/${webhook.team_id}`, type: 'limehook.missed_call', subject: 'c1',
      time: '2025-01-30T15:00:00Z', datacontenttype: 'application/json',
    });
  });

  test('a template keeps types and takes any text; what is missing is in the log', async () => {
    // Goal: what is sent is valid JSON whose strings are exactly the event's, and people can see what lacked.
    const template = {
      text: 'From {{sender_number}}: {{message_content}}', raw: '{{message_content}}', n: '{{n}}', o: ['{{ o }}'],
      who: "{{ contact.name | default: 'nobody' }}", gone: '{{contact.name}}', id: '{{$id}}', type: '{{ $type }}',
      team: '{{$team}}', '{{key}}': "{{ '{{' }}",
    };
    const webhook = await create('any', { template }, { events: ['sms_received'] });
    const { team_id } = webhook;
    const event = sample('sms_received', { team_id, message_content: hostile, n: 1.5, o: { a: [null] } });
    const { id } = await api.send(event);
    const [request] = await receivedBy(webhook);
    assert.deepEqual(request.json, {
      text: `From +1234567890: ${hostile}`, raw: hostile, n: 1.5, o: [{ a: [null] }], who: 'nobody', gone: null, id,
      type: 'sms_received', team: team_id, '{{key}}': '{{',
    });
    const delivery = await ended(webhook);
    assert.equal(delivery.note, 'The event lacks contact.name.');
    assert.deepEqual(delivery.payload, request.json);
    assert.equal(delivery.attempts[0].request.body, request.body.toString());
    assert.deepEqual((await api.read(`/v1/webhooks/${webhook.id}`)).payload, { template });

    const shown = await preview(`/v1/webhooks/${webhook.id}/preview`, { event: 'sms_received', sample: event });
    assert.deepEqual({ ...JSON.parse(shown.body), id }, request.json);
    assert.deepEqual(shown.notes, [delivery.note]);
    const untouched = await create('any', null);
    await api.send(missedCall({ team_id: untouched.team_id }));
    assert.equal((await ended(untouched)).note, null);
  });

  test('a form has the members as fields, and the log shows it as text', async () => {
    // Goal: receivers of HTML forms read each member; signature and log are about the exact body.
    const webhook = await create('form', {
      template: { Body: '{{message_content}}', Count: '{{n}}', Nothing: '{{z}}', List: '{{l}}' },
      content_type: 'application/x-www-form-urlencoded',
    }, { events: ['sms_received'] });
    await api.send(sample('sms_received', { team_id: webhook.team_id, message_content: hostile, n: 1, z: null, l: ['ä'] }));
    const [request] = await receivedBy(webhook);
    const fields = Object.fromEntries(new URLSearchParams(request.body.toString()));
    assert.deepEqual(fields, { Body: hostile, Count: '1', Nothing: '', List: '["ä"]' });
    const delivery = await ended(webhook);
    assert.equal(delivery.status, 'delivered');
    assert.equal(delivery.payload, request.body.toString());
    assert.equal(delivery.attempts[0].request.body, request.body.toString());
  });

  test('the body stays the same on every attempt, whatever becomes of the template', async () => {
    // Goal: receivers that compare attempts, and signatures, see one body.
    const webhook = await create('any', { template: { v: 1, id: '{{call_id}}' } });
    receiver.behaviour = ((before) => (request, index) =>
      request.target === webhook.path && index >= 0 ? { status: rawValue(request, 'x-limecall-attempt') === '1' ? 500 : 200 }
        : before(request, index))(receiver.behaviour);
    await api.send(missedCall({ team_id: webhook.team_id }));
    await receivedBy(webhook);
    await api.changeWebhook(webhook.id, { payload: { template: { v: 2 } } });
    const [first, second] = await receivedBy(webhook, 2);
    assert.deepEqual(first.body, second.body);
  });

  test('a body keeps its type through a crash', async () => {
    // Goal: what waits when the process dies is sent as what it was made.
    const own = await Limehook.start({ args: ['--retry-schedule', '1s'] });
    const payload = { fields: ['call_id'], content_type: 'application/x-www-form-urlencoded' };
    const target = `/crash/${uniqueId()}`;
    const behaviour = receiver.behaviour;
    let down = true;
    receiver.behaviour = (request, index) =>
      request.target === target ? { status: down ? 503 : 200 } : behaviour(request, index);
    await own.api.createWebhook({ url: new URL(target, receiver.url).href, payload, retry_schedule: [1, 1, 1, 1, 1] });
    await own.api.send(missedCall());
    const requests = () => receiver.requests.filter((request) => request.target === target);
    await waitFor(() => requests().length > 0);
    await own.kill9();
    down = false;
    const again = await Limehook.start({ data: own.data });
    await waitFor(async () => (await again.api.list('/v1/deliveries'))[0]?.status === 'delivered');
    for (const request of requests()) {
      assert.equal(request.headers['content-type'], 'application/x-www-form-urlencoded');
      assert.deepEqual(request.body, requests()[0].body);
    }
    await again.stop();
  });

  test('the receivers of this test refuse what the vendors refuse', () => {
    // Goal: that the vendors above take the presets means something.
    const request = (value) => {
      const body = Buffer.from(JSON.stringify(value));
      return { headers: { 'content-type': 'application/json' }, body, json: value };
    };
    assert.equal(slack(request('x')).body, 'invalid_payload');
    assert.equal(slack(request({})).body, 'no_text');
    for (const text of ['', 'x'.repeat(3001), 'a & b', '<b>']) {
      const block = { type: 'section', text: { type: 'mrkdwn', text } };
      assert.equal(slack(request({ text: 'x', blocks: [block] })).body, 'invalid_blocks', text);
    }
    assert.equal(discord(request({})).status, 400);
    for (const embed of [{ title: 'x'.repeat(257) }, { description: '' }, { fields: [{ name: 'x', value: '' }] },
      { description: 'x'.repeat(4096), fields: Array(2).fill({ name: 'x', value: 'x'.repeat(1000) }) }]) {
      assert.equal(discord(request({ content: 'x', embeds: [embed] })).status, 400);
    }
    assert.equal(teams(request({ text: 'x' })).status, 400);
    assert.equal(cloudevents({ headers: { 'content-type': 'application/cloudevents+json' }, json: { id: '1' } }).status, 400);
    assert.equal(cloudevents(request({ specversion: '1.0' })).status, 415);
  });

  test('chats that ask to wait get the same message later', async () => {
    // Goal: 429 with Retry-After, as Slack and Discord answer to bursts, delays the message and loses nothing.
    const webhook = await create('limited', { preset: 'discord' });
    const behaviour = receiver.behaviour;
    receiver.behaviour = (request, index) => {
      if (request.target !== webhook.path) return behaviour(request, index);
      if (rawValue(request, 'x-limecall-attempt') !== '1') return discord(request);
      return json(429, { message: 'You are being rate limited.', retry_after: 1.2, global: false }, { 'retry-after': '2' });
    };
    await api.send(missedCall({ team_id: webhook.team_id }));
    const [first, second] = await receivedBy(webhook, 2);
    assert.ok(second.at - first.at >= 2000, `${second.at - first.at} ms`);
    assert.deepEqual(first.body, second.body);
  });

  test('previews name what is wrong, and store and send nothing', async () => {
    // Goal: mistakes in a setting or a sample are told before anything is saved, with pointers into the request.
    const refused = async (request, ...pointers) => {
      const answer = await api.post('/v1/webhooks/preview', request);
      assert.equal(answer.status, 422, answer.text);
      assertFields(answer, ...pointers);
    };
    const event = 'missed_call';
    await refused({ event, payload: { template: { a: ['{{x'] } } }, '/payload/template/a/0');
    await refused({ event, payload: { template: {}, preset: 'slack' } }, '/payload');
    await refused({ event, payload: { preset: 'irc' } }, '/payload/preset');
    await refused({ payload: null }, '/event');
    await refused({ event: 'x', extra: 1 }, '/event', '/extra');
    await refused({ event, sample: { ...missedCall(), caller_number: 1 } }, '/sample/caller_number');
    await refused({ event, sample: sample('sms_sent') }, '/sample/event');
    await refused({ event, sample: 'x' }, '/sample');
    const before = receiver.count;
    const events = (await api.list('/v1/events')).length;
    const shown = await preview('/v1/webhooks/preview', { event });
    assert.deepEqual(Object.keys(shown), ['content_type', 'body', 'notes']);
    assert.equal(JSON.parse(shown.body).event, event);
    assert.deepEqual([receiver.count, (await api.list('/v1/events')).length], [before, events]);
  });
});
