// Text to HTML.

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => entities[char] ?? char);

/** What a heading is called in addresses: words of lower-case letters and digits with hyphens between, as on GitHub. */
export const slug = (text: string): string =>
  text.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replace(/\s/g, '-');

/** The text of some HTML, for lists of contents and the search. */
export const plain = (html: string): string =>
  html.replace(/<[^>]*>/g, '').replace(/&(amp|lt|gt|quot|#39);/g, (entity) => Object.keys(entities).find((char) => entities[char] === entity) ?? entity);
