// Teams by their names, where these are known.

import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';

import { useAccess } from '../api/access';
import { answer } from '../api/client';
import type { Schemas } from '../api/types';
import { Link } from '../router';
import { TextField } from './fields';

export type Team = Schemas['Team'];

export const teamPath = (id: string) => `/settings/teams/${encodeURIComponent(id)}`;

/** The first 500 teams that one sees: others are called by their ids. None where `enabled` is false. */
export function useTeams(enabled = true): Team[] {
  const { api } = useAccess();
  const query = useQuery({
    queryKey: ['teams', 'names'],
    queryFn: () => answer(api.GET('/v1/teams', { params: { query: { limit: 500 } } })),
    staleTime: 60_000,
    enabled,
  });
  return query.data?.data ?? [];
}

/** A link to the team; who is in no team, or in all, sees `none`. */
export function TeamLink({ id, none = '–' }: { id: string | null; none?: string }) {
  const teams = useTeams();
  if (id === null) return none;
  const name = teams.find((team) => team.id === id)?.name ?? null;
  return <Link href={teamPath(id)} title={id}>{name ?? id}</Link>;
}

interface TeamFieldProps {
  name: string;
  value: string;
  onChange(value: string): void;
  label?: string;
  hint?: string;
}

/** A team by its id: those there are offered, any other can be typed. */
export function TeamField({ name, value, onChange, label = 'Team', hint }: TeamFieldProps) {
  const teams = useTeams();
  const list = useId();
  return (
    <>
      <TextField name={name} label={label} value={value} onChange={onChange} list={list} placeholder="team_001" {...(hint === undefined ? {} : { hint })} />
      <datalist id={list}>{teams.map((team) => <option key={team.id} value={team.id} label={team.name ?? team.id} />)}</datalist>
    </>
  );
}
