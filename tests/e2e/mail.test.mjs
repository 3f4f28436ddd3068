// E-mail: who is written to, what it says, when; and that no mail server can harm deliveries.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe } from 'node:test';

import { makeAuthority } from './support/certificates.mjs';
import { Limehook, temporaryFolder } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { missedCall } from './support/samples.mjs';
import { missingSmtpServer, SmtpServer } from './support/smtp.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const skip = missingSmtpServer();
const from = 'limehook@example.com';
const ops = 'ops@example.com';
const password = 'mail-password-0123';

const serverFor = (smtp, { args = [], env = {} } = {}) =>
  Limehook.start({ args: ['--smtp-url', smtp.url, '--smtp-from', from, '--smtp-to', ops, ...args], env });

/** A webhook at a receiver that is gone for good, and the event that finds this out; waits until it is disabled. */
async function disabledBy410(api, members = {}) {
  const receiver = await Receiver.start({ status: 410 });
  const event = missedCall();
  const onlyThis = { match: 'all', conditions: [{ field: 'call_id', op: 'eq', value: event.call_id }] };
  const webhook = await api.createWebhook({ url: receiver.url, filters: onlyThis, ...members });
  await api.send(event);
  await untilDisabled(api, webhook);
  return { webhook, event };
}

const untilDisabled = (api, { id }) =>
  waitFor(async () => !(await api.read(`/v1/webhooks/${id}`)).enabled, 10_000, 'the webhook to be disabled');

const untilMails = (smtp, count, milliseconds = 20_000) =>
  waitFor(() => smtp.mails.length >= count && smtp.mails, milliseconds, `${count} e-mails`);

const metric = async (server, name) => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(text.match(new RegExp(`^${name} (\\S+)$`, 'm'))[1]);
};

describe('a webhook that is disabled', { skip }, () => {
  let smtp, server, api;
  before(async () => {
    smtp = await SmtpServer.start({ refuse: ['wrong@example.com'] });
    server = await serverFor(smtp);
    api = server.api;
  });
  after(async () => {
    await server?.stop();
    await smtp?.stop();
  });

  // Goal: the one mail about a 410 has all that its reader needs, and no secret.
  test('brings one e-mail that says what happened', async () => {
    const target = await Receiver.start({ status: 410 });
    const webhook = await api.createWebhook({ name: 'CRM of Jörg ☎', url: `${target.url}?key=hidden-in-the-url`, team_id: 'team_mail' });
    await api.send(missedCall({ team_id: 'team_mail' }));
    const [mail] = await untilMails(smtp, 1);
    assert.equal(mail.sender, from);
    assert.deepEqual(mail.recipients, [ops]);
    assert.equal(mail.headers.from, `Limehook <${from}>`);
    assert.equal(mail.headers.to, ops);
    assert.match(mail.subject, /CRM of Jörg ☎/);
    assert.match(mail.subject, /disabled/);
    assert.equal(mail.headers['auto-submitted'], 'auto-generated');
    assert.match(mail.headers['message-id'], /^<[^@<>\s]+@example\.com>$/);
    assert.ok(Math.abs(Date.parse(mail.headers.date) - Date.now()) < 60_000, mail.headers.date);
    for (const part of ['CRM of Jörg ☎', target.url, webhook.id, 'team_mail', '410']) assert.ok(mail.text.includes(part), part);
    for (const secret of ['hidden-in-the-url', webhook.token, webhook.secret]) assert.ok(!mail.text.includes(secret), secret);
    for (const line of mail.lines) assert.ok(line.length <= 78, line);
    await waitFor(async () => (await metric(server, 'limehook_mails_sent_total')) >= 1, 10_000, 'the e-mail to be counted');
  });

  // Goal: notify_emails decides who is told; one address that does not exist does not keep it from the others.
  test('is told to whom the webhook names', async () => {
    const known = smtp.mails.length;
    const notify_emails = ['a@example.com', 'wrong@example.com', 'b@example.com'];
    await disabledBy410(api, { notify_emails });
    const mail = (await untilMails(smtp, known + 1)).at(-1);
    assert.deepEqual(mail.recipients, ['a@example.com', 'b@example.com']);
    await waitFor(() => /not to all.*550.*no such mailbox/.test(server.child.stderr), 10_000, "the server's words in the log");
  });

  // Goal: at most one e-mail per webhook and hour. Method: disable one twice, then another one, whose mail comes last.
  test('is not told again within the hour', async () => {
    const known = smtp.mails.length;
    const { webhook, event } = await disabledBy410(api, { name: 'again' });
    await untilMails(smtp, known + 1);
    assert.equal((await api.post(`/v1/webhooks/${webhook.id}/enable`)).status, 200);
    await api.send({ ...missedCall(), call_id: event.call_id });
    await untilDisabled(api, webhook);
    await disabledBy410(api, { name: 'another' });
    const subjects = (await untilMails(smtp, known + 2)).slice(known).map(({ subject }) => subject);
    assert.equal(subjects.length, 2, subjects.join());
    assert.match(subjects[0], /again/);
    assert.match(subjects[1], /another/);
  });

  // Goal: a name cannot become a header or a line, however it is written.
  test('with a hostile name or URL brings an ordinary e-mail', async () => {
    const known = smtp.mails.length;
    const name = `=?UTF-8?Q?x?= "${'ü'.repeat(90)}" Bcc: evil@example.com`;
    await disabledBy410(api, { name });
    const mail = (await untilMails(smtp, known + 1)).at(-1);
    assert.ok(mail.subject.includes(name), mail.subject);
    assert.deepEqual(Object.keys(mail.headers).filter((header) => /bcc|evil/i.test(header)), []);
    assert.deepEqual(mail.recipients, [ops]);
  });
});

