// Values that people see and send back in the dashboard: numbers in JSON keep their digits and members their order, phone
// numbers are one however they are pasted, filters say what can never match.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { Browser, missingBrowser } from './support/browser.mjs';
import { button, chooseTeam, dialog, field, heading, text, withAdmin } from './support/dashboard.mjs';
import { missedCall, sampleTexts } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const hooks = '/settings/webhooks';

// What JavaScript's own numbers and objects would change.
const awkward = '"crm_id":12345678901234567890,"rate":1.10,"share":1.0,"big":1E5,"map":{"10":1,"9":2}';
const awkwardCall = sampleTexts.missed_call.replace(/\}$/, `,${awkward}}`);

let browser;
/** A server and pages whose requests can be read: the browser tells bodies only of what goes through a route. */
const withPages = (body) =>
  withAdmin(browser, (scene) => body({
    ...scene,
    visitSignedIn: async (...where) => {
      const page = await scene.visitSignedIn(...where);
      await page.route('**/v1/**', (route) => route.continue());
      return page;
    },
  }));
const compact = (shown) => shown.replace(/\s/g, '');
const condition = (page, number) => page.getByRole('listitem', { name: `Condition ${number}` });
const region = (page, name) => page.getByRole('region', { name, exact: true });

async function fillCondition(page, number, name, operator, value) {
  await button(page, 'Add a condition').click();
  await field(condition(page, number), 'Field').fill(name);
  await field(condition(page, number), 'Condition').selectOption(operator);
  await condition(page, number).getByLabel(/^Values?$/).fill(value);
}

const sentBy = (page, method, path) => page.waitForRequest((request) => request.method() === method && new URL(request.url()).pathname.endsWith(path));

/** The webhook's answers, with `from` as `to`: as another program would have written the numbers. */
const rewrite = (page, id, from, to) =>
  page.route(`**/v1/webhooks/${id}`, async (route) => {
    try {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replace(from, to) });
    } catch (error) {
      if (!/disposed|closed/.test(error.message)) throw error;  // the test has ended, and the page asks once more
    }
  });

describe('JSON in the dashboard', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: what came in is shown as it was written: digits, trailing zeros, order of members.
  test('an event, its delivery, and the preview made of it', () => withPages(async ({ server, visitSignedIn }) => {
    const { id: hook } = await server.api.createWebhook({ url: 'http://127.0.0.1:9/', team_id: 'team_001' });
    const { id } = await server.api.send(awkwardCall);
    const page = await visitSignedIn(`/events/${id}`);
    const shown = await region(page, 'Payload').innerText();
    assert.ok(compact(shown).includes(awkward), shown);

    const [delivery] = (await server.api.read('/v1/deliveries')).data;
    await page.goto(`${server.url}/logs/${delivery.id}`);
    const payload = await region(page, 'Payload').innerText();
    assert.ok(compact(payload).includes(awkward), payload);

    const asked = sentBy(page, 'POST', '/v1/webhooks/preview');
    await page.goto(`${server.url}${hooks}/${hook}/edit`);
    assert.ok((await asked).postData().includes(awkward));
    await waitFor(async () => compact(await region(page, 'Payload that is sent').innerText()).includes(awkward), 10_000, 'the preview');
  }));

  // Goal: a form sends back what was not changed exactly as it was, and what was typed exactly as it was typed.
  test('a webhook that is edited', () => withPages(async ({ server, visitSignedIn }) => {
    const made = await server.api.post('/v1/webhooks', `{"name":"CRM","url":"http://127.0.0.1:9/","events":["missed_call"],
      "payload":{"template":{"a":7,"b":"x"}},"headers":{"X-One":"1","10":"ten"},
      "filters":{"conditions":[{"field":"crm_id","op":"eq","value":12345678901234567890},{"field":"rate","op":"in","value":[7,8]}]}}`);
    assert.equal(made.status, 201, made.text);
    const { id } = made.json;
    const written = '[1.10,1e400,12345678901234567891,"1.10"]';
    const page = await visitSignedIn('/');
    await rewrite(page, id, '[7,8]', written);
    await page.goto(`${server.url}${hooks}/${id}`);
    await text(page, 'rate is one of 1.10, 1e400, 12345678901234567891, "1.10"');
    await page.goto(`${server.url}${hooks}/${id}/edit`);
    assert.equal(await field(condition(page, 1), 'Value').inputValue(), '12345678901234567890');
    assert.equal(await field(condition(page, 2), 'Values').inputValue(), '1.10, 1e400, 12345678901234567891, "1.10"');
    await fillCondition(page, 3, 'share', 'is at least', '1.0');
    // A draft that is brought back has the same digits.
    await page.reload();
    await text(page, 'Continue where you left off');
    const sent = sentBy(page, 'PATCH', id);
    await button(page, 'Save Webhook').click();
    const body = (await sent).postData();
    assert.deepEqual(Object.keys(JSON.parse(body)), ['filters']);
    assert.ok(body.includes(`{"field":"crm_id","op":"eq","value":12345678901234567890},{"field":"rate","op":"in","value":${written}},{"field":"share","op":"gte","value":1.0}`), body);
  }));

  // Goal: templates, tests and events go out with the digits and the order that were typed.
  test('a template, a test and an event', () => withPages(async ({ server, visitSignedIn }) => {
    const made = await server.api.createWebhook({ url: 'http://127.0.0.1:9/', team_id: 'team_001' });
    const page = await visitSignedIn(`${hooks}/${made.id}/edit`);
    await page.getByRole('radio', { name: /^Template/ }).check();
    await field(page, 'Template').fill(`{${awkward}}`);
    const saved = sentBy(page, 'PATCH', made.id);
    await button(page, 'Save Webhook').click();
    assert.ok((await saved).postData().includes(`"template":{${awkward}}`));
    await heading(page, 'test');

    await page.goto(`${server.url}${hooks}/${made.id}/test`);
    await field(page, 'Payload').fill(awkwardCall);
    const tested = sentBy(page, 'POST', '/test');
    await button(page, 'Send test').click();
    assert.ok((await tested).postData().includes(awkwardCall));

    await page.goto(`${server.url}/events`);
    await button(page, 'Send an event').click();
    await field(page, 'Event').last().fill(awkwardCall);
    const event = sentBy(page, 'POST', '/v1/events');
    await dialog(page, 'Send an event').getByRole('button', { name: 'Send event', exact: true }).click();
    assert.equal((await event).postData(), awkwardCall);
  }));
});

