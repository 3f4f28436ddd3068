import { useQuery } from '@tanstack/react-query';

import { useApi } from '../api/access';
import { answer } from '../api/client';

/** The first 500 teams, for choosing one. */
export function useTeams(enabled: boolean) {
  const api = useApi();
  return useQuery({
    queryKey: ['teams', 'choice'],
    queryFn: async () => (await answer(api.GET('/v1/teams', { params: { query: { limit: 500 } } }))).data,
    staleTime: 60_000,
    enabled,
  });
}
