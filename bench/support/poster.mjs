// One kept connection that POSTs prepared requests, one at a time. Written by hand because a generator that shares two
// cores with what it measures should cost little: node:http takes several times as long for a batch.

import net from 'node:net';

import { Limehook } from './machine.mjs';

/** The bytes of a POST of `body` (a Buffer) to a server that takes the benchmarks' admin key. */
export function postRequest(target, body, type) {
  const head =
    `POST ${target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${Limehook.adminKey}\r\n` +
    `Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

export class Poster {
  constructor(address) {
    const [host, port] = address.split(':');
    this.left = null; // bytes of the answer's body still to come; null: its head is
    const onread = { buffer: Buffer.allocUnsafe(65_536), callback: (size, buffer) => (this.read(size, buffer), true) };
    this.socket = net.connect({ host, port, noDelay: true, onread });
    this.socket.on('error', (error) => this.reject?.(error));
    this.socket.on('close', () => this.reject?.(new Error('the server closed the connection')));
  }

  /** Resolves with the status when the whole answer is there. */
  post(request) {
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      this.socket.write(request);
    });
  }

  // The head comes whole: it is far smaller than a segment.
  read(size, buffer) {
    if (this.left === null) {
      const headEnd = buffer.indexOf('\r\n\r\n');
      const head = buffer.latin1Slice(0, headEnd + 2);
      this.status = Number(head.slice(9, 12));
      this.left = Number(/\r\ncontent-length: *(\d+)/i.exec(head)[1]);
      size -= headEnd + 4;
    }
    this.left -= size;
    if (this.left > 0) return;
    this.left = null;
    this.resolve(this.status);
  }

  close() {
    this.reject = null;
    this.socket.destroy();
  }
}
