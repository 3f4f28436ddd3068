// Goal: SECURITY.md promises nothing that no test holds, and docs/dependencies.md leaves nothing out.
// Method: every test that SECURITY.md names must be there, and every package that ./setup installs to build.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { OPENAPI_PATH } from './lib/paths.mjs';

const root = path.resolve(path.dirname(OPENAPI_PATH), '..');
const security = readFileSync(path.join(root, 'SECURITY.md'), 'utf8');

const files = new Map(); // name → text, of every test of this repository
for (const folder of ['src', 'tests', 'fuzz']) collect(path.join(root, folder));

function collect(folder) {
  let entries = [];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries) {
    const inside = path.join(folder, entry.name);
    if (entry.name === 'node_modules') continue;
    if (entry.isDirectory()) collect(inside);
    else if (/_test\.cpp$|\.test\.mjs$/.test(entry.name)) files.set(entry.name, readFileSync(inside, 'utf8'));
  }
}

const promises = security.split('\n').filter((line) => /^\| \*\*/.test(line));

test('every promise names a test that is there', () => {
  assert.ok(promises.length > 25);
  for (const line of promises) {
    const [promise, holders] = line.split(' | ');
    const named = [...holders.matchAll(/`(?:[\w/]+\/)?(\w+(?:_test\.cpp|\.test\.mjs))`/g)].map((match) => match[1]);
    assert.ok(named.length > 0, `no test is named for ${promise}`);
    for (const name of named) assert.ok(files.has(name), `there is no ${name}, which is to hold: ${promise}`);
  }
});

test('every C++ test that is named by its own name is there', () => {
  for (const line of promises) {
    for (const [, file, names] of line.matchAll(/`(\w+_test\.cpp)` \(([^)]*)\)/g)) {
      for (const [, name] of names.matchAll(/`(\w+)`/g)) {
        assert.ok(files.get(file)?.includes(`, ${name})`), `${file} has no test ${name}`);
      }
    }
  }
});

test('every package that the build installs is among the dependencies', () => {
  const setup = readFileSync(path.join(root, 'setup'), 'utf8');
  const listed = readFileSync(path.join(root, 'docs/dependencies.md'), 'utf8');
  const packages = setup.match(/build_packages=\(([^)]*)\)/)[1].trim().split(/\s+/);
  for (const name of packages) assert.ok(listed.includes(`\`${name}\``), `docs/dependencies.md does not have ${name}`);
});
