import { type ReactNode, useId, useRef, useState } from 'react';

import { useHeldDialog } from './dialog';

interface SecretOnceProps {
  /** What it is: "API key", "Link". */
  label: string;
  secret: string;
  /** What the button says that goes on: that one has kept it. */
  done: string;
  onDone(): void;
  /** What it is good for, and for how long. */
  children?: ReactNode;
}

/** A secret that the server shows this once: to be copied before one goes on. */
export function SecretOnce({ label, secret, done, onDone, children }: SecretOnceProps) {
  useHeldDialog();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState('');
  // Without https browsers do not let pages copy: then it is marked, for the keyboard.
  const mark = () => {
    input.current?.select();
    setSaid('Marked. Copy it with Ctrl+C or ⌘C.');
  };
  const copy = () => {
    if (!('clipboard' in navigator)) return mark();
    navigator.clipboard.writeText(secret).then(() => setSaid('Copied.'), mark);
  };
  return (
    <div className="secret-once">
      <div className="field">
        <label htmlFor={id}>{label}</label>
        <div className="field-input">
          <input ref={input} id={id} className="secret-once-text" readOnly autoFocus value={secret} spellCheck={false} onFocus={(event) => event.target.select()} />
          <button type="button" className="button button-second" aria-label={`Copy ${label}`} onClick={copy}>Copy</button>
        </div>
        <p className="hint" role="status">{said || 'It is shown this once.'}</p>
      </div>
      {children}
      <div className="buttons"><button type="button" className="button" onClick={onDone}>{done}</button></div>
    </div>
  );
}
