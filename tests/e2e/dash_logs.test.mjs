// Webhook Logs and Inbound events, as people use them.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { assertAccessible, Browser, missingBrowser } from './support/browser.mjs';
import { admin, button, chooseTeam, field, heading, looks, picture, serving, withAdmin } from './support/dashboard.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall, sample, uniqueId } from './support/samples.mjs';
import { person } from './support/session.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

let browser;
const rows = (page) => page.locator('.log-entry');
const grid = (page) => page.getByRole('grid');
const detail = (page) => page.locator('.log-detail');
const status = (page, name) => detail(page).getByRole('heading', { level: 2 }).getByText(name, { exact: true });
const query = (page) => new URL(page.url()).searchParams;

/** A webhook at a receiver that answers as `behaviour` says. */
async function webhookAt(server, behaviour, members = {}) {
  const receiver = await Receiver.start(behaviour);
  const webhook = await server.api.createWebhook({ url: receiver.url, events: ['missed_call', 'sms_received'], ...members });
  return { receiver, webhook };
}

const settled = (server, count, path = '/v1/deliveries?limit=500') => waitFor(async () => {
  const { data } = await server.api.read(path);
  return data.length === count && data.every((row) => row.status !== 'pending') && data;
}, 20_000, `${count} settled deliveries`);

