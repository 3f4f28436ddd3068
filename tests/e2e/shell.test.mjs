// What is around every page: the navigation, by keyboard and on a phone; light and dark; and the end of a session while
// somebody is at work.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { assertAccessible, Browser, missingBrowser } from './support/browser.mjs';
import { admin, button, dialog, field, heading, looks, picture, withAdmin as withAdminIn } from './support/dashboard.mjs';
import { test } from './support/test.mjs';

let browser;
const withAdmin = (body, args) => withAdminIn(browser, body, args);
const settingsOf = (look) => looks.find(([name]) => name === look)[1];
const focused = (locator) => locator.evaluate((element) => document.activeElement === element);

describe('around the pages', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: a session that ends while something is typed takes nothing away: one signs in over the page, and what was asked is
  // done.
  test('the session ends at work', () => withAdmin(async ({ root, visitSignedIn }) => {
    const page = await visitSignedIn('/account');
    await heading(page, 'Account');
    await field(page, 'Current password').fill(admin.password);
    await field(page, 'New password').fill('seven quiet herons waiting');
    assert.equal((await root.remove('/v1/sessions')).status, 204);
    await button(page, 'Change password').click();
    const again = dialog(page, 'Sign in again');
    await again.waitFor();
    await assertAccessible(page, 'signing in again');
    await page.keyboard.press('Escape');
    assert.equal(await field(page, 'New password').inputValue(), 'seven quiet herons waiting');
    const password = again.getByLabel('Password', { exact: true });
    await password.fill('a lantern beside the sea');
    await again.getByRole('button', { name: 'Sign in' }).click();
    await again.getByRole('alert').filter({ hasText: 'are wrong' }).waitFor();
    await password.fill(admin.password);
    await again.getByRole('button', { name: 'Sign in' }).click();
    await again.waitFor({ state: 'detached' });
    await page.getByText('The password is changed.').waitFor();
    assert.equal(await page.getByText('A key is needed').count(), 0);
  }));

  // Goal: light or dark is chosen in one place and kept, also when the page is loaded again.
  test('appearance', () => withAdmin(async ({ visitSignedIn }) => {
    const page = await visitSignedIn('/account', settingsOf('light'));
    await heading(page, 'Account');
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.getByRole('radio', { name: 'Dark' }).check();
    const dark = await ground();
    assert.notEqual(dark, light);
    await page.reload();
    await heading(page, 'Account');
    assert.equal(await ground(), dark);
    await page.getByRole('radio', { name: 'As the system' }).check();
    assert.equal(await ground(), light);
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.equal(await ground(), dark);
  }));

  // Goal: all pages can be reached by keyboard; the first key skips the navigation; after a change of page the focus is at
  // its heading.
  test('by keyboard', () => withAdmin(async ({ server, visitSignedIn }) => {
    const page = await visitSignedIn('/account');
    await heading(page, 'Account');
    await page.reload();
    await heading(page, 'Account');
    await page.keyboard.press('Tab');
    const skip = page.getByRole('link', { name: 'Skip to the content' });
    assert.equal(await focused(skip), true);
    await page.keyboard.press('Enter');
    assert.equal(await focused(page.getByRole('main')), true);
    const places = page.getByRole('navigation', { name: 'Main' }).getByRole('link');
    const names = await places.allTextContents();
    assert.ok(names.length >= 11, `${names}`);
    for (const [index, name] of names.entries()) {
      const place = places.nth(index);
      const path = await place.getAttribute('href');
      if (path === '/docs') continue;  // a document of its own
      await place.focus();
      await page.keyboard.press('Enter');
      await page.waitForURL(server.url + path);
      await page.locator('h1:focus').waitFor({ state: 'attached' }).catch((error) => assert.fail(`${name}: ${error.message}`));
      assert.equal(await place.getAttribute('aria-current'), 'page', name);
    }
  }));

  // Goal: on a phone the navigation is behind a button, closes with Escape and after a choice, and gives the focus back.
  test('the menu of a phone', () => withAdmin(async ({ visitSignedIn }) => {
    const page = await visitSignedIn('/account', settingsOf('phone'));
    await heading(page, 'Account');
    assert.equal(await page.getByRole('navigation', { name: 'Main' }).count(), 0);
    const menu = button(page, 'Menu');
    await menu.click();
    await dialog(page, 'Menu').waitFor();
    await picture(page, 'menu', 'phone');
    await assertAccessible(page, 'the menu');
    await page.keyboard.press('Escape');
    await dialog(page, 'Menu').waitFor({ state: 'detached' });
    assert.equal(await focused(menu), true);
    await menu.click();
    await page.getByRole('link', { name: 'Overview' }).click();
    await heading(page, 'Overview');
    await dialog(page, 'Menu').waitFor({ state: 'detached' });
  }));

  // Goal: the first page is there soon: its JavaScript, as it is sent, is 250 KB at most.
  test('first load', () => withAdmin(async ({ server, visitSignedIn }) => {
    await server.api.createWebhook({ url: 'https://example.com/hook' });
    const page = await visitSignedIn('/');
    await page.getByText('Everything flows').waitFor();
    await page.locator('.uplot').first().waitFor();
    const scripts = await page.evaluate(() => performance.getEntriesByType('resource')
      .filter(({ name }) => new URL(name).pathname.endsWith('.js')).map(({ encodedBodySize }) => encodedBodySize));
    const bytes = scripts.reduce((sum, size) => sum + size, 0);
    assert.ok(bytes > 50_000 && bytes <= 250_000, `${bytes} bytes in ${scripts.length} files`);
  }));
});
