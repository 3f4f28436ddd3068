// Runs every black-box test, two files at a time, and ends with "N passed, N failed". Arguments choose files:
//   node run.mjs wire crash
// What happened in the tests goes to the terminal; JUNIT=FILE also writes it as JUnit XML.

import { spawn } from 'node:child_process';
import { readdirSync, existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { binary } from './support/process.mjs';

const folder = path.dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.test.mjs'))
  .filter((name) => wanted.length === 0 || wanted.some((word) => name === word || name === `${word}.test.mjs`))
  // The long one first, so that it runs beside the others.
  .sort((a, b) => Number(b.startsWith('crash')) - Number(a.startsWith('crash')) || a.localeCompare(b));

if (!existsSync(binary)) {
  console.error(`there is no ${binary}; build it, or name another in LIMEHOOK_BIN`);
  process.exit(2);
}
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(' ')}`);
  process.exit(2);
}

const args = ['--test', '--test-concurrency=2', '--test-reporter=spec', '--test-reporter-destination=stdout',
  '--test-reporter=tap', '--test-reporter-destination=stderr'];
if (process.env.JUNIT) args.push('--test-reporter=junit', `--test-reporter-destination=${process.env.JUNIT}`);

const child = spawn(process.execPath, [...args, ...files], { cwd: folder, stdio: ['ignore', 'inherit', 'pipe'] });
let tap = '';
child.stderr.setEncoding('utf8').on('data', (text) => (tap += text));
child.on('close', (code) => {
  const count = (word) => Number(tap.match(new RegExp(`^# ${word} (\\d+)$`, 'm'))?.[1] ?? 0);
  const failed = count('fail') + count('cancelled');
  const complete = /^# tests \d+$/m.test(tap);
  if (!complete) process.stderr.write(tap);
  const skipped = count('skipped');
  console.log(`${count('pass')} passed, ${complete ? failed : failed + 1} failed${skipped ? `, ${skipped} skipped` : ''}`);
  process.exitCode = failed > 0 || !complete ? 1 : code;
});
