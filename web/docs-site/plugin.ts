// The site at /docs as a part of the build: guides and reference as HTML files, with a style, a script and the index of the
// search, each named by its content. `npm run dev` serves the same, made anew for each request.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { type Plugin, transformWithEsbuild } from 'vite';

import { guidePages, linkToGuide } from './guides.ts';
import { plain } from './html.ts';
import { type Assets, documentOf, type Page } from './layout.ts';
import { OpenApi } from './openapi.ts';
import { referencePages } from './reference.ts';

const textMax = 400; // of a section in the index of the search

interface Site {
  pages: Page[];
  version: string;
  index: string;
  style: string;
  script: string;
  logo: string;
}

/** Throws where a link leads to a page or a place that is not there. */
function checkLinks(pages: Page[]): void {
  const places = new Set(pages.flatMap(({ path: page, html }) =>
    [page, ...[...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => `${page}#${id}`)]));
  for (const page of pages) {
    for (const [, href = ''] of page.html.matchAll(/<a [^>]*href="([^"]+)"/g)) {
      const target = href.startsWith('#') ? page.path + href : href;
      if (/^(\/docs|#)/.test(target) && !places.has(target)) throw new Error(`${page.path} has a link to ${target}, which is not there`);
    }
  }
}

/** What the search looks into: pages and their sections, [address, title, title of the page, text]. */
const indexOf = (pages: Page[]): string => JSON.stringify(pages.flatMap((page) => [
  [page.path, page.title, '', page.description],
  ...page.sections.map(({ id, title, text }) => [`${page.path}#${id}`, title, page.title, plain(text).replace(/\s+/g, ' ').trim().slice(0, textMax)]),
]));

async function readSite(web: string): Promise<Site> {
  const repository = path.join(web, '..');
  const read = (file: string) => readFileSync(path.join(web, file), 'utf8');
  const api = OpenApi.read(path.join(repository, 'api/openapi.yaml'));
  const pages = [...guidePages(repository), ...referencePages(api, linkToGuide)];
  checkLinks(pages);
  const styles = ['src/styles/theme.css', 'docs-site/styles/text.css', 'docs-site/styles/frame.css'].map(read).join('\n');
  const style = await transformWithEsbuild(styles, 'docs.css', { minify: true, loader: 'css' });
  const script = await transformWithEsbuild(read('docs-site/client.ts'), 'client.ts', { minify: true, target: 'es2022' });
  return { pages, version: api.document.info.version, index: indexOf(pages), style: style.code, script: script.code, logo: read('src/logo.svg') };
}

const fileOf = (page: Page) => `${page.path.slice(1)}.html`;

export function docsSite(): Plugin {
  const web = fileURLToPath(new URL('.', import.meta.url)).replace(/docs-site\/$/, '');
  return {
    name: 'docs-site',
    async generateBundle() {
      const site = await readSite(web);
      const emit = (name: string, source: string) => `/${this.getFileName(this.emitFile({ type: 'asset', name, source }))}`;
      const assets: Assets = {
        style: emit('docs.css', site.style), script: emit('docs.js', site.script), logo: emit('docs.svg', site.logo), index: emit('docs.json', site.index),
      };
      for (const page of site.pages) {
        this.emitFile({ type: 'asset', fileName: fileOf(page), source: documentOf(page, site.pages, assets, site.version) });
      }
    },
    configureServer(server) {
      server.middlewares.use('/docs', (request, response, next) => {
        readSite(web).then((site) => {
          const assets: Assets = { style: '/docs/style.css', script: '/docs/script.js', logo: '/docs/logo.svg', index: '/docs/index.json' };
          const files: Record<string, [type: string, text: string]> = {
            [assets.style]: ['text/css', site.style], [assets.script]: ['text/javascript', site.script],
            [assets.logo]: ['image/svg+xml', site.logo], [assets.index]: ['application/json', site.index],
          };
          const wanted = `/docs${(request.url ?? '').split('?')[0]}`.replace(/\/$/, '');
          const page = site.pages.find((one) => one.path === wanted);
          const [type, text] = page ? ['text/html', documentOf(page, site.pages, assets, site.version)] : files[wanted] ?? [];
          if (type === undefined) return next();
          response.setHeader('content-type', `${type}; charset=utf-8`);
          response.end(text);
        }, next);
      });
    },
  };
}
