// Small file systems, and processes without root's rights, where this machine lets us have them.

import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';

import { temporaryFolder } from './process.mjs';

const unmount = (folder) => {
  try {
    execFileSync('umount', ['-l', folder], { stdio: 'ignore' });
  } catch {
    // it has been unmounted already
  }
};

/** A file system in memory of that size ("24m"): {folder, remount(option)}, or {reason} why there is none. */
export function mountTiny(size) {
  if (process.getuid() !== 0) return { reason: 'mounting a small file system needs root' };
  const folder = temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'pipe' });
    process.on('exit', () => unmount(folder));
    const remount = (option) => execFileSync('mount', ['-o', `remount,${option}`, folder], { stdio: 'pipe' });
    return { folder, remount, unmount: () => unmount(folder) };
  } catch (error) {
    return { reason: `cannot mount a small file system: ${error.message.split('\n')[0]}` };
  }
}

/** The command that runs others as a user without rights: {command, uid}, or {reason}. */
export function unprivileged(program) {
  if (process.getuid() !== 0) return { command: [], uid: process.getuid() };
  const command = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  try {
    execFileSync(command[0], [...command.slice(1), 'sh', '-c', '"$0" --version && test -x "$1"', program, tmpdir()], { stdio: 'pipe' });
    return { command, uid: 65534 };
  } catch {
    return { reason: 'a user without rights cannot run the binary here, or not reach the temporary folder' };
  }
}
