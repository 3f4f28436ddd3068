// The one field for points in time. Its value is an instant, as the API has it; what is typed is in the reader's time zone,
// which stands beside it.

import { type FocusEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';

import { endOfDay, instantsOf, isInstant, localText, offsetOf, zoneAt } from '../local_time';
import { sentence, useProblem } from './form';

const pauseMs = 400;

interface MomentProps {
  label: string;
  /** An instant; '' where none is chosen. */
  value: string;
  onChange(value: string): void;
  /**
   * In a form: the JSON pointer of the member without the first '/'. Then all that is typed is told at once, and what is no
   * time is left to the server; else a time is told when it is complete and one has paused.
   */
  name?: string;
  hint?: string;
  /** The end of a day is asked for, not a minute. */
  day?: boolean;
  /** How it looks: "field", or as another class has it. */
  className?: string;
}

const textOf = (value: string, day: boolean) => (day ? localText(value).slice(0, 10) : localText(value));

/** What a text stands for; of two instants the one that has `before`'s offset, so that an edit does not jump by an hour. */
function instantOf(text: string, before: string, day: boolean): string | undefined {
  if (day) return endOfDay(text);
  const both = instantsOf(text);
  return both.find((each) => before !== '' && offsetOf(each) === offsetOf(before)) ?? both[0];
}

function useTold(value: string, onChange: (value: string) => void, atOnce: boolean) {
  const waiting = useRef<{ value: string; timer: ReturnType<typeof setTimeout> } | null>(null);
  const latest = useRef({ value, onChange });
  latest.current = { value, onChange };
  const flush = () => {
    const next = waiting.current;
    if (next === null) return;
    clearTimeout(next.timer);
    waiting.current = null;
    if (next.value !== latest.current.value) latest.current.onChange(next.value);
  };
  const drop = () => {
    clearTimeout(waiting.current?.timer);
    waiting.current = null;
  };
  const tell = (next: string) => {
    drop();
    if (atOnce) onChange(next);
    else waiting.current = { value: next, timer: setTimeout(flush, pauseMs) };
  };
  useEffect(() => drop, []);
  return { tell, flush, drop };
}

export function MomentField({ label, value, onChange, name, hint, day = false, className = 'field' }: MomentProps) {
  const id = useId();
  const problem = useProblem(name ?? id);
  const [text, setText] = useState(() => textOf(value, day));
  const [unfinished, setUnfinished] = useState(false);
  const known = isInstant(value) ? value : '';
  const { tell, flush, drop } = useTold(value, onChange, name !== undefined);
  // Another value came from elsewhere; what is half typed stays.
  useEffect(() => {
    if (known !== '' || value === '') setText((typed) => (known === '' && typed !== '' && instantOf(typed, '', day) === undefined ? typed : textOf(known, day)));
  }, [value, known, day]);

  const change = (typed: string, broken: boolean) => {
    setText(typed);
    setUnfinished(false);
    const instant = instantOf(typed, known, day);
    if (typed === '' && !broken) tell('');
    else if (instant !== undefined) tell(instant);
    else if (name !== undefined) tell(typed === '' ? 'incomplete' : typed);
    else drop();
  };
  const leave = (event: FocusEvent<HTMLInputElement>) => {
    flush();
    const { value: typed, validity } = event.target;
    setUnfinished(validity.badInput || (typed !== '' && instantOf(typed, '', day) === undefined));
  };
  const both = day || known === '' ? [] : instantsOf(localText(known));
  const remark = unfinished ? `The ${day ? 'date' : 'time'} is not complete: the year has four digits, from 1970 on.` : undefined;
  return (
    <div className={className}>
      <label htmlFor={id}>{label}</label>
      <div className="field-input">
        <input
          id={id}
          type={day ? 'date' : 'datetime-local'}
          min={day ? '1970-01-01' : '1970-01-01T00:00'}
          max={day ? '9999-12-31' : '9999-12-31T23:59'}
          value={text}
          data-set={known !== ''}
          aria-invalid={problem !== undefined || remark !== undefined}
          aria-describedby={`${id}-about`}
          onChange={(event) => change(event.target.value, event.target.validity.badInput)}
          onBlur={leave}
          onKeyDown={(event: KeyboardEvent) => event.key === 'Enter' && flush()}
        />
        {both.length > 1 && (
          <select aria-label={`${label}: the clocks show this time twice`} value={known} onChange={(event) => onChange(event.target.value)}>
            {both.map((each) => <option key={each} value={each}>{offsetOf(each)}</option>)}
          </select>
        )}
      </div>
      <div id={`${id}-about`} className="moment-about">
        {problem !== undefined && <p className="field-problem" role="alert">{sentence(`${label} ${problem}`)}</p>}
        <p className="field-remark" role="status">{remark}</p>
        <p className="hint">{zoneAt(known === '' ? new Date().toISOString() : known)}{hint !== undefined && `. ${hint}`}</p>
      </div>
    </div>
  );
}
