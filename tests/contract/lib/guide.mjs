// Reads code and tables out of a Markdown file, so that tests run what users copy.

import { readFileSync } from 'node:fs';

const linesOf = (path) => readFileSync(path, 'utf8').split('\n');

// The first block of code in `language` below the heading with exactly this text, and above the next heading.
export function codeBelow(path, heading, language) {
  let section;      // the heading above the line
  let fence;        // the language of the block that the line is in
  const code = [];
  for (const line of linesOf(path)) {
    if (line.startsWith('```')) {
      if (fence === language && section === heading) return code.join('\n');
      fence = fence === undefined ? line.slice(3) : undefined;
    } else if (fence === undefined && line.startsWith('#')) {
      section = line.replace(/^#+ /, '');
    } else if (fence === language && section === heading) {
      code.push(line);
    }
  }
  throw new Error(`${path}: no ${language} below "${heading}"`);
}

// The cells after the first of the table row whose first cell is `name`, without back-ticks.
export function tableRow(path, name) {
  const rows = linesOf(path).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim().replaceAll('`', '')));
  const row = rows.find(([first]) => first === name);
  if (!row) throw new Error(`${path}: no row "${name}"`);
  return row.slice(1);
}
