// Pages where browsers hold something back: scripts of a frame with a strict sandbox, cookies, storage. They say so, and what
// to do.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe } from 'node:test';

import { Browser, missingBrowser } from './support/browser.mjs';
import { admin, field, heading, serving, signIn, text, withAdmin } from './support/dashboard.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

let browser;

/** Browsers that keep no data for a site throw where a page asks for its storage. */
const withoutStorage = (page) =>
  page.context().addInitScript(() => {
    for (const name of ['sessionStorage', 'localStorage']) {
      Object.defineProperty(window, name, { get() { throw new DOMException('Access is denied for this document.', 'SecurityError'); } });
    }
  });

async function portalLink({ api }) {
  await api.createWebhook({ name: 'CRM', url: 'http://127.0.0.1:9/', team_id: 'team_001' });
  const answer = await api.post('/v1/teams/team_001/portal', { role: 'manage' });
  assert.equal(answer.status, 201, answer.text);
  return answer.json.url;
}

describe('pages where the browser holds something back', { skip: missingBrowser() }, () => {
  let site;
  let framed = '';
  before(async () => {
    browser = await Browser.start();
    site = http.createServer((_, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(`<!doctype html><title>Platform</title><link rel="icon" href="data:,">${framed}`);
    });
    await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    site?.close();
    await browser?.stop();
  });

  // Goal: in a sandbox that its scripts or its origin are kept out of, the portal says what the sandbox lacks; in one that has
  // both it works.
  test('the portal in a sandbox', async () => {
    const platform = `http://localhost:${site.address().port}`;
    await serving(browser, async ({ server }) => {
      for (const [sandbox, works] of [['allow-scripts', false], ['', false], ['allow-same-origin', false], ['allow-scripts allow-same-origin', true]]) {
        framed = `<iframe sandbox="${sandbox}" src="${await portalLink(server)}" width="800" height="600"></iframe>`;
        const page = await browser.visitor([platform, server.url]);
        await page.goto(platform);
        const frame = page.frameLocator('iframe');
        if (works) await frame.getByRole('link', { name: 'CRM' }).first().waitFor();
        else await frame.getByText('allow-scripts allow-same-origin').waitFor();
        assert.equal(await frame.getByText('allow-scripts allow-same-origin').count(), works ? 0 : 1, sandbox);
        await page.context().close();
      }
    }, ['--frame-ancestor', platform]);
  });

  // Goal: nobody sees that text while a page loads as it should.
  test('the words for a page that does not start', () => serving(browser, async ({ server, visit }) => {
    const page = await visit('/sign-in');
    await heading(page, 'Welcome');
    assert.equal(await page.getByText('its scripts cannot run here').count(), 0);
    const stuck = await browser.visitor([server.url]);
    await stuck.route('**/*.js', () => undefined);
    await stuck.goto(`${server.url}/sign-in`, { waitUntil: 'commit' });
    const words = stuck.getByText('its scripts cannot run here');
    await words.waitFor({ state: 'attached' });
    assert.equal(await words.isVisible(), false);
    await words.waitFor();
    await stuck.context().close();
  }));

  // Goal: a portal without storage works, and says why it cannot be loaded again.
  test('the portal without storage', () => serving(browser, async ({ server, visit }) => {
    const page = await visit('/docs');
    await withoutStorage(page);
    await page.goto(await portalLink(server));
    await page.getByRole('link', { name: 'CRM' }).first().waitFor();
    await page.reload();
    await text(page, 'This browser keeps nothing for this page, so it cannot be loaded again.');
  }));

  // Goal: the dashboard needs no storage.
  test('the dashboard without storage', () => withAdmin(browser, async ({ visit }) => {
    const page = await visit('/docs');
    await withoutStorage(page);
    await page.goto(new URL('/settings/webhooks/new', page.url()).href);
    await signIn(page, admin);
    await field(page, 'Webhook Name').fill('CRM');
    await heading(page, 'Create Outbound Webhook');
  }));

  // Goal: who signs in where no cookie is kept is told so, and not shown the same page again and again.
  test('signing in without cookies', () => withAdmin(browser, async ({ visit }) => {
    const page = await visit('/sign-in');
    await page.route('**/v1/session', async (route) => {
      const response = await route.fetch();
      const { 'set-cookie': _, ...headers } = response.headers();
      await page.context().clearCookies();
      await route.fulfill({ response, headers });
    });
    await signIn(page, admin);
    await page.getByRole('alert').filter({ hasText: 'This browser does not keep cookies for this site' }).waitFor();
    await waitFor(async () => (await field(page, 'E-mail address').inputValue()) === admin.email, 10_000, 'what was typed');
  }));
});
