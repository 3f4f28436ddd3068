// The server of a soak: killed, stopped and paused, always started again on the same folder; what that did, and what the
// process needs of the machine.

import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

import { Api } from '../e2e/support/api.mjs';
import { Limehook, run, temporaryFolder } from '../e2e/support/process.mjs';
import { pause } from '../e2e/support/wait.mjs';

const requestTimeoutMs = 4000;
const unwrittenMs = 5000; // how long before a kill an answer may have come that was not stored yet
const nearMs = 1000; // an answer may have been on its way
const remembered = 200; // kills and pauses

/** The resident memory, open descriptors and threads of a process. */
export function resourcesOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    residentBytes: Number(status.match(/VmRSS:\s+(\d+)/)[1]) * 1024,
    threads: Number(status.match(/Threads:\s+(\d+)/)[1]),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

export class Server {
  constructor(soak, args) {
    Object.assign(this, { soak, args, data: temporaryFolder() });
    this.counts = { 'kill -9': 0, SIGTERM: 0, SIGSTOP: 0, byItself: 0 };
    this.kills = []; // times
    this.pauses = []; // [from, to]
    this.startsMs = []; // from the start of the process to ready
    this.stopsMs = []; // from SIGTERM to the end
    this.warnings = new Map(); // what the process logged as warning or error → how often
  }

  get api() {
    return new Api(this.process.url, this.process.key, { timeout: requestTimeoutMs });
  }
  get pid() {
    return this.process.child.pid;
  }

  async start() {
    const began = performance.now();
    const started = await Limehook.start({ data: this.data, args: this.args });
    this.startsMs.push(performance.now() - began);
    this.process = started;
    this.expectedEnd = false;
    this.lifeBegan = this.soak.now();
    started.child.child.on('exit', () => this.#onExit(started));
  }

  async #onExit(ended) {
    if (this.expectedEnd) return;
    this.counts.byItself += 1;
    this.kills.push(this.soak.now());
    this.soak.fault(`limehook ended by itself\n${ended.child.lastWords()}`);
    await this.start();
  }

  async kill() {
    this.counts['kill -9'] += 1;
    this.expectedEnd = true;
    this.kills.push(this.soak.now());
    await this.process.kill9();
    this.#readLog();
    await this.start();
  }

  async terminate() {
    this.counts.SIGTERM += 1;
    await this.stop();
    await this.start();
  }

  /** Ends it for good. */
  async stop() {
    this.expectedEnd = true;
    this.stopsMs.push(await this.process.stop());
    this.#readLog();
  }

  async pause(milliseconds) {
    this.counts.SIGSTOP += 1;
    const from = this.soak.now();
    this.process.child.signal('SIGSTOP');
    await pause(milliseconds);
    this.process.child.signal('SIGCONT');
    this.pauses.push([from, this.soak.now()]);
  }

  /** What could make an answer of 200 at `answered` come to nothing, for an attempt that came again at `again`. */
  interruptions(answered, again) {
    const kill = this.kills.slice(-remembered).find((at) => at >= answered - nearMs && at <= Math.min(again, answered + unwrittenMs));
    const paused = this.pauses.slice(-remembered)
      .some(([from, to]) => from <= answered + nearMs && to >= answered - nearMs);
    return { killedAfter: kill === undefined ? undefined : Math.max(0, kill - answered), paused };
  }

  resources = () => resourcesOf(this.pid);

  storeBytes() {
    const names = readdirSync(this.data).filter((name) => name.startsWith('limehook.db'));
    return names.reduce((sum, name) => sum + (statSync(path.join(this.data, name), { throwIfNoEntry: false })?.size ?? 0), 0);
  }

  /** `limehook check` of a folder; a fault when it finds something. */
  async check(folder = this.data) {
    const { code, stdout, stderr } = await run(['check', '--data', folder], { timeout: 600_000 });
    if (code !== 0) this.soak.fault(`limehook check of ${folder} ended with ${code}: ${stdout}${stderr}`);
  }

  #readLog() {
    for (const line of (this.process.child.stdout + this.process.child.stderr).split('\n')) {
      const level = /"level":"(warning|warn|error|critical)"/.exec(line)?.[1];
      if (!level) continue;
      const message = /"(?:message|msg)":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? line;
      const kind = `${level}: ${message.replace(/\b(wh|dlv|evt|att|rec)_\w+/g, '$1_…').replace(/\d+/g, 'N')}`;
      this.warnings.set(kind, (this.warnings.get(kind) ?? 0) + 1);
    }
  }
}
