// The overview and the first steps, as people use them: in a real browser, from a fresh store.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { assertAccessible, Browser, missingBrowser } from './support/browser.mjs';
import { button, chooseTeam, field, heading, looks, picture, withAdmin as withAdminIn } from './support/dashboard.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall } from './support/samples.mjs';
import { person } from './support/session.mjs';
import { test } from './support/test.mjs';
import { withTraffic } from './support/traffic.mjs';
import { waitFor } from './support/wait.mjs';

const ann = { email: 'ann@example.com', password: 'seven quiet herons waiting' };

let browser;
const withAdmin = (body, args) => withAdminIn(browser, body, args);
const steps = (page) => page.getByRole('region', { name: 'First steps' });
const chart = (page, name) => page.getByRole('region', { name, exact: true });

/** A webhook that fails at once, and not again for an hour. */
async function failingWebhook(api, members = {}) {
  const receiver = await Receiver.start({ status: 500 });
  const webhook = await api.createWebhook({ name: 'CRM', url: receiver.url, retry_schedule: [3600], ...members });
  await api.send(missedCall(members.team_id ? { team_id: members.team_id } : {}));
  await waitFor(async () => (await api.read(`/v1/webhooks/${webhook.id}`)).failing_since, 10_000, 'the failure');
  receiver.close();
  return webhook;
}

/** A webhook that has got `count` events. */
async function deliveredWebhook(api, count, members = {}) {
  const receiver = await Receiver.start();
  const webhook = await api.createWebhook({ name: 'Warehouse', url: receiver.url, ...members });
  for (let sent = 0; sent < count; ++sent) await api.send(missedCall(members.team_id ? { team_id: members.team_id } : {}));
  await waitFor(async () => (await api.deliveries(webhook.id, '?status=delivered')).length === count, 10_000, 'deliveries');
  receiver.close();
  return webhook;
}

describe('first steps', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: from nothing to a delivery that arrived and the code that verifies it, without leaving the page and without the
  // API; no secret is on it.
  test('with the test receiver', () => withAdmin(async ({ server, visitSignedIn }) => {
    const page = await visitSignedIn('/');
    await heading(page, 'Overview');
    await page.getByText('There is no webhook yet').waitFor();
    await button(page, 'Use the test receiver').click();
    await button(page, 'Send a test call').click();
    await steps(page).getByText('The receiver answered 200').waitFor();
    await steps(page).getByText('it is right').waitFor();
    const request = await steps(page).getByRole('region', { name: 'Request' }).textContent();
    for (const part of ['x-limecall-signature: ', 'webhook-signature: v1,', '"event":"missed_call"']) {
      assert.ok(request.toLowerCase().includes(part), part);
    }
    const code = (name) => steps(page).getByRole('region', { name });
    await field(page, 'Language').selectOption('Python');
    await code('Python: verify.py').getByText('Test receiver').waitFor();
    const [webhook] = await server.api.list('/v1/webhooks');
    const { secret, token } = await server.api.read(`/v1/webhooks/${webhook.id}/secret`);
    const words = await page.content();
    for (const hidden of [secret, token]) assert.equal(words.includes(hidden), false);
    for (const name of ['Make an API key', 'Invite people', 'Read the documentation']) await page.getByRole('link', { name }).waitFor();
    await page.reload();
    await code('Python: verify.py').waitFor();  // where one is comes from the server, the language from the browser
  }));

  // Goal: a URL of one's own is judged at its field; that it does not answer well is told with the reason and mended by
  // another call.
  test('with a URL that fails first', () => withAdmin(async ({ visitSignedIn }) => {
    const receiver = await Receiver.start({ status: 500 });
    const page = await visitSignedIn('/');
    await field(page, 'Webhook Name').fill('CRM');
    await field(page, 'Webhook URL').fill('ftp://example.com');
    await button(page, 'Save Webhook').click();
    await page.getByText(/Webhook URL must/).waitFor();
    assert.equal(await field(page, 'Webhook Name').inputValue(), 'CRM');
    await field(page, 'Webhook URL').fill(receiver.url);
    await button(page, 'Save Webhook').click();
    await page.getByText('Webhook saved').first().waitFor();
    await button(page, 'Send a test call').click();
    await steps(page).getByText('the receiver answered 500').waitFor();
    await steps(page).getByText('Retrying').waitFor();
    receiver.behaviour = { status: 200 };
    await button(page, 'Send another test call').click();
    await steps(page).getByText('The receiver answered 200').waitFor();
    receiver.close();
  }));

  // Goal: who does not want to be led is not, and may think again; what has been at work for a while leads nobody.
  test('put away, brought back, over', () => withAdmin(async ({ server, visitSignedIn }) => {
    const page = await visitSignedIn('/');
    await button(page, 'Put away').click();
    await steps(page).waitFor({ state: 'detached' });
    await page.reload();
    await button(page, 'Show the first steps').click();
    await steps(page).waitFor();
    await deliveredWebhook(server.api, 20);
    await page.getByText('20 deliveries in the last hour').waitFor();
    await steps(page).waitFor({ state: 'detached' });
    assert.equal(await button(page, 'Show the first steps').count(), 0);
  }));

  // Goal: an event that came before the webhook is no reason to wait for ever.
  test('an event before the webhook', () => withAdmin(async ({ server, visitSignedIn }) => {
    await server.api.send(missedCall());
    const receiver = await Receiver.start();
    await server.api.createWebhook({ name: 'Late', url: receiver.url });
    const page = await visitSignedIn('/');
    await steps(page).getByText('Nothing has gone to Late yet').waitFor();
    await button(page, 'Send another test call').click();
    await steps(page).getByText('The receiver answered 200').waitFor();
    receiver.close();
  }));
});

