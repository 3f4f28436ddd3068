// The pages, as people use them: in a real browser. On the way every page must keep to its Content-Security-Policy,
// ask nobody but the server, and say no error to the console.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe } from 'node:test';

import { assertAccessible, Browser, leave, missingBrowser } from './support/browser.mjs';
import { admin, button, field, heading, looks, picture, serving as servingWith, signedIn, signIn, withAdmin as withAdminIn } from './support/dashboard.mjs';
import { firstAdmin, person, setupToken } from './support/session.mjs';
import { Limehook } from './support/process.mjs';
import { sampleTexts } from './support/samples.mjs';
import { missingSmtpServer, SmtpServer } from './support/smtp.mjs';
import { test } from './support/test.mjs';
import { totp } from './support/totp.mjs';
import { waitFor } from './support/wait.mjs';

const ann = { email: 'ann@example.com', password: 'seven quiet herons waiting' };

let browser;

const serving = (body, args) => servingWith(browser, body, args);
const withAdmin = (body, args) => withAdminIn(browser, body, args);

async function invitationLink(root, email, team_id, role = 'manage') {
  const { status, text, json } = await root.post('/v1/invitations', { email, role, team_id });
  assert.equal(status, 201, text);
  return json.link;
}

describe('pages', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: the printed link makes the first admin, once, and does not stay in the address line.
  test('setting up', () => serving(async ({ server, visit }) => {
    const token = await setupToken(server);
    const nobody = await visit('/');
    await heading(nobody, 'Welcome');
    const page = await visit(`/setup#${token}`);
    await heading(page, 'Set up Limehook');
    assert.equal(page.url(), `${server.url}/setup`);
    await page.reload();
    await field(page, 'Name').fill('Root');
    await field(page, 'E-mail address').fill(admin.email);
    await field(page, 'Password').fill('short');
    await button(page, 'Create account').click();
    await page.getByText('Password must have at least 12 characters').waitFor();
    assert.equal(await field(page, 'Password').evaluate((input) => document.activeElement === input), true);
    await field(page, 'Password').fill(admin.password);
    await button(page, 'Create account').click();
    await heading(page, 'Overview');
    await page.getByText('First steps').waitFor();
    const late = await visit(`/setup#${token}`);
    await late.getByRole('alert').filter({ hasText: 'This link is not valid' }).waitFor();
  }));

  // Goal: signing in tells what is wrong, leads to where one wanted to go, and out again.
  test('signing in and out', () => withAdmin(async ({ server, visit }) => {
    const page = await visit('/account');
    await heading(page, 'Sign in');
    await button(page, 'Sign in').click();
    await page.getByText('E-mail address is required.').waitFor();
    await signIn(page, { ...admin, password: 'a lantern beside the sea' });
    await page.getByRole('alert').filter({ hasText: 'E-mail address, password or code are wrong.' }).waitFor();
    await signIn(page, admin);
    await heading(page, 'Account');
    assert.equal(page.url(), `${server.url}/account`);
    await button(page, 'Sign out').first().click();
    await heading(page, 'Sign in');
    await page.goto(`${server.url}/account`);
    await heading(page, 'Sign in');
  }));

  // Goal: the overview is about one's team, and about the other team after choosing that. Method: each has a webhook
  // that fails.
  test('invitations and teams', () => withAdmin(async ({ server, visit, root }) => {
    for (const team of ['team_001', 'team_002']) {
      const { id } = await server.api.createWebhook({ name: `CRM of ${team}`, url: 'http://127.0.0.1:9/', team_id: team });
      await server.api.send({ ...JSON.parse(sampleTexts.missed_call), team_id: team });
      await waitFor(async () => (await server.api.read(`/v1/webhooks/${id}`)).failing_since, 10_000, 'the failure');
    }
    const link = new URL(await invitationLink(root, ann.email, 'team_001'));
    const page = await visit(link.pathname + link.hash);
    await heading(page, 'Invitation');
    await field(page, 'Name').fill('Ann Smith');
    await field(page, 'Password').fill(ann.password);
    await button(page, 'Create account').click();
    await heading(page, 'Overview');
    await page.getByText('Team team_001').waitFor();
    await page.getByRole('link', { name: 'CRM of team_001' }).first().waitFor();
    assert.equal(await page.getByText('team_002').count(), 0);
    await page.getByRole('link', { name: 'Account' }).click();
    await page.getByText('Ann Smith').first().waitFor();
    await page.getByText('team_001 (manage)').waitFor();

    // Who has an account signs in first, and joins then.
    const second = new URL(await invitationLink(root, ann.email, 'team_002', 'read'));
    const other = await visit(second.pathname + second.hash);
    await other.getByText('has an account already').waitFor();
    await button(other, 'Sign in').click();
    await signIn(other, ann);
    await button(other, 'Join').click();
    await heading(other, 'Overview');
    await other.getByRole('link', { name: 'CRM of team_001' }).first().waitFor();
    await field(other, 'Team').selectOption('team_002');
    await other.getByRole('link', { name: 'CRM of team_002' }).first().waitFor();
    await other.reload();
    await other.getByRole('link', { name: 'CRM of team_002' }).first().waitFor();
    assert.equal(await other.getByText('CRM of team_001').count(), 0);
    await other.getByRole('link', { name: 'Account' }).click();
    await other.getByText('team_001 (manage), team_002 (read)').waitFor();
  }));

  // Goal: the second factor is turned on with what the page shows, is asked for, and is turned off again.
  test('second factor', () => withAdmin(async ({ visit }) => {
    const page = await signedIn(visit, admin, '/account');
    await button(page, 'Turn on').click();
    await field(page, 'Password').fill(admin.password);
    await button(page, 'Continue').click();
    await page.getByRole('img', { name: /QR code/ }).waitFor();
    const secret = (await page.locator('.secret code').textContent()).replaceAll(' ', '');
    await field(page, 'Code').fill('000000');
    await button(page, 'Turn on').click();
    await page.getByText('Code is not the code that belongs to the secret now.').waitFor();
    await field(page, 'Code').fill(totp(secret));
    await button(page, 'Turn on').click();
    await page.getByText('Save these recovery codes now').waitFor();
    const codes = await page.locator('.codes li').allTextContents();
    assert.equal(codes.length, 10);
    await button(page, 'I have saved them').click();
    await page.getByText('Signing in needs your password and a code.').waitFor();

    const asked = async (path) => {
      const next = await visit(path);
      await heading(next, 'Sign in');
      await signIn(next, admin);
      return next;
    };
    const other = await asked('/');
    await field(other, 'Code').fill('123456');
    await button(other, 'Sign in').click();
    await other.getByRole('alert').filter({ hasText: 'code are wrong' }).waitFor();
    await field(other, 'Code').fill(totp(secret, 1));  // the one of this step has been used
    await button(other, 'Sign in').click();
    await heading(other, 'Overview');

    const third = await asked('/account');
    await field(third, 'Code').fill(codes[0]);
    await button(third, 'Sign in').click();
    await heading(third, 'Account');
    await button(third, 'Turn off').click();
    await field(third, 'Password').fill(admin.password);
    await field(third, 'Code').fill(codes[1]);
    await button(third, 'Turn off').click();
    await button(third, 'Turn on').waitFor();
  }));

  // Goal: whoever signs out everywhere is signed out in every browser; another's list shows who was there.
  test('signing out everywhere', () => withAdmin(async ({ visit }) => {
    const here = await signedIn(visit, admin, '/account');
    await heading(here, 'Account');
    const there = await signedIn(visit, admin);
    await heading(there, 'Overview');
    await here.reload();
    await waitFor(async () => (await here.locator('.rows li').count()) === 3, 10_000, 'three sessions, one of them by API');
    await button(here, 'Sign out everywhere, here too').click();
    await heading(here, 'Sign in');
    await there.reload();
    await heading(there, 'Sign in');
    await signIn(there, admin);
    await heading(there, 'Overview');
  }));

  // Goal: changing the password needs the current one; the old one is good for nothing then.
  test('changing the password', () => withAdmin(async ({ visit }) => {
    const page = await signedIn(visit, admin, '/account');
    await field(page, 'Current password').fill('not the right one');
    await field(page, 'New password').fill(ann.password);
    await button(page, 'Change password').click();
    await page.getByText('Current password is wrong.').waitFor();
    await field(page, 'Current password').fill(admin.password);
    await button(page, 'Change password').click();
    await page.getByText('The password is changed.').waitFor();
    const other = await signedIn(visit, { ...admin, password: ann.password });
    await heading(other, 'Overview');
  }));

  // Goal: signing in again in another tab of the browser does not break what the first tab does.
  test('two tabs', () => withAdmin(async ({ server, visit }) => {
    const page = await signedIn(visit, admin);
    await heading(page, 'Overview');
    const answer = await page.context().request.post(`${server.url}/v1/session`, { data: admin });
    assert.equal(answer.status(), 200);
    await button(page, 'Sign out').click();
    await heading(page, 'Sign in');
  }));

  // Goal: a forgotten password is replaced by way of an e-mail.
  test('forgotten password', { skip: missingSmtpServer() }, async () => {
    const mail = await SmtpServer.start();
    try {
      await withAdmin(async ({ visit }) => {
        const page = await visit('/sign-in');
        await page.getByRole('link', { name: 'Forgotten password' }).click();
        await field(page, 'E-mail address').fill(admin.email);
        await button(page, 'Send the link').click();
        await page.getByText('the link is on its way').waitFor();
        const text = await waitFor(() => mail.mails.find(({ recipients }) => recipients.includes(admin.email))?.text, 15_000, 'the e-mail');
        const [, path] = text.match(/https?:\/\/[^/\s]+(\/reset-password#lhl_[\w-]+)/);
        const reset = await visit(path);
        await heading(reset, 'New password');
        await field(reset, 'New password').fill('password1234');
        await button(reset, 'Set password').click();
        await reset.getByText('New password is one of those that are tried first').waitFor();
        await field(reset, 'New password').fill(ann.password);
        await button(reset, 'Set password').click();
        await reset.getByText('The new password is set').waitFor();
        await reset.getByRole('link', { name: 'Sign in' }).click();
        await signIn(reset, { ...admin, password: ann.password });
        await heading(reset, 'Overview');
      }, ['--smtp-url', mail.url, '--smtp-from', 'limehook@example.com']);
    } finally {
      await mail.stop();
    }
  });

  // Goal: single sign-on has a button with its name; a provider that does not answer is told in words.
  test('single sign-on that fails', () => withAdmin(async ({ server, visit }) => {
    const page = await visit('/sign-in');
    await page.getByRole('link', { name: 'Example Inc.' }).click();
    await page.getByRole('alert').filter({ hasText: 'Single sign-on does not answer' }).waitFor();
    assert.equal(page.url(), `${server.url}/sign-in`);
    const refused = await visit('/sign-in#error=no_account');
    await refused.getByRole('alert').filter({ hasText: 'There is no account for you here' }).waitFor();
  }, ['--oidc-issuer', 'http://127.0.0.1:9', '--oidc-client-id', 'limehook', '--oidc-client-secret', 'secret-0123456789', '--oidc-name', 'Example Inc.']));

  // Goal: what went wrong is said also where the server is gone, and a wrong address has a page.
  test('what goes wrong', () => withAdmin(async ({ visit }) => {
    const lost = await visit('/no/such/page');
    await heading(lost, 'Page not found');
    assert.deepEqual(lost.trouble.splice(0).length, 1);  // the browser says that this was a 404
    const page = await visit('/sign-in');
    await page.getByLabel('E-mail address').waitFor();
    await page.context().setOffline(true);
    await signIn(page, admin);
    await page.getByRole('alert').filter({ hasText: 'The server cannot be reached' }).waitFor();
    assert.ok(page.trouble.splice(0).every((what) => what.includes('ERR_INTERNET_DISCONNECTED')));
  }));
});

describe('the portal', { skip: missingBrowser() }, () => {
  let site;  // of a platform, with the portal in a frame
  let siteUrl;
  let framed;

  before(async () => {
    browser = await Browser.start();
    site = createServer((request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(`<!doctype html><title>Platform</title><link rel="icon" href="data:,"><iframe src="${framed}" width="800" height="500"></iframe>`);
    });
    await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
    siteUrl = `http://localhost:${site.address().port}`;
  });
  after(async () => {
    await browser?.stop();
    site?.close();
  });

  async function portalLink(server) {
    await server.api.createWebhook({ name: 'CRM', url: 'https://example.com/crm', team_id: 'team_001' });
    await server.api.createWebhook({ name: 'Others', url: 'https://example.com/others', team_id: 'team_002' });
    const { status, text, json } = await server.api.post('/v1/teams/team_001/portal', { role: 'read' });
    assert.equal(status, 201, text);
    return json.url;
  }

  async function embed(server, platform) {
    framed = await portalLink(server);
    const page = await browser.visitor([server.url, platform]);
    await page.goto(platform);
    return page;
  }

  async function withServer(args, body) {
    const server = await Limehook.start({ args });
    try {
      await body(server);
    } finally {
      await server.stop();
    }
  }

  // Goal: a site that is named may embed the portal, also where the browser lets it remember nothing (a site of another
  // host); it shows the team's webhooks only, its link is good once, and its session for as long as the tab is open.
  test('within a site that may embed it', async () => {
    for (const host of ['localhost', '127.0.0.1']) {
      const platform = `http://${host}:${site.address().port}`;
      await withServer(['--frame-ancestor', `https://app.example.com,${platform}`], async (server) => {
        const page = await embed(server, platform);
        const shown = page.frameLocator('iframe').getByText('CRM', { exact: true });
        await shown.waitFor();
        assert.equal(await page.frameLocator('iframe').getByText('Others').count(), 0);
        const [, frame] = page.frames();
        assert.equal(frame.url(), `${server.url}/portal`);
        if (host === '127.0.0.1') {
          await Promise.all([frame.waitForNavigation(), frame.evaluate(() => location.reload())]);
          await shown.waitFor();
        }
        await leave(page);
        const again = await browser.visitor([server.url]);
        await again.goto(framed);
        await again.getByRole('alert').filter({ hasText: 'This link is not valid' }).waitFor();
        await leave(again);
      });
    }
  });

  // Goal: no other site embeds the portal, and none any other page. Method: the same frame, on servers that allow nobody
  // or somebody else; the browser must refuse.
  test('within a site that may not', async () => {
    for (const args of [[], ['--frame-ancestor', 'https://app.example.com']]) {
      await withServer(args, async (server) => {
        const page = await embed(server, siteUrl);
        await waitFor(() => page.trouble.some((what) => what.includes('frame-ancestors')), 10_000, 'the browser to refuse');
        assert.equal(await page.frameLocator('iframe').getByText('CRM').count(), 0);
        await page.context().close();
      });
    }
    await withServer(['--frame-ancestor', siteUrl], async (server) => {
      framed = `${server.url}/sign-in`;
      const page = await browser.visitor([server.url, siteUrl]);
      await page.goto(siteUrl);
      await waitFor(() => page.trouble.some((what) => what.includes('frame-ancestors')), 10_000, 'the browser to refuse');
      await page.context().close();
    });
  });
});

describe('the look of pages', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: every page can be read and operated by everybody: WCAG 2.2 AA as far as axe-core sees, in light and dark, and
  // without scrolling sideways on a phone. SCREENSHOTS names a folder for pictures of all of them.
  for (const [name, settings] of looks) {
    test(name, { timeout: 120_000 }, () => serving(async ({ server, visit }) => {
      const look = async (page, place) => {
        await picture(page, place, name);
        await assertAccessible(page, `${place}, ${name}`);
      };
      const open = async (path, title) => {
        const page = await visit(path, settings);
        await heading(page, title);
        return page;
      };
      await look(await open('/', 'Welcome'), 'welcome');
      await look(await open(`/setup#${await setupToken(server)}`, 'Set up Limehook'), 'setup');
      const root = await firstAdmin(server, admin.email, admin.password);
      for (const [index, enabled] of [true, false].entries()) {
        const url = `https://hooks.example.com/services/${'long-path-'.repeat(12)}${index}`;
        await server.api.createWebhook({ name: `Customer relations ${index}`, url, enabled, team_id: 'team_001' });
      }
      await person(root, ann.email, { team_id: 'team_001' }, ann.password);
      await server.api.post('/v1/teams', { id: 'team_002', name: 'Second' });
      const joining = new URL(await invitationLink(root, ann.email, 'team_002'));
      const invited = new URL(await invitationLink(root, 'ben@example.com', 'team_002'));
      await look(await open(joining.pathname + joining.hash, 'Invitation'), 'invitation-existing');
      await look(await open(invited.pathname + invited.hash, 'Invitation'), 'invitation-new');
      await look(await open('/reset-password', 'Forgotten password'), 'reset-request');

      const page = await open('/account', 'Sign in');
      await look(page, 'sign-in');
      await signIn(page, { ...admin, password: 'wrong' });
      await page.getByRole('alert').waitFor();
      await look(page, 'sign-in-wrong');
      await signIn(page, admin);
      await heading(page, 'Account');
      await page.locator('.rows li').first().waitFor();
      await look(page, 'account');
      await button(page, 'Change password').click();
      await page.getByText('Current password is required.').waitFor();
      await button(page, 'Turn on').click();
      await field(page, 'Password').fill(admin.password);
      await button(page, 'Continue').click();
      await page.getByRole('img', { name: /QR code/ }).waitFor();
      await look(page, 'second-factor');
      const secret = (await page.locator('.secret code').textContent()).replaceAll(' ', '');
      await field(page, 'Code').fill(totp(secret));
      await button(page, 'Turn on').click();
      await page.getByText('Save these recovery codes now').waitFor();
      await look(page, 'recovery-codes');
      const code = await open('/', 'Sign in');
      await signIn(code, admin);
      await field(code, 'Code').waitFor();
      await look(code, 'sign-in-code');
      const { json } = await server.api.post('/v1/teams/team_001/portal', {});
      const portal = await open(new URL(json.url).pathname + new URL(json.url).hash, 'Outbound Webhooks');
      await portal.getByText('Customer relations 0').waitFor();
      await look(portal, 'portal');
      await look(await open('/reset-password#lhl_unknown', 'New password'), 'reset-invalid');
    }));
  }
});
