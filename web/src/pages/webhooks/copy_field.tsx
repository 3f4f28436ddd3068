import { useId } from 'react';

import { CopyButton } from '../../components/copy_button';

/** Something to be copied; where the browser does not let pages copy, it is marked by a click. */
export function CopyField({ label, value, hint }: { label: string; value: string; hint?: string }) {
  const id = useId();
  return (
    <div className="field webhook-copy">
      <label htmlFor={id}>{label}</label>
      <div className="field-input">
        <input id={id} className="webhook-code" readOnly value={value} spellCheck={false} aria-describedby={hint === undefined ? undefined : `${id}-hint`} onFocus={(event) => event.target.select()} />
        <CopyButton text={value} label={`Copy ${label.toLowerCase()}`} />
      </div>
      {hint !== undefined && <p id={`${id}-hint`} className="hint">{hint}</p>}
    </div>
  );
}
