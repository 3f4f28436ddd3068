// Starts a real provider of OpenID Connect, and signs in there as a browser would.

import { Child, repositoryPath } from './process.mjs';
import { waitFor } from './wait.mjs';

/** The person who signs in unless a test says otherwise. */
export const ann = { sub: 'user-7', email: 'ann@example.com', email_verified: true, name: 'Ann Smith' };

export class OidcProvider {
  /**
   * redirectUri: where the client may have browsers sent back to. It need not be reached by anybody: start Limehook
   * with a --public-url of its own and give the path of signIn()'s answer to the address where it listens.
   * algorithm: of ID tokens (RS256, PS256, ES256); userinfoOnly: the e-mail address is at the userinfo endpoint only.
   */
  static async start({ redirectUri, clientId = 'limehook', clientSecret = 'oidc-secret-0123456789', algorithm = 'RS256', userinfoOnly = false }) {
    const provider = new OidcProvider();
    Object.assign(provider, { redirectUri, clientId, clientSecret });
    const options = { client_id: clientId, client_secret: clientSecret, redirect_uri: redirectUri, algorithm, userinfo_only: userinfoOnly };
    provider.child = new Child(process.execPath, [repositoryPath('tests/e2e/support/oidc_provider_server.mjs'), JSON.stringify(options)]);
    const line = await waitFor(() => {
      if (provider.child.exit || provider.child.failure) throw new Error(provider.child.lastWords());
      return provider.child.stdout.match(/^\{.*\}$/m)?.[0];
    }, 20_000, 'the OpenID Connect provider to listen');
    provider.issuer = JSON.parse(line).issuer;
    return provider;
  }

  /** The flags that make Limehook use it. */
  get flags() {
    return ['--oidc-issuer', this.issuer, '--oidc-client-id', this.clientId, '--oidc-client-secret', this.clientSecret];
  }

  /**
   * Goes where a browser goes from `authorizeUrl` on, and signs in as `account`. Answers the URL at the client that the
   * provider sends it back to, with code and state, or with an error; throws when the provider does not send it back.
   */
  async signIn(authorizeUrl, account = ann) {
    const jar = new Map();
    let url = new URL(authorizeUrl);
    for (let steps = 0; steps < 20; ++steps) {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(url, { redirect: 'manual', headers: { cookie, 'x-test-account': JSON.stringify(account) } });
      for (const line of response.headers.getSetCookie()) {
        const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
        if (value) jar.set(name, value);
        else jar.delete(name);
      }
      const location = response.headers.get('location');
      if (!location) throw new Error(`the provider answered ${response.status}: ${await response.text()}`);
      await response.arrayBuffer();
      url = new URL(location, url);
      if (url.href.startsWith(this.redirectUri)) return url.href;
      if (url.origin !== this.issuer) throw new Error(`the provider sends browsers to ${url}`);
    }
    throw new Error('the provider sends browsers in circles');
  }

  async stop() {
    this.child.signal('SIGKILL');
    await this.child.ended();
  }
}
