// The dashboard's numbers, sources, API keys and settings: set up by hand, from a fresh store.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe } from 'node:test';

import { Browser, missingBrowser } from './support/browser.mjs';
import { act, button, chooseTeam, dialog, field, heading, row, signedIn, withAdmin } from './support/dashboard.mjs';
import { cleanEnvironment } from './support/process.mjs';
import { person } from './support/session.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const ann = { email: 'ann@example.com', password: 'seven quiet herons waiting' };

describe('the dashboard: numbers, sources, keys', { skip: missingBrowser() }, () => {
  let browser;
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  /** The secret that is shown once. */
  const secret = (page, label) => page.getByRole('dialog').getByLabel(label, { exact: true }).inputValue();

  // Goal: a number is added, found, renamed and deleted; what is wrong stands at its field, and the focus stays on the page.
  test('numbers', () => withAdmin(browser, async ({ root, visitSignedIn }) => {
    const page = await visitSignedIn('/settings/numbers');
    await page.getByText('No numbers yet').waitFor();
    await page.getByRole('main').getByRole('button', { name: 'Add number' }).first().click();
    await field(page, 'Number').fill('12');
    await dialog(page, 'Add number').getByRole('button', { name: 'Add number' }).click();
    await page.getByText(/^Number must be/).waitFor();
    assert.equal(await field(page, 'Number').evaluate((input) => input === document.activeElement), true);
    await field(page, 'Number').fill('+15550100');
    await dialog(page, 'Add number').getByRole('button', { name: 'Add number' }).click();
    await page.getByText('Team is required.').waitFor();
    await field(page, 'Name').fill('Front desk');
    await chooseTeam(dialog(page, 'Add number'), 'team_n', { create: true });
    await dialog(page, 'Add number').getByRole('button', { name: 'Add number' }).click();
    await row(page, '+15550100').waitFor();
    assert.equal((await root.list('/v1/numbers'))[0].name, 'Front desk');

    await act(page, '+15550100', 'Edit');
    await field(page, 'Name').fill('Reception');
    await button(page, 'Save').click();
    await row(page, 'Reception').waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Actions for +15550100');

    for (const [search, found] of [['recep', 1], ['+1 555-0100', 1], ['+15550199', 0]]) {
      await field(page, 'Number or name').fill(search);
      await field(page, 'Number or name').press('Enter');
      if (found === 0) await page.getByText('No number is like that').waitFor();
      else await row(page, '+15550100').waitFor();
      assert.equal(new URL(page.url()).searchParams.get('search'), search);
    }
    await button(page, 'Show all').click();
    await act(page, '+15550100', 'Delete');
    await button(page, 'Delete number').click();
    await page.getByText('No numbers yet').waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
    assert.deepEqual(await root.list('/v1/numbers'), []);
  }));

  // Goal: many numbers are pasted at once; each line that is refused says why and can be mended.
  test('importing numbers', () => withAdmin(browser, async ({ root, visitSignedIn }) => {
    await root.post('/v1/numbers', { number: '+15550101', team_id: 'team_other' });
    const page = await visitSignedIn('/settings/numbers');
    await button(page, 'Import').click();
    await field(page, 'Numbers').fill('+15550100, Front desk\n+15550101\nno number\n\n+1 (555) 0102; Back office');
    await chooseTeam(dialog(page, 'Import numbers'), 'team_n', { create: true });
    await button(page, 'Import 4').click();
    await page.getByText('2 added, 2 not.').waitFor();
    await page.getByText('belongs to a team already').waitFor();
    await button(page, 'Mend these lines').click();
    assert.equal(await field(page, 'Numbers').inputValue(), '+15550101\nno number');
    await field(page, 'Numbers').fill('+15550103');
    await button(page, 'Import 1').click();
    await page.getByText('1 added.').waitFor();
    await button(page, 'Done').click();
    assert.deepEqual((await root.list('/v1/numbers?team_id=team_n')).map(({ number, name }) => [number, name]),
      [['+15550103', null], ['+15550102', 'Back office'], ['+15550100', 'Front desk']]);
  }));

  // Goal: a list of many comes page by page, and says so.
  test('many numbers', () => withAdmin(browser, async ({ root, visitSignedIn }) => {
    for (let n = 0; n < 101; n++) await root.post('/v1/numbers', { number: `+1555${1000 + n}`, team_id: 'team_n' });
    const page = await visitSignedIn('/settings/numbers');
    await page.getByText('100 are shown.').waitFor();
    await button(page, 'Show more').click();
    await row(page, '+15551000').waitFor();
    assert.equal(await page.locator('tbody tr').count(), 101);
  }));

  // Goal: a key is made, shown once, works, is renamed, and is refused from when it is revoked.
  test('API keys', () => withAdmin(browser, async ({ server, root, visitSignedIn }) => {
    const page = await visitSignedIn('/settings/keys');
    await heading(page, 'API keys');
    await page.getByRole('main').getByRole('button', { name: 'Create key' }).first().click();
    await field(page, 'Read').check();
    await button(dialog(page, 'Create API key'), 'Create key').click();
    await page.getByText(/^Name must be/).waitFor();
    await page.getByText(/^Team is required/).waitFor();
    await field(page, 'Name').fill('Dashboards');
    await chooseTeam(dialog(page, 'Create API key'), 'team_k', { create: true });
    await field(page, 'Expires').selectOption('In 30 days');
    await button(dialog(page, 'Create API key'), 'Create key').click();
    await page.getByText('It is shown this once.').waitFor();
    const key = await secret(page, 'API key');
    assert.match(key, /^lh_/);
    await page.keyboard.press('Escape');
    await page.mouse.click(5, 5);
    assert.equal(await secret(page, 'API key'), key, 'it is not lost by a slip');
    assert.equal((await server.api.withKey(key).get('/v1/webhooks')).status, 200);
    await button(page, 'I have copied it').click();
    await row(page, 'Dashboards').waitFor();
    assert.ok(!(await page.content()).includes(key), 'the key is nowhere any more');
    const [made] = await root.list('/v1/keys');
    assert.deepEqual([made.role, made.team_id], ['read', 'team_k']);
    const days = (Date.parse(made.expires_at) - Date.now()) / 86_400_000;
    assert.ok(days > 29 && days <= 30, `${days}`);

    await waitFor(async () => (await root.list('/v1/keys'))[0].last_used_at, 10_000, 'the use of the key');
    await act(page, 'Dashboards', 'Edit');
    await field(page, 'Name').fill('Charts');
    await field(page, 'Expires').selectOption('Never');
    await button(page, 'Save').click();
    await row(page, 'Charts').getByText('Never').waitFor();
    await act(page, 'Charts', 'Revoke');
    await dialog(page, 'Revoke Charts?').getByText(/It was last used/).waitFor();
    await button(page, 'Revoke key').click();
    await page.getByText('No API keys yet').waitFor();
    assert.equal((await server.api.withKey(key).get('/v1/webhooks')).status, 401);
  }));

  // Goal: a source is added, and the request that is shown for it sends an event when it is run; the key is never in it.
  test('sources', () => withAdmin(browser, async ({ server, root, visitSignedIn }) => {
    const page = await visitSignedIn('/settings/sources');
    await page.getByText('Nothing sends events yet').waitFor();
    await button(page, 'Add a source').first().click();
    await field(page, 'Name').fill('PBX');
    await chooseTeam(dialog(page, 'Add a source'), 'team_s', { create: true });
    await button(page, 'Create key').click();
    const key = await secret(page, 'API key');
    await button(page, 'I have copied it').click();
    await button(page, 'How to send from PBX').click();
    await field(page, 'Event type').selectOption('sms_received');
    const code = await page.getByRole('region', { name: 'A request that sends sms_received' }).innerText();
    assert.ok(code.includes(`${server.url}/v1/events`) && code.includes('$LIMEHOOK_KEY') && !code.includes(key), code);
    const answer = execFileSync('sh', ['-c', code.replace(/^curl /, 'curl -s ')], { encoding: 'utf8', env: cleanEnvironment({ LIMEHOOK_KEY: key }) });
    assert.match(answer, /"id":"evt_/);
    assert.deepEqual((await root.list('/v1/events')).map(({ team_id, event }) => [team_id, event]), [['team_s', 'sms_received']]);
  }));

  // Goal: who may only look is offered nothing that would be refused, and is told who sees the rest.
  test('of who may only look', () => withAdmin(browser, async ({ root, visit }) => {
    await person(root, ann.email, { team_id: 'team_r', role: 'read' }, ann.password);
    await root.post('/v1/numbers', { number: '+15550100', team_id: 'team_r' });
    const page = await signedIn(visit, ann, '/settings/numbers');
    await row(page, '+15550100').waitFor();
    assert.equal(await page.getByRole('main').getByRole('button').count(), 0);
    for (const [path, name] of [['keys', 'API keys'], ['users', 'Users'], ['audit', 'Audit log']]) {
      await page.goto(new URL(`/settings/${path}`, page.url()).href);
      await heading(page, name);
      await page.getByText('This page is not for you to see').waitFor();
    }
    await page.getByRole('link', { name: 'Sources' }).click();
    await page.getByRole('region', { name: 'A request that sends missed_call' }).waitFor();
  }));

  // Goal: the settings tell in words what applies, and which option changes it; how the server runs is for admins only.
  test('settings', () => withAdmin(browser, async ({ server, root, visit, visitSignedIn }) => {
    await person(root, ann.email, { team_id: 'team_s' }, ann.password);
    const fact = (page, name) => page.locator('.facts > div').filter({ has: page.locator('dt', { hasText: name }) }).first();
    const page = await visitSignedIn('/settings');
    for (const [name, text] of [
      ['Public URL --public-url', server.url],
      ['Tries again --retry-schedule', 'After 7 s, 2 min'],
      ['Events and their log --retention', '30 d'],
      ['E-mail --smtp-url', 'Off'],
      ['Listens at --listen', new URL(server.url).host],
    ]) await fact(page, name).getByText(text).waitFor();
    await page.getByRole('radio', { name: 'Dark' }).check();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
    const member = await signedIn(visit, ann, '/settings');
    await fact(member, 'Public URL').waitFor();
    assert.equal(await fact(member, 'Listens at').count(), 0);
  }, ['--retry-schedule', '7s,2m']));
});
