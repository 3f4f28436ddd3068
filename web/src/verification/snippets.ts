// Code that verifies what a webhook receives, with the user's own webhook filled in. The texts are docs/snippets/*, which
// docs/verify.md shows too and tests/e2e/snippets.test.mjs runs; each is loaded when it is asked for.

import { ApiError } from '../api/client';
import { filledIn, type NamedUrl } from './fill_in';

export interface Snippet {
  language: string; // short, for addresses and what a browser remembers
  label: string; // as people call it
  file: string; // the name to save it under
  /** The code for this webhook, or an ApiError. The secret is not in it: it comes from the environment of the receiver. */
  code(webhook: NamedUrl): Promise<string>;
}

type Text = Promise<{ default: string }>;

const snippet = (language: string, label: string, file: string, load: () => Text): Snippet => ({
  language,
  label,
  file,
  code: async (webhook) => {
    const { default: text } = await load().catch(() => {
      throw new ApiError(0, `The code for ${label} cannot be loaded. Check the connection and try again.`);
    });
    return filledIn(text, webhook);
  },
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
