// A provider of OpenID Connect (the npm package oidc-provider) that lets everybody in without asking. Its argument is
// JSON: client_id, client_secret, redirect_uri, algorithm (of ID tokens), userinfo_only (the ID token has no e-mail
// address). Who signs in is in the header x-test-account, as JSON. Prints one line of JSON once it listens.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';

import { Provider } from 'oidc-provider';

const options = JSON.parse(process.argv[2]);
const accounts = new Map(); // by subject

const kinds = { RS256: ['rsa', { modulusLength: 2048 }], PS256: ['rsa', { modulusLength: 2048 }], ES256: ['ec', { namedCurve: 'P-256' }] };
const { privateKey } = generateKeyPairSync(...kinds[options.algorithm]);
const key = { ...privateKey.export({ format: 'jwk' }), kid: 'key-1', alg: options.algorithm, use: 'sig' };

const configuration = {
  clients: [{
    client_id: options.client_id,
    client_secret: options.client_secret,
    redirect_uris: [options.redirect_uri],
    id_token_signed_response_alg: options.algorithm,
  }],
  jwks: { keys: [key] },
  cookies: { keys: ['only-for-tests'] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  conformIdTokenClaims: options.userinfo_only,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, sub) => accounts.has(sub) && { accountId: sub, claims: () => accounts.get(sub) },
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
};

/** Answers what a person would be asked: who it is, and whether the client may know. */
async function interact(provider, request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    const account = JSON.parse(request.headers['x-test-account']);
    accounts.set(account.sub, account);
    return provider.interactionFinished(request, response, { login: { accountId: account.sub } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  const callback = provider.callback();
  server.on('request', (request, response) => {
    if (!request.url.startsWith('/interaction/')) return callback(request, response);
    return interact(provider, request, response).catch((error) => response.writeHead(500).end(error.message));
  });
  console.log(JSON.stringify({ issuer }));
});
