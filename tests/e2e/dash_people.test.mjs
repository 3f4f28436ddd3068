// The dashboard's users, teams and audit log, from a fresh store.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe } from 'node:test';

import { Browser, missingBrowser } from './support/browser.mjs';
import { act, admin, button, chooseTeam, dialog, field, heading, row, signedIn, withAdmin } from './support/dashboard.mjs';
import { Person, person } from './support/session.mjs';
import { test } from './support/test.mjs';

const ann = { email: 'ann@example.com', password: 'seven quiet herons waiting' };

describe('the dashboard: users, teams, audit log', { skip: missingBrowser() }, () => {
  let browser;
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  const link = async (page) => {
    const url = new URL(await page.getByRole('dialog').getByLabel('Link', { exact: true }).inputValue());
    return { url, token: url.hash.slice(1) };
  };

  // Goal: somebody is invited, invited again (the first link stops working) and joins; another invitation is withdrawn.
  test('inviting', () => withAdmin(browser, async ({ root, visit, visitSignedIn }) => {
    const page = await visitSignedIn('/settings/users');
    await row(page, admin.email).getByText('You', { exact: true }).waitFor();
    await button(page, 'Invite somebody').click();
    await field(page, 'E-mail address').fill('nobody');
    await button(page, 'Invite').click();
    await page.getByText(/^E-mail address must/).waitFor();
    await page.getByText('Team is required for this role.').waitFor();
    await field(page, 'E-mail address').fill(ann.email);
    await chooseTeam(dialog(page, 'Invite somebody'), 'team_p', { create: true });
    await button(page, 'Invite').click();
    await page.getByText(/No e-mail is sent/).waitFor();
    const first = await link(page);
    await button(page, 'Done').click();
    await act(page, ann.email, 'Invite again');
    await button(page, 'Invite').click();
    await page.getByText(/No e-mail is sent/).waitFor();
    const second = await link(page);
    await button(page, 'Done').click();
    assert.equal((await root.post('/v1/links/look', { token: first.token })).status, 404);
    const joining = await visit(second.url.pathname + second.url.hash);
    await heading(joining, 'Invitation');
    await new Person(root.url).post('/v1/invitations/accept', { token: second.token, name: 'Ann', password: ann.password });

    await page.reload();
    await row(page, 'Ann').getByText('(Manage)').waitFor();
    await button(page, 'Invite somebody').click();
    await field(page, 'E-mail address').fill('ben@example.com');
    await field(page, 'Admin').check();
    await button(page, 'Invite').click();
    await page.getByText(/No e-mail is sent/).waitFor();
    await button(page, 'Done').click();
    await act(page, 'ben@example.com', 'Withdraw');
    await button(page, 'Withdraw').click();
    await page.getByText('The invitation of ben@example.com is withdrawn').waitFor();
    assert.deepEqual(await root.list('/v1/invitations'), []);
  }));

  // Goal: an admin changes what somebody may do, disables, enables and deletes them, and makes a reset link; the last
  // admin stays one.
  test('users', () => withAdmin(browser, async ({ root, visitSignedIn }) => {
    const { user } = await person(root, ann.email, { team_id: 'team_p' }, ann.password);
    const now = () => root.read(`/v1/users/${user.id}`);
    const page = await visitSignedIn('/settings/users');
    await act(page, 'ann', 'Edit');
    await field(page, 'Name').fill('Ann Smith');
    await field(page, 'Role 1').selectOption('Look');
    await button(page, 'Add a team').click();
    await chooseTeam(page, 'team_p', { name: 'Team 2' });
    await button(page, 'Save').click();
    await page.getByText(/is there twice/).waitFor();
    await chooseTeam(page, 'team_q', { name: 'Team 2', create: true });
    await button(page, 'Save').click();
    await row(page, 'Ann Smith').getByText('team_q').waitFor();
    assert.deepEqual((await now()).teams, [{ team_id: 'team_p', role: 'read' }, { team_id: 'team_q', role: 'read' }]);

    await act(page, 'Ann Smith', 'Make a reset link');
    await button(page, 'Make link').click();
    await page.getByText('It is shown this once.').waitFor();
    assert.match((await link(page)).url.href, /\/reset-password#lhl_/);
    await button(page, 'Done').click();
    for (const [action, enabled] of [['Disable', false], ['Enable', true]]) {
      await act(page, 'Ann Smith', action);
      await button(page, action).click();
      await dialog(page, new RegExp(`^${action} Ann`)).waitFor({ state: 'detached' });
      assert.equal((await now()).enabled, enabled);
    }
    await act(page, 'Ann Smith', 'Delete');
    assert.equal(await button(page, 'Delete account').getAttribute('aria-disabled'), 'true', 'first the address is typed');
    await dialog(page, 'Delete Ann Smith?').getByLabel(/^Type/).fill(ann.email);
    await button(page, 'Delete account').click();
    await page.getByText(`${ann.email} deleted`).waitFor();
    assert.equal((await root.get(`/v1/users/${user.id}`)).status, 404);

    await act(page, 'Root', 'Disable');
    await button(page, 'Disable').click();
    await page.getByText('This is the last admin.').waitFor();
  }));

  // Goal: who manages a team sees its members, and may change their roles there and nothing else.
  test('members, for who manages the team', () => withAdmin(browser, async ({ root, visit }) => {
    await person(root, ann.email, { team_id: 'team_p' }, ann.password);
    const { user } = await person(root, 'ben@example.com', { team_id: 'team_p', role: 'read' });
    const page = await signedIn(visit, ann, '/settings/users');
    await button(page, 'Actions for ben').click();
    assert.deepEqual(await page.getByRole('menuitem').allInnerTexts(), ['Change role', 'Remove from team']);
    await page.getByRole('menuitem', { name: 'Change role' }).click();
    await field(page, 'Manage').check();
    await button(page, 'Save').click();
    await row(page, 'ben@example.com').getByText('(Manage)').waitFor();
    await act(page, 'ben', 'Remove from team');
    await button(page, 'Remove from team').click();
    await page.getByText('ben removed from the team').waitFor();
    assert.deepEqual((await root.read(`/v1/users/${user.id}`)).teams, []);
    await button(page, 'Invite somebody').click();
    await field(page, 'E-mail address').fill('cid@example.com');
    await button(page, 'Invite').click();
    await page.getByText('There is no mail server. Ask an admin to invite.').waitFor();
  }));

  // Goal: a team is created, renamed, gives a portal link that opens, and is deleted once it is empty; ids of callers,
  // whatever is in them, have a page.
  test('teams', () => withAdmin(browser, async ({ server, root, visit, visitSignedIn }) => {
    const odd = '50% off/ü ?#';
    const webhook = await server.api.createWebhook({ url: 'https://example.com/', team_id: odd });
    const page = await visitSignedIn('/settings/teams');
    await page.getByRole('link', { name: odd }).click();
    await heading(page, odd);
    await page.getByText('Nobody is in this team').waitFor();
    await page.reload();
    await heading(page, odd);
    await button(page, `Actions for ${odd}`).click();
    await page.getByRole('menuitem', { name: 'Delete team' }).click();
    await dialog(page, /^Delete/).getByLabel(/^Type/).fill(odd);
    await button(page, 'Delete team').click();
    await dialog(page, /^Delete/).getByRole('alert').waitFor();
    await button(page, 'Cancel').click();
    await root.delete(`/v1/webhooks/${webhook.id}`);

    await page.getByRole('link', { name: 'Teams' }).first().click();
    await button(page, 'Create team').first().click();
    await field(page, 'Id').fill('a b');
    await dialog(page, 'Create team').getByRole('button', { name: 'Create team' }).click();
    await page.getByText(/^Id must be/).waitFor();
    await field(page, 'Id').fill('team_new');
    await field(page, 'Name').fill('Front desk');
    await dialog(page, 'Create team').getByRole('button', { name: 'Create team' }).click();
    await heading(page, 'Front desk');
    assert.equal(new URL(page.url()).pathname, '/settings/teams/team_new');
    await button(page, 'Rename').click();
    await field(page, 'Name').fill('Reception');
    await button(page, 'Save').click();
    await heading(page, 'Reception');

    await button(page, 'Make a portal link').click();
    await field(page, 'Look').check();
    await button(page, 'Make link').click();
    await page.getByText('It is shown this once.').waitFor();
    const { url } = await link(page);
    const portal = await visit(url.pathname + url.hash);
    await heading(portal, /Webhooks/);
    await button(page, 'Done').click();
    await button(page, 'Actions for Reception').click();
    await page.getByRole('menuitem', { name: 'Delete team' }).click();
    await dialog(page, 'Delete Reception?').getByLabel(/^Type/).fill('team_new');
    await button(page, 'Delete team').click();
    await heading(page, 'Teams');
    assert.equal((await server.api.get('/v1/teams/team_new')).status, 404);
  }));

  // Goal: the audit log says in words who changed what from what to what; filters stay in the address, and the file has
  // what they let through.
  test('the audit log', () => withAdmin(browser, async ({ root, visitSignedIn }) => {
    const webhook = await root.createWebhook({ name: 'CRM', url: 'https://example.com/', team_id: 'team_a' });
    await root.patch(`/v1/webhooks/${webhook.id}`, { name: '=New CRM' });
    await root.post('/v1/numbers', { number: '+15550100', team_id: 'team_a' });
    const page = await visitSignedIn('/settings/audit');
    const entries = page.locator('.entry');
    const changed = entries.filter({ hasText: 'root@example.com changed webhook' });
    await changed.waitFor();
    assert.match(await changed.innerText(), /name\s+CRM\s+→\s*became\s+=New CRM/);
    await button(page, 'Details: root@example.com changed webhook =New CRM').click();
    assert.match(await changed.getByRole('region', { name: 'The entry as it is' }).innerText(), /"action": "webhook.updated"/);

    await field(page, 'Action').selectOption('webhook.');
    await entries.filter({ hasText: '+15550100' }).waitFor({ state: 'detached' });
    await field(page, 'Time').selectOption('Last hour');
    const kept = new URL(page.url());
    assert.deepEqual([...kept.searchParams], [['action', 'webhook.'], ['period', 'hour']]);
    await page.reload();
    await changed.waitFor();
    assert.equal(await entries.count(), 2);
    const [file] = await Promise.all([page.waitForEvent('download'), button(page, 'Download CSV').click()]);
    const lines = readFileSync(await file.path(), 'utf8').trim().split('\r\n');
    assert.equal(lines.length, 3);
    assert.match(lines[1], /"webhook.updated","root@example.com".*"'=New CRM"/, 'a name is no formula');

    await button(page, 'Show only what is like: root@example.com changed webhook =New CRM').click();
    await page.getByRole('menuitem', { name: 'Only about =New CRM' }).click();
    await page.getByText(`About ${webhook.id}`).waitFor();
    await field(page, 'Action').selectOption('number.');
    await page.getByText('Nothing like that happened').waitFor();
    await button(page, 'Show all').click();
    await entries.filter({ hasText: 'added number +15550100' }).waitFor();
    assert.equal(new URL(page.url()).search, '');
  }));
});
