// The guides: Markdown files of the repository, or one section of them.

import { readFileSync } from 'node:fs';
import path from 'node:path';

import type { Page } from './layout.ts';
import { type LinkTo, renderMarkdown } from './markdown.ts';

interface Guide {
  path: string;
  group: string;
  title: string; // in the list of contents
  description: string;
  file: string; // in the repository
  section?: string; // the heading of the part of the file that it is
}

const guide = (group: string, name: string, title: string, file: string, description: string, section?: string): Guide =>
  ({ path: name ? `/docs/${name}` : '/docs', group, title, file, description, ...(section === undefined ? {} : { section }) });

const start = 'Start here';
const using = 'Webhooks';
const running = 'Running Limehook';

export const guides: Guide[] = [
  guide(start, '', 'Overview', 'docs/README.md', 'What Limehook does, and where to read about it.'),
  guide(start, 'quick-start', 'Quick start', 'docs/quick_start.md', 'From nothing to a webhook that works, in minutes.'),
  guide(start, 'troubleshooting', 'Troubleshooting', 'docs/troubleshooting.md', 'Why did my webhook not arrive?'),
  guide(using, 'receivers', 'Write a receiver', 'docs/receivers.md', 'What arrives, and what to do with it.'),
  guide(using, 'verify-a-signature', 'Verify a signature', 'docs/verify.md', 'That a request comes from Limehook, in nine languages.'),
  guide(using, 'retries-and-errors', 'Retries and errors', 'docs/retries.md', 'What your answer means, and what happens after a failure.'),
  guide(using, 'filters-and-templates', 'Filters and templates', 'docs/payloads.md', 'Which events a webhook gets, and what is sent.'),
  guide(running, 'security', 'Security', 'docs/security.md', 'What to set so that nobody but you can send, read and change.'),
  guide(running, 'operating', 'Operating', 'docs/operations.md', 'Data folder, backup, metrics, TLS, limits.'),
  guide(running, 'reliability', 'Reliability', 'docs/reliability.md', 'What is promised about events, and what was done to break it.'),
  guide(running, 'people', 'People, teams and keys', 'docs/people.md', 'Who may do what, sign-in, portals, the audit log.'),
  guide(running, 'configuration', 'Configuration', 'README.md', 'All options of the server.', 'Configuration'),
  guide(running, 'commands', 'Commands', 'README.md', 'The command line.', 'Commands'),
  guide(running, 'threat-model', 'Threat model', 'SECURITY.md', 'What is promised, and which test holds it.'),
];

/** From the heading to the next one of its level, as a page. */
function sectionOf(text: string, heading: string): string {
  const begin = text.indexOf(`\n## ${heading}\n`);
  if (begin < 0) throw new Error(`there is no section "${heading}"`);
  const end = text.indexOf('\n## ', begin + 1);
  return text.slice(begin + 2, end < 0 ? undefined : end);
}

/** Where a link of `guide` leads to: other pages, the reference, other servers; nothing for what the site does not have. */
function linksOf(from: Guide): LinkTo {
  return (href) => {
    if (/^(https?:|mailto:|\/)/.test(href)) return href;
    const [file = '', id] = href.split('#');
    const anchor = id === undefined ? '' : `#${id}`;
    const target = file === '' ? from.file : path.posix.normalize(path.posix.join(path.posix.dirname(from.file), file));
    if (target === 'api/openapi.yaml') return `/docs/api${anchor}`;
    const section = guides.find((one) => one.file === target && one.section !== undefined && one.section.toLowerCase() === id);
    if (section) return section.path;
    if (target === from.file && file === '') return anchor;
    const page = guides.find((one) => one.file === target && one.section === undefined);
    return page && page.path + anchor;
  };
}

/** Links in the API's descriptions: `docs/NAME.md`. */
export const linkToGuide: LinkTo = (href) => /^(https?:|\/)/.test(href) ? href : guides.find(({ file }) => file === href)?.path;

export function guidePages(repository: string): Page[] {
  return guides.map((one) => {
    const file = path.join(repository, one.file);
    const text = readFileSync(file, 'utf8');
    const { html, sections } = renderMarkdown(one.section === undefined ? text : sectionOf(text, one.section), path.dirname(file), linksOf(one));
    return { path: one.path, group: one.group, title: one.title, description: one.description, html, sections: sections.filter(({ level }) => level > 1) };
  });
}
