// Settings › Webhooks › Outbound Webhooks, as people use it: from the first webhook to mending one that fails.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { assertAccessible, Browser, missingBrowser } from './support/browser.mjs';
import { button, field, heading, link, looks, picture, text, withAdmin } from './support/dashboard.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall } from './support/samples.mjs';
import { person } from './support/session.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const ann = { email: 'ann@example.com', password: 'seven quiet herons waiting' };
const list = '/settings/webhooks';
const nowhere = 'http://127.0.0.1:9/hook';  // nobody listens there

let browser;
const withPages = (body) => withAdmin(browser, body);

const toast = (page, words) => page.locator('.toast').getByText(words).first().waitFor();
const focused = (locator) => locator.evaluate((element) => document.activeElement === element);
const menu = async (page, name, item) => {
  await button(page, `Actions of ${name}`).click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
};

/** A receiver that is closed when `body` ends. */
async function withReceiver(behaviour, body) {
  const receiver = await Receiver.start(behaviour);
  try {
    await body(receiver);
  } finally {
    receiver.close();
  }
}

describe('pages of webhooks', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: from an empty installation to a delivery that one sees arrive, without a receiver and without the API.
  test('the first webhook', () => withPages(async ({ server, visitSignedIn }) => {
    const page = await visitSignedIn(list);
    await text(page, 'No webhooks yet');
    await link(page, 'Create Outbound Webhook').click();
    await heading(page, 'Create Outbound Webhook');
    await field(page, 'Webhook Name').fill('CRM');
    await button(page, 'Use a test receiver').click();
    await waitFor(async () => (await field(page, 'Webhook URL').inputValue()).includes('/test-receiver/rcv_'), 10_000, 'the URL');
    await text(page, 'Made from the sample');
    await button(page, 'Save Webhook').click();
    await text(page, 'Copy its secret now');
    const [webhook] = (await server.api.read('/v1/webhooks')).data;
    const { secret } = await server.api.read(`/v1/webhooks/${webhook.id}/secret`);
    assert.equal(await field(page, 'Secret').inputValue(), secret);
    assert.equal(webhook.events.length, 7);
    await page.getByRole('region', { name: 'The webhook is saved' }).getByRole('link', { name: 'Test Webhook' }).click();
    await text(page, 'Nothing has come yet');
    await field(page, 'Event').selectOption('voicemail_received');
    await button(page, 'Send test').click();
    await text(page, 'Acknowledged: status 200');
    await page.locator('details').filter({ hasText: 'voicemail_received' }).getByText('Signature is right').waitFor();
    await link(page, 'Overview').last().click();
    await button(page, 'I have copied it').click();
    assert.equal(await page.getByText(secret).count(), 0);
  }));

  // Goal: the secret is shown when asked for only, and a new one says until when the old one signs.
  test('the secret', () => withPages(async ({ server, visitSignedIn }) => {
    const made = await server.api.createWebhook({ name: 'CRM', url: nowhere });
    const page = await visitSignedIn(`${list}/${made.id}`);
    await button(page, 'Show secret').click();
    assert.equal(await field(page, 'Secret').inputValue(), made.secret);
    await button(page, 'Hide secret').click();
    await field(page, 'Secret').waitFor({ state: 'detached' });
    await button(page, 'Rotate secret…').click();
    await field(page, 'The old secret goes on signing for').selectOption('1 hour');
    await button(page, 'Rotate secret').click();
    const secret = await field(page, 'New secret').inputValue();
    assert.notEqual(secret, made.secret);
    await text(page, 'Deliveries are signed with both until');
    await button(page, 'Done').click();
    await text(page, 'The old secret goes on signing until');
    assert.equal((await server.api.read(`/v1/webhooks/${made.id}/secret`)).secret, secret);
  }));

  // Goal: a test says in words what went wrong and what to do, and shows what was answered; a broken sample is told at once.
  test('testing a webhook', () => withReceiver({ status: 503, headers: { 'x-why': 'tired' }, body: '{"busy":true}' }, (receiver) => withPages(async ({ server, visitSignedIn }) => {
    const { id } = await server.api.createWebhook({ name: 'CRM', url: nowhere });
    const page = await visitSignedIn(`${list}/${id}/test`);
    await button(page, 'Send test').click();
    await page.getByRole('alert').filter({ hasText: 'Is the receiver running' }).waitFor();
    await server.api.changeWebhook(id, { url: receiver.url });
    await field(page, 'Payload').fill('{"event": ');
    await text(page, 'This is not JSON yet');
    await button(page, 'Send test').click();
    await text(page, 'Payload is not JSON');
    await field(page, 'Payload').fill(JSON.stringify(missedCall({ call_id: 'my-own-call' })));
    await button(page, 'Send test').click();
    await page.getByRole('alert').filter({ hasText: 'status 503' }).waitFor();
    await text(page, 'x-why: tired');
    await text(page, '"busy": true');
    assert.equal(receiver.requests.at(-1).json.call_id, 'my-own-call');
    const { data } = await server.api.read(`/v1/webhooks/${id}/deliveries`);
    assert.equal(await link(page, 'See it in Webhook Logs').getAttribute('href'), `/logs/${data[0].id}`);
  })));

  // Goal: a webhook that fails says since when, why and what to do; disabled, it can be enabled and what it missed be
  // recovered, from the page.
  test('mending a webhook that fails', () => withReceiver({ status: 404 }, (receiver) => withPages(async ({ server, visitSignedIn }) => {
    const { id } = await server.api.createWebhook({ name: 'CRM', url: receiver.url, retry_schedule: [1] });
    await server.api.send(missedCall());
    await waitFor(async () => (await server.api.read(`/v1/webhooks/${id}/deliveries`)).data[0]?.status === 'failed', 20_000, 'the failure');
    const page = await visitSignedIn(`${list}/${id}`);
    const health = page.getByRole('region', { name: /^Health/ });
    await health.getByText('Failing').waitFor();
    await health.getByText('answered 404', { exact: true }).waitFor();
    await health.getByText('There is nothing at this path').waitFor();
    await menu(page, 'CRM', 'Disable');
    await button(page, 'Disable').click();
    await toast(page, 'Webhook disabled');
    receiver.behaviour = { status: 200 };
    await button(page, 'Enable and recover…').click();
    const dialog = page.getByRole('dialog', { name: 'Enable and recover' });
    await field(dialog, 'What to send again').selectOption('failed');
    await field(dialog, 'Since').fill('2030-01-01T00:00');
    await field(dialog, 'Until').fill('2029-01-01T00:00');
    await button(dialog, 'Enable and retry').click();
    await dialog.getByText(/^(Since|Until) must/).waitFor();
    await field(dialog, 'Since').fill('');
    await field(dialog, 'Until').fill('');
    await button(dialog, 'Enable and retry 1').click();
    await text(page, '1 redelivered');
    await waitFor(() => receiver.requests.some(({ headers }) => headers['x-limecall-attempt'] === '3'), 10_000, 'the redelivery');
  })));

  // Goal: what holds back an ordered webhook is named, and can be skipped; one whose receiver is dead says when it is
  // probed next.
  test('what waits', () => withPages(async ({ server, visitSignedIn }) => {
    const { id } = await server.api.createWebhook({ name: 'Ordered', url: nowhere, ordered: 'webhook', retry_schedule: [3600] });
    await server.api.send(missedCall());
    await server.api.send(missedCall());
    await waitFor(async () => (await server.api.read(`/v1/webhooks/${id}`)).blocked_by !== null, 10_000, 'one that waits');
    const page = await visitSignedIn(`${list}/${id}`);
    await text(page, 'Deliveries wait in order for');
    const { blocked_by } = await server.api.read(`/v1/webhooks/${id}`);
    await button(page, 'Skip it…').click();
    await button(page, 'Skip delivery').click();
    await toast(page, 'Skipped');
    assert.equal((await server.api.delivery(blocked_by.delivery_id)).status, 'canceled');

    const dead = await server.api.createWebhook({ name: 'Dead', url: nowhere, retry_schedule: [3600] });
    for (let i = 0; i < 10; i += 1) await server.api.send(missedCall());
    await waitFor(async () => (await server.api.read(`/v1/webhooks/${dead.id}`)).breaker.state === 'open', 20_000, 'an open breaker');
    await page.goto(`${server.url}${list}/${dead.id}`);
    await text(page, 'Paused');
    await text(page, 'deliveries are held back');
  }));

  // Goal: within the portal people make and test webhooks of their team, without an account; links stay in the portal.
  test('in the portal', () => withPages(async ({ server, visit }) => {
    const { status, json, text: said } = await server.api.post('/v1/teams/team_001/portal', { role: 'manage' });
    assert.equal(status, 201, said);
    const url = new URL(json.url);
    const page = await visit(url.pathname + url.hash);
    await link(page, 'Create Outbound Webhook').click();
    await field(page, 'Webhook Name').fill('Of the team');
    await field(page, 'Webhook URL').fill('https://example.com/team');
    assert.equal(await field(page, 'Team').count(), 0);
    await button(page, 'Save Webhook').click();
    await text(page, 'Copy its secret now');
    const [webhook] = (await server.api.read('/v1/webhooks')).data;
    assert.equal(webhook.team_id, 'team_001');
    assert.equal(page.url(), `${server.url}/portal${list}/${webhook.id}`);
    await link(page, 'Verification code').click();
    await text(page, 'Verify signatures');
    await menu(page, 'Of the team', 'Delete');
    await page.getByLabel('Type Of the team to confirm').fill('Of the team');
    await button(page, 'Delete Webhook').click();
    await text(page, 'No webhooks yet');
  }));

  // Goal: the list shows troubles first, finds by name and URL, and keeps that in the address; a webhook is deleted only
  // after its name is typed, and the focus is somewhere sensible then.
  test('the list', () => withPages(async ({ server, visitSignedIn }) => {
    for (const name of ['Troubled', 'Alpha', 'Beta']) await server.api.createWebhook({ name, url: name === 'Troubled' ? nowhere : `https://example.com/${name}`, team_id: 'team_001', events: ['missed_call'], enabled: name !== 'Beta', ...(name === 'Alpha' ? { filters: { conditions: [{ field: 'call_id', op: 'eq', value: 'none' }] } } : {}) });
    await server.api.send(missedCall());
    await waitFor(async () => (await server.api.read('/v1/webhooks')).data.some(({ failing_since }) => failing_since !== null), 10_000, 'a failure');
    const page = await visitSignedIn(list);
    const names = page.locator('tbody th a');
    await names.first().waitFor();
    assert.deepEqual(await names.allTextContents(), ['Troubled', 'Beta', 'Alpha']);
    await field(page, 'Search').fill('com/alp');
    assert.deepEqual(await names.allTextContents(), ['Alpha']);
    await page.reload();
    await names.first().waitFor();
    assert.deepEqual(await names.allTextContents(), ['Alpha']);
    await field(page, 'Search').fill('nothing like this');
    await button(page, 'Show all').click();
    await field(page, 'Show').selectOption('Disabled');
    assert.deepEqual(await names.allTextContents(), ['Beta']);
    await menu(page, 'Beta', 'Delete');
    const remove = button(page, 'Delete Webhook');
    assert.equal(await remove.getAttribute('aria-disabled'), 'true');
    await page.getByLabel('Type Beta to confirm').fill('Beta');
    await remove.click();
    await toast(page, 'Webhook deleted');
    await text(page, 'No webhook matches');
    await waitFor(() => focused(field(page, 'Search')), 5000, 'the focus');
    assert.deepEqual((await server.api.read('/v1/webhooks')).data.map(({ name }) => name), ['Alpha', 'Troubled']);
  }));

  // Goal: who may only look is offered nothing that would be refused, and sees no form.
  test('people who may only look', () => withPages(async ({ server, root, visitSignedIn }) => {
    const { id } = await server.api.createWebhook({ name: 'CRM', url: nowhere, team_id: 'team_001' });
    await person(root, ann.email, { team_id: 'team_001', role: 'read' }, ann.password);
    const page = await visitSignedIn(list, undefined, ann);
    await link(page, 'CRM').waitFor();
    assert.equal(await page.getByText('Create Outbound Webhook').count(), 0);
    await link(page, 'CRM').click();
    await text(page, 'Last 24 hours');
    for (const name of ['Show secret', 'Rotate secret…', 'Recover…']) assert.equal(await button(page, name).count(), 0, name);
    for (const [path, words] of [['edit', 'not change it'], ['test', 'not send it tests']]) {
      await page.goto(`${server.url}${list}/${id}/${path}`);
      await text(page, words);
    }
  }));

  // Goal: the code for the receiver is there in every language, with the webhook's path in it, and without its secret.
  test('verification code', () => withPages(async ({ server, visitSignedIn }) => {
    const { id, secret } = await server.api.createWebhook({ name: 'CRM', url: 'https://example.com/my/path' });
    const page = await visitSignedIn(`${list}/${id}/verify`);
    for (const language of ['JavaScript', 'TypeScript', 'Python', 'PHP', 'Ruby', 'Go', 'Java', 'C#', 'C++']) {
      await page.getByText(language, { exact: true }).click();
      const code = page.getByRole('region', { name: `Verification code in ${language}`, exact: true });
      await code.getByText('/my/path').waitFor();
      assert.ok(!(await code.textContent()).includes(secret.slice(6, 20)));
    }
  }));
});

