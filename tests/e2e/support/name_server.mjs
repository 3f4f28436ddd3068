// A name server of the test's own, and a process that asks it and no other.

import { execFileSync } from 'node:child_process';
import dgram from 'node:dgram';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { temporaryFolder } from './process.mjs';

const [typeA, classIn] = [1, 1];

/** Why there can be none here; false when there can. */
export const noNameServer = (() => {
  if (process.getuid() !== 0) return 'a resolv.conf of its own needs root';
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'pipe' });
    return false;
  } catch (error) {
    return `a resolv.conf of its own cannot be mounted: ${error.message.split('\n')[0]}`;
  }
})();

/**
 * behaviour: a function from a name to what becomes of a question for it:
 *   { address: '127.0.0.1', delay }   the answer, `delay` ms later
 *   { error: 2 }                      an answer with that RCODE (RFC 1035): 2 SERVFAIL, 3 NXDOMAIN
 *   null                              no answer
 * wrap: the command line that makes a process ask here.
 */
export class NameServer {
  static async start(behaviour) {
    const server = new NameServer();
    server.behaviour = behaviour;
    server.questions = [];
    server.socket = dgram.createSocket('udp4', (message, peer) => server.#take(message, peer));
    const address = `127.53.${1 + (process.pid % 250)}.1`;
    await new Promise((resolve, reject) => server.socket.once('error', reject).bind(53, address, resolve));
    server.socket.unref();
    const file = path.join(temporaryFolder(), 'resolv.conf');
    writeFileSync(file, `nameserver ${address}\noptions timeout:5 attempts:2\n`);
    server.wrap = ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc/resolv.conf && exec "$@"', file];
    return server;
  }

  #take(message, peer) {
    const { name, end } = readName(message, 12);
    this.questions.push(name);
    const behaviour = this.behaviour(name);
    if (!behaviour) return;
    const isA = message.readUInt16BE(end) === typeA;
    const answer = answerTo(message, end + 4, behaviour, isA);
    setTimeout(() => this.socket.send(answer, peer.port, peer.address, () => {}), behaviour.delay ?? 0).unref();
  }

  close() {
    this.socket.close();
  }
}

function readName(message, at) {
  const labels = [];
  let position = at;
  for (let size = message[position]; size > 0; size = message[position]) {
    labels.push(message.toString('latin1', position + 1, position + 1 + size));
    position += size + 1;
  }
  return { name: labels.join('.'), end: position + 1 };
}

/** RFC 1035, section 4.1. `end` is where the question ends. Only questions for IPv4 addresses have an answer. */
function answerTo(message, end, { address, error = 0 }, isA) {
  const answers = address && isA ? 1 : 0;
  const head = Buffer.from(message.subarray(0, end));
  head.writeUInt16BE(0x8180 | error, 2);
  head.writeUInt16BE(answers, 6);
  head.writeUInt16BE(0, 8);
  head.writeUInt16BE(0, 10);
  if (!answers) return head;
  const record = Buffer.alloc(16);
  record.writeUInt16BE(0xc00c, 0);
  record.writeUInt16BE(typeA, 2);
  record.writeUInt16BE(classIn, 4);
  record.writeUInt32BE(0, 6); // time to live
  record.writeUInt16BE(4, 10);
  Buffer.from(address.split('.').map(Number)).copy(record, 12);
  return Buffer.concat([head, record]);
}
