// A thread with a receiver that takes requests and never answers; apart from the thread that measures, so that many
// connections ending at once do not delay that one.
//   new Worker(hanging_receiver.mjs); tells its URL

import net from 'node:net';
import { parentPort } from 'node:worker_threads';

const server = net.createServer((socket) => socket.on('error', () => {}).resume());
server.listen(0, '127.0.0.1', 4096, () => parentPort.postMessage(`http://127.0.0.1:${server.address().port}`));