describe('Webhook Logs', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: an empty log says what to do next; filters that match nothing can be cleared.
  test('nothing there', () => withAdmin(browser, async ({ visitSignedIn }) => {
    const page = await visitSignedIn('/logs');
    await heading(page, 'Webhook Logs');
    await page.getByText('Nothing has been delivered yet.').waitFor();
    await field(page, 'Status').selectOption('failed');
    await page.getByText('No delivery matches.').waitFor();
    await button(page, 'Clear search and filters').click();
    await page.getByText('Nothing has been delivered yet.').waitFor();
    await page.getByRole('link', { name: 'Send an event' }).click();
    await heading(page, 'Inbound events');
  }));

  // Goal: rows say what happened; filter and search limit them, stay in the address bar, and survive a reload.
  test('filter and search', () => withAdmin(browser, async ({ server, visitSignedIn }) => {
    const { webhook } = await webhookAt(server, (request) => ({ status: request.json.caller_number === '+4930999' ? 500 : 200 }), { name: 'CRM' });
    const other = await webhookAt(server, { status: 204 }, { name: 'Slack', team_id: 'team_002' });
    const wanted = missedCall({ team_id: 'team_001', caller_number: '+4930999' });
    await server.api.send(wanted);
    await server.api.send(sample('sms_received', { message_id: uniqueId('msg'), team_id: 'team_002' }));
    await server.api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' });
    await settled(server, 4);
    const page = await visitSignedIn('/logs');
    await waitFor(async () => (await rows(page).count()) === 4, 10_000, 'four rows');
    const failed = rows(page).filter({ hasText: wanted.call_id });
    assert.match(await failed.innerText(), /Retrying[^]*missed_call[^]*\+4930999 → \+0987654321[^]*CRM[^]*500/);
    assert.equal(await rows(page).filter({ hasText: 'Test' }).count(), 1);
    const cases = [
      ['Status', 'retrying', 'status', 1], ['Event', 'sms_received', 'event', 2], ['Webhook', other.webhook.id, 'webhook_id', 1],
      ['Team', 'team_002', 'team_id', 2], ['Time', 'hour', 'range', 4],
    ];
    for (const [label, value, name, count] of cases) {
      await (label === 'Team' ? chooseTeam(page, value) : field(page, label).selectOption(value));
      await waitFor(async () => query(page).get(name) === value && (await rows(page).count()) === count, 10_000, `${label} ${value}`);
      if (name === 'status') {
        await page.reload();
        await waitFor(async () => (await rows(page).count()) === count && (await field(page, label).inputValue()) === value, 10_000, 'the filter after a reload');
      }
      await button(page, 'Clear filters').click();
      await waitFor(async () => page.url() === `${server.url}/logs` && (await rows(page).count()) === 4, 10_000, 'all rows');
    }
    for (const term of ['4930999', '+4930999', wanted.call_id]) {
      await field(page, 'Search').fill(term);
      await field(page, 'Search').press('Enter');
      await waitFor(async () => query(page).get('q') === term && (await rows(page).count()) === 1, 10_000, term);
    }
    const [row] = await settled(server, 1, `/v1/deliveries?q=${wanted.call_id}`);
    await field(page, 'Search').fill(row.id);
    await field(page, 'Search').press('Enter');
    await status(page, 'Retrying').waitFor();
    assert.equal(new URL(page.url()).pathname, `/logs/${row.id}`);
  }, ['--retry-schedule', '600s']));

  // Goal: a delivery that fails says why and what to do; once the receiver works again, a retry shows its outcome.
  test('why it failed, and trying again', () => withAdmin(browser, async ({ server, visitSignedIn }) => {
    const { receiver } = await webhookAt(server, { status: 503, headers: { 'X-Reason': 'tired' }, body: 'come back later' }, { name: 'CRM', headers: { 'X-Own': 'mine' } });
    const event = missedCall({ comment: "it's 1.0 \"quoted\"" });
    await server.api.send(event);
    const [row] = await settled(server, 1);
    const page = await visitSignedIn(`/logs/${row.id}`);
    await status(page, 'Retrying').waitFor();
    await detail(page).getByText('The receiver answered 503.').first().waitFor();
    await detail(page).getByText('Look at its log').first().waitFor();
    await detail(page).getByText(/^in \d+ min/).waitFor();
    for (const [label, text] of [['Payload', `"call_id": "${event.call_id}"`], ['Response headers', 'tired'], ['Response body', 'come back later'], ['Request headers', 'webhook-signature'], ['Request body', event.call_id]]) {
      assert.ok((await page.getByRole('region', { name: label, exact: true }).innerText()).includes(text), label);
    }
    await button(page, 'As curl…').click();
    const command = await page.getByRole('region', { name: 'Command' }).innerText();
    for (const part of ['curl ', receiver.url, '"Authorization: Bearer $LIMEHOOK_TOKEN"', '"X-Own: $LIMEHOOK_HEADER_X_OWN"', "it'\\''s"]) assert.ok(command.includes(part), `${part} in ${command}`);
    await button(page, 'Close').click();

    receiver.behaviour = { status: 200 };
    await button(page, 'Retry now').click();
    await page.getByText('Attempt 2 was acknowledged.').waitFor();
    await status(page, 'Delivered').waitFor();
    assert.equal(await detail(page).locator('.log-attempt').count(), 2);
    await rows(page).filter({ hasText: 'Delivered' }).waitFor();
  }, ['--retry-schedule', '600s,600s']));

  // Goal: one can give up a delivery that is open; which attempts went to the fallback URL is said.
  test('skipping, and the fallback URL', () => withAdmin(browser, async ({ server, visitSignedIn }) => {
    const fallback = await Receiver.start({ status: 500 });
    await webhookAt(server, { status: 500 }, { fallback_url: fallback.url, retry_schedule: [1] });
    await server.api.send(missedCall());
    await waitFor(() => fallback.count > 0, 20_000, 'an attempt at the fallback URL');
    await settled(server, 1);
    const page = await visitSignedIn('/logs');
    await rows(page).first().getByRole('link').click();
    await detail(page).locator('.log-attempt').filter({ hasText: 'Fallback URL' }).first().waitFor();
    assert.equal(await detail(page).locator('.log-attempt').last().getByText('Fallback URL').count(), 0);
  }));

  test('skip needs a yes', () => withAdmin(browser, async ({ server, visitSignedIn }) => {
    await webhookAt(server, { status: 500 });
    await server.api.send(missedCall());
    const [row] = await settled(server, 1);
    const page = await visitSignedIn(`/logs/${row.id}`);
    await button(page, 'Skip…').click();
    await button(page, 'Skip delivery').click();
    await status(page, 'Canceled').waitFor();
    assert.equal(await button(page, 'Skip…').count(), 0);
    assert.equal((await server.api.delivery(row.id)).status, 'canceled');
  }, ['--retry-schedule', '600s']));

  // Goal: the log can be worked through by keyboard alone: keys work while a row has the focus, and only then.
  test('by keyboard', () => withAdmin(browser, async ({ server, visitSignedIn }) => {
    await webhookAt(server, { status: 200 });
    const events = Array.from({ length: 5 }, () => missedCall());
    for (const event of events) await server.api.send(event);
    await settled(server, 5);
    events.reverse();
    const page = await visitSignedIn('/logs');
    const focused = (index) => waitFor(() => page.evaluate((id) => document.activeElement?.textContent?.includes(id), events[index].call_id), 10_000, `row ${index}`);
    await rows(page).nth(4).waitFor();
    await rows(page).first().focus();
    for (const [key, index] of [['j', 1], ['ArrowDown', 2], ['k', 1], ['End', 4], ['Home', 0], ['j', 1]]) {
      await page.keyboard.press(key);
      await focused(index);
    }
    await page.keyboard.press('Enter');
    await waitFor(() => page.evaluate(() => document.activeElement?.matches('.log-detail')), 10_000, 'the focus on what is open');
    await detail(page).getByText(events[1].call_id).first().waitFor();
    await page.keyboard.press('Escape');
    await detail(page).waitFor({ state: 'detached' });
    await focused(1);
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys in the log' }).waitFor();
    await page.keyboard.press('Escape');
    await rows(page).nth(1).focus();
    await page.keyboard.press('/');
    await page.keyboard.type('j?/k');
    assert.equal(await field(page, 'Search').inputValue(), 'j?/k');
  }));

  // Goal: new deliveries come by themselves at the top, and wait while somebody reads.
  test('live, and keeping the place', () => withAdmin(browser, async ({ server, visitSignedIn }) => {
    await webhookAt(server, { status: 200 });
    const first = missedCall();
    await server.api.send(first);
    const page = await visitSignedIn('/logs');
    await rows(page).filter({ hasText: first.call_id }).filter({ hasText: 'Delivered' }).waitFor();
    await page.getByRole('status').filter({ hasText: /^Live$/ }).waitFor();
    const second = missedCall();
    await server.api.send(second);
    await rows(page).first().filter({ hasText: second.call_id }).waitFor();
    await button(page, 'Pause').click();
    await server.api.send(missedCall());
    await button(page, '1 new delivery').waitFor();
    assert.equal(await rows(page).count(), 2);
    await button(page, '1 new delivery').click();
    await waitFor(async () => (await rows(page).count()) === 3, 10_000, 'three rows');
    await rows(page).nth(1).getByRole('link').click();
    await detail(page).getByText(second.call_id).first().waitFor();
    await server.api.send(missedCall());
    await button(page, '1 new delivery').waitFor();
    assert.equal(await rows(page).count(), 3);
  }));

  // Goal: who may only look sees everything and is offered nothing that would be refused.
  test('without the right to change', () => withAdmin(browser, async ({ server, root, visitSignedIn }) => {
    const ann = { email: 'ann@example.com', password: 'nine quiet herons at dawn' };
    await person(root, ann.email, { team_id: 'team_001', role: 'read' }, ann.password);
    await webhookAt(server, { status: 500 }, { team_id: 'team_001' });
    await server.api.send(missedCall());
    const [row] = await settled(server, 1);
    const page = await visitSignedIn(`/logs/${row.id}`, undefined, ann);
    await status(page, 'Retrying').waitFor();
    for (const name of ['Retry now', 'Skip…']) assert.equal(await button(page, name).count(), 0, name);
    assert.equal(await page.getByLabel('Team', { exact: true }).count(), 0);
    await page.getByRole('link', { name: 'Inbound events' }).click();
    await rows(page).first().waitFor();
    assert.equal(await button(page, 'Send an event').count(), 0);
  }));

  // Goal: all that failed at one webhook is one step away.
  test('retry all failed', () => withAdmin(browser, async ({ server, visitSignedIn }) => {
    const { webhook, receiver } = await webhookAt(server, { status: 410 });
    await server.api.send(missedCall());
    await settled(server, 1);
    const page = await visitSignedIn(`/logs?status=failed&webhook_id=${webhook.id}`);
    // A row that is open stays where it is, as it is now, also when the filter does not want it any more.
    await rows(page).first().getByRole('link').click();
    await status(page, 'Failed').waitFor();
    receiver.behaviour = { status: 200 };
    await server.api.post(`/v1/webhooks/${webhook.id}/enable`);
    await button(page, 'Retry now').click();
    await rows(page).first().getByText('Delivered').waitFor();
  }));

  // Goal: a webhook's own page has the same log, of this webhook only.
  test("within a webhook's page", () => withAdmin(browser, async ({ server, visitSignedIn }) => {
    const { webhook } = await webhookAt(server, { status: 500 }, { name: 'CRM' });
    await webhookAt(server, { status: 200 }, { name: 'Slack' });
    await server.api.send(missedCall());
    await settled(server, 2);
    const page = await visitSignedIn(`/settings/webhooks/${webhook.id}/logs`);
    await rows(page).first().getByRole('link').click();
    await status(page, 'Retrying').waitFor();
    assert.equal(await rows(page).count(), 1);
    assert.match(query(page).get('delivery'), /^dlv_/);
    await page.reload();
    await status(page, 'Retrying').waitFor();
    await button(page, 'All deliveries').click();
    await detail(page).waitFor({ state: 'detached' });
    await field(page, 'Status').selectOption('delivered');
    await page.getByText('No delivery matches.').waitFor();
  }, ['--retry-schedule', '600s']));

  // Goal: in the portal the log works the same, without ways to what is not there.
  test('in the portal', () => serving(browser, async ({ server, visit }) => {
    await webhookAt(server, { status: 500 }, { team_id: 'team_001' });
    await server.api.send(missedCall());
    await settled(server, 1);
    const { json } = await server.api.post('/v1/teams/team_001/portal', {});
    const page = await visit(new URL(json.url).pathname + new URL(json.url).hash);
    await page.getByRole('link', { name: 'Webhook Logs' }).click();
    await rows(page).first().getByRole('link').click();
    await status(page, 'Retrying').waitFor();
    assert.match(new URL(page.url()).pathname, /^\/portal\/logs\/dlv_/);
    assert.equal(await detail(page).getByRole('link', { name: /^evt_/ }).count(), 0);
    await button(page, 'Retry now').click();
    await page.getByText(/Attempt 2 failed/).waitFor();
  }));

  // Goal: what went wrong is said where one is, with a way on.
  test('what goes wrong', () => withAdmin(browser, async ({ server, visitSignedIn }) => {
    const page = await visitSignedIn('/logs/dlv_0000000000000');
    await page.getByRole('alert').filter({ hasText: /no such delivery|not found|is no/i }).waitFor();
    await page.goto(`${server.url}/logs?status=lost`);
    await page.getByRole('alert').waitFor();
    await button(page, 'Clear filters').click();
    await page.getByText('Nothing has been delivered yet.').waitFor();
  }));
});

