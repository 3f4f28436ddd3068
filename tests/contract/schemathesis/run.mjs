// Runs Schemathesis over api/openapi.yaml against the binary: requests that the document allows must be taken, others
// refused, and every answer must be as documented. It is installed into the build folder, in the version of
// requirements.txt; its requests come from a fixed seed.
//
// node run.mjs [ARGUMENTS…]: they go to Schemathesis, such as --include-operation-id listEvents.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { Limehook, repositoryPath, temporaryFolder } from '../../e2e/support/process.mjs';
import { eventTypes, sample } from '../../e2e/support/samples.mjs';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const requirements = path.join(here, 'requirements.txt');
const installed = repositoryPath('build', 'schemathesis');

// Operations whose answers have no end, or that a run of this kind cannot use.
const LEFT_OUT = {
  getUpdates: 'the answer is a stream without an end',
};

// Unknown keys are slowed down, so that not each of its requests is answered with 401; the tests of roles hold that.
const LEFT_OUT_CHECKS = ['ignored_auth'];

function command(file, args, options = {}) {
  const { status, error } = spawnSync(file, args, { stdio: 'inherit', ...options });
  if (error) throw error;
  return status;
}

function install() {
  const mark = path.join(installed, 'installed.txt');
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return;
  assert.equal(command('/usr/bin/python3', ['-m', 'venv', installed]), 0, 'a virtual environment (Debian: python3-venv)');
  const pip = [path.join(installed, 'bin', 'pip'), 'install', '--quiet', '--disable-pip-version-check', '-r', requirements];
  assert.equal(command(pip[0], pip.slice(1)), 0, 'Schemathesis, from the Python package index');
  writeFileSync(mark, wanted);
}

// One of each thing, so that lists are not empty.
async function fill(api) {
  const make = async (target, body) => {
    const { status, text } = await api.post(target, body);
    assert.ok(status < 300, `${target}: ${text}`);
  };
  await make('/v1/teams', { id: 'team_001', name: 'First' });
  await make('/v1/webhooks', { name: 'CRM', url: 'https://example.com/', team_id: 'team_001' });
  await make('/v1/webhooks', { name: 'Polled', mode: 'poll', team_id: 'team_001' });
  await make('/v1/keys', { name: 'PBX', role: 'ingest', team_id: 'team_001' });
  await make('/v1/numbers', { number: '+1234567890', team_id: 'team_001' });
  await make('/v1/test-receivers', { team_id: 'team_001' });
  await make('/v1/invitations', { email: 'ann@example.com', role: 'read', team_id: 'team_001' });
  await make('/v1/events/batch', eventTypes.map((type) => sample(type)));
}

install();
// What is made here must reach nobody: everything goes through a proxy that is not there.
const server = await Limehook.start({ args: ['--proxy', 'http://127.0.0.1:9', '--retry-schedule', '1h'] });
await fill(server.api);
const args = ['run', repositoryPath('api', 'openapi.yaml'), '--url', server.url, '--header', `Authorization: Bearer ${server.key}`,
  '--seed', '7', '--workers', '1', '--phases', 'examples,coverage,fuzzing', '--max-examples', process.env.EXAMPLES ?? '10',
  '--request-timeout', '20', '--continue-on-failure', '--exclude-checks', LEFT_OUT_CHECKS.join(','),
  '--suppress-health-check', 'filter_too_much,too_slow',
  ...Object.keys(LEFT_OUT).flatMap((id) => ['--exclude-operation-id', id]), ...process.argv.slice(2)];
const env = { ...process.env, SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: here, NO_COLOR: '1' };
const status = command(path.join(installed, 'bin', 'st'), args, { env, cwd: temporaryFolder() });
await server.stop();
process.exitCode = status;
