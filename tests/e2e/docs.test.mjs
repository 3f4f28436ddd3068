// The docs at /docs: whole, readable without a script and without a network, and nothing in them leads nowhere.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { assertAccessible, Browser, leave, missingBrowser } from './support/browser.mjs';
import { Limehook } from './support/process.mjs';
import { test } from './support/test.mjs';

const guides = ['/docs', '/docs/quick-start', '/docs/troubleshooting', '/docs/receivers', '/docs/verify-a-signature', '/docs/retries-and-errors',
  '/docs/filters-and-templates', '/docs/security', '/docs/operating', '/docs/reliability',
  '/docs/people', '/docs/configuration', '/docs/commands', '/docs/threat-model'];

const looks = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['phone', { colorScheme: 'light', viewport: { width: 320, height: 640 }, hasTouch: true }],
];

let server;
let browser;
const pages = new Map();  // path → HTML

const all = (html, pattern) => [...html.matchAll(pattern)].map(([, found]) => found);
const ids = (html) => all(html, / id="([^"]+)"/g);
const unescaped = (text) => text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

async function text(path) {
  const answer = await fetch(server.url + path);
  assert.equal(answer.status, 200, path);
  return answer.text();
}

/** Every page that links lead to from /docs on. */
async function crawl() {
  const waiting = ['/docs'];
  for (let path; (path = waiting.pop()) !== undefined;) {
    if (pages.has(path)) continue;
    pages.set(path, await text(path));
    const links = all(pages.get(path), /<a [^>]*href="([^"#]*)[^"]*"/g);
    waiting.push(...links.filter((link) => /^\/docs(\/|$)/.test(link)));
  }
}

async function visiting(path, settings, body) {
  const page = await browser.visitor([server.url], settings);
  await page.goto(server.url + path);
  await body(page);
  await leave(page);
}

describe('docs', { skip: missingBrowser() }, () => {
  before(async () => {
    server = await Limehook.start();
    browser = await Browser.start();
    await crawl();
  });
  after(async () => {
    await browser?.stop();
    await server?.stop();
  });

  // Goal: the guides are there, and links lead from one page to all others.
  test('all pages', async () => {
    for (const guide of guides) assert.ok(pages.has(guide), guide);
    assert.ok(pages.has('/docs/api') && pages.has('/docs/api/webhooks') && pages.has('/docs/api/event-types'));
    assert.equal(await text('/docs/'), pages.get('/docs'));
  });

  // Goal: every link and file is there, its place in the page too; no page asks for anything of another host, or brings a
  // script or style within it.
  test('links', async () => {
    const others = new Map();
    for (const [path, html] of pages) {
      for (const href of all(html, /<a [^>]*href="([^"]*)"/g).map(unescaped)) {
        if (/^https:\/\//.test(href)) continue;
        const [target, id] = href.split('#');
        const place = target === '' ? path : target;
        if (!pages.has(place) && !others.has(place)) others.set(place, await text(place));
        if (id !== undefined) assert.ok(ids(pages.get(place)).includes(decodeURIComponent(id)), `${path}: ${href}`);
      }
      assert.equal(new Set(ids(html)).size, ids(html).length, `${path}: each id once`);
      assert.equal(all(html, /(<h1[ >])/g).length, 1, `${path}: one h1`);
      for (const file of all(html, /(?:src|data-index|<link [^>]*href)="([^"]*)"/g)) {
        assert.match(file, /^\/assets\//, `${path}: ${file}`);
        if (!others.has(file)) others.set(file, await text(file));
      }
      assert.doesNotMatch(html, /<script>|<style|<[a-z][^>]* (?:style|on[a-z]+)=/, path);
    }
  });

  // Goal: the reference has every operation of the server, with who may call it, parameters, answers and a call to copy.
  test('every operation', async () => {
    const document = await (await fetch(`${server.url}/openapi.json`)).json();
    let count = 0;
    for (const [route, item] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(item)) {
        const id = operation?.operationId;
        if (id === undefined) continue;
        count += 1;
        const link = all(pages.get('/docs/api'), new RegExp(`<a href="([^"]+)#${id}"`, 'g'))[0];
        assert.ok(ids(pages.get('/docs/api')).includes(id) && link, `${id} is in the list of all`);
        const html = pages.get(link);
        const section = html.slice(html.indexOf(`<section class="operation" aria-labelledby="${id}"`)).split('</section>')[0];
        const said = unescaped(section.replace(/<[^>]*>/g, ''));
        assert.ok(said.includes(`${method.toUpperCase()} ${route}`), `${id}: ${method} ${route}`);
        assert.ok(said.includes(operation.summary), `${id}: summary`);
        assert.ok(said.includes('curl -s "$LIMEHOOK_SERVER'), `${id}: curl`);
        for (const status of Object.keys(operation.responses)) assert.ok(section.includes(`>${status}</span>`), `${id}: ${status}`);
        for (const role of (operation.security ?? document.security).flatMap((scheme) => scheme.apiKey ?? [])) assert.ok(section.includes(`<code>${role}</code>`), `${id}: ${role}`);
        for (const { $ref, name } of [...(item.parameters ?? []), ...(operation.parameters ?? [])]) {
          const parameter = $ref ? document.components.parameters[$ref.split('/').pop()].name : name;
          assert.ok(section.includes(`<th scope="row"><code>${parameter}</code>`), `${id}: ${parameter}`);
        }
      }
    }
    assert.equal(count, [...pages.values()].flatMap((html) => all(html, /(<section class="operation")/g)).length, 'and no other');
    for (const type of Object.keys(document.webhooks)) assert.ok(ids(pages.get('/docs/api/event-types')).includes(type), type);
  });

  // Goal: the code to copy is in the guide as the tests run it, and names no secret.
  test('verification code', () => {
    const said = unescaped(pages.get('/docs/verify-a-signature').replace(/<[^>]*>/g, ''));
    for (const word of ['createServer(', 'export async function POST', 'BaseHTTPRequestHandler', 'hash_equals', 'WEBrick', 'http.HandleFunc("/webhooks"',
      'MessageDigest.isEqual', 'HttpListener', 'CRYPTO_memcmp', 'listen(3000,']) {
      assert.ok(said.includes(word), word);
    }
    assert.doesNotMatch(said, /\{\{(path|port|name)\}\}/);
  });

  for (const [look, settings] of looks) {
    // Goal: every page keeps to its policy, asks this server only, and has nothing that WCAG 2.2 AA forbids.
    test(`every page, ${look}`, { timeout: 300_000 }, async () => {
      for (const path of pages.keys()) {
        await visiting(path, settings, async (page) => {
          if (look === 'light') await page.evaluate(() => document.querySelectorAll('details').forEach((part) => (part.open = true)));
          await assertAccessible(page, `${path}, ${look}`);
          const [width, wide] = await page.evaluate(() => [innerWidth, document.documentElement.scrollWidth]);
          assert.ok(wide <= width, `${path}, ${look}: ${wide} is wider than ${width}`);
        });
      }
    });
  }

  // Goal: everything can be read and reached without a script.
  test('without JavaScript', () => visiting('/docs', { javaScriptEnabled: false }, async (page) => {
    await page.getByRole('heading', { level: 1, name: 'Limehook' }).waitFor();
    assert.equal(await page.getByRole('searchbox').count(), 0);
    await page.getByRole('navigation', { name: 'Contents' }).getByRole('link', { name: 'Webhooks', exact: true }).click();
    await page.getByRole('heading', { level: 2, name: 'Create a webhook' }).waitFor();
    await page.locator('section[aria-labelledby=createWebhook] summary').first().click();
    await page.locator('section[aria-labelledby=createWebhook]').getByText('"secret"').first().waitFor();
  }));

  // Goal: the search finds guides and operations, by keyboard alone, and says so when it finds nothing.
  test('search', () => visiting('/docs', {}, async (page) => {
    const field = page.getByRole('searchbox', { name: 'Search the docs' });
    await field.fill('rotate secret');
    await page.getByRole('link', { name: /^Rotate the secret|^Rotating the secret/ }).first().waitFor();
    await field.press('ArrowDown');
    await page.keyboard.press('Escape');
    assert.equal(await field.inputValue(), '');
    await field.fill('createWebhook');
    await page.getByRole('status').filter({ hasText: 'found' }).waitFor();
    await field.press('Enter');
    await page.waitForURL('**/docs/api/webhooks#createWebhook');
    await field.fill('zebra crossing');
    await page.getByText('Nothing found').waitFor();
    await assertAccessible(page, 'search');
  }));

  // Goal: the button at a block of code copies exactly the code.
  test('copying', () => visiting('/docs/quick-start', { permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
    await page.getByRole('button', { name: 'Copy' }).first().click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^export LIMEHOOK_ADMIN_KEY=lh_change_me\n.*limehook serve .*&$/s);
  }));
});
