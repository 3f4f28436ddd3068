// Receivers of webhooks with scriptable behaviour. Each keeps a ledger of what it was sent: raw headers, raw bytes.

import http from 'node:http';
import https from 'node:https';

/**
 * What a receiver does with a request is an object, or a function from (request, index) to one:
 *   { status, headers, body, delay }     answers, `delay` ms later
 *   { status, headers, body, until }     answers once the promise `until` is fulfilled
 *   { kind: 'hang' }                     reads everything, never answers
 *   { kind: 'reset' }                    reads everything, then resets the connection
 *   { kind: 'close' }                    reads everything, then closes without an answer
 *   { kind: 'raw', bytes }               writes these bytes and closes
 *   { kind: 'drip', text, every }        a raw answer, one byte each `every` ms
 *   { kind: 'huge', size, status }       a body of `size` bytes, as fast as it is taken
 *   { kind: 'endless-headers' }          header lines without end
 */
export class Receiver {
  /** record: called with each request instead of keeping it, for ledgers that would not fit into memory. */
  static async start(behaviour = { status: 200 }, { tls, keepAliveTimeout, record, host = '127.0.0.1' } = {}) {
    const receiver = new Receiver();
    receiver.count = 0;
    receiver.record = record ?? ((entry) => receiver.requests.push(entry));
    receiver.behaviour = behaviour;
    receiver.requests = [];
    receiver.inFlight = 0;
    receiver.maxInFlight = 0;
    receiver.connections = 0;
    receiver.aborted = 0; // connections that ended before their request was whole
    receiver.resetConnections = false; // reset every connection before reading anything
    receiver.sockets = new Set();
    receiver.server = tls ? https.createServer(tls) : http.createServer();
    receiver.server.keepAliveTimeout = keepAliveTimeout ?? 60_000;
    receiver.server.on('request', (request, response) => receiver.#take(request, response));
    const connectionEvent = tls ? 'secureConnection' : 'connection';
    receiver.server.on('connection', (socket) => {
      receiver.sockets.add(socket);
      socket.on('close', () => receiver.sockets.delete(socket));
      socket.on('error', () => {});
      if (receiver.resetConnections) socket.resetAndDestroy();
    });
    receiver.server.on(connectionEvent, () => (receiver.connections += 1));
    receiver.server.on('tlsClientError', () => (receiver.aborted += 1));
    await new Promise((resolve, reject) => {
      receiver.server.on('error', reject);
      receiver.server.listen(0, host, 1024, resolve);
    });
    receiver.server.unref();
    receiver.port = receiver.server.address().port;
    receiver.url = `${tls ? 'https' : 'http'}://${host}:${receiver.port}/hook`;
    return receiver;
  }

  /** Requests of one event, by call_id or message_id. */
  of(id) {
    return this.requests.filter((request) => request.json?.call_id === id || request.json?.message_id === id);
  }

  close() {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  #take(request, response) {
    this.inFlight += 1;
    this.maxInFlight = Math.max(this.maxInFlight, this.inFlight);
    response.on('close', () => (this.inFlight -= 1));
    response.on('error', () => {});
    const socket = request.socket;
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('error', () => (this.aborted += 1));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const entry = {
        at: Date.now(),
        method: request.method,
        target: request.url,
        rawHeaders: request.rawHeaders,
        headers: request.headers,
        body,
        socket,
        json: parsed(body),
      };
      this.count += 1;
      this.record(entry);
      const behaviour =
        typeof this.behaviour === 'function' ? this.behaviour(entry, this.count - 1) : this.behaviour;
      this.#answer(behaviour, socket, response, entry);
    });
  }

  #answer(behaviour, socket, response, entry) {
    const finish = () => {
      if (socket.destroyed) return;
      entry.answeredAt = Date.now();
      entry.acknowledged = (behaviour.status ?? 200) < 300;
      entry.onAnswered?.(behaviour.status ?? 200);
      response.writeHead(behaviour.status ?? 200, behaviour.headers ?? {});
      response.end(behaviour.body ?? '');
    };
    switch (behaviour.kind) {
      case undefined:
        if (behaviour.until) behaviour.until.then(finish);
        else if (behaviour.delay) setTimeout(finish, behaviour.delay);
        else finish();
        return;
      case 'hang':
        return;
      case 'reset':
        socket.resetAndDestroy();
        return;
      case 'close':
        socket.destroy();
        return;
      case 'raw':
        socket.end(behaviour.bytes);
        return;
      case 'drip':
        drip(socket, behaviour.text, behaviour.every ?? 50);
        return;
      case 'huge':
        pour(socket, response, behaviour, entry);
        return;
      case 'endless-headers':
        endlessHeaders(socket, entry);
        return;
      default:
        throw new Error(`unknown behaviour ${behaviour.kind}`);
    }
  }
}

function parsed(body) {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function drip(socket, text, every) {
  let position = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || position === text.length) {
      clearInterval(timer);
      socket.end();
      return;
    }
    socket.write(text[position]);
    position += 1;
  }, every);
}

function pour(socket, response, { size, status = 200 }, entry) {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  entry.poured = 0;
  response.writeHead(status, { 'content-length': size, 'content-type': 'text/plain' });
  const more = () => {
    while (!socket.destroyed && entry.poured < size) {
      entry.poured += chunk.length;
      if (!response.write(chunk)) {
        response.once('drain', more);
        return;
      }
    }
    if (!socket.destroyed) response.end();
  };
  more();
}

function endlessHeaders(socket, entry) {
  entry.poured = 0;
  const line = `x-more: ${'y'.repeat(1000)}\r\n`;
  socket.write('HTTP/1.1 200 OK\r\n');
  const more = () => {
    while (!socket.destroyed) {
      entry.poured += line.length;
      if (!socket.write(line)) {
        socket.once('drain', more);
        return;
      }
    }
  };
  more();
}

/** The values of a header exactly as they came, one entry per line of that name. */
export function rawValues(request, name) {
  const values = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    if (request.rawHeaders[i].toLowerCase() === name.toLowerCase()) values.push(request.rawHeaders[i + 1]);
  }
  return values;
}

/** The one value of a header that must be there exactly once. */
export function rawValue(request, name) {
  const values = rawValues(request, name);
  if (values.length !== 1) throw new Error(`${name} came ${values.length} times`);
  return values[0];
}
