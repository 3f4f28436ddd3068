// Starts and ends the limehook binary as a black box, and runs its subcommands.
//
// Nothing here keeps the test's process alive by itself: children are unreferenced and write to files, every wait has
// a deadline, and what is still running when the test's process ends is killed.

import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Api } from './api.mjs';
import { slower, waitFor } from './wait.mjs';

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

export const binary = process.env.LIMEHOOK_BIN
  ? path.resolve(process.env.LIMEHOOK_BIN)
  : path.join(repository, 'build/release/limehook');

/** The one that Debian's packages are for; another may come first in PATH. */
export const python = '/usr/bin/python3';

export const repositoryPath = (...parts) => path.join(repository, ...parts);

/** Go compiles its own library into this folder, once: that takes a minute. */
export const goSettings = { GO111MODULE: 'off', GOCACHE: path.join(repository, 'build/go-cache') };

const children = new Set();
const folders = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1)); // not without what follows
process.on('exit', () => {
  for (const child of children) child.kill(child.lastSignal);
  if (process.env.LIMEHOOK_KEEP) return;
  for (const folder of folders) {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // a process that is just ending may still write there
    }
  }
});

/** A new folder that is removed when the test's process ends (kept when LIMEHOOK_KEEP is set). */
export function temporaryFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), 'limehook-e2e-'));
  folders.add(folder);
  return folder;
}

// What of the caller's environment may reach a process that a test starts: where programs and temporary files are, time
// zone and language, which change nothing, and what makes sanitizers and coverage report.
const inherited = /^(?:PATH|TMPDIR|TZ|LANG|LC_\w+|LOCPATH|[A-Z]+SAN_OPTIONS|LLVM_PROFILE_FILE)$/;
let home;

/** The environment of a process that only what a test says counts for: no proxies, no settings in a home folder. */
export function cleanEnvironment(extra = {}) {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => inherited.test(name)));
  home ??= temporaryFolder();
  return { ...environment, HOME: home, NO_COLOR: '1', ...extra };
}

/** A child process whose output goes to files. */
export class Child {
  constructor(command, args, { env = cleanEnvironment(), cwd, input, lastSignal = 'SIGKILL' } = {}) {
    this.folder = temporaryFolder();
    this.commandLine = [command, ...args].join(' ');
    const out = openSync(path.join(this.folder, 'stdout'), 'w');
    const err = openSync(path.join(this.folder, 'stderr'), 'w');
    this.child = spawn(command, args, { env, cwd, stdio: [input === undefined ? 'ignore' : 'pipe', out, err] });
    closeSync(out);
    closeSync(err);
    this.child.lastSignal = lastSignal; // for what has children of its own, which it must end itself
    children.add(this.child);
    this.exit = null; // {code, signal} once it has ended
    this.failure = null; // why it could not even start
    this.child.on('exit', (code, signal) => {
      children.delete(this.child);
      this.exit = { code, signal };
    });
    this.child.on('error', (error) => {
      children.delete(this.child);
      this.failure = error;
    });
    this.child.unref();
    if (input !== undefined) {
      this.child.stdin.on('error', () => {}); // it may end without reading
      this.child.stdin.end(input);
    }
  }

  get pid() {
    return this.child.pid;
  }
  get stdout() {
    return readFileSync(path.join(this.folder, 'stdout'), 'utf8');
  }
  get stderr() {
    return readFileSync(path.join(this.folder, 'stderr'), 'utf8');
  }

  signal(name) {
    if (!this.exit) this.child.kill(name);
  }

  /** Waits for the end; answers {code, signal, stdout, stderr}. Kills it and throws after the deadline. */
  async ended(milliseconds = 20_000) {
    try {
      await waitFor(() => this.exit || this.failure, milliseconds, `the end of: ${this.commandLine}`);
    } catch (error) {
      this.signal('SIGKILL');
      throw new Error(`${error.message}\n${this.lastWords()}`);
    }
    if (this.failure) throw new Error(`cannot start ${this.commandLine}: ${this.failure.message}`);
    return { ...this.exit, stdout: this.stdout, stderr: this.stderr };
  }

  lastWords() {
    return `--- last output of ${this.commandLine}\n${(this.stdout + this.stderr).slice(-3000)}`;
  }
}

/** Runs one subcommand to its end. */
export function run(args, { env = {}, input, timeout = 20_000, cwd } = {}) {
  return new Child(binary, args, { env: cleanEnvironment(env), input, cwd }).ended(timeout);
}

/** A running `limehook serve`. */
export class Limehook {
  static adminKey = 'lh_e2e_admin_key_0123456789';

  /**
   * data: its folder (a new one when not given); args: more flags; env: more environment.
   * allowLoopback: the flags that let it deliver to receivers of this test over plain http.
   * plain: true leaves out every flag but the folder and the port (for tests of configuration).
   * wrap: a command line that the server's is appended to, and that becomes it (exec): ['prlimit', '--nofile=128'].
   * fetch: how requests reach it, where that is not the test's own network.
   */
  static async start({ data = temporaryFolder(), args = [], env = {}, allowLoopback = true, plain = false, wait = true, listen = '127.0.0.1:0', key = Limehook.adminKey, wrap = [], fetch = globalThis.fetch } = {}) {
    const server = new Limehook();
    server.fetch = fetch;
    server.data = data;
    const base = ['serve', '--listen', listen, '--data', data];
    if (!plain) base.push('--admin-key', key);
    if (!plain && allowLoopback) base.push('--allow-http', '--allow-net', '127.0.0.0/8');
    rmSync(path.join(data, 'limehook.address'), { force: true });
    const [command, ...rest] = [...wrap, binary, ...base, ...args];
    server.child = new Child(command, rest, { env: cleanEnvironment(env) });
    server.key = key;
    if (wait) await server.ready();
    return server;
  }

  get address() {
    const file = path.join(this.data, 'limehook.address');
    if (!existsSync(file)) return null;
    const text = readFileSync(file, 'utf8');
    return text.endsWith('\n') || /:\d+$/.test(text) ? text.trim() || null : null;
  }

  async ready(milliseconds = 20_000) {
    await waitFor(async () => {
      if (this.child.exit || this.child.failure) throw new Error(`limehook ended before it was ready\n${this.child.lastWords()}`);
      if (!this.address) return false;
      this.url = `http://${this.address}`;
      try {
        return (await this.fetch(`${this.url}/readyz`)).status === 200;
      } catch {
        return false;
      }
    }, milliseconds, 'limehook to be ready', 5);
    this.api = new Api(this.url, this.key, { fetch: this.fetch });
    return this;
  }

  /** SIGTERM; expects exit status 0 within 10 s. Answers how long it took, in ms. */
  async stop() {
    const began = Date.now();
    this.child.signal('SIGTERM');
    const { code, signal } = await this.child.ended(12_000);
    const took = Date.now() - began;
    if (code !== 0) throw new Error(`limehook ended with ${code ?? signal} on SIGTERM\n${this.child.lastWords()}`);
    if (took > 10_000 * slower) throw new Error(`limehook took ${took} ms to stop`);
    return took;
  }

  async kill9() {
    this.child.signal('SIGKILL');
    await waitFor(() => this.child.exit, 10_000, 'the end of a killed process', 2);
  }
}
