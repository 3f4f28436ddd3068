// Runs test files, two at a time, each in a process of its own, and ends with "N passed, N failed". Arguments are words or
// paths; without any, it runs every black-box test:
//   node run.mjs wire crash
//   node run.mjs ../contract/*.test.mjs
// A file that passed gets a line, one that failed its whole output. JUNIT=FILE also writes JUnit XML, TIMES=FILE appends a
// line for each file: seconds, a tab, its name. JOBS says how many files run at a time.

import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { binary } from './support/process.mjs';
import { slower } from './support/wait.mjs';

const folder = path.dirname(fileURLToPath(import.meta.url));
const jobs = Number(process.env.JOBS ?? 2);
const minutesMax = 20 * slower; // of one file, whose tests have limits of their own
const shownSlowest = 10;

// These take longest: begun last, they would run on when all others have ended.
const first = ['soak', 'crash', 'pages', 'docs', 'egress', 'dash_logs', 'faults_outage', 'snippets', 'openapi'];

const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGTERM');
});

const nameOf = (file) => path.basename(file, '.test.mjs');
const rank = (file) => (first.indexOf(nameOf(file)) + first.length + 1) % (first.length + 1);

function wantedFiles(words) {
  const paths = words.filter((word) => word.includes('/')).map((word) => path.resolve(word));
  const names = words.filter((word) => !word.includes('/')).map((word) => word.replace(/\.test\.mjs$/, ''));
  const here = readdirSync(folder).filter((name) => name.endsWith('.test.mjs'));
  const chosen = here.filter((name) => words.length === 0 || names.includes(nameOf(name))).map((name) => path.join(folder, name));
  return [...paths, ...chosen].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** Runs one file to its end: {file, seconds, output, passed, failed, skipped, reasons}. */
async function outcomeOf(file, junit) {
  const began = performance.now();
  const args = ['--test-reporter=tap', '--test-reporter-destination=stdout'];
  if (junit) args.push('--test-reporter=junit', `--test-reporter-destination=${junit}`);
  const child = spawn(process.execPath, [...args, file], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  const limit = setTimeout(() => child.kill('SIGKILL'), minutesMax * 60_000);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(limit);
  children.delete(child);
  const count = (word) => Number(output.match(new RegExp(`^# ${word} (\\d+)$`, 'm'))?.[1] ?? 0);
  const failed = count('fail') + count('cancelled');
  const reasons = [...output.matchAll(/^ *ok \d+ - (.*) # SKIP *(.*)$/gm)].map(([, name, why]) => `${nameOf(file)}: ${name}: ${why}`);
  const seconds = (performance.now() - began) / 1000;
  return { file, seconds, output, passed: count('pass'), failed: failed || Number(code !== 0), skipped: count('skipped'), reasons };
}

function tell({ file, seconds, output, passed, failed }) {
  if (failed > 0) console.log(`${output}\n`);
  console.log(`${nameOf(file).padEnd(24)} ${seconds.toFixed(1).padStart(6)} s  ${passed} passed, ${failed} failed`);
  for (const line of output.match(/^ *# (?:rounds|twice).*$/gm) ?? []) console.log(`    ${line.trim()}`);
  if (process.env.TIMES) appendFileSync(process.env.TIMES, `${seconds.toFixed(1)}\t${path.basename(file)}\n`);
}

async function runAll(files, scratch) {
  const outcomes = [];
  const waiting = [...files];
  const worker = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      const outcome = await outcomeOf(file, scratch && path.join(scratch, `${files.indexOf(file)}.xml`));
      tell(outcome);
      outcomes.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return outcomes;
}

/** One JUnit document of those in `scratch`. */
function joinJunit(scratch, target) {
  const suites = readdirSync(scratch).map((name) => readFileSync(path.join(scratch, name), 'utf8').replace(/<\?xml.*?\?>|<\/?testsuites>/g, ''));
  writeFileSync(target, `<?xml version="1.0" encoding="utf-8"?>\n<testsuites>${suites.join('')}</testsuites>\n`);
  rmSync(scratch, { recursive: true });
}

function list(title, lines) {
  if (lines.length > 0) console.log([`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n'));
}

const files = wantedFiles(process.argv.slice(2));
if (!existsSync(binary)) {
  console.error(`there is no ${binary}; build it, or name another in LIMEHOOK_BIN`);
  process.exit(2);
}
if (files.length === 0 || !files.every((file) => existsSync(file))) {
  console.error(`no test file matches ${process.argv.slice(2).join(' ')}`);
  process.exit(2);
}

const scratch = process.env.JUNIT ? mkdtempSync(path.join(tmpdir(), 'limehook-junit-')) : undefined;
const outcomes = await runAll(files, scratch);
if (scratch) joinJunit(scratch, process.env.JUNIT);
const sum = (member) => outcomes.reduce((total, outcome) => total + outcome[member], 0);
const slowest = outcomes.sort((a, b) => b.seconds - a.seconds).slice(0, shownSlowest);
list('Skipped, and why', outcomes.flatMap(({ reasons }) => reasons));
if (!process.env.TIMES) list('The slowest', slowest.map(({ seconds, file }) => `${seconds.toFixed(1).padStart(6)} s  ${nameOf(file)}`));
console.log(`${sum('passed')} passed, ${sum('failed')} failed${sum('skipped') ? `, ${sum('skipped')} skipped` : ''}`);
process.exitCode = sum('failed') > 0 ? 1 : 0;
