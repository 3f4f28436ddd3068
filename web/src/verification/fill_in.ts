// Puts a webhook into the places that the receivers of docs/snippets leave open: {{name}} in comments, {{path}} and {{port}}.
// People copy and run what comes of it, so nothing that somebody has typed may become code in any of the languages.

/** What of a webhook goes into code. */
export interface NamedUrl {
  name: string;
  url: string | null;
}

const defaultPath = '/webhooks';

/** A name as it may stand in a comment: nothing that could end the comment. */
const inComment = (name: string) => name.replace(/[^\p{L}\p{N}._,&()-]+/gu, ' ').trim() || 'of yours';

/** The path to receive at; the default where it has something that a language could read as more than text. */
function pathOf(url: string | null): string {
  const path = url !== null && URL.canParse(url) ? new URL(url).pathname : '';
  return /^\/[\w\-./~%@:+=,;!()&]+$/.test(path) ? path : defaultPath;
}

/** port: where the receiver listens on its machine. */
export function filledIn(code: string, webhook: NamedUrl, port = 3000): string {
  const values: Record<string, string> = { name: inComment(webhook.name), path: pathOf(webhook.url), port: String(port) };
  return code.replace(/\{\{(\w+)\}\}/g, (mark, key: string) => values[key] ?? mark);
}
