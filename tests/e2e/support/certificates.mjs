// Certificates made on the spot with the openssl command: a private authority and leaves of it.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { cleanEnvironment, temporaryFolder } from './process.mjs';

const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'], env: cleanEnvironment() });

/** Answers {caFile, leaf(names, days), selfSigned(names)}; a leaf is {key, cert} for a TLS server. */
export function makeAuthority() {
  const folder = temporaryFolder();
  const file = (name) => path.join(folder, name);
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
    '-keyout', file('ca.key'), '-out', file('ca.pem'), '-subj', '/CN=Limehook test authority');
  let count = 0;
  return {
    caFile: file('ca.pem'),
    leaf(names) {
      const base = `leaf${(count += 1)}`;
      openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
        '-keyout', file(`${base}.key`), '-out', file(`${base}.csr`), '-subj', '/CN=receiver');
      writeFileSync(file(`${base}.ext`), `subjectAltName=${names}\n`);
      openssl('x509', '-req', '-in', file(`${base}.csr`), '-CA', file('ca.pem'), '-CAkey', file('ca.key'),
        '-CAcreateserial', '-days', '30', '-extfile', file(`${base}.ext`), '-out', file(`${base}.pem`));
      return { key: readFileSync(file(`${base}.key`)), cert: readFileSync(file(`${base}.pem`)) };
    },
    selfSigned(names) {
      const base = `self${(count += 1)}`;
      openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
        '-keyout', file(`${base}.key`), '-out', file(`${base}.pem`), '-subj', '/CN=receiver',
        '-addext', `subjectAltName=${names}`);
      return { key: readFileSync(file(`${base}.key`)), cert: readFileSync(file(`${base}.pem`)) };
    },
  };
}
