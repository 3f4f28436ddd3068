// Forms: the server judges what was entered; its words stand at the fields, or above them where they are about all.

import { createContext, type FormEvent, type InputHTMLAttributes, type ReactNode, useContext, useEffect, useId, useRef, useState } from 'react';

import { ApiError } from '../api/client';
import { isolated } from '../direction';
import { Alert } from './alert';

interface FormState {
  pending: boolean;
  error: ApiError | null;
}

const FormContext = createContext<FormState>({ pending: false, error: null });

interface FormProps<Values> {
  /**
   * Gets what was entered, by the names of the fields. Those that were left empty are missing, also where `Values` has
   * them: the server judges. What it throws is shown.
   */
  onSubmit(values: Values): Promise<void>;
  /** Names of the form's fields: what is wrong with any other is told above them. A name stands for what is below it too. */
  fields: string[];
  children: ReactNode;
}

function valuesOf(form: HTMLFormElement): Record<string, string> {
  const entries = [...new FormData(form)].filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '');
  return Object.fromEntries(entries);
}

/** What fields say of themselves that they cannot send it (data-unresolved); null: nothing. */
function unresolvedIn(form: HTMLFormElement): ApiError | null {
  const fields = [...form.querySelectorAll<HTMLElement>('[data-unresolved]')];
  if (fields.length === 0) return null;
  return new ApiError(422, 'A field is wrong.', Object.fromEntries(fields.map(({ dataset }) => [dataset.name, `: ${dataset.unresolved}`])));
}

export const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');

/** What is wrong with a field, behind its label. */
export const problemWords = (label: string, problem: string) => sentence(problem.startsWith(':') ? `${label}${problem}` : `${label} ${problem}`);

const isWithin = (pointer: string, name: string) => pointer === name || pointer.startsWith(`${name}/`);

/** Which part of a member is meant: "entry 3", "“X-Mine”". */
const partOf = (path: string) => path.split('/').map((step) => (/^\d+$/.test(step) ? `entry ${Number(step) + 1}` : `“${isolated(step.replaceAll('~1', '/').replaceAll('~0', '~'))}”`)).join(' ');

/** What the server says of the member `name` (a JSON pointer without the first '/'), or, unless `exact`, of something within it. */
export function useProblem(name: string, exact = false): string | undefined {
  const fields = useContext(FormContext).error?.fields ?? {};
  if (fields[name] !== undefined || exact) return fields[name];
  const [pointer, detail] = Object.entries(fields).find(([pointer]) => isWithin(pointer, name)) ?? [];
  return pointer === undefined ? undefined : `${partOf(pointer.slice(name.length + 1))} ${detail}`;
}

/** Is something wrong with one of these members? */
export function useProblems(names: string[]): boolean {
  const pointers = Object.keys(useContext(FormContext).error?.fields ?? {});
  return pointers.some((pointer) => names.some((name) => isWithin(pointer, name)));
}

export function Form<Values>({ onSubmit, fields, children }: FormProps<Values>) {
  const [state, setState] = useState<FormState>({ pending: false, error: null });
  const form = useRef<HTMLFormElement>(null);
  const alert = useRef<HTMLDivElement>(null);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (state.pending) return;
    const unresolved = unresolvedIn(event.currentTarget);
    if (unresolved !== null) return setState({ pending: false, error: unresolved });
    const values = valuesOf(event.currentTarget) as Values;
    setState({ pending: true, error: null });
    try {
      await onSubmit(values);
      setState({ pending: false, error: null });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setState({ pending: false, error });
    }
  };

  // Where to go on: the first field that is wrong, or what is said above them.
  useEffect(() => {
    if (state.error === null) return;
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-problem]');
    (wrong ?? alert.current)?.focus();
  }, [state.error]);

  const elsewhere = Object.entries(state.error?.fields ?? {}).filter(([pointer]) => !fields.some((name) => isWithin(pointer, name)));
  const shownAtFields = state.error !== null && elsewhere.length === 0 && Object.keys(state.error.fields).length > 0;
  return (
    <FormContext.Provider value={state}>
      <form ref={form} noValidate onSubmit={(event) => void submit(event)} className="form">
        {state.error !== null && !shownAtFields && (
          <Alert ref={alert}>
            {state.error.message}
            {elsewhere.map(([name, detail]) => ` ${name} ${detail}.`)}
          </Alert>
        )}
        {children}
      </form>
    </FormContext.Provider>
  );
}

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  name: string;
  label: string;
  hint?: string;
}

export function Field({ name, label, hint, type = 'text', ...rest }: FieldProps) {
  const id = useId();
  const [shown, setShown] = useState(false);
  const problem = useProblem(name);
  const described = [problem !== undefined && `${id}-problem`, hint !== undefined && `${id}-hint`].filter(Boolean).join(' ');
  const secret = type === 'password';
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="field-input">
        <input
          id={id}
          name={name}
          type={secret && shown ? 'text' : type}
          aria-invalid={problem !== undefined}
          aria-describedby={described || undefined}
          autoCapitalize="none"
          spellCheck={false}
          {...rest}
        />
        {secret && (
          <button type="button" className="button-quiet" aria-pressed={shown} aria-label={`Show ${label.toLowerCase()}`} onClick={() => setShown(!shown)}>
            {shown ? 'Hide' : 'Show'}
          </button>
        )}
      </div>
      {problem !== undefined && <p id={`${id}-problem`} className="field-problem" role="alert">{problemWords(label, problem)}</p>}
      {hint !== undefined && <p id={`${id}-hint`} className="hint">{hint}</p>}
    </div>
  );
}

/** `disabled`: it cannot be pressed yet; its form judges for itself what comes by Enter. */
export function Submit({ disabled = false, children }: { disabled?: boolean; children: ReactNode }) {
  const { pending } = useContext(FormContext);
  return (
    <button type="submit" className="button" aria-disabled={pending || disabled}>
      {pending ? 'One moment…' : children}
    </button>
  );
}
