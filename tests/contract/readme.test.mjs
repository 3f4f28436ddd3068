// Goal: README.md and the guides name the commands, flags and variables that the binary has, and none that it has not.
// Method: the binary's own --help, command by command, against the table of commands and every line of code in the texts
// that begins with "limehook". (src/config/readme_test.cpp holds the table of options of `serve`.)

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { binary, repositoryPath } from '../e2e/support/process.mjs';

const help = (...command) => execFileSync(binary, [...command, '--help'], { encoding: 'utf8' });

// The names under "Subcommands:" of a help text.
const commandsIn = (text) => [...(text.split(/^Subcommands:\s*$/m)[1] ?? '').matchAll(/^ {2}([a-z][a-z-]*)\b/gm)].map(([, name]) => name);

const commands = new Map(); // "webhooks list" → its help
for (const name of commandsIn(help())) {
  const text = help(name);
  commands.set(name, text);
  for (const sub of commandsIn(text)) commands.set(`${name} ${sub}`, help(name, sub));
}
const subcommandsOf = (name) => [...commands.keys()].filter((each) => each.startsWith(`${name} `)).map((each) => each.split(' ')[1]);

const markdown = (folder) => readdirSync(repositoryPath(folder), { recursive: true })
  .filter((name) => name.endsWith('.md') && !name.includes('node_modules')).map((name) => path.join(folder, name));
const texts = ['README.md', 'SECURITY.md', 'ARCHITECTURE.md', ...markdown('docs'), ...markdown('examples')]
  .map((name) => ({ name, text: readFileSync(repositoryPath(name), 'utf8') }));

// What stands in code and begins with "limehook": the words behind it.
function callsIn(text) {
  const blocks = [...text.matchAll(/^```[a-z]*\n([\s\S]*?)^```/gm)].map(([, code]) => code.replaceAll('\\\n', ' '));
  const lines = blocks.flatMap((code) => code.split('\n')).map((line) => line.replace(/#.*$/, ''));
  const spans = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`]+)`/g)].map(([, code]) => code.replaceAll('\n', ' '));
  return [...lines, ...spans].flatMap((code) =>
    [...code.matchAll(/(?:^|\s\|\s*|&&\s*|\$\()\s*(?:[A-Z_]+=\S*\s+)*limehook ([^|&;)]+)/g)].map(([, words]) => words.trim()));
}

test('the README has a row for each command, with its subcommands', () => {
  const rows = [...texts[0].text.matchAll(/^\| `limehook ([a-z-]+)` \| (.*) \|$/gm)].map(([, name, does]) => ({ name, does }));
  assert.deepEqual(rows.map((row) => row.name).sort(), [...commands.keys()].filter((name) => !name.includes(' ')).sort());
  for (const { name, does } of rows.filter((row) => subcommandsOf(row.name).length > 0)) {
    assert.deepEqual([...does.matchAll(/`([a-z-]+)`/g)].map(([, sub]) => sub).sort(), subcommandsOf(name).sort(), name);
  }
});

test('every call in the texts is one that the binary takes', () => {
  let seen = 0;
  for (const { name, text } of texts) {
    for (const call of callsIn(text)) {
      const [command, next] = call.split(/\s+/);
      if (command.startsWith('-')) continue;
      assert.ok(commands.has(command), `${name}: limehook ${call}: no such command`);
      const has = subcommandsOf(command);
      const whole = has.length > 0 && next !== undefined && /^[a-z]/.test(next) ? `${command} ${next}` : command;
      assert.ok(commands.has(whole), `${name}: limehook ${call}: no such command`);
      for (const [flag] of call.matchAll(/(?<=\s)--[a-z][a-z-]*/g)) {
        assert.match(commands.get(whole), new RegExp(`${flag}\\b`), `${name}: limehook ${call}: no ${flag}`);
      }
      seen += 1;
    }
  }
  assert.ok(seen > 40, `${seen} calls`);
});

test('every variable in the texts is one that the binary reads', () => {
  const known = [...commands.values()].join('\n');
  for (const { name, text } of texts.filter((each) => !each.name.startsWith('examples'))) { // those have some of their own
    for (const [variable] of text.matchAll(/\bLIMEHOOK_[A-Z]+(?:_[A-Z]+)*\b/g)) {
      if (variable !== 'LIMEHOOK_CONFIG') assert.match(known, new RegExp(`\\b${variable}\\b`), `${name}: ${variable}`);
    }
  }
});

test('what the commands share is told by each: exit codes, and --yes where something is destroyed', () => {
  for (const [name, text] of commands) assert.match(text, /Exit codes: 0 /, name);
  const destroy = ['webhooks delete', 'webhooks disable', 'webhooks rotate-secret', 'webhooks recover', 'keys delete', 'users delete',
                   'users disable', 'teams delete', 'rotate-key'];
  assert.deepEqual([...commands.keys()].filter((name) => /--yes\b/.test(commands.get(name))).sort(), destroy.sort());
});
