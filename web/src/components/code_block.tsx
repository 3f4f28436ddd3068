import type { ReactNode } from 'react';

import { turnsText } from '../direction';
import { CopyButton } from './copy_button';

/**
 * Each text within code or JSON keeps its direction to itself, so that quotes and what follows stay in their places: strings
 * in quotes, and values behind the names of headers.
 */
function apart(text: string): ReactNode {
  if (!turnsText(text)) return text;
  const pieces = text.split(/("(?:[^"\\\n]|\\.)*"|(?<=^[\w-]+: ).*$)/m);
  return pieces.map((piece, index) => {
    if (index % 2 === 0) return turnsText(piece) ? piece.split(/(\n)/).map((line, at) => (at % 2 === 0 ? <bdi key={`${index} ${at}`}>{line}</bdi> : line)) : piece;
    const isString = piece.startsWith('"') && piece.endsWith('"') && piece.length > 1;
    return isString ? <span key={index}>"<bdi>{piece.slice(1, -1)}</bdi>"</span> : <bdi key={index}>{piece}</bdi>;
  });
}

/** Text as it is: code, JSON, a request. It scrolls by itself, with the keyboard too. */
export function CodeBlock({ label, text }: { label: string; text: string }) {
  return (
    <div className="code-block">
      <pre tabIndex={0} role="region" aria-label={label}><code>{apart(text)}</code></pre>
      <CopyButton text={text} label="Copy" />
    </div>
  );
}
