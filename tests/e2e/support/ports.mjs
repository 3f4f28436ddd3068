// Ports for what must know its port beforehand: programs that cannot tell which one they were given, servers that come
// back at the same one, and addresses where nobody is to listen. A port that was free a moment ago may belong to anybody
// now; these do not.

import dgram from 'node:dgram';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';

const host = '127.0.0.1';
const attempts = 100;
const count = 4000;
// From here on the kernel gives out ports, to connections and to whoever asks for any. Those far below belong to known
// services, and fetch() refuses some of them.
const givenOut = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)[0]);
const first = Math.max(givenOut - count, 11_000);

/** Both take a port of this machine; null where it is taken. What they hold does not keep the test's process alive. */
async function holdTcp(port) {
  const server = net.createServer().unref();
  return await bound(server, () => server.listen(port, host)) ? server : null;
}

async function holdUdp(port) {
  const socket = dgram.createSocket('udp4').unref();
  return await bound(socket, () => socket.bind(port, host)) ? socket : null;
}

async function bound(emitter, begin) {
  const listening = once(emitter, 'listening'); // rejects at 'error'
  begin();
  return listening.then(() => true, () => false);
}

/**
 * A port of 127.0.0.1 that nothing uses, and that the kernel gives to nobody. The same port of the other protocol is held
 * as long as the test's process lives, so no two tests get the same.
 */
export async function unusedPort(protocol = 'tcp') {
  const [hold, guard] = protocol === 'tcp' ? [holdTcp, holdUdp] : [holdUdp, holdTcp];
  for (let i = 0; i < attempts; i += 1) {
    const port = randomInt(first, first + count);
    const guarding = await guard(port);
    if (!guarding) continue;
    const free = await hold(port);
    if (free) {
      await new Promise((resolve) => free.close(resolve));
      return port;
    }
    guarding.close();
  }
  throw new Error(`found no unused port from ${first} on`);
}

/** The URL of a receiver that is not there: connections to it are refused. */
export const closedUrl = async () => `http://${host}:${await unusedPort()}/hook`;
