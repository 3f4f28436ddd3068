// The form of a webhook, as people use it: all that it sets, what is refused, drafts, and two people at one webhook.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { Browser, missingBrowser } from './support/browser.mjs';
import { admin, button, field, heading, link, text, withAdmin } from './support/dashboard.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const list = '/settings/webhooks';

let browser;
const withPages = (body) => withAdmin(browser, body);
const focused = (locator) => locator.evaluate((element) => document.activeElement === element);

describe('the form of a webhook', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: all that the form sets is what the webhook then has, and comes back into the form; a change changes only itself.
  test('every setting', () => withPages(async ({ server, visitSignedIn }) => {
    await server.api.send({ ...missedCall(), caller_number: '+4930123456' });
    const page = await visitSignedIn(`${list}/new`);
    await field(page, 'Webhook Name').fill('  Everything ');
    await field(page, 'Webhook URL').fill('https://example.com/hook?a=b');
    await page.getByLabel('All events of the phone platform').uncheck();
    await page.getByLabel('missed_call').check();
    await field(page, 'Numbers').fill('+4930123456 +4930123457');
    for (const [index, [path, op, value]] of [['caller_number', 'is one of', '+49, "a,b"'], ['duration', 'is at least', '30'], ['x.y', 'is not there', null]].entries()) {
      await button(page, 'Add a condition').click();
      const row = page.getByRole('listitem', { name: `Condition ${index + 1}` });
      await field(row, 'Field').fill(path);
      await field(row, 'Condition').selectOption(op);
      if (value !== null) await row.getByLabel(/^Values?$/).fill(value);
    }
    await page.getByLabel('Any one is enough').check();
    await page.getByRole('radio', { name: /^Chosen fields/ }).check();
    await button(page, 'Send caller_number').click();
    await field(page.getByRole('listitem', { name: 'Field 1' }), 'Sent as').fill('from');
    await button(page, 'Send event').click();
    await text(page, 'Made from a real event');
    await page.getByRole('region', { name: 'Payload that is sent' }).getByText('"from": "+4930123456"').waitFor();
    await page.getByText('Advanced delivery settings').click();
    await field(page, 'Own headers').fill('X-One: 1\nX-Two: a: b');
    await field(page, 'Retry schedule').fill('30s, 5m, 2h');
    await text(page, 'At once, then after 30 s, 5 min, 2 h: 4 attempts');
    await field(page, 'Timeout (ms)').fill('2500');
    await field(page, 'Rate limit').fill('0.5');
    await field(page, 'Order').selectOption('call');
    await field(page, 'Notify by e-mail').fill('ann@example.com, ben@example.com');
    await button(page, 'Save Webhook').click();
    await text(page, 'Copy its secret now');
    const [made] = (await server.api.read('/v1/webhooks')).data;
    const expected = {
      name: 'Everything', url: 'https://example.com/hook?a=b', events: ['missed_call'], numbers: ['+4930123456', '+4930123457'],
      filters: { match: 'any', conditions: [
        { field: 'caller_number', op: 'in', value: ['+49', 'a,b'] }, { field: 'duration', op: 'gte', value: 30 }, { field: 'x.y', op: 'exists', value: false },
      ] },
      payload: { fields: { from: 'caller_number', event: 'event' } }, headers: { 'X-One': '1', 'X-Two': 'a: b' },
      retry_schedule: [30, 300, 7200], timeout_ms: 2500, rate_limit: 0.5, ordered: 'call', notify_emails: ['ann@example.com', 'ben@example.com'],
    };
    for (const [name, value] of Object.entries(expected)) assert.deepEqual(made[name], value, name);

    await link(page, 'Settings').last().click();
    const sent = page.waitForRequest((request) => request.method() === 'PATCH');
    await field(page, 'Webhook Name').fill('All');
    await button(page, 'Save Webhook').click();
    const request = await sent;
    assert.equal(request.headers()['if-match'], '"1"');
    await heading(page, 'All');
    const [{ after }] = (await server.api.read(`/v1/audit?target=${made.id}&limit=1`)).data;
    assert.deepEqual(after, { name: 'All' });
  }));

  // Goal: each of the server's refusals stands at its field, however deep, in the section that is closed too; the focus is
  // at the first.
  test('what is refused', () => withPages(async ({ visitSignedIn }) => {
    const page = await visitSignedIn(`${list}/new`);
    await button(page, 'Save Webhook').click();
    await text(page, 'Webhook Name is required.');
    await text(page, 'Webhook URL is required');
    assert.ok(await focused(field(page, 'Webhook Name')));
    await field(page, 'Webhook Name').fill('CRM');
    await field(page, 'Webhook URL').fill('https://example.com/');
    await button(page, 'Add a condition').click();
    await field(page.getByRole('listitem', { name: 'Condition 1' }), 'Field').fill('caller_number');
    await button(page, 'Save Webhook').click();
    const value = field(page.getByRole('listitem', { name: 'Condition 1' }), 'Value');
    await text(page, 'Value is required.');
    assert.ok(await focused(value));
    await button(page, 'Remove condition 1').click();
    assert.ok(await focused(button(page, 'Add a condition')));

    await page.getByText('Advanced delivery settings').click();
    await field(page, 'Own headers').fill('Content-Length: 5');
    await field(page, 'Retry schedule').fill('1m, soon');
    await field(page, 'Timeout (ms)').fill('never');
    await page.getByText('Advanced delivery settings').click();
    await button(page, 'Save Webhook').click();
    await text(page, 'Own headers “Content-Length”');
    await text(page, 'Retry schedule entry 2');
    await text(page, /^Timeout \(ms\) must/);
    assert.ok(await focused(field(page, 'Retry schedule')));

    await page.getByRole('radio', { name: /^Template/ }).check();
    await field(page, 'Template').fill('{"text": ');
    await text(page, 'This is not JSON yet');
    await field(page, 'Template').fill('{"text": "{{caller"}');
    await text(page, 'This cannot be previewed');
    await field(page, 'Template').fill('{"text": "From {{caller_number}}"}');
    await page.getByRole('region', { name: 'Payload that is sent' }).getByText('"text": "From +1234567890"').waitFor();
  }));

  // Goal: what was typed is there again after a reload and after looking elsewhere, until it is saved or discarded.
  test('drafts', () => withPages(async ({ server, visitSignedIn }) => {
    const page = await visitSignedIn(`${list}/new`);
    await field(page, 'Webhook Name').fill('Half done');
    await page.reload();
    await text(page, 'Continue where you left off');
    assert.equal(await field(page, 'Webhook Name').inputValue(), 'Half done');
    await link(page, 'Numbers').first().click();
    await page.goBack();
    assert.equal(await field(page, 'Webhook Name').inputValue(), 'Half done');
    await button(page, 'Discard it').click();
    assert.equal(await field(page, 'Webhook Name').inputValue(), '');
    await page.reload();
    await heading(page, 'Create Outbound Webhook');
    assert.equal(await field(page, 'Webhook Name').inputValue(), '');

    const { id } = await server.api.createWebhook({ name: 'CRM', url: 'https://example.com/hook' });
    await page.goto(`${server.url}${list}/${id}/edit`);
    await field(page, 'Webhook Name').fill('CRM of ours');
    await page.reload();
    await text(page, 'Continue where you left off');
    await button(page, 'Save Webhook').click();
    await heading(page, 'CRM of ours');
    assert.equal((await server.api.read(`/v1/webhooks/${id}`)).name, 'CRM of ours');
    await link(page, 'Settings').last().click();
    await field(page, 'Webhook Name').waitFor();
    assert.equal(await page.getByText('Continue where you left off').count(), 0);
  }));

  // Goal: neither a lost connection nor the end of the session costs what was typed: saving goes on afterwards.
  test('saving through troubles', () => withPages(async ({ server, root, visitSignedIn }) => {
    const page = await visitSignedIn(`${list}/new`);
    await field(page, 'Webhook Name').fill('Persistent');
    await field(page, 'Webhook URL').fill('https://example.com/hook');
    await page.context().setOffline(true);
    await button(page, 'Save Webhook').click();
    await page.getByRole('alert').filter({ hasText: 'The server cannot be reached' }).first().waitFor();
    await page.context().setOffline(false);
    page.trouble.splice(0);  // the browser says that it was offline
    assert.equal((await root.request('DELETE', '/v1/sessions')).status, 204);
    // Not click(): the page may have learned of it already, and its dialog lie before the button.
    await button(page, 'Save Webhook').dispatchEvent('click');
    await page.getByRole('dialog', { name: 'Sign in again' }).waitFor();
    await field(page, 'Password').fill(admin.password);
    await button(page, 'Sign in').click();
    await text(page, 'Copy its secret now');  // what was to be saved is saved, without being asked for again
    assert.equal((await server.api.read('/v1/webhooks')).data[0].name, 'Persistent');
  }));

  // Goal: the second of two people who edit one webhook is told who changed what, and may keep theirs or the other's;
  // keeping one's own leaves alone what only the other has changed.
  test('two people edit one webhook', () => withPages(async ({ server, root, visitSignedIn }) => {
    const { id } = await server.api.createWebhook({ name: 'CRM', url: 'https://example.com/one' });
    const page = await visitSignedIn(`${list}/${id}/edit`);
    await field(page, 'Webhook Name').fill('Mine');
    await root.request('PATCH', `/v1/webhooks/${id}`, { name: 'Theirs', url: 'https://example.com/two' });
    await button(page, 'Save Webhook').click();
    const dialog = page.getByRole('dialog', { name: 'Somebody else has changed this webhook' });
    await dialog.getByText('root@example.com').waitFor();
    await dialog.getByRole('row', { name: /Webhook Name Mine Theirs/ }).waitFor();
    await dialog.getByRole('row', { name: /Webhook URL unchanged https:\/\/example.com\/two/ }).waitFor();
    await button(dialog, 'Keep mine and save').click();
    await heading(page, 'Mine');
    const kept = await server.api.read(`/v1/webhooks/${id}`);
    assert.deepEqual([kept.name, kept.url], ['Mine', 'https://example.com/two']);

    await link(page, 'Settings').last().click();
    await field(page, 'Webhook Name').fill('Mine again');
    await server.api.changeWebhook(id, { name: 'Theirs' });
    await button(page, 'Save Webhook').click();
    await button(dialog, 'Take theirs').click();
    await waitFor(async () => (await field(page, 'Webhook Name').inputValue()) === 'Theirs', 10_000, 'their name');
    assert.equal((await server.api.read(`/v1/webhooks/${id}`)).name, 'Theirs');
  }));
});
