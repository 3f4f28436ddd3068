// Fields for points in time, in browsers of several time zones: what is typed is that time there, half a time is sent nowhere,
// and an edit within the hour that a change of clocks repeats does not jump.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { Browser, missingBrowser } from './support/browser.mjs';
import { button, dialog, field, heading, text, withAdmin } from './support/dashboard.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

let browser;
const withPages = (body) => withAdmin(browser, body);
const parameter = (page, name) => new URL(page.url()).searchParams.get(name);
const becomes = (page, name, value) => waitFor(() => parameter(page, name) === value, 10_000, `${name}=${value}, not ${parameter(page, name)}`);

describe('fields for times', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: the zone is said, with its offset at that time, and is the one that counts.
  const zones = [
    ['Europe/Berlin', '2026-01-15T12:00', '2026-01-15T11:00:00Z', 'Europe/Berlin, UTC+1'],
    ['Asia/Kathmandu', '2026-07-15T12:00', '2026-07-15T06:15:00Z', 'UTC+5:45'],
    ['America/St_Johns', '2026-07-15T12:00', '2026-07-15T14:30:00Z', 'America/St_Johns, UTC−2:30'],
    ['Pacific/Chatham', '2026-01-15T12:00', '2026-01-14T22:15:00Z', 'Pacific/Chatham, UTC+13:45'],
    ['UTC', '2026-01-15T12:00', '2026-01-15T12:00:00Z', 'UTC'],
  ];
  for (const [timezoneId, typed, instant, zone] of zones) {
    test(`in ${timezoneId}`, () => withPages(async ({ server, visitSignedIn }) => {
      const page = await visitSignedIn('/logs?range=own', { timezoneId });
      await field(page, 'From').fill(typed);
      await becomes(page, 'since', instant);
      await text(page, zone);
      await page.goto(`${server.url}/settings/audit?period=between`);
      await field(page, 'Until').fill(typed);
      await becomes(page, 'until', instant);
      await page.reload();
      assert.equal(await field(page, 'Until').inputValue(), typed);
      await page.goto(`${server.url}/events?range=own&until=${instant}`);
      assert.equal(await field(page, 'To').inputValue(), typed);
    }));
  }

  // Goal: both of two equal times can be chosen, and an edit of the minute stays in the same one; a time that the clocks skip
  // is the one that they show instead. Lord Howe Island moves its clocks by half an hour.
  const repeated = [
    ['Europe/Berlin', ['2026-10-25T02:30', '2026-10-25T00:30:00Z'], ['UTC+1', '2026-10-25T01:30:00Z'], ['2026-10-25T02:45', '2026-10-25T01:45:00Z'], ['2026-03-29T02:30', '2026-03-29T01:30:00Z', '2026-03-29T03:30']],
    ['Australia/Lord_Howe', ['2026-04-05T01:45', '2026-04-04T14:45:00Z'], ['UTC+10:30', '2026-04-04T15:15:00Z'], ['2026-04-05T01:50', '2026-04-04T15:20:00Z'], ['2026-10-04T02:10', '2026-10-03T15:40:00Z', '2026-10-04T02:40']],
  ];
  for (const [timezoneId, [typed, first], [other, second], [edited, kept], [skipped, shown, as]] of repeated) {
    test(`when clocks change in ${timezoneId}`, () => withPages(async ({ visitSignedIn }) => {
      const page = await visitSignedIn('/logs?range=own', { timezoneId });
      await field(page, 'From').fill(typed);
      await becomes(page, 'since', first);
      const choice = page.getByLabel('From: the clocks show this time twice');
      await choice.selectOption(other);
      await becomes(page, 'since', second);
      assert.equal(await field(page, 'From').inputValue(), typed);
      await field(page, 'From').fill(edited);
      await becomes(page, 'since', kept);
      await field(page, 'From').fill(skipped);
      await becomes(page, 'since', shown);
      await waitFor(async () => (await field(page, 'From').inputValue()) === as, 10_000, `${as} in the field`);
      assert.equal(await choice.count(), 0);
    }));
  }

  // Goal: years of three and of five digits go nowhere and break nothing; keys typed one after the other ask for the time once.
  test('half a time', () => withPages(async ({ visitSignedIn }) => {
    const page = await visitSignedIn('/logs?range=own', { timezoneId: 'Europe/Berlin' });
    const asked = [];
    page.on('request', (request) => {
      const since = new URL(request.url()).searchParams.get('since');
      if (since !== null) asked.push(since);
    });
    const from = field(page, 'From');
    for (const typed of ['0002-01-15T12:00', '0202-01-15T12:00', '12026-01-15T12:00', '275760-01-15T12:00']) {
      await from.fill(typed);
      await from.blur();
      await text(page, 'the year has four digits, from 1970 on');
      assert.equal(parameter(page, 'since'), null);
    }
    await from.fill('');
    await from.focus();
    await page.keyboard.type('121520261130PM');
    await from.blur();
    await becomes(page, 'since', '2026-12-15T22:30:00Z');
    await waitFor(() => asked.length > 0, 10_000, 'the log to be asked for');
    assert.deepEqual([...new Set(asked)], ['2026-12-15T22:30:00Z']);
    await from.fill('');
    await from.blur();
    await becomes(page, 'since', null);
  }));

  // Goal: a key ends with its last day where it is made, and no date breaks the form.
  test('the last day of a key', () => withPages(async ({ server, visitSignedIn }) => {
    const page = await visitSignedIn('/settings/keys', { timezoneId: 'Pacific/Chatham' });
    await button(page, 'Create key').first().click();
    await field(page, 'Name').fill('PBX');
    await field(page, 'Expires').selectOption('At the end of a day…');
    for (const typed of ['12027-03-01', '']) {
      await field(page, 'Last day').fill(typed);
      await dialog(page, 'Create API key').getByRole('button', { name: 'Create key' }).click();
      await page.getByRole('alert').filter({ hasText: 'Last day must' }).waitFor();
    }
    await field(page, 'Last day').fill('2037-03-01');
    await dialog(page, 'Create API key').getByText('Pacific/Chatham, UTC+13:45').waitFor();
    await dialog(page, 'Create API key').getByRole('button', { name: 'Create key' }).click();
    await button(page, 'I have copied it').click();
    const key = (await server.api.read('/v1/keys')).data.find(({ name }) => name === 'PBX');
    assert.equal(key.expires_at, '2037-03-01T10:14:59Z');
    await heading(page, 'API keys');
  }));

  // Goal: what is recovered is from the time that was typed.
  test('recovering from a time', () => withPages(async ({ server, visitSignedIn }) => {
    const { id } = await server.api.createWebhook({ url: 'http://127.0.0.1:9/' });
    const page = await visitSignedIn(`/settings/webhooks/${id}`, { timezoneId: 'Asia/Kathmandu' });
    await page.route('**/recover', (route) => route.continue());  // else the browser does not tell the body
    await button(page, 'Recover…').click();
    const counted = page.waitForRequest((request) => request.url().endsWith('/recover') && request.postData().includes('"2026-07'));
    await field(page, 'Since').fill('2026-07-15T12:00');
    assert.equal(JSON.parse((await counted).postData()).since, '2026-07-15T06:15:00Z');
  }));
});
