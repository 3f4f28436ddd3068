// GET /v1/settings: what pages show of how a server was started.

import assert from 'node:assert/strict';

import { Limehook } from './support/process.mjs';
import { test } from './support/test.mjs';

// Goal: it says what the flags say, to teams only what concerns them, and no secret to anybody.
test('settings are those of the flags, without their secrets', async () => {
  const server = await Limehook.start({
    allowLoopback: false,
    args: ['--retry-schedule', '2s,1m', '--timeout', '9s', '--retention', '2d', '--allow-net', '10.0.0.0/8', '--allow-port', '6379,25', '--request-rate', '50',
      '--proxy', 'http://proxyuser:proxy-password@127.0.0.1:9', '--smtp-url', 'smtp://localhost:25?tls=none',
      '--smtp-from', 'limehook@example.com', '--public-url', 'https://hooks.example.com', '--oidc-issuer', 'https://id.example.com',
      '--oidc-client-id', 'client'],
    env: { LIMEHOOK_OIDC_CLIENT_SECRET: 'oidc-secret' },
  });
  const { api } = server;
  const { json, text } = await api.get('/v1/settings');
  assert.deepEqual(json.webhook_defaults, {
    retry_schedule: [2, 60], timeout_ms: 9000, max_concurrency: 8, secret_overlap_seconds: 86_400, disabled_after_seconds: 432_000,
  });
  assert.deepEqual(json.retention, { log_seconds: 172_800, log_bytes: null, audit_seconds: 31_536_000 });
  assert.deepEqual(json.features, {
    http_urls: false, private_networks: true, mail: true, single_sign_on: true, tls: false, test_receivers: true,
  });
  assert.equal(json.public_url, 'https://hooks.example.com');
  const { listen, data, allow_nets: nets, proxy, mail_server: mail, request_rate: rate, store_bytes_file: bytes } = json.server;
  assert.deepEqual([listen, data, nets, proxy, mail, rate],
    [server.address, server.data, ['10.0.0.0/8'], '127.0.0.1:9', 'localhost:25', 50]);
  assert.deepEqual(json.server.allow_ports, [6379, 25]);
  assert.ok(bytes > 0);
  for (const secret of [server.key, 'proxyuser', 'proxy-password', 'oidc-secret']) {
    assert.ok(!text.includes(secret), secret);
  }
  const read = await api.post('/v1/keys', { name: 'reader', role: 'read', team_id: 'team_001' });
  const seen = (await api.withKey(read.json.key).get('/v1/settings')).json;
  assert.deepEqual(seen, { ...json, server: null });
  await server.stop();
});
