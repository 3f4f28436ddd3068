import { Plus, X } from 'lucide-react';
import { useId, useRef } from 'react';

import { Problem, SelectField, TextField } from '../../../components/fields';
import { sentence } from '../../../components/form';
import { type Condition, fieldHint, numberHint, type Operator, operators, orderProblem, takesList, takesValue } from './conditions';
import type { PartProps } from './basics';
import { pathsFor } from './surroundings';

interface RowProps {
  known: ReadonlyMap<string, unknown>;
  /** Members of the events that the webhook gets. */
  own: ReadonlyMap<string, unknown>;
  row: Condition;
  index: number;
  paths: string;
  set(change: Partial<Condition>): void;
  remove(): void;
}

function Row({ row, index, paths, known, own, set, remove }: RowProps) {
  const example = known.get(row.field);
  const order = orderProblem(row, known);
  const at = `filters/conditions/${index}`;
  const examples = takesList(row.op) ? 'one, two, three' : example === undefined || example === null ? 'value' : String(example);
  return (
    <li className="webhook-condition" aria-label={`Condition ${index + 1}`}>
      <TextField name={`${at}/field`} label="Field" list={paths} placeholder="caller_number" remark={fieldHint(row.field, own)} value={row.field} onChange={(field) => set({ field })} />
      <SelectField name={`${at}/op`} label="Condition" value={row.op} onChange={(op) => set({ op: op as Operator })}>
        {operators.map(([op, words]) => <option key={op} value={op}>{words}</option>)}
      </SelectField>
      {takesValue(row.op) ? <TextField name={`${at}/value`} label={takesList(row.op) ? 'Values' : 'Value'} placeholder={examples} remark={order === undefined ? numberHint(row, known) : sentence(`${takesList(row.op) ? 'Values' : 'Value'} ${order}`)} value={row.value} onChange={(value) => set({ value })} /> : <span />}
      <button type="button" className="button-icon" aria-label={`Remove condition ${index + 1}`} onClick={remove}><X aria-hidden size={18} /></button>
    </li>
  );
}

const nextKey = (rows: { key: number }[]) => 1 + Math.max(-1, ...rows.map(({ key }) => key));

/** Which events go out: rows of field, condition and value. */
export function Filters({ values, set, known }: PartProps) {
  const paths = useId();
  const add = useRef<HTMLButtonElement>(null);
  const rows = values.conditions;
  const own = pathsFor(known, values);
  const change = (key: number, part: Partial<Condition>) => set({ conditions: rows.map((row) => (row.key === key ? { ...row, ...part } : row)) });
  return (
    <div className="webhook-part" role="group" aria-label="Filters">
      {rows.length > 1 && (
        <fieldset className="choices">
          <legend className="visually-hidden">Events must meet</legend>
          <label><input type="radio" name="match" checked={values.match === 'all'} onChange={() => set({ match: 'all' })} /> All conditions must be met</label>
          <label><input type="radio" name="match" checked={values.match === 'any'} onChange={() => set({ match: 'any' })} /> Any one is enough</label>
        </fieldset>
      )}
      {rows.length === 0 && <p className="hint">Without conditions, every event of the chosen types is sent.</p>}
      <datalist id={paths}>{[...own].map(([path, example]) => <option key={path} value={path}>{`such as ${String(example)}`}</option>)}</datalist>
      <ul className="webhook-conditions">
        {rows.map((row, index) => (
          <Row
            key={row.key}
            row={row}
            index={index}
            paths={paths}
            known={known.paths}
            own={own}
            set={(part) => change(row.key, part)}
            remove={() => {
              set({ conditions: rows.filter(({ key }) => key !== row.key) });
              add.current?.focus();
            }}
          />
        ))}
      </ul>
      {['filters', 'filters/match', 'filters/conditions'].map((name) => <Problem key={name} name={name} label="Filters" exact />)}
      <button ref={add} type="button" className="button-plain webhook-add" onClick={() => set({ conditions: [...rows, { key: nextKey(rows), field: '', op: 'eq', value: '' }] })}><Plus aria-hidden size={18} /> Add a condition</button>
    </div>
  );
}
