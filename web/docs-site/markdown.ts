// Markdown files of the repository to HTML of the site.

import { readFileSync } from 'node:fs';
import path from 'node:path';

import { Marked, type Tokens } from 'marked';

import { filledIn } from '../src/verification/fill_in.ts';
import { codeBlock } from './code.ts';
import { escaped, plain, slug } from './html.ts';

export interface Section {
  id: string;
  title: string;
  level: number;
  text: string; // what stands below it, for the search
}

export interface Rendered {
  html: string;
  sections: Section[];
}

/** What a link of the file leads to: an address, or nothing where the site does not have what it names. */
export type LinkTo = (href: string) => string | undefined;

const snippetLink = /^\[[^\]]+\]\((snippets\/[\w.]+)\)$/;

const sampleOf = (file: string) => filledIn(readFileSync(file, 'utf8'), { name: 'CRM', url: 'https://example.com/webhooks' });

/** folder: that of the file, where what it includes is found. */
export function renderMarkdown(source: string, folder: string, linkTo: LinkTo): Rendered {
  const sections: Section[] = [];
  const ids = new Set<string>();
  const here = () => sections.at(-1)?.title ?? 'this page';

  function idOf(title: string): string {
    let id = slug(title);
    for (let count = 1; ids.has(id); count += 1) id = `${slug(title)}-${count}`;
    ids.add(id);
    return id;
  }

  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ tokens, depth }: Tokens.Heading) {
        const inner = this.parser.parseInline(tokens);
        const title = plain(inner);
        const id = idOf(title);
        sections.push({ id, title, level: depth, text: '' });
        if (depth === 1) return `<h1>${inner}</h1>\n`;
        return `<h${depth} id="${id}"><a class="anchor" href="#${id}">${inner}</a></h${depth}>\n`;
      },
      paragraph({ tokens, raw }: Tokens.Paragraph) {
        // A paragraph that is only a link to a snippet becomes the snippet.
        const file = snippetLink.exec(raw.trim())?.[1];
        if (file) return codeBlock(sampleOf(path.join(folder, file)), path.extname(file).slice(1), file);
        const inner = this.parser.parseInline(tokens);
        const section = sections.at(-1);
        if (section) section.text += ` ${plain(inner)}`;
        return `<p>${inner}</p>\n`;
      },
      code: ({ text, lang }: Tokens.Code) => codeBlock(text, lang, `Code: ${here()}`),
      link({ href, tokens }: Tokens.Link) {
        const inner = this.parser.parseInline(tokens);
        const target = linkTo(href);
        return target === undefined ? inner : `<a href="${escaped(target)}">${inner}</a>`;
      },
      table(token: Tokens.Table) {
        const cells = (row: Tokens.TableCell[], tag: string) =>
          row.map((cell) => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join('');
        const head = token.header.some((cell) => cell.text.trim() !== '') ? `<thead><tr>${cells(token.header, 'th')}</tr></thead>` : '';
        const rows = token.rows.map((row) => `<tr>${cells(row, 'td')}</tr>`);
        const section = sections.at(-1);
        if (section) section.text += ` ${plain(rows.join(' ').replaceAll('</td>', ' '))}`;
        return scrollingTable(`${head}<tbody>${rows.join('\n')}</tbody>`, `Table: ${here()}`);
      },
    },
  });
  return { html: marked.parse(source, { async: false }).replace(/<th><\/th>/g, '<td></td>'), sections };
}

/** A table that scrolls by itself where the screen is too narrow for it. */
export const scrollingTable = (inner: string, label: string): string =>
  `<div class="scroll" tabindex="0" role="group" aria-label="${escaped(label)}"><table>${inner}</table></div>\n`;

const inline = new Marked({ gfm: true });

/** A description of the API: paragraphs; with `docs/NAME.md` as a link. */
export const describe = (text: string, linkTo: LinkTo): string => inline.parse(linked(text, linkTo), { async: false });
/** The same within a line. */
export const describeInline = (text: string, linkTo: LinkTo): string => inline.parseInline(linked(text.trim(), linkTo), { async: false });

const linked = (text: string, linkTo: LinkTo) => text.replace(/(?<![\w/])docs\/(\w+)\.md/g, (name) => {
  const target = linkTo(name);
  return target === undefined ? name : `[${name}](${target})`;
});
