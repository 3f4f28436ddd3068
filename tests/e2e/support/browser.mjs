// A real browser (Debian's Chromium) that notes what a page must not do.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { chromium } from 'playwright-core';

import { cleanEnvironment } from './process.mjs';
import { askOnFailure } from './test.mjs';
import { slower } from './wait.mjs';

const executable = '/usr/bin/chromium';
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const visitors = new Set();

/** What the pages show that are open now. */
async function describePages() {
  const lines = [];
  for (const page of visitors) {
    const texts = await Promise.all(page.frames().map((frame) => frame.innerText('body', { timeout: 1000 }).catch(String)));
    lines.push(`${page.url()} shows ${JSON.stringify(texts).slice(0, 2000)}; trouble: ${JSON.stringify(page.trouble)}`);
  }
  return lines;
}
askOnFailure(describePages);

/** Why there can be no browser, or false. */
export const missingBrowser = () => (existsSync(executable) ? false : 'needs the Debian package chromium');

export class Browser {
  static async start() {
    const browser = new Browser();
    browser.chromium = await chromium.launch({ executablePath: executable, args: ['--no-sandbox', '--disable-dev-shm-usage'], env: cleanEnvironment() });
    return browser;
  }

  stop = () => this.chromium.close();

  /**
   * A browser of its own, without cookies. origins: whom its pages may ask. Playwright's page has one member more,
   * `trouble`: what they did that they must not do. settings: see playwright's newContext.
   */
  async visitor(origins, settings = {}) {
    const context = await this.chromium.newContext({ locale: 'en-US', ...settings });
    context.setDefaultTimeout(15_000 * slower);
    const trouble = [];
    context.on('request', (request) => {
      const { origin } = new URL(request.url());
      if (!origins.includes(origin) && !request.url().startsWith('data:')) trouble.push(`asks ${request.url()}`);
    });
    context.on('weberror', (error) => trouble.push(`throws ${error.error()}`));
    context.on('console', (message) => {
      // The API's refusals are not the page's faults.
      const refusal = /the server responded with a status of 4/.test(message.text()) && message.location().url.includes('/v1/');
      if (['error', 'warning'].includes(message.type()) && !refusal) trouble.push(`says ${message.text()}`);
    });
    await context.exposeFunction('noteViolation', (directive, what) => trouble.push(`violates ${directive}: ${what}`));
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => window.noteViolation(event.effectiveDirective, event.blockedURI));
    });
    const page = await context.newPage();
    page.trouble = trouble;
    visitors.add(page);
    page.on('close', () => visitors.delete(page));
    return page;
  }
}

/** Ends a visit; it must have been without trouble. */
export async function leave(page) {
  await page.context().close();
  assert.deepEqual(page.trouble, []);
}

/** What WCAG 2.2 AA forbids and a program can see (axe-core), on the page as it is now. */
export async function assertAccessible(page, place) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await window.axe.run(document, { runOnly: tags });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`));
  });
  assert.deepEqual(found, [], place);
}