describe('Inbound events', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: a newcomer sends an event, sees its delivery, and gets from there to the log and back.
  test('sending one and following it', () => withAdmin(browser, async ({ server, visitSignedIn }) => {
    await webhookAt(server, { status: 200 }, { name: 'CRM' });
    const page = await visitSignedIn('/events');
    await page.getByText('No event has come in yet.').waitFor();
    await button(page, 'Send an event').click();
    await field(page, 'Event type').selectOption('sms_received');
    const text = field(page, 'Event').last();
    await text.fill('{"event": "sms_received"');
    await button(page, 'Send event').click();
    await page.getByRole('alert').filter({ hasText: 'This is not JSON' }).waitFor();
    await text.fill('{"event": "sms_received"}');
    await button(page, 'Send event').click();
    await page.getByRole('alert').filter({ hasText: 'message_id' }).waitFor();
    await text.fill(JSON.stringify(sample('sms_received', { message_id: 'msg-from-page' })));
    await button(page, 'Send event').click();
    await page.getByText('Event accepted; it goes to 1 webhook').waitFor();
    await detail(page).getByText('1 delivered').waitFor();
    await rows(page).filter({ hasText: 'msg-from-page' }).waitFor();
    await detail(page).getByRole('link', { name: 'CRM' }).click();
    await heading(page, 'Webhook Logs');
    await status(page, 'Delivered').waitFor();
    await detail(page).getByRole('link', { name: /^evt_/ }).click();
    await heading(page, 'Inbound events');
    await detail(page).getByText('1 delivered').waitFor();
  }));
});

