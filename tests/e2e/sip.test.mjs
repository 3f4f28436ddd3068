// Real SIP calls: sipp calls sipp through Kamailio, configured as in examples/kamailio, and a receiver of webhooks
// learns from Limehook what happened.

import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { before, after, describe } from 'node:test';

import { unusedPort } from './support/ports.mjs';
import { Child, Limehook, cleanEnvironment, repositoryPath, temporaryFolder } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const example = repositoryPath('examples/kamailio');
const installed = ['kamailio', 'sipp'].every((name) =>
  ['/usr/sbin', '/usr/bin', '/usr/local/bin'].some((folder) => existsSync(`${folder}/${name}`)),
);

/** Whether something listens on this UDP port of this machine. */
function udpPortIsBound(port) {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  return readFileSync('/proc/net/udp', 'utf8').includes(wanted);
}

/** Whether a SIP server answers OPTIONS with 200. */
function answersOptions(port) {
  return new Promise((resolve) => {
    const socket = dgram.createSocket('udp4');
    const timer = setTimeout(() => done(false), 200);
    function done(result) {
      clearTimeout(timer);
      socket.close();
      resolve(result);
    }
    socket.on('message', (message) => done(message.toString().startsWith('SIP/2.0 200')));
    socket.on('error', () => done(false));
    socket.bind(0, '127.0.0.1', () => {
      const own = socket.address().port;
      const lines = [`OPTIONS sip:ping@127.0.0.1:${port} SIP/2.0`, `Via: SIP/2.0/UDP 127.0.0.1:${own};branch=z9hG4bK${own}${Date.now()}`,
        'From: <sip:test@127.0.0.1>;tag=1', `To: <sip:ping@127.0.0.1:${port}>`, `Call-ID: ping-${own}-${Date.now()}`,
        'CSeq: 1 OPTIONS', 'Max-Forwards: 5', 'Content-Length: 0', '', ''];
      socket.send(lines.join('\r\n'), port, '127.0.0.1');
    });
  });
}

