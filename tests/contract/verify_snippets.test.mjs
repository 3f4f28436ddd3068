// Goal: the code that docs/verify.md tells users to copy accepts what is genuine and refuses everything else.
// Method: takes each snippet out of the page, adds a main program that prints its verdict, and runs it on a signed body
// and on wrong ones. A language that is not on this machine is skipped.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { after, before, test } from 'node:test';

import { binary, cleanEnvironment, goSettings } from '../e2e/support/process.mjs';
import { codeBelow, tableRow } from './lib/guide.mjs';
import { VERIFY_GUIDE_PATH as GUIDE } from './lib/paths.mjs';

const execute = promisify(execFile);
const run = (command, args, options) => execute(command, args, { env: cleanEnvironment(), ...options });

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes....').toString('base64')}`;
const OTHER_SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const BODY = '{"event":"sms_received","message_content":"Grüße 👋 \\"quoted\\" & more","n":12345678901234567890}';
const TAMPERED = BODY.replace('more', 'less');

const hexSignature = (secret, body) => createHmac('sha256', secret).update(body).digest('hex');

// What a verifier is asked, and what it must say.
const GENUINE = hexSignature(SECRET, BODY);
const LIMECALL_CASES = [
  { name: 'genuine', secret: SECRET, body: BODY, signature: GENUINE, verdict: 'genuine' },
  { name: 'tampered body', secret: SECRET, body: TAMPERED, signature: GENUINE, verdict: 'forged' },
  { name: 'other secret', secret: OTHER_SECRET, body: BODY, signature: GENUINE, verdict: 'forged' },
  { name: 'cut signature', secret: SECRET, body: BODY, signature: GENUINE.slice(0, 63), verdict: 'forged' },
  { name: 'no signature', secret: SECRET, body: BODY, signature: '', verdict: 'forged' },
];

// How to make a program of a snippet. Its arguments: secret, name of the file with the body, signature. `build` and
// `command` run in its folder.
const PROGRAMS = [
  {
    heading: 'JavaScript and TypeScript: node:crypto', language: 'js', needs: ['node'], file: 'verify.mjs',
    main: (code) => `import { readFileSync } from 'node:fs';\n${code}
const [secret, file, signature] = process.argv.slice(2);
console.log(isGenuine(secret, readFileSync(file), signature || undefined) ? 'genuine' : 'forged');`,
    command: ['node', 'verify.mjs'],
  },
  {
    heading: 'Python: X-LimeCall-Signature', language: 'python', needs: ['python3'], file: 'verify.py',
    main: (code) => `${code}
import sys
secret, file, signature = sys.argv[1:]
print("genuine" if is_genuine(secret, open(file, "rb").read(), signature or None) else "forged")`,
    command: ['python3', 'verify.py'],
  },
  {
    heading: 'PHP: X-LimeCall-Signature', language: 'php', needs: ['php'], file: 'verify.php',
    main: (code) => `<?php\n${code}
[, $secret, $file, $signature] = $argv;
echo isGenuine($secret, file_get_contents($file), $signature ?: null) ? 'genuine' : 'forged';`,
    command: ['php', 'verify.php'],
  },
  {
    heading: 'Ruby: X-LimeCall-Signature', language: 'ruby', needs: ['ruby'], file: 'verify.rb',
    main: (code) => `${code}
secret, file, signature = ARGV
puts genuine?(secret, File.binread(file), signature.empty? ? nil : signature) ? 'genuine' : 'forged'`,
    command: ['ruby', 'verify.rb'],
  },
  {
    heading: 'Go: X-LimeCall-Signature', language: 'go', needs: ['go'], file: 'verify.go',
    main: (code) => `package main\n\nimport (\n\t"fmt"\n\t"os"\n)\n${code}
func main() {
	body, err := os.ReadFile(os.Args[2])
	if err != nil {
		panic(err)
	}
	if isGenuine(os.Args[1], body, os.Args[3]) {
		fmt.Println("genuine")
	} else {
		fmt.Println("forged")
	}
}`,
    build: ['go', 'build', '-o', 'verify', 'verify.go'],
    command: ['./verify'],
  },
  {
    heading: 'Java: X-LimeCall-Signature', language: 'java', needs: ['javac', 'java'], file: 'Main.java',
    main: (code) => `${code}
class Main {
    public static void main(String[] args) throws Exception {
        byte[] body = java.nio.file.Files.readAllBytes(java.nio.file.Path.of(args[1]));
        boolean genuine = LimeCallSignature.isGenuine(args[0], body, args[2].isEmpty() ? null : args[2]);
        System.out.println(genuine ? "genuine" : "forged");
    }
}`,
    build: ['javac', 'Main.java'],
    command: ['java', '-Xshare:auto', '-XX:TieredStopAtLevel=1', 'Main'],
  },
  {
    heading: 'C#: X-LimeCall-Signature', language: 'csharp', needs: ['mcs', 'mono'], file: 'Verify.cs',
    main: (code) => `${code}
static class Program
{
    public static void Main(string[] args)
    {
        byte[] body = System.IO.File.ReadAllBytes(args[1]);
        bool genuine = LimeCallSignature.IsGenuine(args[0], body, args[2] == "" ? null : args[2]);
        Console.WriteLine(genuine ? "genuine" : "forged");
    }
}`,
    build: ['mcs', '-out:verify.exe', 'Verify.cs'],
    command: ['mono', 'verify.exe'],
  },
  {
    heading: 'C++: X-LimeCall-Signature', language: 'cpp', needs: ['g++'], file: 'verify.cpp',
    main: (code) => `${code}
#include <cstdio>
#include <fstream>
#include <sstream>
int main(int, char** arguments) {
  std::stringstream body;
  body << std::ifstream(arguments[2], std::ios::binary).rdbuf();
  std::puts(is_genuine(arguments[1], body.str(), arguments[3]) ? "genuine" : "forged");
}`,
    build: ['g++', '-std=c++17', '-Wall', '-Wextra', '-Werror', 'verify.cpp', '-o', 'verify', '-lcrypto'],
    command: ['./verify'],
  },
];

