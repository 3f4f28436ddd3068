// How the dashboard's numbers, sources, keys, users, teams, audit log and settings look: in light, dark and on a phone.

import { after, before, describe } from 'node:test';

import { assertAccessible, Browser, missingBrowser } from './support/browser.mjs';
import { button, field, heading, looks, picture, withAdmin } from './support/dashboard.mjs';
import { person } from './support/session.mjs';
import { test } from './support/test.mjs';

const long = 'A very long name that somebody has given to something, in the hope that it says what it is for';
const rightToLeft = 'مكتب الاستقبال في برلين';

/** Something on every page, also what is long, and what is written from right to left. */
async function furnish(root) {
  await root.post('/v1/teams', { id: 'team_001', name: long });
  await root.post('/v1/teams', { id: `team-${'x'.repeat(90)}`, name: rightToLeft });
  await root.createWebhook({ name: 'CRM', url: 'https://example.com/', team_id: 'team_001' });
  for (const [number, name] of [['+15550100', 'Front desk'], ['+15550101', long], ['+15550102', rightToLeft], ['+15550103', null]]) {
    await root.post('/v1/numbers', { number, name, team_id: 'team_001' });
  }
  const soon = new Date(Date.now() + 3 * 86_400_000).toISOString();
  await root.post('/v1/keys', { name: 'PBX in Berlin', role: 'ingest' });
  await root.post('/v1/keys', { name: long, role: 'read', team_id: 'team_001', expires_at: soon });
  const { user } = await person(root, 'ann@example.com', { team_id: 'team_001' });
  await person(root, `${'long.address.'.repeat(4)}x@example.com`, { team_id: 'team_001', role: 'read' });
  await root.patch(`/v1/users/${user.id}`, { name: rightToLeft, enabled: false });
  await root.post('/v1/invitations', { email: 'ben@example.com', role: 'manage', team_id: 'team_001' });
}

describe('the look of the house', { skip: missingBrowser() }, () => {
  let browser;
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: each page and dialog can be read and operated by everybody (WCAG 2.2 AA as far as axe-core sees), and none
  // scrolls sideways.
  for (const [name, settings] of looks) {
    test(name, { timeout: 120_000 }, () => withAdmin(browser, async ({ server, root, visitSignedIn }) => {
      const page = await visitSignedIn('/settings/numbers', settings);
      const look = async (place) => {
        await picture(page, place, name);
        await assertAccessible(page, `${place}, ${name}`);
      };
      const open = async (path, title) => {
        await page.goto(server.url + path);
        await heading(page, title);
        await page.waitForFunction(() => !document.querySelector('main').innerText.includes('Loading…'));  // a page has several lists
      };
      const close = async () => {
        await button(page, 'Close').click();
        await button(page, 'Close').waitFor({ state: 'detached' });
      };
      await page.getByText('No numbers yet').waitFor();
      await look('house-numbers-empty');
      await furnish(root);

      await open('/settings/numbers', 'Numbers');
      await look('house-numbers');
      await button(page, 'Add number').click();
      await look('house-numbers-add');
      await close();
      await button(page, 'Import').click();
      await look('house-numbers-import');

      await open('/settings/sources', 'Sources');
      await look('house-sources');
      await button(page, 'How to send from PBX in Berlin').click();
      await page.getByRole('region', { name: /^A request/ }).waitFor();
      await look('house-sources-send');

      await open('/settings/keys', 'API keys');
      await look('house-keys');
      await button(page, 'Actions for PBX in Berlin').click();
      await page.getByRole('menu').waitFor();
      // For touch the menu's own guards of the focus stay in the order of Tab, where axe takes them for content.
      if (name === 'phone') await picture(page, 'house-keys-menu', name);
      else await look('house-keys-menu');
      await page.getByRole('menuitem', { name: 'Revoke' }).click();
      await page.getByRole('dialog', { name: 'Revoke PBX in Berlin?' }).waitFor();
      await look('house-keys-revoke');
      await close();
      await button(page, 'Create key').click();
      await look('house-keys-create');
      await field(page, 'Name').fill('Backend');
      await page.getByRole('dialog').getByRole('button', { name: 'Create key' }).click();
      await page.getByText('It is shown this once.').waitFor();
      await look('house-keys-created');

      await open('/settings/users', 'Users');
      await page.getByRole('heading', { name: 'Open invitations' }).waitFor();
      await look('house-users');
      await button(page, 'Invite somebody').click();
      await look('house-users-invite');
      await close();
      await button(page, `Actions for \u2068${rightToLeft}\u2069`).click();
      await page.getByRole('menuitem', { name: 'Edit' }).click();
      await page.getByRole('dialog').waitFor();
      await look('house-users-edit');

      await open('/settings/teams', 'Teams');
      await look('house-teams');
      await open('/settings/teams/team_001', long);
      await page.getByRole('table').waitFor();
      await look('house-team');

      await open('/settings/audit', 'Audit log');
      await page.locator('.entry-toggle').nth(2).click();
      await page.getByRole('region', { name: 'The entry as it is' }).waitFor();
      await look('house-audit');
      await open('/settings', 'Settings');
      await look('house-settings');
    }));
  }
});
