// What is around every page of the site. Pages read well without a script; links and assets are those of this server.

import { escaped } from './html.ts';
import type { Section } from './markdown.ts';

export interface Page {
  path: string; // "/docs/quick-start"
  group: string; // of the list of contents
  title: string;
  description: string; // a line
  html: string; // with its <h1>
  sections: Section[];
}

/** The addresses of the site's files. */
export interface Assets {
  style: string;
  script: string;
  logo: string;
  index: string; // of the search
}

function contents(pages: Page[], current: Page): string {
  const groups = [...new Set(pages.map(({ group }) => group))];
  const item = (page: Page) =>
    `<li><a href="${page.path}"${page === current ? ' aria-current="page"' : ''}>${escaped(page.title)}</a></li>`;
  return groups.map((group) =>
    `<p class="group">${escaped(group)}</p><ul>${pages.filter((page) => page.group === group).map(item).join('')}</ul>`).join('\n');
}

function onThisPage({ sections }: Page): string {
  const shown = sections.filter(({ level }) => level === 2);
  if (shown.length < 2) return '';
  const items = shown.map(({ id, title }) => `<li><a href="#${id}">${escaped(title)}</a></li>`).join('');
  return `<nav class="sections" aria-label="On this page"><p class="group">On this page</p><ul>${items}</ul></nav>`;
}

function neighbours(pages: Page[], current: Page): string {
  const at = pages.indexOf(current);
  const link = (page: Page | undefined, words: string) =>
    page ? `<a href="${page.path}"><span class="hint">${words}</span> ${escaped(page.title)}</a>` : '<span></span>';
  return `<nav class="neighbours" aria-label="Pages beside">${link(pages[at - 1], 'Before')}${link(pages[at + 1], 'Next')}</nav>`;
}

export const documentOf = (page: Page, pages: Page[], assets: Assets, version: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${escaped(page.description)}">
<title>${escaped(page.title)} – Limehook docs</title>
<link rel="icon" type="image/svg+xml" href="${assets.logo}">
<link rel="stylesheet" href="${assets.style}">
<script type="module" src="${assets.script}"></script>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top">
<a class="brand" href="/docs"><img src="${assets.logo}" alt="" width="28" height="28">Limehook docs</a>
<search class="search" data-index="${assets.index}" hidden><input type="search" aria-label="Search the docs" placeholder="Search the docs" autocomplete="off" spellcheck="false">
<p class="hint" role="status"></p><ul></ul></search>
<a class="to-contents" href="#contents">Contents</a>
<a class="to-dashboard" href="/">Dashboard</a>
</header>
<div class="frame">
<main id="main" tabindex="-1">
${page.html}
${neighbours(pages, page)}
</main>
${onThisPage(page)}
<nav class="contents" id="contents" aria-label="Contents">
${contents(pages, page)}
</nav>
</div>
<footer>Limehook ${escaped(version)}</footer>
</body>
</html>
`;
