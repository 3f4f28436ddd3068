// "As curl…": the command that people copy into a shell sends the request and does nothing else, whatever a team has called
// its headers. Method: the command is pasted into real shells, where curl is a function that prints its arguments.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { after, before, describe } from 'node:test';

import { Browser, missingBrowser } from './support/browser.mjs';
import { button, text, withAdmin } from './support/dashboard.mjs';
import { temporaryFolder } from './support/process.mjs';
import { missedCall } from './support/samples.mjs';
import { test } from './support/test.mjs';
import { waitFor } from './support/wait.mjs';

const shells = ['bash', 'dash', 'zsh', 'busybox'].map((name) => ({ name, path: `/usr/bin/${name}` }));

// All characters that a header's name may have (RFC 9110, section 5.6.2), and names that shells and programs know.
const headers = {
  'X-`touch$IFS\'pwned\'`': 'a value',
  "X-'|touch$IFS'pwned": 'b',
  "!x'$USER&touch|pwned'": 'c',
  'X-$HOME~*^#%+.': 'd',
  Path: '/some/path', User: 'someone', Home: '/root', Ifs: 'x', 'Bash-Env': '/tmp/x', Key: 'k', 'X-A-B': '1', X_A_B: '2', '2FA-Token': 'tok',
};
const text1 = `it's "$(touch pwned)" \`touch pwned\` $PATH \${HOME} !! \\ ~ * {a,b} %s $'x' 'a' ''`;

let browser;

describe('As curl…', { skip: missingBrowser() }, () => {
  before(async () => {
    browser = await Browser.start();
  });
  after(() => browser?.stop());

  test('is text to every shell', (t) => withAdmin(browser, async ({ server, visitSignedIn }) => {
    const url = 'http://[::1]:9/a?b=$(touch+pwned)\'&c=!x;$HOME';
    await server.api.createWebhook({ url, team_id: 'team_001', headers });
    await server.api.send({ ...missedCall(), note: text1 });
    const delivery = await waitFor(async () => (await server.api.read('/v1/deliveries')).data.find(({ attempt_count }) => attempt_count > 0), 20_000, 'an attempt');
    const [{ request }] = (await server.api.read(`/v1/deliveries/${delivery.id}`)).attempts;
    const page = await visitSignedIn(`/logs/${delivery.id}`);
    await button(page, 'As curl…').click();
    await text(page, 'The request as curl');
    const command = await page.getByRole('region', { name: 'Command' }).innerText();
    const named = [...new Set(command.match(/\$\{?LIMEHOOK_\w+/g))].map((name) => name.replace(/^\$\{?/, ''));
    assert.equal(named.length, Object.keys(headers).length + 1, `a variable for each header: ${named}`);
    const known = ['LIMEHOOK_KEY', 'LIMEHOOK_SERVER', 'LIMEHOOK_ADMIN_KEY', 'LIMEHOOK_SECRET'];
    assert.deepEqual(named.filter((name) => known.includes(name)), []);

    const masked = Object.entries(request.headers);
    for (const shell of shells) {
      if (!existsSync(shell.path)) {
        t.diagnostic(`skipped: ${shell.name} is not installed`);
        continue;
      }
      const folder = temporaryFolder();
      const env = { PATH: '/usr/bin:/bin', HOME: '/nowhere', ...Object.fromEntries(named.map((name) => [name, `<${name}>`])) };
      const script = `curl() { for each in "$@"; do printf '%s\\0' "$each"; done; }\n${command}\n`;
      const args = shell.name === 'busybox' ? ['sh', '-c', script] : ['-c', script];
      const got = execFileSync(shell.path, args, { cwd: folder, env, encoding: 'utf8' }).split('\0').slice(0, -1);
      assert.deepEqual(readdirSync(folder), [], shell.name);
      assert.deepEqual(got.slice(0, 2), ['--globoff', request.url], shell.name);
      assert.deepEqual(got.slice(-2), ['--data-raw', request.body], shell.name);
      const lines = got.slice(2, -2).filter((_, index) => index % 2 === 1);
      assert.deepEqual(lines.map((line) => line.replace(/<LIMEHOOK_\w+>/, '•')), masked.map(([name, value]) => `${name}: ${value.replace(/•+/, '•')}`), shell.name);
    }
  }, ['--allow-net', '::1/128']));
});
