// What the dashboard does to data, and when: never before one has confirmed, never to another team, never half; and what
// it says of it.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { assertAccessible, Browser, missingBrowser } from './support/browser.mjs';
import { admin, button, chooseTeam, dialog, field, heading, looks, picture, row, text, withAdmin as withAdminIn } from './support/dashboard.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall, sample } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

let browser;
const withAdmin = (body, args) => withAdminIn(browser, body, args);
const settingsOf = (look) => looks.find(([name]) => name === look)[1];
const toast = (page, words) => page.locator('.toast').getByText(words).first().waitFor();
const voicemail = (members) => sample('voicemail_received', members);

/** Runs `body` with a receiver that answers as `behaviour` says. */
async function withReceiver(behaviour, body) {
  const receiver = await Receiver.start(behaviour);
  try {
    await body(receiver);
  } finally {
    receiver.close();
  }
}

const deliveriesOf = async (server, webhook, status) => (await server.api.read(`/v1/webhooks/${webhook.id}/deliveries?limit=500`)).data.filter((one) => one.status === status);
const settled = (server, webhook, status, count) =>
  waitFor(async () => (await deliveriesOf(server, webhook, status)).length === count, 20_000, `${count} ${status} deliveries`);
const recoveriesOf = async (server, webhook) => (await server.api.read(`/v1/webhooks/${webhook.id}/recoveries`)).data;
const finished = (server, webhook) => waitFor(async () => {
  const [newest] = await recoveriesOf(server, webhook);
  return newest?.state === 'done' && newest;
}, 20_000, 'the recovery');

