// Two hosts on one machine: network namespaces of the test's own, joined by a link that it makes bad (lossy_link.py).
// They and all that is in them go with the test's process.

import { execFileSync, spawn } from 'node:child_process';
import { accessSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { cleanEnvironment, python } from './process.mjs';
import { waitFor } from './wait.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const ip = (...args) => execFileSync('ip', args, { stdio: 'pipe' });

/** Why there can be none here; false when there can. */
export const noNetwork = (() => {
  if (process.getuid() !== 0) return 'network namespaces need root';
  const probe = `lh-probe-${process.pid}`;
  try {
    accessSync('/dev/net/tun');
    ip('netns', 'add', probe);
    ip('netns', 'delete', probe);
    return false;
  } catch (error) {
    return `network namespaces with a TUN device cannot be made: ${error.message.split('\n')[0]}`;
  }
})();

/** A process in a namespace that makes requests and has receivers there. */
class Agent {
  #answers = new Map();
  #receivers = [];
  #last = 0;

  constructor(namespace) {
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'];
    const args = ['netns', 'exec', namespace, process.execPath, here('agent_process.mjs')];
    this.child = spawn('ip', args, { stdio, env: cleanEnvironment() });
    this.child.on('message', (message) => this.#take(message));
    this.child.unref();
    this.child.channel.unref();
    this.fetch = async (url, { method, headers, body } = {}) => {
      const { status, headers: received, text } = await this.#call('fetch', { url, options: { method, headers, body } });
      return new Response(text, { status, headers: received });
    };
  }

  #take({ id, result, error, receiver, ...request }) {
    if (receiver !== undefined) return this.#receivers[receiver].requests.push({ ...request, acknowledged: true });
    const { resolve, reject } = this.#answers.get(id);
    this.#answers.delete(id);
    if (this.#answers.size === 0) this.child.channel.unref();
    if (error === undefined) resolve(result);
    else reject(new TypeError(`fetch failed: ${error}`)); // as fetch itself says it
  }

  #call(call, parameters) {
    const id = (this.#last += 1);
    this.child.channel.ref(); // the test's process waits for answers, and not for the agent
    return new Promise((resolve, reject) => {
      this.#answers.set(id, { resolve, reject });
      this.child.send({ id, call, ...parameters });
    });
  }

  /** A receiver at `host` that answers 200, with a ledger here: {url, requests}. */
  async receive(host) {
    const number = this.#receivers.length;
    const receiver = { requests: [] };
    this.#receivers.push(receiver);
    Object.assign(receiver, await this.#call('receive', { number, host, behaviour: { status: 200 } }));
    return receiver;
  }
}

/**
 * near, far: {namespace, address, wrap, agent}; wrap is the command line that starts a process there.
 * rules(r): what happens to packets from now on, as lossy_link.py says; "first" is near. end(): {passed, lost, …}.
 */
export class Network {
  static async start() {
    const network = new Network();
    const side = (name, host) => {
      const namespace = `lh-${name}-${process.pid}`;
      ip('netns', 'add', namespace);
      process.on('exit', () => remove(namespace));
      return { namespace, address: `10.77.0.${host}`, wrap: ['ip', 'netns', 'exec', namespace] };
    };
    const [near, far] = [side('near', 1), side('far', 2)];
    const args = [near, far].flatMap(({ namespace, address }) => [namespace, address]);
    network.link = spawn(python, [here('lossy_link.py'), ...args], { stdio: ['pipe', 'pipe', 'inherit'], env: cleanEnvironment() });
    process.on('exit', () => network.link.kill('SIGKILL'));
    network.output = '';
    network.link.stdout.setEncoding('utf8').on('data', (text) => (network.output += text));
    for (const handle of [network.link, network.link.stdout, network.link.stdin]) handle.unref();
    await waitFor(() => network.output.includes('ready'), 10_000, 'the link');
    for (const host of [near, far]) host.agent = new Agent(host.namespace);
    return Object.assign(network, { near, far });
  }

  rules(rules) {
    this.link.stdin.write(`${JSON.stringify(rules)}\n`);
  }

  async end() {
    this.link.stdin.end();
    await waitFor(() => this.link.exitCode !== null, 10_000, 'the end of the link');
    for (const { agent, namespace } of [this.near, this.far]) {
      agent.child.disconnect();
      remove(namespace);
    }
    return JSON.parse(this.output.split('\n')[1]);
  }
}

/** A namespace lives on in the processes that are in it; its name goes. */
function remove(namespace) {
  try {
    ip('netns', 'delete', namespace);
  } catch {
    // it has been removed
  }
}