describe('the overview', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: what fails stands first, with since when, why, and a way to mend it.
  test('failing webhooks', () => withAdmin(async ({ server, visitSignedIn }) => {
    const name = `Customer relations ${'of everybody '.repeat(6)}`.trim();
    const webhook = await failingWebhook(server.api, { name, team_id: 'team_001' });
    const page = await visitSignedIn('/');
    await page.getByRole('status').filter({ hasText: `The webhook “${name}” is failing` }).waitFor();
    const row = page.getByRole('row', { name });
    await row.getByText('the receiver answered 500').waitFor();
    await row.getByText('team_001').waitFor();
    assert.match(await row.getByRole('time').textContent(), /ago|now/);
    assert.match(await row.getByRole('link', { name: 'See the delivery' }).getAttribute('href'), /^\/logs\/dlv_/);
    await row.getByRole('link', { name: /^Fix it/ }).click();
    await page.waitForURL(`${server.url}/settings/webhooks/${webhook.id}`);
  }));

  // Goal: what happens is seen without loading the page again: deliveries, a webhook that begins to fail, the same one mended.
  test('live', () => withAdmin(async ({ server, visitSignedIn }) => {
    const receiver = await Receiver.start();
    const webhook = await server.api.createWebhook({ name: 'CRM', url: receiver.url, retry_schedule: [3600] });
    const page = await visitSignedIn('/');
    const said = (words) => page.getByText(words).first().waitFor();
    await said('Everything flows');
    await said('Nothing was sent in the last hour.');
    await server.api.send(missedCall());
    await said('1 delivery in the last hour, 100 % acknowledged.');
    receiver.behaviour = { status: 503 };
    await server.api.send(missedCall());
    await said('The webhook “CRM” is failing');
    receiver.behaviour = { status: 200 };
    const [failed] = await server.api.deliveries(webhook.id, '?status=retrying');
    await server.api.post(`/v1/deliveries/${failed.id}/retry`);
    await said('Everything flows');
    receiver.close();
  }));

  // Goal: the range is in the address bar, and a wrong one does no harm.
  test('ranges', () => withAdmin(async ({ server, visitSignedIn }) => {
    await deliveredWebhook(server.api, 1);
    const page = await visitSignedIn('/?range=year');
    const pressed = (name) => page.getByRole('button', { name, pressed: true });
    await pressed('Last hour').waitFor();
    await button(page, 'Last 7 days').click();
    await pressed('Last 7 days').waitFor();
    assert.equal(new URL(page.url()).search, '?range=week');
    await page.reload();
    await pressed('Last 7 days').waitFor();
    await chart(page, 'Deliveries per minute').waitFor();
    await button(page, 'Last hour').click();
    await pressed('Last hour').waitFor();
    assert.equal(new URL(page.url()).searchParams.get('range'), null);
  }));

  // Goal: every value of a chart can be had by mouse, by keyboard and as a table; where nothing was sent there are no
  // deliveries, and no latency.
  test('charts', () => withAdmin(async ({ server, visitSignedIn }) => {
    await deliveredWebhook(server.api, 1);
    const page = await visitSignedIn('/account');
    await withTraffic(page);
    await page.getByRole('link', { name: 'Overview' }).click();
    const deliveries = chart(page, 'Deliveries per minute');
    const slider = deliveries.getByRole('slider');
    await deliveries.locator('canvas').waitFor();
    const legend = () => deliveries.locator('.chart-legend').textContent();
    assert.doesNotMatch(await legend(), /\d/);
    await slider.focus();
    const last = await slider.getAttribute('aria-valuetext');
    assert.match(last, /^\d+:\d\d.*: Delivered \d+(\.\d+)?, Failed \d+/);
    await page.keyboard.press('ArrowLeft');
    const before = await slider.getAttribute('aria-valuetext');
    assert.notEqual(before, last);
    assert.match(await legend(), /Delivered \d+.*Failed \d+/);
    await page.keyboard.press('Home');
    assert.equal(await slider.inputValue(), '0');
    await deliveries.locator('.u-over').hover();
    await waitFor(async () => (await slider.inputValue()) !== '0', 5000, 'the mouse to be followed');

    const latency = chart(page, 'Latency');
    const idle = Math.round(Number(await latency.getByRole('slider').getAttribute('max')) * 0.57);
    await latency.getByRole('slider').fill(String(idle));
    assert.match(await latency.getByRole('slider').getAttribute('aria-valuetext'), /p50 –, p90 –, p99 –$/);
    await deliveries.getByRole('slider').fill(String(idle));
    assert.match(await deliveries.getByRole('slider').getAttribute('aria-valuetext'), /Delivered 0, Failed 0$/);

    await button(page, 'Latency as a table').click();
    const rows = latency.getByRole('row');
    assert.ok((await rows.count()) > 40);
    assert.match(await rows.nth(1).textContent(), /ms/);
    await button(page, 'Latency as a table').click();
    await latency.locator('canvas').waitFor();
  }));

  // Goal: a server that is gone takes nothing away from the page, which says so and goes on when it is back.
  test('server gone and back', () => withAdmin(async ({ server, visitSignedIn }) => {
    await deliveredWebhook(server.api, 1);
    const page = await visitSignedIn('/');
    await page.getByText('1 delivery in the last hour').waitFor();
    await steps(page).getByRole('region', { name: 'JavaScript: verify.mjs' }).waitFor();
    for (const name of ['Deliveries per minute', 'Latency']) await chart(page, name).locator('canvas').waitFor();
    await page.context().setOffline(true);
    await page.getByText('These figures are not up to date').waitFor();
    await page.getByText('1 delivery in the last hour').waitFor();
    await page.context().setOffline(false);
    await page.getByText('These figures are not up to date').waitFor({ state: 'detached' });
    assert.deepEqual(page.trouble.splice(0).filter((what) => !what.includes('net::ERR_')), []);  // a network that is gone is told to the console
  }));

  // Goal: what a page loads when it is needed, and cannot load because the server is away or was upgraded, is told in its
  // place; the rest goes on.
  test('code that cannot be loaded', () => withAdmin(async ({ server, visitSignedIn }) => {
    const { id } = await deliveredWebhook(server.api, 1);
    const page = await visitSignedIn(`/settings/webhooks/${id}`);
    const gone = /\/assets\/(verify|verify_tab|python)-/;
    const away = (route) => route.abort();
    const told = page.getByRole('alert').getByText('This part of the page cannot be shown');
    await page.route(gone, away);
    await page.getByRole('link', { name: 'Verify' }).click();
    await told.waitFor();
    await page.getByRole('link', { name: 'Webhook Logs', exact: true }).last().click();
    await told.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Verify' }).click();
    await page.unroute(gone, away);
    await button(page, 'Load the page again').click();
    await heading(page, 'Warehouse');
    await page.getByRole('region', { name: 'Verification code in JavaScript' }).waitFor();

    await page.route(gone, away);
    await page.getByText('Python', { exact: true }).click();
    await page.getByText('The code for Python cannot be loaded').waitFor();
    await page.unroute(gone, away);
    await button(page, 'Try again').click();
    await page.getByRole('region', { name: 'Verification code in Python' }).waitFor();
    assert.deepEqual(page.trouble.splice(0).filter((what) => !/net::ERR_FAILED|dynamically imported module/.test(what)), []);
  }));

  // Goal: everybody sees what is theirs: admins all teams or one of them, people their team, who is in none how to get in.
  test('who sees what', () => withAdmin(async ({ server, visitSignedIn, root }) => {
    for (const team of ['team_001', 'team_002']) await failingWebhook(server.api, { name: `CRM of ${team}`, team_id: team });
    const page = await visitSignedIn('/');
    await page.getByText('2 webhooks are failing').waitFor();
    await chooseTeam(page, 'team_002');
    await page.getByText('The webhook “CRM of team_002” is failing').waitFor();
    assert.equal(new URL(page.url()).search, '?team=team_002');
    await page.locator('.figures div', { hasText: /^Backlog1/ }).waitFor();

    const member = await person(root, ann.email, { team_id: 'team_001', role: 'read' }, ann.password);
    const own = await visitSignedIn('/', {}, ann);
    await own.getByText('Team team_001').waitFor();
    await own.getByText('The webhook “CRM of team_001” is failing').waitFor();
    assert.equal(await own.getByText('team_002').count(), 0);
    assert.equal(await steps(own).count(), 0);  // who may only look is led nowhere

    assert.equal((await root.patch(`/v1/users/${member.user.id}`, { teams: [] })).status, 200);
    await own.reload();
    await own.getByText('You are not a member of any team. Ask an admin for an invitation.').waitFor();
  }));
});