describe('actions of the dashboard', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: what failed in view is sent again from the log, after it is said how much that is, and nothing that is not in view.
  test('retrying all that failed in view', () => withReceiver({ status: 500 }, (receiver) => withAdmin(async ({ server, visitSignedIn }) => {
    const events = ['missed_call', 'voicemail_received'];
    const webhook = await server.api.createWebhook({ name: 'CRM', url: receiver.url, events, retry_schedule: [1] });
    for (let i = 0; i < 3; ++i) await server.api.send(missedCall());
    await server.api.send(voicemail({ caller_number: '+4930999' }));
    await settled(server, webhook, 'failed', 4);
    receiver.behaviour = { status: 200 };
    const page = await visitSignedIn(`/logs?status=failed&event=voicemail_received&range=week&webhook_id=${webhook.id}`);
    await page.getByRole('link', { name: 'Retry all failed…' }).click();
    const asked = dialog(page, 'Retry all failed');
    await asked.getByText('1 delivery will be sent.').waitFor();
    assert.equal(await field(asked, 'Event type').inputValue(), 'voicemail_received');
    assert.notEqual(await field(asked, 'Since').inputValue(), '');
    assert.deepEqual(await recoveriesOf(server, webhook), [], 'nothing happens before one confirms');
    await assertAccessible(page, 'retrying all that failed');
    await button(asked, 'Cancel').click();
    await asked.waitFor({ state: 'detached' });
    assert.deepEqual(await recoveriesOf(server, webhook), []);
    assert.match(new URL(page.url()).search, /event=voicemail_received/, 'the filters stay');

    await page.getByRole('link', { name: 'Retry all failed…' }).click();
    await field(asked, 'Event type').selectOption('');
    await asked.getByText('4 deliveries will be sent.').waitFor();
    await field(asked, 'Number, call ID or message ID').fill('+4930999');
    await asked.getByText('1 delivery will be sent.').waitFor();
    await field(asked, 'Last HTTP status').fill('404');
    await asked.getByText('Nothing matches.').waitFor();
    await field(asked, 'Last HTTP status').fill('500');
    await button(asked, 'Retry 1').click();
    await toast(page, 'Recovery started');
    const done = await finished(server, webhook);
    assert.deepEqual([done.redelivered, done.q, done.http_status], [1, '+4930999', 500]);
    await settled(server, webhook, 'delivered', 1);
    assert.equal((await deliveriesOf(server, webhook, 'failed')).length, 3);
  })));

  // Goal: it is found without a filter, for several webhooks one after another, and in a webhook's own log; the address alone
  // opens it. It is not offered where nothing in view failed.
  test('retrying all that failed, found from anywhere', () => withReceiver({ status: 410 }, (receiver) => withAdmin(async ({ server, visitSignedIn }) => {
    const page = await visitSignedIn('/logs');
    await page.getByText('Nothing has been delivered yet.').waitFor();
    assert.equal(await page.getByText('Retry all failed…').count(), 0);
    const [one, two] = [await server.api.createWebhook({ name: 'One', url: receiver.url }), await server.api.createWebhook({ name: 'Two', url: receiver.url })];
    await server.api.send(missedCall());
    for (const webhook of [one, two]) await settled(server, webhook, 'failed', 1);
    await page.getByRole('link', { name: 'Retry all failed…' }).click();
    const asked = dialog(page, 'Retry all failed');
    await field(asked, 'Webhook').selectOption(one.id);
    // 410 has disabled it: nothing is enabled behind one's back.
    await asked.getByText('It stays so until you confirm.').waitFor();
    await button(asked, 'Enable and retry 1').waitFor();
    assert.equal((await server.api.read(`/v1/webhooks/${one.id}`)).enabled, false);
    receiver.behaviour = { status: 200 };
    await button(asked, 'Enable and retry 1').click();
    await settled(server, one, 'delivered', 1);
    assert.equal((await server.api.read(`/v1/webhooks/${two.id}`)).enabled, false);
    await page.goto(`${server.url}/settings/webhooks/${two.id}/logs?recover=failed`);
    await button(asked, 'Enable and retry 1').waitFor();
    await page.goto(`${server.url}/logs?status=delivered`);
    await page.locator('.log-entry').first().waitFor();
    assert.equal(await page.getByText('Retry all failed…').count(), 0);
    for (const [look, settings] of looks) {
      const looked = await visitSignedIn('/logs?recover=failed', settings);
      await button(dialog(looked, 'Retry all failed'), 'Enable and retry 1').waitFor();
      await picture(looked, 'retry-all', look);
    }
  })));

  // Goal: one dialog asks for enabling and for what was missed since the webhook was disabled; until one confirms it stays
  // disabled.
  test('enabling and recovering', () => withReceiver({ status: 200 }, (receiver) => withAdmin(async ({ server, visitSignedIn }) => {
    receiver.behaviour = { status: 500 };
    const webhook = await server.api.createWebhook({ name: 'CRM', url: receiver.url, retry_schedule: [3600] });
    await server.api.send(missedCall());  // waits when it is disabled
    await settled(server, webhook, 'retrying', 1);
    assert.equal((await server.api.read(`/v1/webhooks/${webhook.id}`)).disabled_at, null);
    assert.equal((await server.api.post(`/v1/webhooks/${webhook.id}/disable`)).status, 200);
    const { disabled_at } = await server.api.read(`/v1/webhooks/${webhook.id}`);
    assert.ok(Math.abs(Date.parse(disabled_at) - Date.now()) < 60_000, disabled_at);
    for (let i = 0; i < 2; ++i) await server.api.send(missedCall());
    receiver.behaviour = { status: 200 };
    const enabled = async () => (await server.api.read(`/v1/webhooks/${webhook.id}`)).enabled;
    const page = await visitSignedIn(`/settings/webhooks/${webhook.id}`);
    const asked = dialog(page, 'Enable and recover');
    await button(page, 'Enable and recover…').click();
    await asked.getByText('3 deliveries will be sent.').waitFor();
    assert.equal(await field(asked, 'What to send again').inputValue(), 'missing');
    assert.equal(await enabled(), false);
    await button(asked, 'Cancel').click();
    await asked.waitFor({ state: 'detached' });
    assert.equal(await enabled(), false, 'nothing was confirmed');
    await button(page, 'Recover…').click();  // the same question
    await button(asked, 'Enable and recover 3').click();
    await toast(page, 'Webhook enabled, recovery started');
    await settled(server, webhook, 'delivered', 3);
    assert.equal(await enabled(), true);
    assert.equal((await server.api.read(`/v1/webhooks/${webhook.id}`)).disabled_at, null);
  })));

  // Goal: what holds back an ordered webhook is skipped after a question only.
  test('skipping asks first', () => withAdmin(async ({ server, visitSignedIn }) => {
    const webhook = await server.api.createWebhook({ name: 'Ordered', url: 'http://127.0.0.1:9/hook', ordered: 'webhook', retry_schedule: [3600] });
    for (let i = 0; i < 2; ++i) await server.api.send(missedCall());
    await waitFor(async () => (await server.api.read(`/v1/webhooks/${webhook.id}`)).blocked_by !== null, 10_000, 'one that waits');
    const page = await visitSignedIn(`/settings/webhooks/${webhook.id}`);
    await button(page, 'Skip it…').click();
    const asked = dialog(page, 'Skip this delivery?');
    assert.equal((await deliveriesOf(server, webhook, 'canceled')).length, 0);
    await button(asked, 'Cancel').click();
    await asked.waitFor({ state: 'detached' });
    assert.equal((await deliveriesOf(server, webhook, 'canceled')).length, 0);
    await button(page, 'Skip it…').click();
    await button(asked, 'Skip delivery').click();
    await settled(server, webhook, 'canceled', 1);
  }));

  // Goal: what a delivery was acknowledged for is not sent a second time by a slip.
  test('sending again what was delivered asks first', () => withReceiver({ status: 200 }, (receiver) => withAdmin(async ({ server, visitSignedIn }) => {
    const webhook = await server.api.createWebhook({ name: 'CRM', url: receiver.url });
    await server.api.send(missedCall());
    await settled(server, webhook, 'delivered', 1);
    const [delivery] = await deliveriesOf(server, webhook, 'delivered');
    const page = await visitSignedIn(`/logs/${delivery.id}`);
    await button(page, 'Send again…').click();
    await button(dialog(page, 'Send this delivery again?'), 'Send again').waitFor();
    assert.equal(receiver.requests.length, 1);
    await button(dialog(page, 'Send this delivery again?'), 'Send again').click();
    await waitFor(() => receiver.requests.length === 2, 10_000, 'the second request');
  })));

  // Goal: people and keys go to a team that is there: chosen by its name or id, or created by an option that says so.
  test('the choice of a team', () => withAdmin(async ({ root, visitSignedIn }) => {
    for (const [id, name] of [['team_001', 'Acme Corp'], ['team_002', 'Acme Corp'], ['team_003', 'Berlin Bikes']]) {
      assert.equal((await root.post('/v1/teams', { id, name })).status, 201);
    }
    const page = await visitSignedIn('/settings/users');
    await button(page, 'Invite somebody').click();
    const asked = dialog(page, 'Invite somebody');
    await field(asked, 'E-mail address').fill('carl@example.com');
    // A name that two teams have, and a name that none has, are no choice.
    for (const typed of ['Acme Corp', 'Acme Cor']) {
      await field(asked, 'Team').fill(typed);
      await field(asked, 'E-mail address').focus();
      await button(asked, 'Invite').click();
      await asked.getByText(`“${typed}” is not a team.`).waitFor();
    }
    assert.deepEqual(await root.list('/v1/invitations'), []);
    await field(asked, 'Team').fill('acme');
    assert.deepEqual(await page.getByRole('option').allInnerTexts(), ['Acme Corp team_001', 'Acme Corp team_002', 'Create team “acme” with a new ID']);
    await assertAccessible(page, 'choosing a team');
    await page.getByRole('option', { name: 'team_002' }).click();
    assert.equal(await field(asked, 'Team').inputValue(), 'Acme Corp (team_002)');
    await button(asked, 'Invite').click();
    await page.getByText(/No e-mail is sent/).waitFor();
    await button(page, 'Done').click();
    assert.deepEqual((await root.list('/v1/invitations')).map(({ team_id }) => team_id), ['team_002']);

    // By keyboard, by the whole name of one team; the key gets its id.
    await page.goto(`${root.url}/settings/keys`);
    await button(page.getByRole('main'), 'Create key').first().click();
    const key = dialog(page, 'Create API key');
    await field(key, 'Name').fill('PBX');
    await field(key, 'Team').fill('berlin bikes');
    await page.keyboard.press('Tab');
    await button(key, 'Create key').click();
    await page.getByText('It is shown this once.').waitFor();
    await button(page, 'I have copied it').click();
    assert.deepEqual((await root.list('/v1/keys')).map(({ team_id }) => team_id), ['team_003']);

    // A new team is made where one asks for it, and shown by its name from then on.
    await page.goto(`${root.url}/settings/numbers`);
    await button(page.getByRole('main'), 'Add number').first().click();
    await field(page, 'Number').fill('+15550100');
    await chooseTeam(dialog(page, 'Add number'), 'Cologne Cabs', { create: true });
    await toast(page, 'Team “Cologne Cabs” created');
    await button(dialog(page, 'Add number'), 'Add number').click();
    await row(page, '+15550100').getByText('Cologne Cabs').waitFor();
    const made = (await root.list('/v1/teams')).find(({ name }) => name === 'Cologne Cabs');
    assert.equal((await root.list('/v1/numbers'))[0].team_id, made.id);
    for (const [look, settings] of looks) {
      const looked = await visitSignedIn('/settings/users', settings);
      await button(looked, 'Invite somebody').click();
      await field(dialog(looked, 'Invite somebody'), 'Team').fill('c');
      await looked.getByRole('option').first().waitFor();
      await picture(looked, 'team-choice', look);
      await looked.keyboard.press('Escape');
      await looked.goto(`${root.url}/logs`);
      await field(looked, 'Team').first().waitFor({ state: 'attached' });
      await picture(looked, 'team-filter', look);
    }
  }));

  // Goal: a session that ends holds up what was asked until one has signed in again; then it is done, and nothing is said of
  // it. So for forms, actions and what is read.
  test('what was asked while the session had ended', () => withAdmin(async ({ server, root, visitSignedIn }) => {
    const webhook = await server.api.createWebhook({ name: 'CRM', url: 'http://127.0.0.1:9/hook' });
    const signInAgain = async (page) => {
      const again = dialog(page, 'Sign in again');
      await again.getByLabel('Password', { exact: true }).fill(admin.password);
      await button(again, 'Sign in').click();
      await again.waitFor({ state: 'detached' });
      assert.equal(await page.getByText(/A key is needed|Sign in first/).count(), 0);
    };
    // At once: the page learns by itself that the session has ended, and then asks before one can press anything.
    const pressAfterTheEnd = async (what) => {
      const element = await what.elementHandle();
      assert.equal((await root.remove('/v1/sessions')).status, 204);
      await root.signIn(admin.email, admin.password);
      await element.dispatchEvent('click');
    };
    const page = await visitSignedIn(`/settings/webhooks/${webhook.id}/edit`);
    await field(page, 'Webhook Name').fill('CRM, renamed');
    await pressAfterTheEnd(button(page, 'Save Webhook'));
    await signInAgain(page);
    await toast(page, 'Webhook saved');
    assert.equal((await server.api.read(`/v1/webhooks/${webhook.id}`)).name, 'CRM, renamed');

    // A page that is opened then, and an action of a menu.
    await heading(page, 'CRM, renamed');
    await pressAfterTheEnd(page.getByRole('link', { name: 'Outbound Webhooks' }).first());
    await signInAgain(page);
    await row(page, 'CRM, renamed').waitFor();
    await button(page, 'Actions of CRM, renamed').click();
    await page.getByRole('menuitem', { name: 'Disable' }).click();
    await pressAfterTheEnd(button(dialog(page, 'Disable this webhook?'), 'Disable'));
    await signInAgain(page);
    await toast(page, 'Webhook disabled');
    assert.equal((await server.api.read(`/v1/webhooks/${webhook.id}`)).enabled, false);

    // Signing out needs no session.
    await pressAfterTheEnd(button(page, 'Sign out'));
    await heading(page, 'Sign in');
  }));

  // Goal: a webhook that is down says why, also when what ended last was only held back; tests are no failures of it, and
  // times are those of this server.
  test('why a webhook fails', () => withReceiver({ status: 503 }, (receiver) => withAdmin(async ({ server, visitSignedIn }) => {
    const webhook = await server.api.createWebhook({ name: 'CRM', url: receiver.url, events: ['missed_call'], retry_schedule: [1] });
    for (let i = 0; i < 14; ++i) await server.api.send(missedCall());
    await server.api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' });
    await waitFor(async () => (await deliveriesOf(server, webhook, 'failed')).filter(({ test }) => !test).length === 14, 60_000, 'all to be given up');
    const unattempted = (await deliveriesOf(server, webhook, 'failed')).find(({ test, attempt_count }) => !test && attempt_count === 0);
    const page = await visitSignedIn(`/settings/webhooks/${webhook.id}`);
    const health = page.getByRole('region', { name: /^Health/ });
    await health.getByText('answered 503').first().waitFor();
    await health.getByText('What to do:').waitFor();
    await health.getByText('A webhook that only fails for 2 d is disabled.').waitFor();
    const [tested] = (await deliveriesOf(server, webhook, 'failed')).filter((one) => one.test);
    assert.equal(await health.locator(`a[href="/logs/${tested.id}"]`).count(), 0);
    await page.goto(`${server.url}/logs/${tested.id}`);
    await text(page, 'The test failed.');
    if (unattempted !== undefined) {
      await page.goto(`${server.url}/logs/${unattempted.id}`);
      await page.getByText('No attempt was made.', { exact: true }).waitFor();
      assert.equal(await page.getByText(/Every attempt/).count(), 0);
    }
    await page.goto(`${server.url}/settings/webhooks/${webhook.id}/edit`);
    await page.getByText('Advanced delivery settings').click();
    await field(page, 'Retry schedule').fill('');
    assert.equal(await field(page, 'Retry schedule').getAttribute('placeholder'), '5s, 10s');
    await text(page, 'the server’s schedule, after 5 s, 10 s');
    assert.equal(await field(page, 'Timeout (ms)').getAttribute('placeholder'), '7000');
  }, ['--disable-after', '48h', '--retry-schedule', '5s,10s', '--timeout', '7s'])));

  // Goal: a page without a connection says so, and that it is paused by a button that says what it does.
  test('offline, and paused', () => withAdmin(async ({ server, visitSignedIn }) => {
    const page = await visitSignedIn('/logs');
    await page.getByText('Nothing has been delivered yet.').waitFor();
    await button(page, 'Pause').click();
    await button(page, 'Resume').click();
    await button(page, 'Pause').waitFor();
    await page.context().setOffline(true);
    await page.getByRole('status').filter({ hasText: 'Offline' }).waitFor();
    assert.equal(await page.getByText('Updated every 5 seconds').count(), 0);
    await page.context().setOffline(false);
    await page.getByRole('status').filter({ hasText: /^Live$/ }).waitFor();
    page.trouble.splice(0, page.trouble.length, ...page.trouble.filter((what) => !what.includes('ERR_INTERNET_DISCONNECTED')));
    // What is not there is not there a second time.
    await page.goto(`${server.url}/logs/dlv_0000000000000`);
    await page.getByRole('alert').waitFor();
    assert.equal(await button(page, 'Try again').count(), 0);
  }));

  // Goal: a step of the first ones is done when what it shows is.
  test('first steps that do not contradict themselves', () => withReceiver({ status: 200 }, (receiver) => withAdmin(async ({ server, visitSignedIn }) => {
    const webhook = await server.api.createWebhook({ name: 'CRM', url: receiver.url, retry_schedule: [3600] });
    await server.api.send(missedCall());
    await settled(server, webhook, 'delivered', 1);
    const page = await visitSignedIn('/', settingsOf('light'));
    const step = page.locator('.step').filter({ hasText: 'See it delivered' });
    await step.getByText('(done)').waitFor({ state: 'attached' });
    receiver.behaviour = { status: 500 };
    await server.api.send(missedCall());
    await step.getByText('Retrying').waitFor();
    assert.equal(await step.getByText('(done)').count(), 0);
    assert.equal(await step.locator('.badge-warn').innerText(), 'Retrying');
    assert.doesNotMatch(await step.innerText(), /\.\./);
    await picture(page, 'first-steps', 'light');
  })));
});
