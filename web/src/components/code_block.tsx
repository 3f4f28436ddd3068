import { CopyButton } from './copy_button';

/** Text as it is: code, JSON, a request. It scrolls by itself, with the keyboard too. */
export function CodeBlock({ label, text }: { label: string; text: string }) {
  return (
    <div className="code-block">
      <pre tabIndex={0} role="region" aria-label={label}><code>{text}</code></pre>
      <CopyButton text={text} label="Copy" />
    </div>
  );
}