// One number, as it is copied out of chats, address books, documents and forms.
const pasted = [
  '+1 234 567-890', '+1 (234) 567.890', 'tel:+1-234-567-890', '\u202A+1234567890\u202C', '+1\u00A0234\u200B567\u2011890', '+1\u2013234/567890',
  '＋１２３４５６７８９０', '  +1234567890\uFEFF', '+1 234 567 890\t',
];

describe('phone numbers in the dashboard', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: every way to write a number finds the same calls, in both logs and in the list of numbers.
  test('searches', () => withPages(async ({ server, visitSignedIn }) => {
    await server.api.createWebhook({ url: 'http://127.0.0.1:9/', team_id: 'team_001' });
    const { id } = await server.api.send(missedCall());
    await server.api.post('/v1/numbers', { number: '+1234567890', team_id: 'team_001' });
    await server.api.post('/v1/numbers', { number: '+15550100', team_id: 'team_001' });
    const page = await visitSignedIn('/logs');
    for (const term of pasted) {
      await page.goto(`${server.url}/logs?q=${encodeURIComponent(term)}`);
      await page.locator('.log-entry').getByText('+1234567890').waitFor();
      await page.goto(`${server.url}/events?q=${encodeURIComponent(term)}`);
      await page.locator('.log-entry').getByText('+1234567890').waitFor();
      await page.goto(`${server.url}/settings/numbers?search=${encodeURIComponent(term)}`);
      await page.getByRole('row').filter({ hasText: '+1234567890' }).waitFor();
      assert.equal(await page.getByRole('row').filter({ hasText: '+15550100' }).count(), 0, term);
    }
    await page.goto(`${server.url}/events`);
    await page.getByRole('searchbox', { name: 'Search' }).fill(`\u200B${id} `);
    await page.keyboard.press('Enter');
    await region(page, 'Payload').waitFor();
    // Without its country a number cannot be found, and that is said.
    for (const place of ['/logs', '/events']) {
      await page.goto(`${server.url}${place}?q=${encodeURIComponent('(234) 567-890')}`);
      await text(page, '“(234) 567-890” has no country code: write it as in +12025550143.');
    }
    await page.goto(`${server.url}/settings/numbers?search=${encodeURIComponent('234 567')}`);
    await text(page, '1 of the 2 that are shown');
  }));

  // Goal: what is saved is the number in the one form in which events have it. Method: all spellings in one field.
  test('fields', () => withPages(async ({ server, visitSignedIn }) => {
    const page = await visitSignedIn(`${hooks}/new`);
    await field(page, 'Webhook Name').fill('CRM');
    await field(page, 'Webhook URL').fill('http://127.0.0.1:9/');
    await field(page, 'Numbers').fill('+1 234 567-890; (+49) 30 123456\ntel:+1-555-0100 +15550101');
    await fillCondition(page, 1, 'caller_number', 'is one of', pasted.join(', '));
    await fillCondition(page, 2, 'caller_number', 'starts with', '+1 (234)');
    await fillCondition(page, 3, 'callee_number', 'is not', '+1 555-0199');
    const asked = sentBy(page, 'POST', '/v1/webhooks');
    await button(page, 'Save Webhook').click();
    await asked;
    await text(page, 'Copy its secret now');
    const [made] = (await server.api.read('/v1/webhooks')).data;
    assert.deepEqual(made.numbers, ['+1234567890', '+4930123456', '+15550100', '+15550101']);
    assert.deepEqual(made.filters.conditions.map(({ value }) => value), [pasted.map(() => '+1234567890'), '+1234', '+15550199']);
    await server.api.changeWebhook(made.id, { numbers: [] });
    const { deliveries } = await server.api.send(missedCall());
    assert.equal(deliveries, 1);

    await page.goto(`${server.url}/settings/numbers`);
    await button(page, 'Add number').first().click();
    await field(page, 'Number').fill('(202) 555-0142');
    await text(page, 'This has no country code');
    await field(page, 'Number').fill('0049 30 123456');
    await text(page, 'write it with a +, as in +12025550143, not with 00');
    await field(page, 'Number').fill('+49 (0)30 123456');
    await text(page, 'which is dialed only within the country: leave it out');
    await field(page, 'Number').fill('tel:+1-202-555-0142');
    await chooseTeam(dialog(page, 'Add number'), 'team_001');
    await dialog(page, 'Add number').getByRole('button', { name: 'Add number' }).click();
    await page.getByRole('row').filter({ hasText: '+12025550142' }).waitFor();

    await button(page, 'Import').click();
    await field(page, 'Numbers').fill(`${pasted[2]}, Front desk\n202-555-0199`);
    await chooseTeam(dialog(page, 'Import numbers'), 'team_001');
    await button(page, 'Import 2').click();
    await text(page, 'has no country code');
    await button(page, 'Done').click();
    await page.getByRole('row').filter({ hasText: 'Front desk' }).getByText('+1234567890').waitFor();
  }));

  // Goal: an event that is sent by hand has its own numbers in that form, and everything else as it was typed.
  test('an event', () => withPages(async ({ server, visitSignedIn }) => {
    const page = await visitSignedIn('/events');
    await button(page, 'Send an event').click();
    const typed = '{"event":"missed_call", "call_id":"+1 2", "caller_number":"+1 234 567-890","callee_number":"\\u202A+1 555\\u20110100","timestamp":"2025-01-30T15:00:00Z","team_id":"team_001","status":"missed","more":{"caller_number":"+1 2 3"}}';
    await field(page, 'Event').last().fill(typed);
    const event = sentBy(page, 'POST', '/v1/events');
    await dialog(page, 'Send an event').getByRole('button', { name: 'Send event', exact: true }).click();
    assert.equal((await event).postData(), typed.replace('+1 234 567-890', '+1234567890').replace('\\u202A+1 555\\u20110100', '+15550100'));
    await region(page, 'Payload').waitFor();
    assert.equal((await server.api.read('/v1/events?q=%2B15550100')).data.length, 1);
  }));
});

