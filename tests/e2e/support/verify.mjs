// Checks of a received request with code that is not Limehook's: the npm verifiers and the openssl command.

import { execFileSync } from 'node:child_process';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';

import { cleanEnvironment } from './process.mjs';
import { rawValue } from './receiver.mjs';

const standardHeaders = (request) => ({
  'webhook-id': rawValue(request, 'webhook-id'),
  'webhook-timestamp': rawValue(request, 'webhook-timestamp'),
  'webhook-signature': rawValue(request, 'webhook-signature'),
});

/** Throws unless both npm verifiers accept the request with this secret. */
export function verifyWithNpm(request, secret) {
  const body = request.body.toString('utf8');
  const headers = standardHeaders(request);
  new StandardWebhook(secret).verify(body, headers);
  new SvixWebhook(secret).verify(body, headers);
}

/** Whether both npm verifiers refuse the request with this secret. */
export function refusedByNpm(request, secret) {
  const body = request.body.toString('utf8');
  const headers = standardHeaders(request);
  return [StandardWebhook, SvixWebhook].every((Verifier) => {
    try {
      new Verifier(secret).verify(body, headers);
      return false;
    } catch {
      return true;
    }
  });
}

/** The hex that a user gets from: printf '%s' "$BODY" | openssl dgst -sha256 -hmac "$SECRET" */
export function hmacByOpenssl(body, secret) {
  const printed = execFileSync('sh', ['-c', 'openssl dgst -sha256 -hmac "$SECRET"'], {
    input: body,
    env: cleanEnvironment({ SECRET: secret }),
  }).toString();
  return printed.trim().split(' ').pop();
}
