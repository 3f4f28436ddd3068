// The receivers of docs/snippets, which docs/verify.md and the pages tell users to copy: each runs as a program and gets
// real deliveries of the real binary, and requests that somebody has tampered with. A language that is not on this machine is
// skipped.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe } from 'node:test';
import { promisify } from 'node:util';

import { unusedPort } from './support/ports.mjs';
import { Child, cleanEnvironment, goSettings, Limehook, repositoryPath, temporaryFolder } from './support/process.mjs';
import { Receiver } from './support/receiver.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const execute = promisify(execFile);
/** Runs a program to its end; throws what it says when it fails. */
const run = (command, args, options) => execute(command, args, { env: cleanEnvironment(), ...options })
  .catch(({ stdout, stderr }) => assert.fail(`${command}: ${`${stdout}${stderr}`.slice(0, 2000)}`));
const require = createRequire(import.meta.url);
const typescript = require('typescript');
const hookPath = '/hooks/limehook';
// A name that would end a comment, or go on in the next line, in one of the languages; and a newline of each kind.
const hostileName = 'CRM */ ?> \\u000a " \' ` $(x) #{x} {{path}} */\n\r\u2028\u0085 exit(1) \\';

// How to run each snippet in a folder that has it. `build` and `command` are command lines.
const languages = [
  { file: 'verify.mjs', needs: ['node'], command: ['node', 'verify.mjs'] },
  { file: 'verify.ts', needs: ['node'], prepare: serveTypeScript, command: ['node', 'serve.mjs'] },
  { file: 'verify.py', needs: ['python3'], command: ['python3', '-u', 'verify.py'] },
  { file: 'verify.php', needs: ['php'], command: ({ port }) => ['php', '-S', `127.0.0.1:${port}`, 'verify.php'] },
  { file: 'verify.rb', needs: ['ruby'], command: ['ruby', 'verify.rb'] },
  { file: 'verify.go', needs: ['go'], build: ['go', 'build', '-o', 'verify', 'verify.go'], command: ['./verify'] },
  { file: 'verify.java', needs: ['java', 'javac'], build: ['javac', '-Xlint:all', '-Werror', 'verify.java'], command: ['java', '-XX:TieredStopAtLevel=1', 'Verify'] },
  { file: 'verify.cs', needs: ['mcs', 'mono'], build: ['mcs', '-warnaserror', '-out:verify.exe', 'verify.cs'], command: ['mono', 'verify.exe'] },
  { file: 'verify.cpp', needs: ['g++'], build: ['g++', '-std=c++17', '-Wall', '-Wextra', '-Werror', 'verify.cpp', '-o', 'verify', '-lcrypto', '-pthread'], command: ['./verify'] },
];

const present = (command) => run('sh', ['-c', `command -v ${command}`]).then(() => true, () => false);

async function missing({ needs }) {
  for (const command of needs) if (!await present(command)) return `${command} is not on this machine`;
  return false;
}

/** The module of the pages that fills in a webhook. */
async function fillIn() {
  const source = readFileSync(repositoryPath('web/src/verification/fill_in.ts'), 'utf8');
  const { outputText } = typescript.transpileModule(source, { compilerOptions: { target: 'es2022', module: 'esnext' } });
  return import(`data:text/javascript,${encodeURIComponent(outputText)}`);
}

/** Makes verify.mjs of verify.ts, with all checks of the compiler, and a server that calls its handler. */
async function serveTypeScript(folder, { port }) {
  // First: the compiler, too, asks the nearest package.json whether verify.ts is a module.
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  const types = path.dirname(path.dirname(path.dirname(require.resolve('@types/node/package.json'))));
  await run(process.execPath, [require.resolve('typescript/bin/tsc'), '--strict', '--noUncheckedIndexedAccess', '--noPropertyAccessFromIndexSignature',
    '--target', 'es2022', '--module', 'nodenext', '--lib', 'es2022,dom', '--typeRoots', path.join(types, '@types'), '--types', 'node', 'verify.ts'], { cwd: folder });
  writeFileSync(path.join(folder, 'serve.mjs'), `
    import { createServer } from 'node:http';
    import { POST } from './verify.js';
    createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const answer = await POST(new Request('http://127.0.0.1' + request.url, { method: 'POST', headers: request.headers, body: Buffer.concat(chunks) }));
      response.writeHead(answer.status).end();
    }).listen(${port}, '127.0.0.1');`);
}

