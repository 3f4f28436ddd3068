// A memory control group (version 1) for a process, so that the kernel holds it to a limit as a container would.

import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = '/sys/fs/cgroup/memory';
let number = 0;

/**
 * {wrap, peak(), kills(), remove()}, or {reason} why there is none here. wrap: a command line that puts what follows it
 * into the group. The page cache counts too, but the kernel takes it back before it ends a process.
 */
export function memoryGroup(megabytes) {
  const folder = path.join(root, `limehook-test-${process.pid}-${(number += 1)}`);
  try {
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'memory.limit_in_bytes'), String(megabytes * 1024 ** 2));
  } catch (error) {
    return { reason: `a memory control group cannot be made: ${error.message}` };
  }
  const remove = () => {
    try {
      rmdirSync(folder);
    } catch {
      // it has been removed, or a process that is just ending is still in it
    }
  };
  process.on('exit', remove);
  const read = (name) => readFileSync(path.join(folder, name), 'utf8');
  return {
    wrap: ['sh', '-c', `echo $$ > ${folder}/cgroup.procs && exec "$@"`, 'sh'],
    peak: () => Number(read('memory.max_usage_in_bytes')),
    kills: () => Number(read('memory.oom_control').match(/oom_kill (\d+)/)?.[1] ?? 0),
    remove,
  };
}
