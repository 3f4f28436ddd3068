// Receives the webhook {{name}} at http://127.0.0.1:{{port}}{{path}}. Node.js 18 or later:
//   LIMEHOOK_SECRET=whsec_… node verify.mjs
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const secret = process.env.LIMEHOOK_SECRET;
if (!secret?.startsWith('whsec_')) throw new Error('LIMEHOOK_SECRET is not set');
const key = Buffer.from(secret.slice('whsec_'.length), 'base64');

// `body` is what came, byte for byte: verify it before parsing it.
function isGenuine(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures = '' } = headers;
  const age = Math.abs(Date.now() / 1000 - Number(timestamp));
  if (!(age <= 300)) return false;  // older than five minutes: somebody may be repeating it
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
  const expected = Buffer.from(`v1,${mac}`);
  // While a secret is being rotated there are two signatures, with a space between.
  return signatures.split(' ').map((one) => Buffer.from(one))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}

createServer(async (request, response) => {
  const [path] = request.url.split('?');
  if (request.method !== 'POST' || path !== '{{path}}') return response.writeHead(404).end();
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (!isGenuine(request.headers, body)) return response.writeHead(401).end();
  response.writeHead(200).end();  // answer first, work afterwards
  console.log(request.headers['webhook-id'], body.toString());  // drop ids that you have seen
}).listen({{port}}, '127.0.0.1');
