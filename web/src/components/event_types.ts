// The types of events, with what each means and a sample.

import { queryOptions, useQuery } from '@tanstack/react-query';

import { useApi } from '../api/access';
import { type Api, answer } from '../api/client';

/** They are the same for as long as a page is open. */
export const eventTypesQuery = (api: Api) =>
  queryOptions({
    queryKey: ['event types'],
    queryFn: async () => (await answer(api.GET('/v1/event-types'))).data,
    staleTime: Infinity,
  });

export const useEventTypes = () => useQuery(eventTypesQuery(useApi()));
