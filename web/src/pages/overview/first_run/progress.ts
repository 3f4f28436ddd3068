// How far the first steps are, by what the server has: the same in every browser and for everybody who may see it.

import { useQuery } from '@tanstack/react-query';

import { useAccess } from '../../../api/access';
import { answer } from '../../../api/client';
import type { Delivery, StoredEvent, Webhook } from '../../../api/types';

export interface Progress {
  /** The one that was made last, and what came of it last; undefined: nothing yet. */
  webhook: Webhook | undefined;
  event: StoredEvent | undefined;
  delivery: Delivery | undefined;
  /** It has been at work for a while: nobody needs to be led any more. */
  established: boolean;
}

const dayMs = 86_400_000;
// So many deliveries are no try any more.
const manyDeliveries = 20;

const isEstablished = (delivered: Delivery[], now: number) =>
  delivered.length >= manyDeliveries || delivered.some(({ created_at }) => now - Date.parse(created_at) > dayMs);

const pollMs = 1000;

/** Undefined until it is known. While something is awaited it is asked for every second, in case the server tells nothing. */
export function useProgress(webhook: Webhook | undefined): Progress | undefined {
  const { api } = useAccess();
  const delivered = useQuery({
    queryKey: ['deliveries', 'first run', 'delivered'],
    queryFn: async () => (await answer(api.GET('/v1/deliveries', { params: { query: { status: 'delivered', limit: manyDeliveries } } }))).data,
    staleTime: ({ state }) => (isEstablished(state.data ?? [], Date.now()) ? 'static' : 0),
    refetchInterval: ({ state }) => (state.data?.length === 0 ? pollMs : false),
  });
  const established = delivered.data !== undefined && isEstablished(delivered.data, Date.now());
  const events = useQuery({
    queryKey: ['events', 'first run'],
    queryFn: async () => (await answer(api.GET('/v1/events', { params: { query: { limit: 1 } } }))).data,
    enabled: delivered.data !== undefined && !established,
    refetchInterval: ({ state }) => (state.data?.length === 0 ? pollMs : false),
  });
  const id = webhook?.id;
  const newest = useQuery({
    queryKey: ['deliveries', 'first run', 'newest', id],
    queryFn: async () => (await answer(api.GET('/v1/deliveries', { params: { query: { webhook_id: id ?? '', limit: 1 } } }))).data,
    enabled: id !== undefined && delivered.data !== undefined && !established,
    refetchInterval: ({ state }) => (state.data?.[0]?.status === 'delivered' ? false : pollMs),
  });
  if (delivered.data === undefined || (!established && events.data === undefined)) return undefined;
  return { webhook, event: events.data?.[0], delivery: newest.data?.[0], established };
}
