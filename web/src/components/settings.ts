// What the server is set to.

import { useQuery } from '@tanstack/react-query';

import { useApi } from '../api/access';
import { answer } from '../api/client';

/** It stays the same for as long as the server runs. */
export function useSettings() {
  const api = useApi();
  return useQuery({ queryKey: ['settings'], queryFn: () => answer(api.GET('/v1/settings')), staleTime: 60_000 });
}
