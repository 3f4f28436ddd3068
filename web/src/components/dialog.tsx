import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { createContext, type ReactNode, useContext, useEffect, useId, useState } from 'react';

import type { ApiError } from '../api/client';
import { Alert } from './alert';

interface DialogProps {
  title: string;
  open: boolean;
  onClose(): void;
  /** What one must answer; it has no button that closes it. */
  modal?: boolean;
  children: ReactNode;
}

// The focus goes back to where it was; when that is gone with what was dealt with, to the page's heading.
function focusSomewhere() {
  requestAnimationFrame(() => {
    if (document.activeElement === document.body) document.querySelector('h1')?.focus();
  });
}

/** Is this within a dialog? What opens over it then belongs to it, and to the page's main part otherwise. */
export const InDialogContext = createContext(false);

// Where menus are: what is on a page belongs to one of its landmarks.
export const mainElement = {
  get current() {
    return document.querySelector<HTMLElement>('main');
  },
};

const HoldContext = createContext<(held: boolean) => void>(() => undefined);

/** While this part is shown, its dialog closes by none but its own buttons: what it has is lost then. */
export function useHeldDialog() {
  const hold = useContext(HoldContext);
  useEffect(() => {
    hold(true);
    return () => hold(false);
  }, [hold]);
}

/** Something to deal with before one goes on with the page. */
export function Dialog({ title, open, onClose, modal: asked = false, children }: DialogProps) {
  const [held, hold] = useState(false);
  const modal = asked || held;
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && !modal && onClose()} onOpenChangeComplete={(next) => !next && focusSomewhere()}>
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup className="dialog">
          <div className="dialog-head">
            <Base.Title>{title}</Base.Title>
            {!modal && <Base.Close className="button-icon" aria-label="Close"><X aria-hidden size={20} /></Base.Close>}
          </div>
          <InDialogContext value={true}><HoldContext value={hold}>{children}</HoldContext></InDialogContext>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

interface ConfirmProps {
  title: string;
  /** What happens when one goes on. */
  children: ReactNode;
  /** What the button says that goes on. */
  action: string;
  /** Has to be typed before one can go on, for what cannot be undone. */
  typed?: string;
  pending: boolean;
  error: ApiError | null;
  open: boolean;
  onConfirm(): void;
  onClose(): void;
}

export function ConfirmDialog({ title, children, action, typed, pending, error, open, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} open={open} onClose={onClose}>
      <ConfirmForm {...{ children, action, typed, pending, error, onConfirm, onClose }} />
    </Dialog>
  );
}

function ConfirmForm({ children, action, typed, pending, error, onConfirm, onClose }: Omit<ConfirmProps, 'title' | 'open' | 'typed'> & { typed: string | undefined }) {
  const id = useId();
  const [text, setText] = useState('');
  const ready = typed === undefined || text.trim() === typed;
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !pending) onConfirm();
      }}
    >
      <div>{children}</div>
      {typed !== undefined && (
        <div className="field">
          <label htmlFor={id}>Type <strong>{typed}</strong> to confirm</label>
          <div className="field-input">
            <input id={id} value={text} autoComplete="off" autoCapitalize="none" spellCheck={false} onChange={(event) => setText(event.target.value)} />
          </div>
        </div>
      )}
      {error !== null && <Alert>{error.message}</Alert>}
      <div className="buttons">
        <button type="submit" className="button button-bad" aria-disabled={!ready || pending}>{pending ? 'One moment…' : action}</button>
        <button type="button" className="button button-second" onClick={onClose}>Cancel</button>
      </div>
    </form>
  );
}
