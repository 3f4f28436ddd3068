// Texts from elsewhere that are written from right to left, or that have marks that turn the direction: they turn nothing
// around them. Method: every text of a page that has such a letter or mark must be alone in what the browser lays out by
// itself, and titles, labels and the like must have no mark that reaches beyond it.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { Browser, missingBrowser } from './support/browser.mjs';
import { button, heading, withAdmin } from './support/dashboard.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const turned = 'CRM\u202E txet';
const hebrew = 'שלום 5';

let browser;

/** Waits until a page shows all that it has to: nothing loads, and it is the same as it was a moment ago. */
async function settled(page) {
  let before = '';
  await waitFor(async () => {
    const now = await page.evaluate(() => document.body.textContent.replace(/\d/g, ''));
    const same = now === before && !/Loading…|Sending…/.test(now);
    before = now;
    return same;
  }, 10_000, 'a page that stands still', 300);
}

/** Where a text from elsewhere stands with other words in one run of text. */
const mixed = (page, foreign) => page.evaluate((foreign) => {
  const marks = /[\u0590-\u08FF\u202A-\u202E]/;
  const found = [];
  const walker = document.createTreeWalker(document, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!marks.test(node.data) || node.parentElement.closest('script, textarea, option, title, style') !== null) continue;
    let box = node.parentElement;
    const alone = (element) => {
      const { display, unicodeBidi } = getComputedStyle(element);
      return !display.startsWith('inline') || display.startsWith('inline-') || /isolate|plaintext/.test(unicodeBidi);
    };
    while (!alone(box)) box = box.parentElement;
    const loose = box.textContent.replace(/\u2068[^\u2068\u2069]*\u2069/g, '');
    const rest = foreign.reduce((text, each) => text.replaceAll(each, ''), loose);
    if (marks.test(rest) || marks.test(loose) && rest.replace(/[\s"“”]/g, '') !== '') found.push(box.outerHTML.slice(0, 200));
  }
  const loose = (text) => /[\u202A-\u202E]/.test(text) || /[\u0590-\u08FF]/.test(text.replace(/\u2068[^\u2068\u2069]*\u2069/g, ''));
  const said = [['title', document.title], ...[...document.querySelectorAll('*')].flatMap((element) =>
    ['title', 'aria-label', 'alt', 'placeholder', 'aria-valuetext'].map((name) => [name, element.getAttribute(name) ?? '']))];
  for (const [name, text] of said) if (!foreign.includes(text) && loose(text)) found.push(`${name}: ${text}`);
  for (const option of document.querySelectorAll('option')) if (!foreign.includes(option.textContent) && loose(option.textContent)) found.push(option.outerHTML);
  return found;
}, foreign);

describe('text direction', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  for (const name of [turned, hebrew]) {
    test(`of “${name === turned ? 'U+202E' : 'Hebrew'}”`, () => withAdmin(browser, async ({ server, visitSignedIn }) => {
      const team = 'team_001';
      await server.api.post('/v1/teams', { id: team, name });
      const hook = await server.api.createWebhook({
        name, url: 'http://127.0.0.1:9/', team_id: team, headers: { 'X-Name': 'x' }, retry_schedule: [3600],
        filters: { conditions: [{ field: 'note', op: 'eq', value: name }, { field: 'status', op: 'eq', value: 'missed' }] },
      });
      await server.api.post('/v1/numbers', { number: '+1234567890', team_id: team, name });
      await server.api.post('/v1/keys', { name, role: 'manage', team_id: team });
      const key = await server.api.post('/v1/keys', { name, role: 'admin' });
      await server.api.withKey(key.json.key).changeWebhook(hook.id, { name: `${name}!` });
      await server.api.withKey(key.json.key).changeWebhook(hook.id, { name });
      const { id } = await server.api.send({ ...missedCall({ call_id: name }), note: name });
      const delivery = await waitFor(async () => (await server.api.read('/v1/deliveries')).data.find(({ attempt_count }) => attempt_count > 0), 20_000, 'an attempt');
      const foreign = [`${name}!`, name, JSON.stringify(name).slice(1, -1)];
      const page = await visitSignedIn('/');
      const places = [
        ['/', 'Overview'], ['/settings/webhooks', 'Outbound Webhooks'], [`/settings/webhooks/${hook.id}`, name], [`/settings/webhooks/${hook.id}/edit`, name],
        [`/settings/webhooks/${hook.id}/test`, name], ['/logs', 'Webhook Logs'], [`/logs/${delivery.id}`, 'Webhook Logs'], ['/events', 'Inbound events'], [`/events/${id}`, 'Inbound events'],
        ['/settings/numbers', 'Numbers'], ['/settings/keys', 'API keys'], ['/settings/sources', 'Sources'], ['/settings/teams', 'Teams'], [`/settings/teams/${team}`, name],
        ['/settings/audit', 'Audit log'], ['/settings/webhooks/new', 'Create Outbound Webhook'],
      ];
      const found = [];
      for (const [path, title] of places) {
        await page.goto(server.url + path);
        await heading(page, title);
        await settled(page);
        for (const place of await mixed(page, foreign)) found.push(`${path}: ${place}`);
      }
      await page.goto(`${server.url}/settings/audit`);
      await page.getByRole('button', { name: /^Details: / }).first().click();
      await page.getByRole('button', { name: /^Show only what is like/ }).first().click();
      for (const place of await mixed(page, foreign)) found.push(`the audit log's details: ${place}`);
      await page.keyboard.press('Escape');
      await page.goto(`${server.url}/logs/${delivery.id}`);
      await button(page, 'As curl…').click();
      await page.getByRole('dialog').waitFor();
      for (const place of await mixed(page, foreign)) found.push(`curl: ${place}`);
      for (const [path, menu, action] of [['/settings/keys', /^Actions for/, 'Revoke'], [`/settings/webhooks/${hook.id}`, /^Actions of/, 'Delete'], [`/settings/webhooks/${hook.id}`, /^Actions of/, 'Disable']]) {
        await page.goto(server.url + path);
        await page.getByRole('button', { name: menu }).first().click();
        await page.getByRole('menuitem', { name: action, exact: true }).click();
        await page.getByRole('dialog').waitFor();
        for (const place of await mixed(page, foreign)) found.push(`${path}, ${action}: ${place}`);
      }
      assert.deepEqual([...new Set(found)], []);
    }));
  }

  // Goal: what follows such a name stands behind it, as one sees it.
  test('what follows a name', () => withAdmin(browser, async ({ server, visitSignedIn }) => {
    const { id } = await server.api.createWebhook({ name: turned, url: 'http://127.0.0.1:9/' });
    const page = await visitSignedIn(`/settings/webhooks/${id}`);
    await page.getByRole('button', { name: /^Actions of/ }).click();
    await page.getByRole('menuitem', { name: 'Disable', exact: true }).click();
    const words = page.getByRole('dialog').getByText('any more');
    const places = await words.evaluate((element) => {
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const { data } = walker.currentNode;
        const at = data.indexOf('any more');
        if (at < 0) continue;
        return [...'any'].map((_, index) => {
          const range = document.createRange();
          range.setStart(walker.currentNode, at + index);
          range.setEnd(walker.currentNode, at + index + 1);
          return range.getBoundingClientRect().left;
        });
      }
      return [];
    });
    assert.deepEqual(places, [...places].sort((a, b) => a - b));
    assert.equal(places.length, 3);
  }));
});