let folder;
before(async () => { folder = await mkdtemp(join(tmpdir(), 'limehook-verify-')); });
after(() => rm(folder, { recursive: true, force: true }));

const present = (command) => run('sh', ['-c', `command -v ${command}`]).then(() => true, () => false);

async function missing(commands) {
  for (const command of commands) if (!await present(command)) return command;
  return undefined;
}

for (const { heading, language, needs, file, main, build, command } of PROGRAMS) {
  test(heading, async (t) => {
    const code = codeBelow(GUIDE, heading, language);
    const absent = await missing(needs);
    if (absent) return t.skip(`${absent} is not on this machine`);

    const cwd = await mkdtemp(join(folder, `${language}-`));
    const env = cleanEnvironment(goSettings);
    await writeFile(join(cwd, file), main(code));
    if (build) await run(build[0], build.slice(1), { cwd, env });
    for (const { name, secret, body, signature, verdict } of LIMECALL_CASES) {
      await writeFile(join(cwd, 'body.json'), body);
      const { stdout } = await run(command[0], [...command.slice(1), secret, 'body.json', signature], { cwd, env });
      assert.equal(stdout.trim(), verdict, name);
    }
  });
}

test('Shell: the openssl line prints X-LimeCall-Signature', async (t) => {
  const line = codeBelow(GUIDE, 'Shell', 'sh');
  if (await missing(['openssl'])) return t.skip('openssl is not on this machine');
  const cwd = await mkdtemp(join(folder, 'sh-'));
  await writeFile(join(cwd, 'body.json'), BODY);
  const { stdout } = await run('sh', ['-c', line], { cwd, env: cleanEnvironment({ SECRET }) });
  assert.equal(stdout.split(' ')[0], hexSignature(SECRET, BODY));
});

// ---- Standard Webhooks -----------------------------------------------------------------------------------------

function standardHeaders(secret, body, timestamp = Math.floor(Date.now() / 1000)) {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`dlv_1.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': 'dlv_1', 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${signature}` };
}

const STANDARD_CASES = [
  { name: 'genuine', secret: SECRET, body: BODY, headers: standardHeaders(SECRET, BODY), verdict: 'genuine' },
  { name: 'tampered body', secret: SECRET, body: TAMPERED, headers: standardHeaders(SECRET, BODY), verdict: 'forged' },
  { name: 'other secret', secret: OTHER_SECRET, body: BODY, headers: standardHeaders(SECRET, BODY), verdict: 'forged' },
  { name: 'old', secret: SECRET, body: BODY, headers: standardHeaders(SECRET, BODY, 1738249200), verdict: 'forged' },
];

// The program reads {secret, body, headers} from its first argument.
const STANDARD_PROGRAMS = [
  {
    heading: 'JavaScript and TypeScript: standardwebhooks', language: 'js', needs: 'node', file: 'verify.mjs',
    probe: ['node', '--version'],
    main: (code) => `${code}
import { WebhookVerificationError } from 'standardwebhooks';
const { secret, body, headers } = JSON.parse(process.argv[2]);
try {
  console.log(verified(secret, body, headers).event === 'sms_received' ? 'genuine' : 'another payload');
} catch (error) {
  if (!(error instanceof WebhookVerificationError)) throw error;
  console.log('forged');
}`,
  },
  {
    heading: 'Python: standardwebhooks', language: 'python', needs: 'python3', file: 'verify.py',
    probe: ['python3', '-c', 'import standardwebhooks'],
    main: (code) => `${code}
import json, sys
from standardwebhooks import WebhookVerificationError
given = json.loads(sys.argv[1])
try:
    payload = verified(given["secret"], given["body"], given["headers"])
    print("genuine" if payload["event"] == "sms_received" else "another payload")
except WebhookVerificationError:
    print("forged")`,
  },
];

for (const { heading, language, needs, file, probe, main } of STANDARD_PROGRAMS) {
  test(`${heading}: webhook-signature`, async (t) => {
    const code = codeBelow(GUIDE, heading, language);
    const installed = await run(probe[0], probe.slice(1)).then(() => true, () => false);
    if (!installed) return t.skip('the library is not on this machine');

    const cwd = await mkdtemp(join(folder, `${language}-`));
    await symlink(fileURLToPath(new URL('node_modules', import.meta.url)), join(cwd, 'node_modules'));
    await writeFile(join(cwd, file), main(code));
    for (const { name, verdict, ...given } of STANDARD_CASES) {
      const { stdout } = await run(needs, [file, JSON.stringify(given)], { cwd });
      assert.equal(stdout.trim(), verdict, name);
    }
  });
}

test('the sample of the page is right', () => {
  const [[secret], [body], [limecall], [id], [timestamp], [standard]] =
    ['secret', 'body', 'X-LimeCall-Signature', 'webhook-id', 'webhook-timestamp', 'webhook-signature']
      .map((name) => tableRow(GUIDE, name));
  assert.equal(limecall, hexSignature(secret, body));
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  assert.equal(standard, 'v1,' + createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64'));
});

test('limehook verify accepts the sample of the page', async () => {
  const line = codeBelow(GUIDE, 'A sample to try your code on', 'sh');
  const env = cleanEnvironment({ PATH: `${dirname(binary)}:${process.env.PATH}` });
  const { stdout } = await run('sh', ['-c', line], { env });
  assert.match(stdout, /webhook-signature: ok\nX-LimeCall-Signature: ok\n/);
});