/** A snippet that is ready to run, with the marks in it filled in. */
async function built(language) {
  const folder = temporaryFolder();
  const port = await unusedPort();
  const { filledIn } = await fillIn();
  const code = filledIn(readFileSync(repositoryPath('docs/snippets', language.file), 'utf8'), { name: hostileName, url: `https://example.com${hookPath}?a=1` }, port);
  assert.doesNotMatch(code, /\{\{(?:name|path|port)\}\}|whsec_[A-Za-z0-9]/, 'all is filled in, and no secret is there');
  writeFileSync(path.join(folder, language.file), code);
  await language.prepare?.(folder, { port });
  if (language.build) await run(language.build[0], language.build.slice(1), { cwd: folder, env: cleanEnvironment(goSettings) });
  const command = typeof language.command === 'function' ? language.command({ port }) : language.command;
  return { folder, port, command, url: `http://127.0.0.1:${port}${hookPath}` };
}

const accepts = (port) => new Promise((resolve) => {
  const socket = net.connect(port, '127.0.0.1', () => resolve(true) || socket.destroy()).on('error', () => resolve(false));
});

/** Runs `body` while the snippet runs with this secret. */
async function receiving(snippet, secret, body) {
  await waitFor(async () => !await accepts(snippet.port), 5000, 'the port to be free');
  const child = new Child(snippet.command[0], snippet.command.slice(1), { cwd: snippet.folder, env: cleanEnvironment({ LIMEHOOK_SECRET: secret }) });
  try {
    await waitFor(() => child.exit || child.failure || accepts(snippet.port), 20_000, 'the snippet to listen');
    assert.ok(!child.exit && !child.failure, child.lastWords());
    await body(child);
  } finally {
    child.signal('SIGKILL');
    await waitFor(() => child.exit || child.failure, 10_000, 'the end of the snippet');
  }
}

async function takesNothingWithoutSecret(snippet) {
  const child = new Child(snippet.command[0], snippet.command.slice(1), { cwd: snippet.folder, env: cleanEnvironment() });
  await waitFor(() => child.exit || accepts(snippet.port), 20_000, 'an end, or a listener');
  if (child.exit) return assert.notEqual(child.exit.code, 0, child.lastWords());
  const request = { id: 'dlv_1', timestamp: String(now()), body: Buffer.from('{}') };
  const status = await statusOf(snippet.url, { ...request, signature: signedBy('whsec_', request) });
  child.signal('SIGKILL');
  assert.ok(status >= 400, `${status}`);
}

const signedBy = (secret, { id, timestamp, body }) => 'v1,' + createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'))
  .update(`${id}.${timestamp}.`).update(body).digest('base64');

const now = () => Math.floor(Date.now() / 1000);

// What somebody between Limehook and the receiver makes of a genuine request {id, timestamp, signature, body}, and whether
// the receiver may still take it. `sign` signs as the owner of the secret does.
const requests = [
  ['as it was', (genuine) => genuine, true],
  ['another body', ({ body, ...rest }) => ({ ...rest, body: Buffer.from(body.toString().replace('123456', '123457')) }), false],
  ['a space more', ({ body, ...rest }) => ({ ...rest, body: Buffer.concat([body, Buffer.from(' ')]) }), false],
  ['another id', (genuine) => ({ ...genuine, id: 'dlv_other' }), false],
  ['another time', (genuine) => ({ ...genuine, timestamp: String(Number(genuine.timestamp) + 1) }), false],
  ['no signature', ({ signature, ...rest }) => rest, false],
  ['no time', ({ timestamp, ...rest }) => rest, false],
  ['an empty signature', (genuine) => ({ ...genuine, signature: '' }), false],
  ['a scheme only', (genuine) => ({ ...genuine, signature: 'v1,' }), false],
  ['a cut signature', (genuine) => ({ ...genuine, signature: genuine.signature.slice(0, -1) }), false],
  ['another scheme', (genuine) => ({ ...genuine, signature: genuine.signature.replace('v1,', 'v2,') }), false],
  ['garbage', (genuine) => ({ ...genuine, signature: 'v1 , é', timestamp: '1e400' }), false],
  ['a second signature', (genuine) => ({ ...genuine, signature: `v1a,x ${genuine.signature}` }), true],
  ['four minutes old', (genuine, sign) => sign({ ...genuine, timestamp: String(now() - 240) }), true],
  ['six minutes old', (genuine, sign) => sign({ ...genuine, timestamp: String(now() - 360) }), false],
  ['six minutes ahead', (genuine, sign) => sign({ ...genuine, timestamp: String(now() + 360) }), false],
  ['a time that is none', (genuine, sign) => sign({ ...genuine, timestamp: 'soon' }), false],
  ['bytes that are no text', (genuine, sign) => sign({ ...genuine, body: Buffer.from([0x7b, 0xff, 0x00, 0xc3, 0x7d]) }), true, ['verify.ts']],
];

