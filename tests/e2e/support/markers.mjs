// Secrets that are unmistakable, and the search for them in every form that something might write them in.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';

const unpadded = (bytes, encoding) => bytes.toString(encoding).replace(/=+$/, '');

/** The base64 of `bytes` wherever they stand in a larger text: less what neighbours share, at each of three offsets. */
function base64Anywhere(bytes) {
  return [0, 1, 2].flatMap((offset) =>
    ['base64', 'base64url'].map((encoding) => {
      const shifted = unpadded(Buffer.concat([Buffer.alloc(offset), bytes]), encoding);
      return shifted.slice(offset === 0 ? 0 : offset + 1, Math.floor(((offset + bytes.length) * 8) / 6));
    }),
  );
}

/** What to look for: the bytes themselves, their hexadecimal and base64 forms. */
export function formsOf(secret) {
  const bytes = Buffer.isBuffer(secret) ? secret : Buffer.from(secret);
  const hex = bytes.toString('hex');
  return [bytes, ...[hex, hex.toUpperCase(), encodeURIComponent(bytes.toString('latin1')), ...base64Anywhere(bytes)].map((text) => Buffer.from(text))];
}

export class Markers {
  #forms = new Map(); // by name

  /** A new secret of 32 random characters that nothing else has. */
  make(name) {
    const secret = `${name}-${crypto.randomBytes(16).toString('hex')}`;
    this.add(name, secret);
    return secret;
  }

  /** A signing secret; also its bytes are looked for. */
  makeSigningSecret(name) {
    const bytes = crypto.randomBytes(32);
    this.add(name, bytes);
    this.add(`${name} as text`, bytes.toString('base64'));
    return `whsec_${bytes.toString('base64')}`;
  }

  add(name, secret) {
    this.#forms.set(name, formsOf(secret));
  }

  /** A private key in PEM; its lines and the bytes they stand for are looked for. */
  addPem(name, pem) {
    const body = pem.toString().split('\n').filter((line) => line && !line.includes('-----')).join('');
    this.add(`${name} as text`, body.slice(0, 60));
    this.add(name, Buffer.from(body, 'base64').subarray(30, 62));
  }

  /** The names of the secrets in `bytes`. */
  foundIn(bytes) {
    const haystack = Buffer.from(bytes);
    return [...this.#forms].filter(([, forms]) => forms.some((form) => haystack.includes(form))).map(([name]) => name);
  }

  /** `allowed`: names of secrets that this place is meant to show. */
  assertNone(bytes, place, allowed = []) {
    const found = this.foundIn(bytes).filter((name) => !allowed.includes(name));
    assert.deepEqual(found, [], `${place} shows ${found.join(', ')}`);
  }
}