describe('addresses that a team names', { skip }, () => {
  let smtp, server;
  before(async () => {
    smtp = await SmtpServer.start();
    server = await serverFor(smtp);
  });
  after(async () => {
    await server?.stop();
    await smtp?.stop();
  });
  const manageKey = async (team_id) => server.api.withKey((await server.api.post('/v1/keys', { name: 'k', role: 'manage', team_id })).json.key);
  const mailsTo = (address) => smtp.mails.filter(({ recipients }) => recipients.includes(address));
  const linkIn = ({ text }) => text.match(/#(lhl_\S+)/)[1];

  // Goal: nobody is written to about a team's webhooks who has not agreed to it; what asks them has no words of the team's
  // webhook in it. The address of a member needs no question.
  test('get nothing before they confirm', async () => {
    const api = await manageKey('team_001');
    const stranger = 'stranger@example.org';
    const { webhook } = await disabledBy410(api, { name: 'Pay at https://evil.example', notify_emails: [stranger] });
    assert.deepEqual((await api.read(`/v1/webhooks/${webhook.id}`)).unconfirmed_emails, [stranger]);
    const [question] = await untilMails(smtp, 1);
    assert.deepEqual(question.recipients, [stranger]);
    assert.ok(!/evil|Pay/.test(question.subject + question.text), question.text);
    const look = await server.api.withKey(null).post('/v1/links/look', { token: linkIn(question) });
    assert.deepEqual([look.json.kind, look.json.email, look.json.team_id], ['confirm_email', stranger, 'team_001']);
    // Saving again asks nobody again.
    await api.changeWebhook(webhook.id, { notify_emails: [stranger], enabled: true });
    const confirmed = await server.api.withKey(null).post('/v1/links/confirm-email', { token: linkIn(question) });
    assert.equal(confirmed.status, 200, confirmed.text);
    assert.deepEqual((await api.read(`/v1/webhooks/${webhook.id}`)).unconfirmed_emails, []);
    assert.equal((await server.api.withKey(null).post('/v1/links/confirm-email', { token: linkIn(question) })).status, 404);
    // Another webhook of the team may write there now; another team's may not.
    await disabledBy410(api, { notify_emails: [stranger] });
    await waitFor(() => mailsTo(stranger).length === 2, 10_000, 'the notice');
    assert.match(mailsTo(stranger)[1].subject, /disabled/);
    const other = await manageKey('team_002');
    assert.deepEqual((await other.createWebhook({ url: 'http://127.0.0.1:9/', notify_emails: [stranger] })).unconfirmed_emails, [stranger]);
  });

  // Goal: a team orders so many questions a day, however many webhooks it makes and deletes; an admin vouches.
  test('are asked so many a day', async () => {
    const api = await manageKey('team_many');
    const before = smtp.mails.length;
    for (let round = 0; round < 8; ++round) {
      const notify_emails = [...Array(10).keys()].map((i) => `victim-${round}-${i}@example.net`);
      const webhook = await api.createWebhook({ url: 'http://127.0.0.1:9/', notify_emails });
      assert.equal((await api.delete(`/v1/webhooks/${webhook.id}`)).status, 204);
    }
    const marker = await server.api.createWebhook({ url: 'http://127.0.0.1:9/', team_id: 'team_many', notify_emails: ['chosen@example.com'] });
    assert.deepEqual(marker.unconfirmed_emails, [], 'an admin vouches');
    await waitFor(() => smtp.mails.length >= before + 50, 20_000, 'the questions');
    const { json } = await (await manageKey('team_few')).post('/v1/webhooks', { name: 'w', url: 'http://127.0.0.1:9/', notify_emails: ['last@example.net'] });
    assert.deepEqual(json.unconfirmed_emails, ['last@example.net']);
    await waitFor(() => mailsTo('last@example.net').length === 1, 20_000, 'the one after them');
    assert.equal(smtp.mails.filter(({ recipients }) => /^victim-/.test(recipients[0])).length, 50);
  });
});

describe('a webhook that is in trouble', { skip }, () => {
  let smtp, server, api;
  before(async () => {
    smtp = await SmtpServer.start();
    server = await serverFor(smtp);
    api = server.api;
  });
  after(async () => {
    await server?.stop();
    await smtp?.stop();
  });

  /** The one mail about a webhook whose receiver answers 500 to so many events. */
  async function mailAbout(name, count, members) {
    const receiver = await Receiver.start({ status: 500 });
    const team_id = `team_${name}`;
    const webhook = await api.createWebhook({ name, url: receiver.url, team_id, ...members });
    const events = Array.from({ length: count }, () => missedCall({ team_id }));
    assert.equal((await api.post('/v1/events/batch', events)).status, 202);
    return waitFor(() => smtp.mails.find(({ text }) => text.includes(webhook.id)), 15_000, 'the e-mail');
  }

  test('brings an e-mail when its breaker opens', async () => {
    assert.match((await mailAbout('dead', 15, { retry_schedule: [600] })).subject, /"dead" is failing/);
  });

  test('brings an e-mail when a delivery is exhausted, only one', async () => {
    assert.match((await mailAbout('weak', 2, { retry_schedule: [1] })).subject, /delivery to the webhook "weak" has failed/);
    await mailAbout('last', 1, { retry_schedule: [1] });
    assert.equal(smtp.mails.filter(({ subject }) => subject.includes('"weak"')).length, 1);
  });
});

describe('a mail server', { skip }, () => {
  // Goal: without a mail server deliveries go on, the log says why, and the mail arrives when the server is there.
  test('that is not there harms nothing, and gets the e-mail later', async () => {
    const first = await SmtpServer.start();
    await first.stop();
    const server = await serverFor(first);
    await disabledBy410(server.api);
    await waitFor(() => /tried again in/.test(server.child.stderr), 10_000, 'the log to tell of the failure');
    const good = await Receiver.start();
    await server.api.createWebhook({ url: good.url });
    const event = missedCall();
    await server.api.send(event);
    await waitFor(() => good.of(event.call_id).length === 1);
    const smtp = await SmtpServer.start({ port: first.port });
    await untilMails(smtp, 1);
    await server.stop();
    await smtp.stop();
  });

  test('that is busy gets the e-mail once, later', async () => {
    const smtp = await SmtpServer.start({ busy: 1 });
    const server = await serverFor(smtp);
    await disabledBy410(server.api);
    await untilMails(smtp, 1);
    assert.equal(smtp.busy, 1);
    assert.match(server.child.stderr, /451 4\.3\.2 come back later/);
    await waitFor(async () => (await metric(server, 'limehook_mails_sent_total')) === 1);
    await server.stop();
    await smtp.stop();
  });

  test('that refuses is not asked again, and its words are in the log', async () => {
    const smtp = await SmtpServer.start({ refuse: [ops] });
    const server = await serverFor(smtp);
    await disabledBy410(server.api);
    await waitFor(async () => (await metric(server, 'limehook_mails_failed_total')) === 1, 10_000, 'it to be given up');
    assert.match(server.child.stderr, /given up.*550 5\.1\.1 no such mailbox here/);
    await server.stop();
    await smtp.stop();
  });

  // Goal: a server that accepts connections and says nothing does not hold up the stop.
  test('that hangs does not hold up the stop', async () => {
    const silent = await Receiver.start({ kind: 'hang' });
    const server = await Limehook.start({ args: ['--smtp-url', `smtp://127.0.0.1:${silent.port}`, '--smtp-from', from, '--smtp-to', ops] });
    await disabledBy410(server.api);
    await waitFor(() => silent.connections > 0, 10_000, 'the mail server to be called');
    const took = await server.stop();
    assert.ok(took < 5_000, `${took} ms`);
  });
});

describe('a mail server with TLS', { skip }, () => {
  let authority, files;
  before(() => {
    authority = makeAuthority();
    const folder = temporaryFolder();
    const { key, cert } = authority.leaf('IP:127.0.0.1');
    files = { certificate: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') };
    writeFileSync(files.certificate, cert);
    writeFileSync(files.key, key);
  });

  const credentials = { args: ['--smtp-user', 'limehook'], env: { LIMEHOOK_SMTP_PASSWORD: password } };

  test('is spoken to over STARTTLS, with a password', async () => {
    const smtp = await SmtpServer.start({ ...files, tls: 'starttls', user: 'limehook', password });
    smtp.url += '?tls=starttls';
    const server = await serverFor(smtp, { ...credentials, args: [...credentials.args, '--ca-file', authority.caFile] });
    await disabledBy410(server.api);
    const [mail] = await untilMails(smtp, 1);
    assert.equal(mail.tls, true);
    assert.equal(mail.user, 'limehook');
    await server.stop();
    assert.ok(!server.child.stderr.includes(password));
    await smtp.stop();
  });

  test('is spoken to over TLS from the start', async () => {
    const smtp = await SmtpServer.start({ ...files, tls: 'implicit' });
    smtp.url = smtp.url.replace('smtp:', 'smtps:');
    const server = await serverFor(smtp, { args: ['--ca-file', authority.caFile] });
    await disabledBy410(server.api);
    const [mail] = await untilMails(smtp, 1);
    assert.equal(mail.tls, true);
    await server.stop();
    await smtp.stop();
  });

  // Goal: an issuing authority is enough, and a Common Name is not a name. Method: a server known as "localhost".
  test('is trusted by its issuing authority, and known by alternative names only', async () => {
    const issuing = authority.issuing();
    for (const names of ['DNS:localhost', null]) {
      const folder = temporaryFolder();
      const own = { certificate: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') };
      const { key, cert } = issuing.leaf(names, { commonName: 'localhost' });
      writeFileSync(own.certificate, cert);
      writeFileSync(own.key, key);
      const smtp = await SmtpServer.start({ ...own, tls: 'starttls' });
      smtp.url = `${smtp.url.replace('127.0.0.1', 'localhost')}?tls=starttls`;
      const server = await serverFor(smtp, { args: ['--ca-file', issuing.caFile] });
      await disabledBy410(server.api);
      if (names) await untilMails(smtp, 1);
      else await waitFor(() => /tried again in/.test(server.child.stderr), 10_000, 'the log to tell of the failure');
      assert.equal(smtp.mails.length, names ? 1 : 0);
      await server.stop();
      await smtp.stop();
    }
  });

  // Goal: nothing is sent to a server that cannot show who it is, or that does not encrypt where it must.
  test('gets nothing without a certificate that is trusted, nor without TLS', async () => {
    for (const options of [{ ...files, tls: 'starttls' }, {}]) {
      const smtp = await SmtpServer.start(options);
      smtp.url += '?tls=starttls';
      const server = await serverFor(smtp);
      await disabledBy410(server.api);
      await waitFor(() => /tried again in/.test(server.child.stderr), 10_000, 'the log to tell of the failure');
      assert.equal(smtp.mails.length, 0);
      await server.stop();
      await smtp.stop();
    }
  });

  test('that does not take the password is told of in the log, without it', async () => {
    const smtp = await SmtpServer.start({ ...files, tls: 'starttls', user: 'limehook', password: 'another' });
    smtp.url += '?tls=starttls';
    const server = await serverFor(smtp, { ...credentials, args: [...credentials.args, '--ca-file', authority.caFile] });
    await disabledBy410(server.api);
    await waitFor(() => /given up.*535/.test(server.child.stderr), 10_000, 'the log to tell of the refusal');
    assert.ok(!server.child.stderr.includes(password));
    assert.equal(smtp.mails.length, 0);
    await server.stop();
    await smtp.stop();
  });
});

describe('options of e-mail', () => {
  // Goal: what cannot work ends the start with the option's name, and never with a password.
  test('are checked at the start', async () => {
    for (const [args, pattern] of [
      [['--smtp-url', 'mail.example.com', '--smtp-from', from], /--smtp-url.*smtp:\/\/HOST:PORT/],
      [['--smtp-url', 'smtp://u:hidden@mail.example.com', '--smtp-from', from], /--smtp-url/],
      [['--smtp-url', 'smtp://mail.example.com'], /--smtp-from/],
      [['--smtp-url', 'smtp://mail.example.com', '--smtp-from', 'nobody'], /--smtp-from.*e-mail address/],
      [['--smtp-url', 'smtp://mail.example.com', '--smtp-from', from, '--smtp-to', 'a@b.c,d'], /--smtp-to/],
      [['--smtp-url', 'smtp://mail.example.com', '--smtp-from', from, '--smtp-password', 'hidden'], /--smtp-password.*--smtp-user/],
      [['--smtp-from', from], /--smtp-from.*--smtp-url/],
    ]) {
      const server = await Limehook.start({ args, wait: false });
      const { code, stderr } = await server.child.ended();
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, pattern);
      assert.ok(!stderr.includes('hidden'), stderr);
    }
  });
});
