import { useId } from 'react';

import { sentence, useProblem } from './form';

interface ChoiceFieldProps<Value extends string> {
  name: string;
  label: string;
  options: { value: Value; label: string; hint: string }[];
  value: Value;
  onChange(value: Value): void;
}

/** One of a few, each with a line on what it means. */
export function ChoiceField<Value extends string>({ name, label, options, value, onChange }: ChoiceFieldProps<Value>) {
  const id = useId();
  const problem = useProblem(name);
  return (
    <fieldset className="choice-field" aria-describedby={problem === undefined ? undefined : `${id}-problem`}>
      <legend>{label}</legend>
      {options.map((option) => (
        <div key={option.value} className="choice">
          <input type="radio" id={`${id}-${option.value}`} name={id} checked={value === option.value} aria-invalid={problem !== undefined} aria-describedby={`${id}-${option.value}-hint`} onChange={() => onChange(option.value)} />
          <label htmlFor={`${id}-${option.value}`}>{option.label}</label>
          <p id={`${id}-${option.value}-hint`} className="hint">{option.hint}</p>
        </div>
      ))}
      {problem !== undefined && <p id={`${id}-problem`} className="field-problem" role="alert">{sentence(`${label} ${problem}`)}</p>}
    </fieldset>
  );
}
