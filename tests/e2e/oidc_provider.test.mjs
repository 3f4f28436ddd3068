// The fixture for single sign-on by itself: that the provider is one, so that tests of signing in mean something.

import assert from 'node:assert/strict';
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { describe } from 'node:test';

import { ann, OidcProvider } from './support/oidc_provider.mjs';
import { test } from './support/test.mjs';

const redirectUri = 'https://hooks.example.com/callback';

/** The URL a client would send a browser to, and what it would remember. */
function begin(metadata, provider, changes = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const parameters = {
    response_type: 'code', scope: 'openid email profile', client_id: provider.clientId, redirect_uri: redirectUri,
    state: 'the-state', nonce: 'the-nonce', code_challenge_method: 'S256',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'), ...changes,
  };
  return { url: `${metadata.authorization_endpoint}?${new URLSearchParams(parameters)}`, verifier };
}

async function exchange(metadata, provider, callback, verifier, secret = provider.clientSecret) {
  const response = await fetch(metadata.token_endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${provider.clientId}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code', redirect_uri: redirectUri, code_verifier: verifier,
      code: new URL(callback).searchParams.get('code'),
    }),
  });
  return { status: response.status, body: await response.json() };
}

const json = async (url, options) => (await fetch(url, options)).json();

async function withProvider(options, body) {
  const provider = await OidcProvider.start({ redirectUri, ...options });
  try {
    await body(provider, await json(`${provider.issuer}/.well-known/openid-configuration`));
  } finally {
    await provider.stop();
  }
}

describe('the OpenID Connect provider of these tests', () => {
  // Goal: discovery, sign-in and the exchange of the code work. Method: do them, and verify the ID token by node:crypto.
  test('gives signed ID tokens', () => withProvider({}, async (provider, metadata) => {
    assert.equal(metadata.issuer, provider.issuer);
    const { url, verifier } = begin(metadata, provider);
    const callback = await provider.signIn(url);
    assert.equal(new URL(callback).searchParams.get('state'), 'the-state');
    const { status, body } = await exchange(metadata, provider, callback, verifier);
    assert.equal(status, 200);
    const [header, payload, signature] = body.id_token.split('.');
    const { keys } = await json(metadata.jwks_uri);
    const signed = verify('sha256', Buffer.from(`${header}.${payload}`), createPublicKey({ key: keys[0], format: 'jwk' }), Buffer.from(signature, 'base64url'));
    assert.ok(signed, 'the signature is wrong');
    const claims = JSON.parse(Buffer.from(payload, 'base64url'));
    const { iat, exp, at_hash: _, ...rest } = claims;
    assert.ok(exp > iat);
    assert.deepEqual(rest, { ...ann, iss: provider.issuer, aud: provider.clientId, nonce: 'the-nonce' });
  }));

  // Goal: it refuses what a provider must refuse, so that a client's mistakes show. Method: a table of wrong exchanges.
  test('refuses wrong secrets, verifiers and second uses', () => withProvider({}, async (provider, metadata) => {
    for (const [what, wrong, error] of [
      ['a wrong secret', { secret: 'x' }, 'invalid_client'],
      ['a wrong verifier', { verifier: 'x'.repeat(43) }, 'invalid_grant'],
    ]) {
      const { url, verifier } = begin(metadata, provider);
      const callback = await provider.signIn(url);
      const { body } = await exchange(metadata, provider, callback, wrong.verifier ?? verifier, wrong.secret);
      assert.equal(body.error, error, what);
    }
    const { url, verifier } = begin(metadata, provider);
    const callback = await provider.signIn(url);
    assert.equal((await exchange(metadata, provider, callback, verifier)).status, 200);
    assert.equal((await exchange(metadata, provider, callback, verifier)).body.error, 'invalid_grant');
  }));

  test('wants PKCE and a registered redirect URI', () => withProvider({}, async (provider, metadata) => {
    const plain = begin(metadata, provider, { code_challenge: '', code_challenge_method: '' });
    assert.equal(new URL(await provider.signIn(plain.url)).searchParams.get('error'), 'invalid_request');
    const elsewhere = begin(metadata, provider, { redirect_uri: 'https://evil.example.com/' });
    await assert.rejects(provider.signIn(elsewhere.url), /redirect_uri/);
  }));

  // Goal: the variants that tests need: another person, another algorithm, the address at the userinfo endpoint only.
  test('lets tests choose person, algorithm and where the address is', () =>
    withProvider({ algorithm: 'ES256', userinfoOnly: true }, async (provider, metadata) => {
      const bob = { sub: 'user-8', email: 'bob@example.com', email_verified: false, name: 'Bob' };
      const { url, verifier } = begin(metadata, provider);
      const { body } = await exchange(metadata, provider, await provider.signIn(url, bob), verifier);
      const [header, payload] = body.id_token.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
      assert.equal(header.alg, 'ES256');
      assert.equal(payload.sub, bob.sub);
      assert.equal(payload.email, undefined);
      assert.deepEqual(await json(metadata.userinfo_endpoint, { headers: { authorization: `Bearer ${body.access_token}` } }), bob);
    }));
});
