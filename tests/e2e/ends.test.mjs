// Why deliveries fail or are canceled, and who gave them up: in the log, by command, and what a recovery makes of it.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { assertFields } from './support/api.mjs';
import { Limehook, run } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall, uniqueId } from './support/samples.mjs';
import { firstAdmin, person } from './support/session.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

describe('the end of a delivery', () => {
  let server, api, admin;
  before(async () => {
    server = await Limehook.start({ args: ['--breaker-pause', '1m'] });
    api = server.api;
    admin = await firstAdmin(server);
  });
  after(() => server.stop());

  /** A webhook of a team of its own, with so many deliveries that wait for their retry. */
  async function waiting(count = 1, members = {}, behaviour = { status: 500 }) {
    const receiver = await Receiver.start(behaviour);
    const team_id = uniqueId('team');
    const webhook = await api.createWebhook({ url: receiver.url, team_id, retry_schedule: [3600], ...members });
    for (let i = 0; i < count; i += 1) await api.send(missedCall({ team_id }));
    const rows = await waitFor(async () => {
      const all = await api.deliveries(webhook.id);
      return all.length === count && all.every(({ attempt_count: made }) => made > 0) && all;
    });
    return { receiver, team_id, webhook, rows };
  }
  const ended = (id) => waitFor(async () => {
    const delivery = await api.delivery(id);
    return ['failed', 'canceled'].includes(delivery.status) && delivery;
  }, 10_000, 'the end of a delivery');
  /** The same wherever it is shown. */
  async function assertSays(id, reason, error, by) {
    const detail = await ended(id);
    const event = await api.read(`/v1/events/${detail.event_id}`);
    const listed = (await api.list(`/v1/deliveries?webhook_id=${detail.webhook_id}`)).find((row) => row.id === id);
    for (const shown of [detail, event.deliveries.find((row) => row.id === id), listed]) {
      assert.equal(shown.reason, reason);
      assert.match(shown.error, error);
      if (by === null) assert.equal(shown.ended_by, null);
      else assert.deepEqual(shown.ended_by, by);
    }
    const printed = await run(['logs', id, '--server', server.url, '--key', server.key]);
    assert.equal(printed.code, 0, printed.stderr);
    assert.match(printed.stdout, error);
    assert.ok(printed.stdout.includes(reason), printed.stdout);
  }
  const configured = { kind: 'key', id: null, name: 'configured admin key' };

  test('a schedule that is over, 410, and a breaker that held it back', async () => {
    const over = await waiting(1, { retry_schedule: [1] });
    await assertSays(over.rows[0].id, 'exhausted', /the receiver answered 500/, null);
    const gone = await waiting(1, {}, { status: 410 });
    await assertSays(gone.rows[0].id, 'gone', /the receiver answered 410/, null);
    const held = await waiting(10, { retry_schedule: [2] });
    await api.send(missedCall({ team_id: held.team_id }));
    const late = await waitFor(async () => (await api.deliveries(held.webhook.id)).find(({ reason }) => reason === 'held_too_long'));
    await assertSays(late.id, 'held_too_long', /held back/, null);
  });

  test('an address that may not be sent to', async () => {
    const strict = await Limehook.start({ data: server.data + '-strict', allowLoopback: false, args: ['--allow-http'] });
    const webhook = await strict.api.createWebhook({ url: 'http://localhost.:9/', retry_schedule: [1] }).catch(() => null);
    if (webhook) {
      await strict.api.send(missedCall());
      const row = await waitFor(async () => (await strict.api.deliveries(webhook.id)).find(({ status }) => status === 'failed'));
      assert.equal(row.reason, 'refused_by_policy');
    }
    await strict.stop();
  });

  test('skipped: by a key, and by a person', async () => {
    const { rows: [first, second], team_id } = await waiting(2);
    assert.equal((await api.post(`/v1/deliveries/${first.id}/skip`)).status, 200);
    await assertSays(first.id, 'skipped', /skipped by configured admin key; the last attempt: the receiver answered 500/, configured);
    await api.post('/v1/teams', { id: team_id, name: 'a team' });
    const anna = await person(admin, `${team_id}@example.com`, { team_id, role: 'manage' });
    const skipped = await anna.post(`/v1/deliveries/${second.id}/skip`);
    assert.equal(skipped.status, 200, skipped.text);
    assert.equal(skipped.json.reason, 'skipped');
    await assertSays(second.id, 'skipped', /skipped by .*@example\.com/, { kind: 'user', id: anna.user?.id ?? skipped.json.ended_by.id, name: `${team_id}@example.com` });
    // Asked for again, it is as if it had never been skipped.
    assert.equal((await api.post(`/v1/deliveries/${first.id}/retry`)).status, 202);
    const again = await waitFor(async () => { const now = await api.delivery(first.id); return now.attempt_count === 2 && now; });
    assert.deepEqual([again.reason, again.ended_by], [null, null]);
  });

  test('a webhook that was disabled, switched to polling, deleted: by whom, or why Limehook did it', async () => {
    const disabled = await waiting();
    await api.post(`/v1/webhooks/${disabled.webhook.id}/disable`);
    await assertSays(disabled.rows[0].id, 'webhook_disabled', /the webhook was disabled by configured admin key/, configured);
    const patched = await waiting();
    await api.changeWebhook(patched.webhook.id, { enabled: false });
    await assertSays(patched.rows[0].id, 'webhook_disabled', /the webhook was disabled by/, configured);
    const polled = await waiting();
    await api.changeWebhook(polled.webhook.id, { mode: 'poll' });
    await assertSays(polled.rows[0].id, 'webhook_polled', /the webhook was switched to polling by/, configured);
    const deleted = await waiting();
    await api.delete(`/v1/webhooks/${deleted.webhook.id}`);
    await assertSays(deleted.rows[0].id, 'webhook_deleted', /the webhook was deleted by/, configured);
    const gone = await waiting();
    gone.receiver.behaviour = { status: 410 };
    await api.send(missedCall({ team_id: gone.team_id }));
    await assertSays(gone.rows[0].id, 'webhook_disabled', /Limehook disabled the webhook: The receiver answered 410/, { kind: 'limehook', id: null, name: null });
  });

  test('a portal is told what, and not who', async () => {
    const { rows: [row], team_id, webhook } = await waiting();
    await api.post('/v1/teams', { id: team_id, name: 'a team' });
    await api.post(`/v1/webhooks/${webhook.id}/disable`);
    await ended(row.id);
    const link = await api.post(`/v1/teams/${team_id}/portal`, { role: 'manage' });
    assert.equal(link.status, 201, link.text);
    const session = await api.withKey(null).post('/v1/portal/session', { token: link.json.token });
    assert.equal(session.status, 201, session.text);
    const portal = api.withKey(session.json.token);
    for (const path of [`/v1/deliveries/${row.id}`, `/v1/webhooks/${webhook.id}/deliveries`]) {
      const text = JSON.stringify(await portal.read(path));
      assert.match(text, /the webhook was disabled/);
      assert.doesNotMatch(text, /configured admin key/);
    }
  });

  // Goal: what somebody gave up stays given up, unless it is asked for; what was canceled otherwise comes back.
  test('a recovery leaves what was skipped alone, unless it is asked for that too', async () => {
    for (const status of ['missing', 'failed']) {
      const { receiver, webhook, rows: [skipped, canceled] } = await waiting(2);
      await api.post(`/v1/deliveries/${skipped.id}/skip`);
      await api.post(`/v1/webhooks/${webhook.id}/disable`);
      await ended(canceled.id);
      await api.post(`/v1/webhooks/${webhook.id}/enable`);
      receiver.behaviour = { status: 200 };
      const recover = async (members) => {
        const started = await api.post(`/v1/webhooks/${webhook.id}/recover`, { status, ...members });
        assert.equal(started.status, 202, started.text);
        return waitFor(async () => { const now = await api.read(`/v1/recoveries/${started.json.id}`); return now.state === 'done' && now; });
      };
      const first = await recover({});
      assert.deepEqual([first.redelivered, first.skipped], [1, false]);
      await waitFor(async () => (await api.delivery(canceled.id)).status === 'delivered');
      assert.equal((await api.delivery(skipped.id)).status, 'canceled');
      const second = await recover({ skipped: true });
      assert.deepEqual([second.redelivered, second.skipped], [1, true]);
      await waitFor(async () => (await api.delivery(skipped.id)).status === 'delivered');
      assertFields(await api.post(`/v1/webhooks/${webhook.id}/recover`, { skipped: 'yes' }), '/skipped');
    }
  });

  // Goal: who ended a webhook is known of deliveries that the process had no time to cancel.
  test('it is known after a kill', async () => {
    let own = await Limehook.start();
    const receiver = await Receiver.start({ status: 500 });
    const webhook = await own.api.createWebhook({ url: receiver.url, retry_schedule: [3600] });
    await own.api.post('/v1/events/batch', Array.from({ length: 1000 }, () => missedCall()));
    await waitFor(() => receiver.requests.length > 5);
    await own.api.post(`/v1/webhooks/${webhook.id}/disable`);
    await own.kill9();
    own = await Limehook.start({ data: own.data });
    const rows = await waitFor(async () => {
      const all = await own.api.list(`/v1/webhooks/${webhook.id}/deliveries`, 500);
      return all.every(({ status }) => status === 'canceled') && all;
    }, 20_000);
    assert.equal(rows.length, 1000);
    for (const row of rows) assert.deepEqual([row.reason, row.ended_by], ['webhook_disabled', configured]);
    await own.stop();
  });
});