describe('SIP calls through Kamailio', { skip: installed ? false : 'kamailio or sipp is not installed' }, () => {
  let server, receiver, kamailio, proxyPort, calleePort;

  before(async () => {
    server = await Limehook.start({ listen: `127.0.0.1:${await unusedPort()}` });
    receiver = await Receiver.start();
    await server.api.createWebhook({
      url: receiver.url,
      team_id: 'team_001',
      events: ['missed_call', 'call_completed', 'call_status_update'],
    });
    proxyPort = await unusedPort('udp');
    calleePort = await unusedPort('udp');
    kamailio = new Child('kamailio', [
      '-f', `${example}/kamailio.cfg`, '-DD', '-E', '-m', '32', '-n', '2', '-Y', temporaryFolder(),
      '-l', `udp:127.0.0.1:${proxyPort}`,
      '-A', `LIMEHOOK_URL="${server.url}"`, '-A', `LIMEHOOK_KEY="${server.key}"`, '-A', 'TEAM="team_001"',
      '-A', `UPSTREAM="sip:127.0.0.1:${calleePort}"`,
    ], { env: { ...cleanEnvironment(), PATH: `${process.env.PATH}:/usr/sbin` }, lastSignal: 'SIGTERM' });
    await waitFor(() => {
      if (kamailio.exit) throw new Error(kamailio.lastWords());
      return answersOptions(proxyPort);
    }, 15_000, 'kamailio to answer');
  });
  after(async () => {
    kamailio?.signal('SIGTERM');
    await kamailio?.ended();
    await server?.stop();
  });

  /** One call; answers the events of it that the receiver got, when `last` is among them. `from` is who calls. */
  async function call(callee, caller, last, from = '+1234567890') {
    const seen = receiver.requests.length;
    const options = { cwd: temporaryFolder() };
    const callers = `${options.cwd}/callers.csv`;
    writeFileSync(callers, `SEQUENTIAL\n${from}\n`);
    const common = ['-i', '127.0.0.1', '-m', '1', '-nostdin', '-timeout', '20'];
    const uas = new Child('sipp', ['-sf', `${example}/sipp/${callee}.xml`, '-p', String(calleePort), ...common], options);
    await waitFor(() => udpPortIsBound(calleePort), 10_000, 'the called phone');
    const uac = new Child('sipp', [`127.0.0.1:${proxyPort}`, '-sf', `${example}/sipp/${caller}.xml`,
      '-inf', callers, '-s', '+0987654321', '-p', String(await unusedPort('udp')), ...common], options);
    for (const phone of [uac, uas]) {
      const { code } = await phone.ended(30_000);
      assert.equal(code, 0, phone.lastWords());
    }
    await waitFor(() => !udpPortIsBound(calleePort), 5_000, 'the called phone to be gone');
    const events = () => receiver.requests.slice(seen).map((request) => request.json);
    await waitFor(() => events().some((event) => event.event === last), 15_000, last).catch((error) => {
      throw new Error(`${error.message}\n${kamailio.lastWords()}`);
    });
    return events();
  }

  /** A call with this From, which sipp could not make, to a line that is busy. */
  async function ringBusyLine(id, from) {
    const [phone, line] = await Promise.all([0, calleePort].map(async (port) => {
      const socket = dgram.createSocket('udp4');
      await new Promise((resolve) => socket.bind(port, '127.0.0.1', resolve));
      return socket;
    }));
    line.on('message', (message, peer) => {
      const lines = message.toString().split('\r\n');
      if (!lines[0].startsWith('INVITE')) return;
      const kept = lines.filter((text) => /^(Via|From|To|Call-ID|CSeq|Record-Route):/.test(text));
      const answer = kept.map((text) => (text.startsWith('To:') ? `${text};tag=line` : text));
      line.send(['SIP/2.0 486 Busy Here', ...answer, 'Content-Length: 0', '', ''].join('\r\n'), peer.port, peer.address);
    });
    const { port } = phone.address();
    const refused = new Promise((resolve) => phone.on('message', (message) => {
      if (message.toString().startsWith('SIP/2.0 486')) resolve();
    }));
    phone.send([`INVITE sip:+0987654321@127.0.0.1:${proxyPort} SIP/2.0`, `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${port}${id}`,
      `From: ${from};tag=phone`, 'To: <sip:+0987654321@127.0.0.1>', `Call-ID: ${id}`, 'CSeq: 1 INVITE',
      `Contact: <sip:127.0.0.1:${port}>`, 'Max-Forwards: 70', 'Content-Length: 0', '', ''].join('\r\n'), proxyPort, '127.0.0.1');
    await refused;
    phone.close();
    line.close();
  }

  const only = (events, type) => events.filter((event) => event.event === type);

  function assertCallOf(event) {
    assert.equal(event.caller_number, '+1234567890');
    assert.equal(event.callee_number, '+0987654321');
    assert.equal(event.team_id, 'team_001');
    assert.ok(event.call_id.length > 0);
    assert.ok(Math.abs(Date.parse(event.timestamp) - Date.now()) < 60_000, `${event.timestamp} is now`);
  }

  test('an answered call ends as call_completed with its talk time', async () => {
    const events = await call('callee_answers', 'caller_talks', 'call_completed');
    const [completed] = only(events, 'call_completed');
    assertCallOf(completed);
    assert.equal(completed.status, 'completed');
    assert.ok(completed.duration >= 2 && completed.duration <= 6, `duration ${completed.duration}`);
    assert.ok(completed.ring_duration >= 1 && completed.ring_duration <= 6, `ring_duration ${completed.ring_duration}`);
    assert.ok(Date.parse(completed.started_at) <= Date.parse(completed.answered_at));
    assert.ok(Date.parse(completed.answered_at) < Date.parse(completed.ended_at));
    assert.equal(only(events, 'missed_call').length, 0);
    await waitFor(() => receiver.of(completed.call_id).length === 3, 10_000, 'ringing, answered, completed');
    const statuses = receiver.of(completed.call_id).map((request) => request.json.status);
    assert.deepEqual(statuses.sort(), ['answered', 'completed', 'ringing']);
  });

  for (const [what, callee, caller, status, reason] of [
    ['a call that the caller gives up', 'callee_does_not_answer', 'caller_gives_up', 'canceled', 'SIP 487'],
    ['a call to a busy line', 'callee_is_busy', 'caller_hears_busy', 'busy', 'SIP 486'],
  ]) {
    test(`${what} ends as missed_call`, async () => {
      const events = await call(callee, caller, 'missed_call');
      const [missed] = only(events, 'missed_call');
      assertCallOf(missed);
      assert.equal(missed.status, 'missed');
      assert.equal(missed.reason, reason);
      const updates = () => receiver.of(missed.call_id).filter((request) => request.json.event === 'call_status_update');
      await waitFor(() => updates().some((request) => request.json.status === status), 10_000, status);
      assert.equal(receiver.of(missed.call_id).filter((request) => request.json.event === 'call_completed').length, 0);
    });
  }

  test('calls of extensions, short codes and unknown callers are told, with the number as it came', async () => {
    for (const from of ['101', '12345', '911', '0049301234567', 'anonymous', 'x'.repeat(300)]) {
      const events = await call('callee_is_busy', 'caller_hears_busy', 'missed_call', from);
      for (const event of events) assert.equal(event.caller_number, from.slice(0, 255));
    }
  });

  test('a call of somebody who withholds the number is told as one of anonymous', async () => {
    for (const [from, told] of [['<sip:anonymous.invalid>', 'anonymous'], ['"Bob" <sip:pbx.example.com>', 'sip:pbx.example.com']]) {
      const id = `withheld-${told}`;
      await ringBusyLine(id, from);
      await waitFor(() => receiver.of(id).some((request) => request.json.event === 'missed_call'), 15_000, 'missed_call');
      for (const request of receiver.of(id)) assert.equal(request.json.caller_number, told);
    }
  });

  test('a call during an outage of Limehook is told afterwards, once', async () => {
    const data = server.data;
    const address = server.address;
    // What a kill finds unrecorded is rightly sent again: the calls before this one must be settled to count this one's.
    await waitFor(async () => (await server.api.read('/v1/deliveries?status=pending&limit=1')).data.length === 0);
    await server.kill9();
    const calling = call('callee_is_busy', 'caller_hears_busy', 'missed_call');
    await waitFor(() => /the event waits/.test(kamailio.stderr + kamailio.stdout), 15_000, 'a post that fails');
    server = await Limehook.start({ data, listen: address });
    const [missed] = only(await calling, 'missed_call');
    assertCallOf(missed);
    const told = receiver.of(missed.call_id).filter((request) => request.json.event === 'missed_call');
    assert.equal(told.length, 1, told.map((request) => JSON.stringify([request.headers, request.body])).join('\n'));
  });
});
