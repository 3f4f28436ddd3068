// What the benchmarks start and measure. Everything is on loopback, bounded in time, and ended with the process.

import { mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import { makeAuthority } from '../../tests/e2e/support/certificates.mjs';
import { cpuSeconds, residentBytes } from '../../tests/e2e/support/proc.mjs';
import { Child, Limehook, temporaryFolder } from '../../tests/e2e/support/process.mjs';
import { pause, waitFor } from '../../tests/e2e/support/wait.mjs';

export { Child, cpuSeconds, Limehook, pause, residentBytes, temporaryFolder, waitFor };

// An interrupted benchmark takes its children along, which a bare signal would not.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Whether somebody listens on a port of this machine. */
export function connects(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.on('close', () => {}).end();
  });
}

/** The lines of an nginx server block that listen for HTTPS, with a certificate of a new authority. */
async function nginxTls(folder) {
  const port = await freePort();
  const authority = makeAuthority();
  const { key, cert } = authority.leaf('IP:127.0.0.1');
  writeFileSync(path.join(folder, 'key.pem'), key);
  writeFileSync(path.join(folder, 'cert.pem'), cert);
  const lines = `listen 127.0.0.1:${port} ssl backlog=4096;
    ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;`;
  return { lines, url: `https://127.0.0.1:${port}`, caFile: authority.caFile };
}

/** An nginx with one worker that answers 200 to every POST: {url, stop()}, with `tls` also {tlsUrl, caFile}. */
export async function startNginx({ tls = false } = {}) {
  const port = await freePort();
  const folder = temporaryFolder();
  mkdirSync(path.join(folder, 'logs'));
  const secure = tls ? await nginxTls(folder) : { lines: '' };
  writeFileSync(
    path.join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log warn;
     events { worker_connections 8192; }
     http { access_log off; keepalive_requests 1000000000; keepalive_timeout 3600; client_body_temp_path ${folder}/body;
       proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
       server { listen 127.0.0.1:${port} backlog=4096; ${secure.lines} location / { return 200; } } }`,
  );
  const child = new Child('nginx', ['-p', folder, '-c', path.join(folder, 'nginx.conf')], { lastSignal: 'SIGTERM' });
  await waitFor(() => connects(port), 5000, 'nginx');
  const stop = () => child.signal('SIGTERM');
  return { url: `http://127.0.0.1:${port}`, tlsUrl: secure.url, caFile: secure.caFile, stop };
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

/** The value of a metric of a server; `name` includes the labels. */
export async function metric(server, name) {
  const text = await (await fetch(`http://${server.address}/metrics`)).text();
  return Number(text.split('\n').find((line) => line.startsWith(`${name} `)).split(' ')[1]);
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

export function quantiles(values, ...wanted) {
  const sorted = Float64Array.from(values).sort();
  return wanted.map((q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]);
}

/** One JSON line for a result. */
export const report = (result) => console.log(JSON.stringify(result));
