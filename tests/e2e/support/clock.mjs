// A wall clock that the test sets for one process, by libfaketime. Clocks that cannot be set stay as they are.

import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { temporaryFolder } from './process.mjs';

const library = readdirSync('/usr/lib')
  .map((triplet) => `/usr/lib/${triplet}/faketime/libfaketimeMT.so.1`)
  .find((file) => existsSync(file));

export const noFakedClock = library ? false : 'libfaketime is not installed';

/** {env, set(seconds)}: the environment of the process, and what puts its clock so many seconds off the true time. */
export function fakedClock() {
  const file = path.join(temporaryFolder(), 'clock');
  const set = (seconds) => {
    writeFileSync(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    renameSync(`${file}.new`, file);
  };
  set(0);
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: '1', // seconds until the file is read again
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
  return { env, set };
}
