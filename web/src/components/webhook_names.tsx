// Names of webhooks for pages that show many of them. Health changes with every delivery, names hardly ever: they are
// read once a minute at most.

import { useQuery } from '@tanstack/react-query';

import { useApi } from '../api/access';
import { answer } from '../api/client';

const staleTime = 60_000;

/** The newest webhooks, 500 at most. */
export function useWebhooks() {
  const api = useApi();
  return useQuery({
    queryKey: ['webhook names'],
    queryFn: async () => {
      const { data } = await answer(api.GET('/v1/webhooks', { params: { query: { limit: 500 } } }));
      return data.map(({ id, name }) => ({ id, name }));
    },
    staleTime,
  });
}

export function useWebhookName(id: string): string | undefined {
  const api = useApi();
  const { data: known, isPending } = useWebhooks();
  const found = known?.find((webhook) => webhook.id === id)?.name;
  const one = useQuery({
    queryKey: ['webhook names', id],
    queryFn: async () => (await answer(api.GET('/v1/webhooks/{id}', { params: { path: { id } } }))).name,
    staleTime,
    enabled: found === undefined && !isPending,
  });
  return found ?? one.data;
}

/** A webhook's name; the id of one that was deleted. */
export function WebhookName({ id }: { id: string }) {
  const name = useWebhookName(id);
  return <bdi title={name ?? id}>{name ?? id}</bdi>;
}