async function statusOf(url, { id, timestamp, signature, body }) {
  const headers = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
  for (const name of Object.keys(headers)) if (headers[name] === undefined) delete headers[name];
  return (await fetch(url, { method: 'POST', headers, body })).status;
}

let server;
let recorder;

/** The request that the binary made to a receiver of its own, signed with the same secret. */
async function recorded(secret) {
  const webhook = await server.api.createWebhook({ url: recorder.url, secret });
  const sent = await server.api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'missed_call' });
  assert.equal(sent.json.response?.status, 200, sent.text);
  const { headers, body } = recorder.requests.at(-1);
  return { id: headers['webhook-id'], timestamp: headers['webhook-timestamp'], signature: headers['webhook-signature'], body };
}

/** The status that the snippet answers to a delivery. */
async function delivered(webhook) {
  const { json, text } = await server.api.post(`/v1/webhooks/${webhook.id}/test`, { event: 'sms_received' });
  assert.ok(json.response, text);
  return json.response.status;
}

describe('verification code', () => {
  before(async () => {
    server = await Limehook.start();
    recorder = await Receiver.start();
  });
  after(async () => {
    recorder?.close();
    await server?.stop();
  });

  // Goal: what a webhook is called, and where it is, never becomes code. Method: names and URLs that nobody means well with.
  test('filling in', async () => {
    const { filledIn } = await fillIn();
    for (const [name, url, expected] of [
      ['CRM, Berlin (2)', 'https://example.com/hooks/a-b_c.php?x=1', 'CRM, Berlin (2) /hooks/a-b_c.php 3000'],
      [hostileName, 'https://example.com/', 'CRM u000a (x) x path exit(1) /webhooks 3000'],
      ['\n', null, 'of yours /webhooks 3000'],
      ['Zürich', "https://example.com/a'b", 'Zürich /webhooks 3000'],
      ['a', 'https://example.com/a$b', 'a /webhooks 3000'],
      ['a', 'https://example.com/`b`', 'a /%60b%60 3000'],
      ['a', 'no URL', 'a /webhooks 3000'],
    ]) {
      assert.equal(filledIn('{{name}} {{path}} {{port}}', { name, url }), expected);
    }
    assert.equal(filledIn('{{other}}', { name: 'a', url: null }), '{{other}}');
  });

  for (const language of languages) {
    // Goal: the snippet takes what Limehook sends, before, during and after a rotation, and refuses everything else; without
    // a secret it takes nothing, rather than everything.
    test(language.file, { timeout: 300_000 }, async (t) => {
      const absent = await missing(language);
      if (absent) return t.skip(absent);
      const snippet = await built(language);
      const webhook = await server.api.createWebhook({ url: snippet.url });
      const { secret } = webhook;

      await receiving(snippet, secret, async (child) => {
        assert.equal(await delivered(webhook), 200, child.lastWords());
        const genuine = await recorded(secret);
        const sign = (request) => ({ ...request, signature: signedBy(secret, request) });
        for (const [name, made, taken, except = []] of requests) {
          if (except.includes(language.file)) continue;
          const status = await statusOf(snippet.url, made(genuine, sign));
          assert.ok(taken ? status >= 200 && status < 300 : [400, 401].includes(status), `${name}: ${status}\n${child.lastWords()}`);
        }
        const { status, json } = await server.api.post(`/v1/webhooks/${webhook.id}/rotate-secret`, {});
        assert.equal(status, 200);
        webhook.newSecret = json.secret;
        assert.equal(await delivered(webhook), 200, 'the old secret, while it is being rotated');
      });
      await receiving(snippet, webhook.newSecret, async () => {
        assert.equal(await delivered(webhook), 200, 'the new secret, while it is being rotated');
      });
      await receiving(snippet, `whsec_${Buffer.alloc(32, 1).toString('base64')}`, async () => {
        assert.equal(await delivered(webhook), 401, 'the secret of another webhook');
      });
      await takesNothingWithoutSecret(snippet);
    });
  }
});
