// What the benchmarks start and measure. Everything is on loopback, bounded in time, and ended with the process.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import { Child, Limehook, temporaryFolder } from '../../tests/e2e/support/process.mjs';
import { waitFor } from '../../tests/e2e/support/wait.mjs';

export { Limehook, temporaryFolder, waitFor };

const ticksPerSecond = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout);

export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** An nginx with one worker that answers 200 to every POST. */
export async function startNginx() {
  const port = await freePort();
  const folder = temporaryFolder();
  mkdirSync(path.join(folder, 'logs'));
  writeFileSync(
    path.join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log warn;
     events { worker_connections 8192; }
     http { access_log off; keepalive_requests 1000000000; keepalive_timeout 3600; client_body_temp_path ${folder}/body;
       proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
       server { listen 127.0.0.1:${port} backlog=4096; location / { return 200; } } }`,
  );
  const child = new Child('nginx', ['-p', folder, '-c', path.join(folder, 'nginx.conf')], { lastSignal: 'SIGTERM' });
  const connects = () =>
    new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.on('close', () => {}).end();
    });
  await waitFor(connects, 5000, 'nginx');
  return { url: `http://127.0.0.1:${port}`, stop: () => child.signal('SIGTERM') };
}

/** POSTs `body` with wrk; answers requests per second and wrk's CPU microseconds per request. */
export async function wrk(url, body, { seconds = 5, connections = 64 } = {}) {
  const script = path.join(temporaryFolder(), 'post.lua');
  writeFileSync(
    script,
    `wrk.method = "POST"; wrk.headers["Content-Type"] = "application/json"; wrk.body = ${JSON.stringify(body)}`,
  );
  const child = new Child('bash', ['-c', `times; wrk -t1 -c${connections} -d${seconds}s -s ${script} ${url}/hook; times`]);
  const { stdout } = await child.ended((seconds + 10) * 1000);
  const perSecond = Number(stdout.match(/Requests\/sec:\s+([\d.]+)/)[1]);
  const requests = Number(stdout.match(/(\d+) requests in/)[1]);
  const cpu = [...stdout.matchAll(/(\d+)m([\d.]+)s/g)].slice(-2).reduce((sum, m) => sum + Number(m[1]) * 60 + Number(m[2]), 0);
  return { perSecond, cpuPerRequest: (cpu / requests) * 1e6 };
}

/** User and system seconds of a process so far. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export function residentBytes(pid) {
  return Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) * 1024;
}

/** The value of a metric of a server. */
export async function metric(server, name) {
  const text = await (await fetch(`http://${server.address}/metrics`)).text();
  return Number(text.match(new RegExp(`^${name} (\\S+)`, 'm'))[1]);
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

export function quantiles(values, ...wanted) {
  const sorted = Float64Array.from(values).sort();
  return wanted.map((q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]);
}

/** One JSON line for a result. */
export const report = (result) => console.log(JSON.stringify(result));
