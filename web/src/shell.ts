// Commands that people copy into a shell: what somebody else wrote is text there and never runs.

/** `text` as one word of a POSIX shell, of bash and of zsh. */
export const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** One word: `before`, the value of the shell's variable `name`, `after`. */
export function quotedAround(before: string, name: string, after: string): string {
  const plain = /^[\w .:,/=+-]*$/;
  if (plain.test(before) && plain.test(after)) return `"${before}${/^\w/.test(after) ? `\${${name}}` : `$${name}`}${after}"`;
  return `${quoted(before)}"$${name}"${after === '' ? '' : quoted(after)}`;
}
