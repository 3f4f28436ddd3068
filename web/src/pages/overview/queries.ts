// What the overview asks the server. It looks at a range that moves on, so it asks again also when nothing changes.

import { keepPreviousData, useQuery } from '@tanstack/react-query';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import { useConnected } from '../../api/live';
import { type Range, sinceOf } from './range';

const askAgainMs = { connected: 30_000, alone: 5000 };
const failingShown = 10;

/** How often to ask when the server tells of no change, or cannot tell. */
function usePace(): number {
  return useConnected() ? askAgainMs.connected : askAgainMs.alone;
}

const ofTeam = (team: string | null) => (team === null ? {} : { team_id: team });

export function useStats(range: Range, team: string | null) {
  const { api } = useAccess();
  return useQuery({
    queryKey: ['stats', range.name, team],
    queryFn: () => answer(api.GET('/v1/stats', { params: { query: { since: sinceOf(range, Date.now()), ...ofTeam(team) } } })),
    refetchInterval: usePace(),
    placeholderData: keepPreviousData,
  });
}

/** Webhooks that fail: the newest few, and whether there are more. */
export function useFailing(team: string | null) {
  const { api } = useAccess();
  return useQuery({
    queryKey: ['webhooks', 'failing', team],
    queryFn: () => answer(api.GET('/v1/webhooks', { params: { query: { health: 'failing', limit: failingShown, ...ofTeam(team) } } })),
    refetchInterval: usePace(),
    placeholderData: keepPreviousData,
  });
}

/** The webhook that was made last, in a list of one or none. */
export function useNewestWebhook(team: string | null) {
  const { api } = useAccess();
  return useQuery({
    queryKey: ['webhooks', 'newest', team],
    queryFn: async () => (await answer(api.GET('/v1/webhooks', { params: { query: { limit: 1, ...ofTeam(team) } } }))).data,
    refetchInterval: usePace(),
  });
}

/** Why a webhook's newest delivery that did not get through did not. */
export function useLastFailure(webhookId: string) {
  const { api } = useAccess();
  return useQuery({
    queryKey: ['deliveries', 'last failure', webhookId],
    queryFn: async () => {
      const newest = async (status: 'retrying' | 'failed') =>
        (await answer(api.GET('/v1/deliveries', { params: { query: { webhook_id: webhookId, status, limit: 1 } } }))).data[0];
      return (await newest('retrying')) ?? (await newest('failed')) ?? null;
    },
  });
}
