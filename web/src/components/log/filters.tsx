// What a log is limited to: kept in the address bar, so that it can be shared and one comes back to it.

import { Search, SlidersHorizontal, X } from 'lucide-react';
import { type ReactNode, type Ref, useEffect, useId, useState } from 'react';

import { isolated } from '../../direction';
import { readNumber, searchTerm } from '../../phone_number';
import { MomentField } from '../moment_field';
import type { PageRequest } from './use_rows';

/** Names and values as in the address bar; what is not limited is missing. */
export type Filters = Readonly<Record<string, string>>;

export function filtersOf(search: string, names: readonly string[]): Filters {
  const parameters = new URLSearchParams(search);
  return Object.fromEntries(names.flatMap((name) => {
    const value = parameters.get(name);
    return value === null || value === '' ? [] : [[name, value]];
  }));
}

/** As they stand behind a path: '' or '?status=failed'. */
export function searchOf(filters: Filters, more: Filters = {}): string {
  const parameters = new URLSearchParams(Object.entries({ ...filters, ...more }).filter(([, value]) => value !== ''));
  return parameters.size === 0 ? '' : `?${parameters}`;
}

const timeNames = ['range', 'since', 'until'];

/** How many filters are set: the time range is one, the search is none. */
export function setFilters(filters: Filters): number {
  const set = Object.keys(filters).filter((name) => name !== 'q');
  return set.filter((name) => !timeNames.includes(name)).length + Number(set.some((name) => timeNames.includes(name)));
}

const hours: Record<string, number> = { hour: 1, day: 24, week: 168 };

/** The time range in the API's words; presets end now. */
export function timesOf({ range, since, until }: Filters): { since?: string; until?: string } {
  const length = range === undefined ? undefined : hours[range];
  if (length !== undefined) return { since: new Date(Date.now() - length * 3_600_000).toISOString() };
  return { ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
}

/** What to ask the API for, which has the same names but for the time range. */
export function queryOf(filters: Filters, { cursor, limit }: PageRequest) {
  const chosen = Object.entries(filters).filter(([name]) => !timeNames.includes(name)).map(([name, value]) => [name, name === 'q' ? searchTerm(value) : value]);
  return { ...Object.fromEntries(chosen), ...timesOf(filters), ...(cursor !== undefined && { cursor }), limit };
}

/** Where nothing was found: what a search looks for, and what is missing of a number. */
export function searchAdvice(q: string | undefined): string {
  const { problem } = q === undefined ? {} : readNumber(q);
  return problem === undefined ? 'The search looks for a whole number, call id or message id.' : `“${isolated(q?.trim() ?? '')}” ${problem}. The search looks for a whole number, call id or message id.`;
}

interface SelectProps {
  label: string;
  value: string | undefined;
  /** What stands for no limit. */
  any: string;
  options: { value: string; name: string }[];
  onChange(value: string): void;
}

export function FilterSelect({ label, value = '', any, options, onChange }: SelectProps) {
  const id = useId();
  const known = value === '' || options.some((option) => option.value === value);
  return (
    <div className="log-filter">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} data-set={value !== ''} onChange={(event) => onChange(event.target.value)}>
        <option value="">{any}</option>
        {!known && <option value={value}>{value}</option>}
        {options.map((option) => <option key={option.value} value={option.value}>{option.name}</option>)}
      </select>
    </div>
  );
}

interface SearchProps {
  ref: Ref<HTMLInputElement>;
  value: string | undefined;
  placeholder: string;
  onChange(value: string): void;
}

/** Searches when one presses Enter or leaves the field: terms are looked for as a whole. */
export function SearchField({ ref, value = '', placeholder, onChange }: SearchProps) {
  const id = useId();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const search = (wanted: string) => {
    if (wanted.trim() !== value) onChange(wanted.trim());
  };
  return (
    <form
      role="search"
      className="log-search"
      onSubmit={(event) => {
        event.preventDefault();
        search(text);
      }}
    >
      <label htmlFor={id} className="visually-hidden">Search</label>
      <Search aria-hidden size={18} />
      <input ref={ref} id={id} type="search" value={text} placeholder={placeholder} autoComplete="off" autoCapitalize="none" spellCheck={false} onChange={(event) => setText(event.target.value)} onBlur={() => search(text)} />
      {text !== '' && (
        <button type="button" className="button-icon" aria-label="Clear the search" onClick={() => { setText(''); search(''); }}><X aria-hidden size={16} /></button>
      )}
    </form>
  );
}

const presets = [
  { value: 'hour', name: 'Last hour' },
  { value: 'day', name: 'Last 24 hours' },
  { value: 'week', name: 'Last 7 days' },
  { value: 'own', name: 'From … to …' },
];

/** A preset, or two times of one's own. */
export function TimeRange({ filters, onChange }: { filters: Filters; onChange(change: Filters): void }) {
  const own = filters.range === 'own' || filters.since !== undefined || filters.until !== undefined;
  return (
    <>
      <FilterSelect label="Time" value={own ? 'own' : filters.range} any="Any time" options={presets} onChange={(range) => onChange({ range, since: '', until: '' })} />
      {own && <MomentField className="log-filter" label="From" value={filters.since ?? ''} onChange={(since) => onChange({ range: 'own', since })} />}
      {own && <MomentField className="log-filter" label="To" value={filters.until ?? ''} onChange={(until) => onChange({ range: 'own', until })} />}
    </>
  );
}

interface FilterBarProps {
  search: ReactNode;
  /** How many filters are set, without the search. */
  set: number;
  onClear(): void;
  children: ReactNode;
}

/** The search and the filters; on small screens the filters are behind a button. */
export function FilterBar({ search, set, onClear, children }: FilterBarProps) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <div className="log-filters">
      <div className="log-filters-first">
        {search}
        <button type="button" className="button button-second log-filters-button" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
          <SlidersHorizontal aria-hidden size={16} /> Filters{set > 0 && ` (${set})`}
        </button>
      </div>
      <div id={id} className="log-filters-more" data-open={open}>
        {children}
        {set > 0 && <button type="button" className="button-plain" onClick={onClear}>Clear filters</button>}
      </div>
    </div>
  );
}
