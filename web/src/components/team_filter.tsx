import { useId } from 'react';

import { useAccess } from '../api/access';
import type { Filters } from './filters';
import { TeamChoice } from './team_choice';

/** A list is limited to one team, or to none. */
export function TeamSelect({ value, onChange, className = 'field' }: { value: string; onChange(id: string): void; className?: string }) {
  const id = useId();
  return (
    <div className={className} data-set={value !== ''}>
      <label htmlFor={id}>Team</label>
      <div className="field-input"><TeamChoice value={value} onChange={onChange} any="All teams" attributes={{ id, 'aria-label': 'Team' }} /></div>
    </div>
  );
}

/** For who sees all teams: only one's. */
export function TeamFilter({ filters }: { filters: Filters }) {
  const { admin } = useAccess();
  return admin ? <TeamSelect value={filters.get('team_id')} onChange={(team_id) => filters.set({ team_id })} /> : null;
}
