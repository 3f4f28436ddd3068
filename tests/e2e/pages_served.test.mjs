// How the pages and their files are served: with which headers, and what is not served. Requests are written byte for
// byte, since clients tidy paths before they send them.

import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { Limehook } from './support/process.mjs';
import { test } from './support/test.mjs';

const pages = [
  '/', '/sign-in', '/setup', '/account', '/invitation', '/reset-password', '/confirm-email', '/logs', '/logs/dlv_1', '/events', '/events/evt_1', '/settings',
  '/settings/webhooks', '/settings/webhooks/new', '/settings/webhooks/wh_1/log', '/settings/numbers', '/settings/sources', '/settings/keys',
  '/settings/users', '/settings/teams', '/settings/teams/team_001', '/settings/audit',
];
const portalPages = ['/portal', '/portal/logs', '/portal/settings/webhooks', '/portal/settings/webhooks/wh_1'];

let server;

/** Sends exactly this; answers {status, headers, body}. */
function exchange(method, target, headers = {}, to = server) {
  const lines = Object.entries({ host: 'limehook.test', connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const [host, port] = to.address.split(':');
  return new Promise((resolve, reject) => {
    const chunks = [];
    const socket = net.connect(Number(port), host, () => socket.write(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'));
    socket.on('data', (chunk) => chunks.push(chunk)).on('error', reject).on('end', () => {
      const answer = Buffer.concat(chunks);
      const end = answer.indexOf('\r\n\r\n');
      const [first, ...rest] = answer.subarray(0, end).toString('latin1').split('\r\n');
      const pairs = rest.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]);
      resolve({ status: Number(first.split(' ')[1]), headers: Object.fromEntries(pairs), names: pairs.map(([name]) => name), body: answer.subarray(end + 4) });
    });
  });
}

/** The files that the pages name. */
async function assets() {
  const { body } = await exchange('GET', '/');
  return [...body.toString().matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path);
}

const policyOf = ({ headers }) => Object.fromEntries(headers['content-security-policy'].split('; ').map((part) => {
  const [name, ...values] = part.split(' ');
  return [name, values.join(' ')];
}));

describe('serving pages', () => {
  before(async () => {
    server = await Limehook.start();
  });
  after(() => server?.stop());

  // Goal: every page has the headers that keep a browser to it. Method: a table, of each header once.
  test('headers of pages', async () => {
    for (const page of [...pages, ...portalPages]) {
      const answer = await exchange('GET', page);
      assert.equal(answer.status, 200, page);
      for (const [name, value] of [
        ['content-type', 'text/html; charset=utf-8'],
        ['cache-control', 'no-cache'],
        ['x-content-type-options', 'nosniff'],
        ['referrer-policy', 'no-referrer'],
        ['x-frame-options', 'DENY'],
        ['cross-origin-opener-policy', 'same-origin'],
      ]) {
        assert.equal(answer.headers[name], value, `${page}: ${name}`);
        assert.equal(answer.names.filter((other) => other === name).length, 1, `${page}: ${name}`);
      }
      assert.deepEqual(policyOf(answer), {
        'default-src': "'none'", 'script-src': "'self'", 'style-src': "'self'", 'img-src': "'self' data:",
        'connect-src': "'self'", 'font-src': "'self'", 'base-uri': "'none'", 'form-action': "'self'", 'frame-ancestors': "'none'",
      }, page);
      assert.doesNotMatch(answer.body.toString(), /<script>|<style|style=| on[a-z]+=|(?:src|href)="(?!\/assets\/)/, page);
    }
  });

  // Goal: only the portal, and only sites that are named, may be embedded.
  test('who may embed the portal', async () => {
    const open = await Limehook.start({ args: ['--frame-ancestor', 'https://a.example.com,https://b.example.com:8443'] });
    try {
      for (const page of portalPages) {
        const portal = await exchange('GET', page, {}, open);
        assert.equal(policyOf(portal)['frame-ancestors'], 'https://a.example.com https://b.example.com:8443', page);
        assert.equal(portal.headers['x-frame-options'], undefined, page);
      }
      for (const page of pages) {
        const answer = await exchange('GET', page, {}, open);
        assert.equal(policyOf(answer)['frame-ancestors'], "'none'", page);
        assert.equal(answer.headers['x-frame-options'], 'DENY', page);
      }
    } finally {
      await open.stop();
    }
  });

  // Goal: files are named by their content and kept for ever; what a browser has it is not sent again.
  test('files of pages', async () => {
    const paths = await assets();
    assert.ok(paths.length >= 3, `${paths}`);
    const types = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' };
    for (const path of paths) {
      const plain = await exchange('GET', path);
      assert.equal(plain.status, 200, path);
      assert.equal(plain.headers['content-type'], types[path.split('.').pop()], path);
      assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable', path);
      assert.equal(plain.headers['x-content-type-options'], 'nosniff', path);
      assert.equal(plain.headers['content-encoding'], undefined, path);
      assert.equal(Number(plain.headers['content-length']), plain.body.length, path);

      const packed = await exchange('GET', path, { 'accept-encoding': 'br;q=1.0, gzip;q=0.8' });
      assert.equal(packed.headers['content-encoding'], 'gzip', path);
      assert.ok(packed.body.length < plain.body.length, path);
      assert.deepEqual(gunzipSync(packed.body), plain.body, path);
      assert.notEqual(packed.headers.etag, plain.headers.etag, path);
      assert.equal((await exchange('GET', path, { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding'], undefined, path);

      const known = await exchange('GET', path, { 'if-none-match': `"other", ${plain.headers.etag}` });
      assert.equal(known.status, 304, path);
      assert.equal(known.body.length, 0, path);
      assert.equal(known.headers['content-length'], undefined, path);
      assert.equal((await exchange('GET', path, { 'if-none-match': '"other"' })).status, 200, path);

      const head = await exchange('HEAD', path);
      assert.equal(head.body.length, 0, path);
      assert.equal(head.headers['content-length'], plain.headers['content-length'], path);
    }
  });

  // Goal: pages of the docs have the same headers, and are not sent again to a browser that has them.
  test('docs', async () => {
    const dashboard = await exchange('GET', '/');
    for (const page of ['/docs', '/docs/', '/docs/quick-start', '/docs/api', '/docs/api/webhooks']) {
      const answer = await exchange('GET', page);
      assert.equal(answer.status, 200, page);
      for (const name of ['content-type', 'cache-control', 'x-content-type-options', 'x-frame-options', 'content-security-policy']) {
        assert.equal(answer.headers[name], dashboard.headers[name], `${page}: ${name}`);
      }
      const packed = await exchange('GET', page, { 'accept-encoding': 'gzip' });
      assert.deepEqual(gunzipSync(packed.body), answer.body, page);
      assert.equal((await exchange('GET', page, { 'if-none-match': answer.headers.etag })).status, 304, page);
    }
  });

  // Goal: nothing but the pages and their files is served. Method: paths that lead out of folders in every spelling, lists
  // of folders, and other methods.
  test('what is not served', async () => {
    const [file] = await assets();
    const targets = [
      '/assets', '/assets/', '/assets/.', '/assets/..', '/assets/../', '/assets/../index.html', '/assets/../../etc/passwd',
      '/assets/../assets/../v1/webhooks', '/assets/%2e%2e/index.html', '/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd', '/assets/..%2findex.html',
      '/assets/%2E%2E/%2E%2E/etc/passwd', '/assets/..%5c..%5cetc%5cpasswd', '/assets/..\\..\\etc\\passwd', '/assets//etc/passwd',
      '/assets%2findex.html', '/%2e%2e/%2e%2e/etc/passwd', '/../../etc/passwd', '/.%00./etc/passwd', '/assets/%00', `${file}%00`, `${file}%00.html`,
      `${file}/`, `${file}/..`, `/${file}`, `//${file}`, file.toUpperCase(), file.replace('/assets/', '/assets/./'), file.replace('/assets/', '/assets/x/../'),
      file.replace('/assets/', '/ASSETS/'), '/index.html', '/assets/index.html', '/sign-in/', '/sign-in/..', '/%73ign-in', '/sign-in%2f', '/SIGN-IN', '/.git/config',
      '/package.json', '/src/main.tsx', '/settings/nowhere', '/settings/keys/x', '/account/x', '/portalx', '/portal/assets/x',
      '/docs.html', '/docs/index.html', '/docs/quick-start.html', '/docs/quick-start/', '/docs//quick-start',
      '/docs/.', '/docs/..', '/docs/../index', '/docs/../docs', '/docs/%2e%2e/index', '/docs/..%2findex', '/DOCS', '/docs/no-such-page',
    ];
    for (const target of targets) {
      const answer = await exchange('GET', target);
      assert.equal(answer.status, 404, target);
      assert.equal(answer.headers['content-type'], 'application/problem+json', target);
    }
    for (const target of ['http://other.example.com/etc/passwd', '/assets/\0', `${file}\0.html`, '/sign-in\0']) {
      assert.ok([400, 404].includes((await exchange('GET', target)).status), JSON.stringify(target));
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
      const { status } = await exchange(method, '/sign-in');
      assert.ok([404, 405].includes(status), `${method}: ${status}`);
    }
  });

  // Goal: people who follow a wrong link get a page, programs and callers of the API get a problem; both with 404.
  test('what is not there', async () => {
    const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
    for (const [target, headers, type] of [
      ['/no/such/page', html, 'text/html; charset=utf-8'],
      ['/assets/../../etc/passwd', html, 'text/html; charset=utf-8'],
      ['/no/such/page', {}, 'application/problem+json'],
      ['/v1/no-such-thing', html, 'application/problem+json'],
    ]) {
      const answer = await exchange('GET', target, headers);
      assert.equal(answer.status, 404, target);
      assert.equal(answer.headers['content-type'], type, target);
    }
    const page = await exchange('GET', '/no/such/page', html);
    assert.equal(policyOf(page)['frame-ancestors'], "'none'");
    assert.equal((await exchange('GET', '/v1/webhooks', html)).status, 401);
  });
});