describe('many deliveries', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: with 100,000 deliveries the log opens, scrolls far back, searches and filters, with few rows in the document
  // and without freezing, also while more pour in.
  test('100,000 of them', { timeout: 180_000 }, () => withAdmin(browser, async ({ server, visitSignedIn }) => {
    const receiver = await Receiver.start({ status: 200 }, { record: () => {} });
    for (let i = 0; i < 50; i += 1) await server.api.createWebhook({ name: `Webhook ${i}`, url: receiver.url });
    const batch = (size, members = {}) => server.api.post('/v1/events/batch', Array.from({ length: size }, () => missedCall(members)));
    const rare = missedCall({ caller_number: '+4930555', team_id: 'team_rare' });
    await server.api.send(rare);
    for (let i = 0; i < 4; i += 1) await batch(500);
    const page = await visitSignedIn('/logs');
    await page.evaluate(() => {
      window.longest = 0;
      new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => (window.longest = Math.max(window.longest, duration)))).observe({ type: 'longtask', buffered: false });
    });
    const few = async () => assert.ok((await rows(page).count()) < 200, 'only what can be seen is in the document');
    await rows(page).first().waitFor();
    const top = async () => rows(page).first().getAttribute('data-index');
    assert.equal(await top(), '0');

    // While more pours in, the newest come by themselves, and the place is kept further down.
    let pouring = true;
    const pour = (async () => {
      while (pouring) await batch(20).catch(() => (pouring = false));  // the server has ended: so has the test
    })();
    try {
      const newest = await rows(page).first().innerText();
      await waitFor(async () => (await rows(page).first().innerText()) !== newest, 20_000, 'newer rows');
      await few();
      const reach = (rowIndex) => waitFor(async () => {
        await page.locator('.log-scroll').evaluate((scroller) => (scroller.scrollTop = scroller.scrollHeight));
        return Number(await rows(page).last().getAttribute('aria-rowindex')) > rowIndex;
      }, 30_000, `row ${rowIndex}`);
      await reach(1000);
      await few();
      await page.getByRole('button', { name: /new deliver/ }).waitFor();
      const kept = await rows(page).last().getAttribute('aria-rowindex');
      assert.ok(Number(kept) > 1000);
    } finally {
      pouring = false;
      await pour;
    }
    await page.getByRole('button', { name: /new deliver/ }).click();
    await waitFor(async () => (await top()) === '0', 10_000, 'the top');

    await field(page, 'Search').fill('+4930555');
    await field(page, 'Search').press('Enter');
    await rows(page).filter({ hasText: rare.call_id }).first().waitFor();
    assert.equal(await grid(page).getAttribute('aria-rowcount'), '51');
    await field(page, 'Webhook').selectOption({ label: 'Webhook 7' });
    await waitFor(async () => (await grid(page).getAttribute('aria-rowcount').catch(() => null)) === '2', 10_000, 'the one delivery of webhook 7');
    await few();
    assert.ok((await page.evaluate(() => window.longest)) < 500, 'no task above half a second');
  }));
});

