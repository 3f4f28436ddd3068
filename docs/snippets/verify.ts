// Receives the webhook {{name}} at {{path}}: a handler as Next.js (app{{path}}/route.ts), Hono, Deno
// and Bun take it. LIMEHOOK_SECRET=whsec_… must be in the environment.
import { createHmac, timingSafeEqual } from 'node:crypto';

const secret = process.env['LIMEHOOK_SECRET'];
if (!secret?.startsWith('whsec_')) throw new Error('LIMEHOOK_SECRET is not set');
const key = Buffer.from(secret.slice('whsec_'.length), 'base64');

// `body` is what came, byte for byte: verify it before parsing it.
function isGenuine(headers: Headers, body: Uint8Array): boolean {
  const timestamp = headers.get('webhook-timestamp') ?? '';
  const age = Math.abs(Date.now() / 1000 - Number(timestamp));
  if (!(age <= 300)) return false;  // older than five minutes: somebody may be repeating it
  const mac = createHmac('sha256', key).update(`${headers.get('webhook-id')}.${timestamp}.`).update(body);
  const expected = Buffer.from(`v1,${mac.digest('base64')}`);
  // While a secret is being rotated there are two signatures, with a space between.
  return (headers.get('webhook-signature') ?? '').split(' ').map((one) => Buffer.from(one))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}

export async function POST(request: Request): Promise<Response> {
  const body = new Uint8Array(await request.arrayBuffer());
  if (!isGenuine(request.headers, body)) return new Response(null, { status: 401 });
  const event: unknown = JSON.parse(new TextDecoder().decode(body));
  // Put it in a queue and work afterwards; drop ids that you have seen.
  console.log(request.headers.get('webhook-id'), event);
  return new Response(null, { status: 200 });
}
