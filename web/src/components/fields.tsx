// More kinds of fields for forms; what the server says of one stands below it, as with Field.

import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes, useId } from 'react';

import { problemWords, useProblem } from './form';

interface Shared {
  /** The JSON pointer of the member without the first '/'; what is wrong below it is said here too. */
  name: string;
  label: string;
  hint?: ReactNode;
  /** What is to be said of what is typed now; the server's words go before it. */
  remark?: string | undefined;
  /** The label is said to screen readers only: a heading above says it to all. */
  quiet?: boolean;
}

interface Described {
  id: string;
  'aria-invalid': boolean;
  'aria-describedby': string | undefined;
}

/** A label, what is wrong, and a hint around a control that takes `attributes`. */
export function Labelled({ name, label, hint, remark, quiet = false, children }: Shared & { children(attributes: Described): ReactNode }) {
  const id = useId();
  const problem = useProblem(name);
  const described = [problem !== undefined && `${id}-problem`, problem === undefined && remark !== undefined && `${id}-remark`, hint !== undefined && `${id}-hint`].filter(Boolean).join(' ');
  return (
    <div className="field">
      <label htmlFor={id} className={quiet ? 'visually-hidden' : undefined}>{label}</label>
      <div className="field-input">{children({ id, 'aria-invalid': problem !== undefined, 'aria-describedby': described || undefined })}</div>
      {problem !== undefined && <p id={`${id}-problem`} className="field-problem" role="alert">{problemWords(label, problem)}</p>}
      {problem === undefined && <p id={`${id}-remark`} className="field-remark" role="status">{remark}</p>}
      {hint !== undefined && <div id={`${id}-hint`} className="hint">{hint}</div>}
    </div>
  );
}

type Props<Attributes> = Shared & Omit<Attributes, 'name' | 'onChange' | 'value'> & { value: string; onChange(value: string): void };

export function TextField({ name, label, hint, remark, quiet, value, onChange, ...rest }: Props<InputHTMLAttributes<HTMLInputElement>>) {
  return (
    <Labelled {...{ name, label, hint, remark, ...(quiet === undefined ? {} : { quiet }) }}>
      {(described) => <input autoCapitalize="none" autoComplete="off" spellCheck={false} {...rest} {...described} value={value} onChange={(event) => onChange(event.target.value)} />}
    </Labelled>
  );
}

export function SelectField({ name, label, hint, quiet, value, onChange, children, ...rest }: Props<SelectHTMLAttributes<HTMLSelectElement>>) {
  return (
    <Labelled {...{ name, label, hint, ...(quiet === undefined ? {} : { quiet }) }}>
      {(described) => <select {...rest} {...described} value={value} onChange={(event) => onChange(event.target.value)}>{children}</select>}
    </Labelled>
  );
}

export function TextAreaField({ name, label, hint, remark, quiet, value, onChange, ...rest }: Props<TextareaHTMLAttributes<HTMLTextAreaElement>>) {
  return (
    <Labelled {...{ name, label, hint, remark, ...(quiet === undefined ? {} : { quiet }) }}>
      {(described) => <textarea autoCapitalize="none" spellCheck={false} {...rest} {...described} value={value} onChange={(event) => onChange(event.target.value)} />}
    </Labelled>
  );
}

interface ProblemProps {
  name: string;
  label: string;
  /** What is wrong within it is told elsewhere. */
  exact?: boolean;
}

/** What is wrong with something that is more than one field. */
export function Problem({ name, label, exact = false }: ProblemProps) {
  const problem = useProblem(name, exact);
  return problem === undefined ? null : <p className="field-problem" role="alert" tabIndex={-1} data-problem>{problemWords(label, problem)}</p>;
}