describe('the look of the overview', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: the overview and the first steps look well and can be used by everybody.
  for (const [name, settings] of looks) {
    test(name, { timeout: 120_000 }, () => withAdmin(async ({ server, visitSignedIn }) => {
      const look = async (page, place) => {
        await picture(page, place, name);
        await assertAccessible(page, `${place}, ${name}`);
      };
      const first = await visitSignedIn('/', settings);
      await button(first, 'Use the test receiver').waitFor();
      await look(first, 'first-steps');
      await button(first, 'Use the test receiver').click();
      await button(first, 'Send a test call').waitFor();
      await look(first, 'first-steps-event');
      await button(first, 'Send a test call').click();
      await steps(first).getByText('it is right').waitFor();
      await look(first, 'first-steps-delivered');

      await deliveredWebhook(server.api, 20);
      for (const each of ['CRM', `Customer relations ${'of everybody '.repeat(6)}`.trim()]) await failingWebhook(server.api, { name: each, team_id: 'team_001' });
      const page = await visitSignedIn('/account', settings);
      await withTraffic(page);
      await page.goto(`${server.url}/?range=day`);
      await page.getByText('are failing').waitFor();
      await page.locator('canvas').nth(2).waitFor();
      await page.getByRole('link', { name: 'See the delivery' }).nth(1).waitFor();
      await look(page, 'overview');
      await chart(page, 'Latency').getByRole('slider').focus();
      await button(page, 'Success rate as a table').click();
      await look(page, 'overview-table');
    }));
  }
});
