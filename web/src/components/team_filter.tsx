import { useId } from 'react';

import { useAccess } from '../api/access';
import { FilterText, type Filters } from './filters';
import { useTeams } from './team';

/** For who sees all teams: only one's. */
export function TeamFilter({ filters }: { filters: Filters }) {
  const { admin } = useAccess();
  const teams = useTeams();
  const list = useId();
  if (!admin) return null;
  return (
    <>
      <FilterText label="Team" value={filters.get('team_id')} onChange={(team_id) => filters.set({ team_id })} list={list} placeholder="All" />
      <datalist id={list}>{teams.map((team) => <option key={team.id} value={team.id} label={team.name ?? team.id} />)}</datalist>
    </>
  );
}
