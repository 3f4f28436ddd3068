import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useId } from 'react';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import { Chip, type Filters } from '../../components/filters';
import { MomentField } from '../../components/moment_field';
import { TeamFilter } from '../../components/team_filter';
import { periods } from './period';
import { actionName, actions, groups } from './words';

function Choice({ label, value, onChange, children }: { label: string; value: string; onChange(value: string): void; children: ReactNode }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="field-input"><select id={id} value={value} onChange={(event) => onChange(event.target.value)}>{children}</select></div>
    </div>
  );
}

function ActionChoice({ filters }: { filters: Filters }) {
  return (
    <Choice label="Action" value={filters.get('action')} onChange={(action) => filters.set({ action })}>
      <option value="">All</option>
      {groups.map(({ prefix, name }) => (
        <optgroup key={prefix} label={name}>
          <option value={prefix}>{name}: all</option>
          {actions.filter((action) => action.startsWith(prefix)).map((action) => <option key={action} value={action}>{actionName(action)}</option>)}
        </optgroup>
      ))}
    </Choice>
  );
}

/** People and keys, the newest of each; whoever else was chosen elsewhere is there by the id. */
function ActorChoice({ filters }: { filters: Filters }) {
  const { api } = useAccess();
  const query = { limit: 500 };
  const users = useQuery({ queryKey: ['users', 'actors'], queryFn: () => answer(api.GET('/v1/users', { params: { query } })) });
  const keys = useQuery({ queryKey: ['keys', 'actors'], queryFn: () => answer(api.GET('/v1/keys', { params: { query } })) });
  const chosen = filters.get('actor');
  const known = [...(users.data?.data ?? []), ...(keys.data?.data ?? [])].some(({ id }) => id === chosen);
  return (
    <Choice label="Who" value={chosen} onChange={(actor) => filters.set({ actor })}>
      <option value="">Anybody</option>
      {chosen !== '' && !known && <option value={chosen}>{chosen}</option>}
      <optgroup label="Users">{users.data?.data.map(({ id, name, email }) => <option key={id} value={id}>{name ?? email}</option>)}</optgroup>
      <optgroup label="API keys">{keys.data?.data.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}</optgroup>
    </Choice>
  );
}

export function AuditFilters({ filters }: { filters: Filters }) {
  const target = filters.get('target');
  const period = filters.get('period');
  return (
    <div className="filters" role="search" aria-label="Audit log">
      <ActionChoice filters={filters} />
      <ActorChoice filters={filters} />
      <TeamFilter filters={filters} />
      <Choice label="Time" value={period} onChange={(value) => filters.set({ period: value, since: '', until: '' })}>
        <option value="">Any</option>
        {periods.map(({ value, name }) => <option key={value} value={value}>{name}</option>)}
        <option value="between">Between…</option>
      </Choice>
      {period === 'between' && <MomentField label="From" value={filters.get('since')} onChange={(since) => filters.set({ since })} />}
      {period === 'between' && <MomentField label="Until" value={filters.get('until')} onChange={(until) => filters.set({ until })} />}
      {target !== '' && <Chip onRemove={() => filters.set({ target: '' })}>{`About ${target}`}</Chip>}
    </div>
  );
}
