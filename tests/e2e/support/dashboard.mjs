// The dashboard, as people use it: a server, browsers that visit it, and the words by which its parts are found.

import { leave } from './browser.mjs';
import { firstAdmin } from './session.mjs';
import { Limehook } from './process.mjs';

export const admin = { email: 'root@example.com', password: 'a lantern beside the river' };

/** Light, dark, and the size of a phone: what every page must look well in. */
export const looks = [
  ['light', { colorScheme: 'light', viewport: { width: 1280, height: 900 } }],
  ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 900 } }],
  ['phone', { colorScheme: 'light', viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }],
];

/** Runs `body` with a server and a way to visit it with `browser`; every visit must be without trouble. */
export async function serving(browser, body, args = []) {
  const server = await Limehook.start({ args });
  const visits = [];
  const visit = async (path, settings) => {
    const page = await browser.visitor([server.url], settings);
    visits.push(page);
    await page.goto(server.url + path);
    return page;
  };
  try {
    await body({ server, visit });
    for (const page of visits) await leave(page);
  } finally {
    for (const page of visits) await page.context().close();
    await server.stop();
  }
}

/** A server with an admin, `root`, who is signed in by API, and a way to visit it signed in. */
export const withAdmin = (browser, body, args) =>
  serving(browser, async (scene) => {
    const root = await firstAdmin(scene.server, admin.email, admin.password);
    await body({ ...scene, root, visitSignedIn: (path, settings, person = admin) => signedIn(scene.visit, person, path, settings) });
  }, args);

export const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();
export const text = (page, words) => page.getByText(words).first().waitFor();
export const link = (page, name) => page.getByRole('link', { name, exact: true });
export const button = (page, name) => page.getByRole('button', { name, exact: true });
export const field = (page, name) => page.locator('input, select, textarea').and(page.getByLabel(name, { exact: true }));

/** Chooses a team in the field `name` of a page or dialog, by its name or id; `create`: one that is not there yet. */
export async function chooseTeam(where, text, { name = 'Team', create = false } = {}) {
  await field(where, name).fill(text);
  const option = create ? /^Create team/ : text;
  await (where.page?.() ?? where).getByRole('option').filter({ hasText: option }).first().click();
}

export const row = (page, text) => page.getByRole('row').filter({ hasText: text });
export const dialog = (page, name) => page.getByRole('dialog', { name });

/** Chooses `action` from the menu of the row called `name`. */
export async function act(page, name, action) {
  await button(page, `Actions for ${name}`).click();
  await page.getByRole('menuitem', { name: action, exact: true }).click();
}

export async function signIn(page, { email, password }) {
  await field(page, 'E-mail address').fill(email);
  await field(page, 'Password').fill(password);
  await button(page, 'Sign in').click();
}

/** Visits `path` and signs in on the way. */
export async function signedIn(visit, person, path = '/', settings) {
  const page = await visit(path, settings);
  await heading(page, 'Sign in');
  await signIn(page, person);
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor({ state: 'detached' });
  return page;
}

/** Looks at a page: takes a picture where SCREENSHOTS names a folder, and measures that it does not scroll sideways. */
export async function picture(page, place, look) {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${place}-${look}.png`, fullPage: true });
  // Not against innerWidth: a phone shows a page that is too wide smaller, and that becomes the width of the page.
  const width = await page.evaluate((most) => document.documentElement.scrollWidth - most, page.viewportSize().width);
  if (width > 0) throw new Error(`${place}, ${look}: ${width} pixels too wide`);
}

