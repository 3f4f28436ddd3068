import type { Attempt } from '../../api/types';

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
const placeholderOf = (header: string) => (header.toLowerCase() === 'authorization' ? 'LIMEHOOK_TOKEN' : header.toUpperCase().replace(/[^A-Z0-9]/g, '_'));

/** What the API shows in place of secrets. */
const mask = /•+/;

/**
 * The request of an attempt as a command of a POSIX shell. In place of what is masked stand variables, whose names are
 * answered too.
 */
export function curlOf({ request }: Attempt): { command: string; variables: string[] } {
  const variables: string[] = [];
  const headers = Object.entries(request.headers).map(([name, value]) => {
    if (!mask.test(value)) return quoted(`${name}: ${value}`);
    const variable = placeholderOf(name);
    variables.push(variable);
    return `"${name}: ${value.replace(mask, `$${variable}`)}"`;
  });
  const parts = [`curl ${quoted(request.url)}`, ...headers.map((header) => `-H ${header}`), `--data-raw ${quoted(request.body)}`];
  return { command: parts.join(' \\\n  '), variables };
}
