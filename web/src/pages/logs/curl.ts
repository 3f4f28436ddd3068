import type { Attempt } from '../../api/types';
import { quoted, quotedAround } from '../../shell';

/** What the API shows in place of secrets. */
const mask = /•+/;

/**
 * The variable that stands for what is masked of a header. Names of the command's own, that no shell and no program knows:
 * whatever a header is called, neither PATH nor the key of `limehook` itself is read or has to be set.
 */
function variableFor(header: string, taken: readonly string[]): string {
  const name = header.toLowerCase() === 'authorization' ? 'LIMEHOOK_TOKEN' : `LIMEHOOK_HEADER_${header.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
  const again = (count: number) => (count === 1 ? name : `${name}_${count}`);
  let count = 1;
  while (taken.includes(again(count))) count += 1;
  return again(count);
}

/**
 * The request of an attempt as a command of a POSIX shell. In place of what is masked stand variables, whose names are
 * answered too.
 */
export function curlOf({ request }: Attempt): { command: string; variables: string[] } {
  const variables: string[] = [];
  const headers = Object.entries(request.headers).map(([name, value]) => {
    const masked = mask.exec(value);
    // curl takes "Name:" for a header that is not to be sent, and "Name;" for one that is empty.
    if (masked === null) return quoted(value === '' ? `${name};` : `${name}: ${value}`);
    const variable = variableFor(name, variables);
    variables.push(variable);
    return quotedAround(`${name}: ${value.slice(0, masked.index)}`, variable, value.slice(masked.index + masked[0].length));
  });
  // Brackets in URLs are ranges to curl, which would make several requests of one.
  const url = `${/[[\]{}]/.test(request.url) ? '--globoff ' : ''}${quoted(request.url)}`;
  const parts = [`curl ${url}`, ...headers.map((header) => `-H ${header}`), `--data-raw ${quoted(request.body)}`];
  return { command: parts.join(' \\\n  '), variables };
}
