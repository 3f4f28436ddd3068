// Stores with a past, made by fill_store (bench/fill_store.cpp). FILL_STORE names another build of it.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

import { Child, repositoryPath } from '../../tests/e2e/support/process.mjs';
import { report, temporaryFolder } from './machine.mjs';

function program() {
  if (process.env.FILL_STORE) return process.env.FILL_STORE;
  const built = repositoryPath('build/release/bench/fill_store');
  if (!existsSync(built)) spawnSync('ninja', ['-C', repositoryPath('build/release'), 'fill_store'], { stdio: ['ignore', 2, 2] });
  if (!existsSync(built)) throw new Error('fill_store could not be built; ./setup and ./dev build come first');
  return built;
}

/**
 * Fills a new folder; `settings` are flags of fill_store: {attempts: 1000, url: 'http://…', 'due-in': '0:60'}.
 * Answers what fill_store prints, with the folder as `data`. The folder goes with this process.
 */
export async function fillStore(settings) {
  const data = temporaryFolder();
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { code, stdout, stderr } = await new Child(program(), ['--directory', data, ...flags]).ended(15 * 60_000);
  if (code !== 0) throw new Error(`fill_store failed: ${stderr}`);
  const filled = JSON.parse(stdout);
  report({ filled });
  return { ...filled, data };
}
