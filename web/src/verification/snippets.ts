// Code that verifies what a webhook receives, with the user's own webhook filled in. The texts are docs/snippets/*, which
// docs/verify.md shows too and tests/e2e/snippets.test.mjs runs; each is loaded when it is asked for.

export interface Snippet {
  language: string; // short, for addresses and what a browser remembers
  label: string; // as people call it
  file: string; // the name to save it under
  /** The code for this webhook. The secret is not in it: it comes from the environment of the receiver. */
  code(webhook: { name: string; url: string | null }): Promise<string>;
}

const defaultPath = '/webhooks';
const defaultPort = '3000';

/** A name as it may stand in a comment of any language: nothing that could end the comment. */
const inComment = (name: string) => name.replace(/[^\p{L}\p{N} ._,&()-]+/gu, ' ').trim() || 'of yours';

/** The path to receive at; the default where it has something that a language could read as more than text. */
function pathOf(url: string | null): string {
  const path = url !== null && URL.canParse(url) ? new URL(url).pathname : '';
  return /^\/[\w\-./~%@:+=,;!()&]+$/.test(path) ? path : defaultPath;
}

function filledIn(text: string, webhook: { name: string; url: string | null }): string {
  const values: Record<string, string> = { name: inComment(webhook.name), path: pathOf(webhook.url), port: defaultPort };
  return text.replace(/\{\{(\w+)\}\}/g, (mark, key: string) => values[key] ?? mark);
}

type Text = Promise<{ default: string }>;

const snippet = (language: string, label: string, file: string, load: () => Text): Snippet => ({
  language,
  label,
  file,
  code: async (webhook) => filledIn((await load()).default, webhook),
});

export const snippets: readonly Snippet[] = [
  snippet('javascript', 'JavaScript', 'verify.mjs', () => import('../../../docs/snippets/verify.mjs?raw')),
  snippet('typescript', 'TypeScript', 'verify.ts', () => import('../../../docs/snippets/verify.ts?raw')),
  snippet('python', 'Python', 'verify.py', () => import('../../../docs/snippets/verify.py?raw')),
  snippet('php', 'PHP', 'verify.php', () => import('../../../docs/snippets/verify.php?raw')),
  snippet('ruby', 'Ruby', 'verify.rb', () => import('../../../docs/snippets/verify.rb?raw')),
  snippet('go', 'Go', 'verify.go', () => import('../../../docs/snippets/verify.go?raw')),
  snippet('java', 'Java', 'verify.java', () => import('../../../docs/snippets/verify.java?raw')),
  snippet('csharp', 'C#', 'verify.cs', () => import('../../../docs/snippets/verify.cs?raw')),
  snippet('cpp', 'C++', 'verify.cpp', () => import('../../../docs/snippets/verify.cpp?raw')),
];
