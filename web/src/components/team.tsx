// Teams by their names, where these are known.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';

import { useAccess } from '../api/access';
import { answer, ApiError } from '../api/client';
import type { Schemas } from '../api/types';
import { Link } from '../router';
import { Labelled } from './fields';
import { TeamChoice } from './team_choice';
import { useToast } from './toasts';

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

/** Creates a team, and answers its id; null when that failed, which is said. */
export function useCreateTeam() {
  const { api } = useAccess();
  const queries = useQueryClient();
  const say = useToast();
  return useCallback(async (name: string, id: string): Promise<string | null> => {
    try {
      const made = await answer(api.POST('/v1/teams', { body: { name, ...(id === '' ? {} : { id }) } }));
      await queries.invalidateQueries({ queryKey: ['teams'] });
      say(`Team “${name}” created`);
      return made.id;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      say(error.message);
      return null;
    }
  }, [api, queries, say]);
}

/** A team's name; its id where it has none. */
export function TeamName({ id }: { id: string }) {
  const { portal } = useAccess();
  const name = useTeams(!portal).find((team) => team.id === id)?.name ?? null;
  return <bdi title={id}>{name ?? id}</bdi>;
}

/** A link to the team; who is in no team, or in all, sees `none`. */
export function TeamLink({ id, none = '–' }: { id: string | null; none?: string }) {
  if (id === null) return none;
  return <Link href={teamPath(id)}><TeamName id={id} /></Link>;
}

interface TeamFieldProps {
  name: string;
  value: string;
  onChange(value: string): void;
  label?: string;
  hint?: string;
  /** What no choice means; without it, a team must be chosen. */
  any?: string;
}

/** A team of those there are, or a new one, in a form. What was typed and is no team is not sent. */
export function TeamField({ name, value, onChange, label = 'Team', hint, any }: TeamFieldProps) {
  const [unknown, setUnknown] = useState('');
  const problem = unknown === '' ? undefined : `“${unknown}” is not a team. Choose one from the list, or create it there`;
  return (
    <Labelled name={name} label={label} {...(hint === undefined ? {} : { hint })}>
      {(described) => (
        <TeamChoice
          value={value}
          onChange={onChange}
          creates
          placeholder={any ?? 'Name or ID'}
          {...(any === undefined ? {} : { any })}
          onUnknown={setUnknown}
          attributes={{ ...described, 'aria-label': label, 'data-unresolved': problem, 'data-name': name }}
        />
      )}
    </Labelled>
  );
}
