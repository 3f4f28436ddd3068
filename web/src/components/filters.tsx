// What a list is limited to stands in the address bar, so that it can be kept, sent and gone back to.

import { X } from 'lucide-react';
import { useId } from 'react';
import { useLocation } from 'wouter';
import { useSearch } from 'wouter/use-browser-location';
import { isolated } from '../direction';

export interface Filters {
  /** Its value in the address bar; empty: all. */
  get(name: string): string;
  /** Changes these; an empty one is taken out. It does not make a step in the history. */
  set(values: Record<string, string>): void;
  any: boolean;
}

export function useFilters(): Filters {
  const [path, navigate] = useLocation();
  const parameters = new URLSearchParams(useSearch());
  return {
    get: (name) => parameters.get(name) ?? '',
    set(values) {
      for (const [name, value] of Object.entries(values)) {
        if (value === '') parameters.delete(name);
        else parameters.set(name, value);
      }
      navigate(parameters.size === 0 ? path : `${path}?${parameters}`, { replace: true });
    },
    any: parameters.size > 0,
  };
}

/** What is in force and was chosen elsewhere, with a way to take it off. */
export function Chip({ children, onRemove }: { children: string; onRemove(): void }) {
  return (
    <span className="chip">
      <bdi>{children}</bdi>
      <button type="button" className="button-icon" aria-label={`Remove ${isolated(children)}`} onClick={onRemove}><X aria-hidden size={16} /></button>
    </span>
  );
}

/** What is told when it is left or Enter is pressed, not with every letter. */
export function FilterText({ label, value, onChange, ...rest }: { label: string; value: string; onChange(value: string): void; list?: string; placeholder?: string }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="field-input">
        <input
          key={value}
          id={id}
          type="search"
          defaultValue={value}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          onBlur={(event) => event.target.value.trim() !== value && onChange(event.target.value.trim())}
          onKeyDown={(event) => event.key === 'Enter' && onChange(event.currentTarget.value.trim())}
          {...rest}
        />
      </div>
    </div>
  );
}

/** Members that have a value: an empty one is no filter. */
export function given<T extends Record<string, string | undefined>>(values: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== '')) as { [K in keyof T]?: string };
}
