// Certificates made on the spot with the openssl command: a private authority and leaves of it.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { cleanEnvironment, temporaryFolder } from './process.mjs';

const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'], env: cleanEnvironment() });
const newKey = (curve) => ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`, '-nodes'];

/**
 * Answers {caFile, leaf(names), selfSigned(names), issuing()}; a leaf is {key, cert} for a TLS server. `names` is what
 * openssl takes for subjectAltName, or null for none; the Common Name can be set, and so can the key's curve. issuing()
 * makes an authority that is certified by this one.
 */
export function makeAuthority() {
  const folder = temporaryFolder();
  const base = path.join(folder, 'ca');
  openssl('req', '-x509', ...newKey('P-256'), '-days', '30', '-keyout', `${base}.key`, '-out', `${base}.pem`,
    '-subj', '/CN=Limehook test authority');
  return authorityAt(folder, base);
}

function authorityAt(folder, authority) {
  let count = 0;
  const certify = (extensions, commonName, curve = 'P-256') => {
    const base = `${authority}-${(count += 1)}`;
    openssl('req', ...newKey(curve), '-keyout', `${base}.key`, '-out', `${base}.csr`, '-subj', `/CN=${commonName}`);
    writeFileSync(`${base}.ext`, extensions);
    openssl('x509', '-req', '-in', `${base}.csr`, '-CA', `${authority}.pem`, '-CAkey', `${authority}.key`,
      '-CAcreateserial', '-days', '30', '-extfile', `${base}.ext`, '-out', `${base}.pem`);
    return base;
  };
  const read = (base) => ({ key: readFileSync(`${base}.key`), cert: readFileSync(`${base}.pem`) });
  return {
    caFile: `${authority}.pem`,
    leaf: (names, { commonName = 'receiver', curve } = {}) => read(certify(names === null ? '' : `subjectAltName=${names}\n`, commonName, curve)),
    issuing: () => authorityAt(folder, certify('basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n', 'Limehook issuing authority')),
    selfSigned(names) {
      const base = `${authority}-self${(count += 1)}`;
      openssl('req', '-x509', ...newKey('P-256'), '-days', '30', '-keyout', `${base}.key`, '-out', `${base}.pem`,
        '-subj', '/CN=receiver', '-addext', `subjectAltName=${names}`);
      return read(base);
    },
  };
}