describe('conditions that can never be met', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: what can never match is said where it is typed, and a comparison with something that is no number is not saved.
  test('are told of', () => withPages(async ({ server, visitSignedIn }) => {
    const page = await visitSignedIn(`${hooks}/new`);
    await field(page, 'Webhook Name').fill('CRM');
    await field(page, 'Webhook URL').fill('http://127.0.0.1:9/');
    await fillCondition(page, 1, 'duration', 'is at least', 'abc');
    await text(page, 'Value must be a number such as 30.');
    await button(page, 'Save Webhook').click();
    await page.getByRole('alert').filter({ hasText: 'Value must be a number such as 30.' }).waitFor();
    assert.equal((await server.api.read('/v1/webhooks')).data.length, 0);
    await field(condition(page, 1), 'Value').fill('30');
    await fillCondition(page, 2, 'caller_nmber', 'is', '+1234567890');
    await text(page, 'The samples of the chosen events have no such field. Did you mean caller_number?');
    await fillCondition(page, 3, 'timestamp', 'is greater than', '5');
    await text(page, 'Value must be a time such as 2026-12-01T14:30:00Z.');
    await field(condition(page, 3), 'Value').fill('2020-01-01T00:00:00Z');
    await fillCondition(page, 4, 'caller_number', 'is', '202 555 0142');
    await text(page, '“202 555 0142” has no country code');
    await fillCondition(page, 5, 'crm.owner', 'is', 'Ann');
    await text(page, 'Conditions on it are met only by events that bring it.');
    await button(page, 'Save Webhook').click();
    await text(page, 'Copy its secret now');
    const [made] = (await server.api.read('/v1/webhooks')).data;
    assert.deepEqual(made.filters.conditions.map(({ value }) => value), [30, '+1234567890', '2020-01-01T00:00:00Z', '202 555 0142', 'Ann']);
  }));
});