describe('the look of pages of webhooks', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: every page of webhooks can be read and operated by everybody, in light, dark and on a phone.
  for (const [name, settings] of looks) {
    test(name, { timeout: 180_000 }, () => withPages(async ({ server, visitSignedIn }) => {
      const look = async (place) => {
        await picture(page, `webhooks-${place}`, name);
        await assertAccessible(page, `${place}, ${name}`);
      };
      const page = await visitSignedIn(list, settings);
      await text(page, 'No webhooks yet');
      await look('empty');
      const long = 'A very long name of a webhook that somebody has given without a thought, لنكتب من اليمين';
      const troubled = await server.api.createWebhook({ name: long, url: `${nowhere}/${'long-path-'.repeat(20)}`, retry_schedule: [3600], team_id: 'team_001', filters: { match: 'any', conditions: [{ field: 'caller_number', op: 'in', value: ['+1234567890'] }, { field: 'status', op: 'eq', value: 'missed' }] } });
      await server.api.createWebhook({ name: 'CRM', url: 'https://example.com/crm', events: ['missed_call', 'sms_received'], team_id: 'team_002' });
      await server.api.createWebhook({ name: 'Warehouse', url: 'https://example.com/warehouse', enabled: false });
      await server.api.createWebhook({ name: 'Polling', mode: 'poll', team_id: 'team_002' });
      await server.api.send(missedCall());
      await waitFor(async () => (await server.api.read(`/v1/webhooks/${troubled.id}`)).failing_since !== null, 20_000, 'a failure');
      const open = async (path, words) => {
        await page.goto(server.url + list + path);
        await text(page, words);
      };
      await open('', 'Failing');
      await look('list');
      await open('/new', 'Made from');
      await page.getByText('Advanced delivery settings').click();
      await button(page, 'Add a condition').click();
      await page.getByRole('radio', { name: /^Chosen fields/ }).check();
      await button(page, 'Send call_id').click();
      await button(page, 'Save Webhook').click();
      await text(page, 'Webhook Name is required');
      await look('create');
      await open(`/${troubled.id}`, 'Last failures');
      await page.locator('.figures').waitFor();
      await look('overview');
      await button(page, 'Rotate secret…').click();
      await page.getByRole('dialog').waitFor();
      await look('rotate');
      await open(`/${troubled.id}/test`, 'Send a test');
      await button(page, 'Send test').click();
      await text(page, 'See it in Webhook Logs');
      await look('test');
      await open(`/${troubled.id}/verify`, 'Verify signatures');
      await page.getByText('Python', { exact: true }).click();
      await page.getByRole('region', { name: 'Verification code in Python' }).waitFor();
      await look('verify');
      await open(`/${troubled.id}/edit`, 'Made from');
      await field(page, 'Webhook Name').fill('Other');
      await server.api.changeWebhook(troubled.id, { name: 'Another', timeout_ms: 1000 });
      await button(page, 'Save Webhook').click();
      await page.getByRole('dialog').getByText('Another').waitFor();
      await look('conflict');
    }));
  }
});
