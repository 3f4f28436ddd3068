// The types of events, with what each means and a sample.

import { useQuery } from '@tanstack/react-query';

import { useApi } from '../api/access';
import { answer } from '../api/client';

export function useEventTypes() {
  const api = useApi();
  return useQuery({
    queryKey: ['event types'],
    queryFn: async () => (await answer(api.GET('/v1/event-types'))).data,
    staleTime: Infinity,
  });
}
