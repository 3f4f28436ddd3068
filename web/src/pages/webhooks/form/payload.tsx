import { ArrowDown, ArrowUp, Plus, X } from 'lucide-react';
import { useId, useRef } from 'react';

import { Problem, TextAreaField, TextField } from '../../../components/fields';
import { jsonProblem } from '../../../json';
import type { PartProps } from './basics';
import { pathsFor } from './surroundings';
import { type FieldRow, type PayloadKind, presets, type Values } from './values';

const kinds: [kind: PayloadKind, name: string, words: string][] = [
  ['default', 'Default', 'The event as it is.'],
  ['fields', 'Chosen fields', 'Only what you pick, under the names you like.'],
  ['template', 'Template', 'JSON of your own, with {{placeholders}}.'],
  ...presets.map(([preset, name]): [PayloadKind, string, string] => [preset, name, preset === 'cloudevents' ? 'A CloudEvents 1.0 event.' : 'A message in words.']),
];

type Part = Pick<PartProps, 'set'> & { values: Values };

function Fields({ values, set, known: all }: PartProps) {
  const paths = useId();
  const add = useRef<HTMLButtonElement>(null);
  const rows = values.fields;
  const known = pathsFor(all, values);
  const change = (key: number, part: Partial<FieldRow>) => set({ fields: rows.map((row) => (row.key === key ? { ...row, ...part } : row)) });
  const move = (from: number, to: number) => set({ fields: rows.toSpliced(from, 1).toSpliced(to, 0, rows[from] as FieldRow) });
  const next = 1 + Math.max(-1, ...rows.map(({ key }) => key));
  const left = [...known.keys()].filter((path) => rows.every(({ field }) => field !== path));
  return (
    <div className="webhook-part" role="group" aria-label="Fields of the payload">
      <datalist id={paths}>{[...known].map(([path, example]) => <option key={path} value={path}>{`such as ${String(example)}`}</option>)}</datalist>
      <ul className="webhook-conditions">
        {rows.map((row, index) => (
          <li key={row.key} className="webhook-condition webhook-field-row" aria-label={`Field ${index + 1}`}>
            <TextField name={`payload/fields/${index}`} label="Field" list={paths} value={row.field} placeholder="caller_number" onChange={(field) => change(row.key, { field })} />
            <TextField name={`payload/fields/${index}/as`} label="Sent as" value={row.as} placeholder={row.field || 'the same name'} onChange={(as) => change(row.key, { as })} />
            <span className="webhook-row-buttons">
              <button type="button" className="button-icon" aria-label={`Move field ${index + 1} up`} aria-disabled={index === 0} onClick={() => index > 0 && move(index, index - 1)}><ArrowUp aria-hidden size={18} /></button>
              <button type="button" className="button-icon" aria-label={`Move field ${index + 1} down`} aria-disabled={index === rows.length - 1} onClick={() => index < rows.length - 1 && move(index, index + 1)}><ArrowDown aria-hidden size={18} /></button>
              <button
                type="button"
                className="button-icon"
                aria-label={`Remove field ${index + 1}`}
                onClick={() => {
                  set({ fields: rows.filter(({ key }) => key !== row.key) });
                  add.current?.focus();
                }}
              >
                <X aria-hidden size={18} />
              </button>
            </span>
          </li>
        ))}
      </ul>
      <Problem name="payload/fields" label="Chosen fields" exact />
      <p className="webhook-chips">
        {left.map((path) => <button key={path} type="button" className="webhook-chip" aria-label={`Send ${path}`} onClick={() => set({ fields: [...rows, { key: next, field: path, as: '' }] })}>+ {path}</button>)}
      </p>
      <button ref={add} type="button" className="button-plain webhook-add" onClick={() => set({ fields: [...rows, { key: next, field: '', as: '' }] })}><Plus aria-hidden size={18} /> Add a field</button>
    </div>
  );
}

function Template({ values, set }: Part) {
  const problem = jsonProblem(values.template);
  return (
    <>
      <TextAreaField
        name="payload/template"
        label="Template"
        rows={10}
        className="webhook-code"
        value={values.template}
        onChange={(template) => set({ template })}
        hint={<><code>{'{{caller_number}}'}</code> is replaced by that member of the event, <code>{"{{name | default: 'nobody'}}"}</code> where it may be missing; <code>{'{{$id}}'}</code>, <code>{'{{$type}}'}</code>, <code>{'{{$time}}'}</code> and <code>{'{{$team}}'}</code> are the event's own.</>}
      />
      <p className="field-problem" role="status">{problem !== null && `This is not JSON yet: ${problem}.`}</p>
    </>
  );
}

export function Payload(props: PartProps) {
  const { values, set } = props;
  const isPreset = presets.some(([preset]) => preset === values.payload);
  return (
    <>
      <fieldset className="webhook-kinds">
        <legend className="visually-hidden">Payload</legend>
        {kinds.map(([kind, name, words]) => (
          <label key={kind} className="webhook-kind">
            <input type="radio" name="payload" checked={values.payload === kind} onChange={() => set({ payload: kind })} />
            <span><strong>{name}</strong> <span className="hint">{words}</span></span>
          </label>
        ))}
      </fieldset>
      {values.payload === 'fields' && <Fields {...props} />}
      {values.payload === 'template' && <Template {...props} />}
      {!isPreset && <label className="webhook-check"><input type="checkbox" checked={values.asForm} onChange={(event) => set({ asForm: event.target.checked })} /> <span>Send as form fields (<code>application/x-www-form-urlencoded</code>), not as JSON</span></label>}
      {['payload', 'payload/preset', 'payload/content_type'].map((name) => <Problem key={name} name={name} label="Payload" exact />)}
    </>
  );
}