describe('the look of logs and events', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  // Goal: every state of these pages can be read and operated by everybody, in light, dark and on a phone.
  for (const [name, settings] of looks) {
    test(name, { timeout: 120_000 }, () => withAdmin(browser, async ({ server, visitSignedIn }) => {
      const look = async (page, place) => {
        await assertAccessible(page, `${place}, ${name}`);
        await picture(page, place, name);
      };
      const page = await visitSignedIn('/logs', settings);
      await page.getByText('Nothing has been delivered yet.').waitFor();
      await look(page, 'logs-empty');
      const long = 'Customer relations, the whole of the southern region, with everything that belongs to it';
      await webhookAt(server, ({ json }) => ({ status: json.caller_number === '+4930999' ? 503 : 200, body: '{"error": "out of order"}' }), { name: long });
      await webhookAt(server, { kind: 'close' }, { name: 'مكتب الاستقبال' });
      for (let i = 0; i < 12; i += 1) await server.api.send(i % 3 === 0 ? missedCall({ caller_number: '+4930999' }) : sample('sms_received', { message_id: uniqueId('a-rather-long-message-id') }));
      await settled(server, 24);
      await page.reload();
      await rows(page).nth(5).waitFor();
      await look(page, 'logs');
      await rows(page).filter({ hasText: 'missed_call' }).filter({ hasText: 'Customer' }).first().getByRole('link').click();
      await status(page, 'Retrying').waitFor();
      await page.getByText('out of order').first().waitFor();
      await look(page, 'logs-detail');
      await button(page, 'As curl…').click();
      await page.getByRole('region', { name: 'Command' }).waitFor();
      await look(page, 'logs-curl');
      await button(page, 'Close').click();
      if (name === 'phone') {
        await button(page, 'All deliveries').click();
        await rows(page).first().waitFor();
        await page.getByRole('button', { name: 'Filters' }).click();
        await look(page, 'logs-filters');
      }
      await page.goto(`${server.url}/events`);
      await rows(page).first().waitFor();
      await look(page, 'events');
      await button(page, 'Send an event').click();
      await field(page, 'Event type').waitFor();
      await look(page, 'events-send');
      await button(page, 'Close').click();
      await rows(page).first().getByRole('link').click();
      await detail(page).getByText('Deliveries').first().waitFor();
      await look(page, 'events-detail');
    }, ['--retry-schedule', '600s']));
  }
});
