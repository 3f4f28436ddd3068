import { useMutation, useQueryClient } from '@tanstack/react-query';

import { useAccess } from '../../../api/access';
import { type Api, answer } from '../../../api/client';
import type { Webhook } from '../../../api/types';
import { Alert } from '../../../components/alert';

/** The sample of a missed call, of just now; of the webhook's team, or of none where the webhook gets all teams' events. */
async function missedCall(api: Api, { team_id }: Webhook) {
  const { data } = await answer(api.GET('/v1/event-types'));
  const { team_id: _, ...sample } = data.find(({ name }) => name === 'missed_call')?.sample as Record<string, unknown>;
  const now = new Date();
  const event = { ...sample, call_id: `test-${now.getTime()}`, timestamp: now.toISOString() };
  return team_id === null ? event : { ...event, team_id };
}

/** Sends an event as a phone platform does, so that it takes the way of all events. */
export function TestCall({ webhook, again = false }: { webhook: Webhook; again?: boolean }) {
  const { api } = useAccess();
  const queries = useQueryClient();
  const sending = useMutation({
    mutationFn: async () => {
      const event = await missedCall(api, webhook);
      await answer(api.POST('/v1/events', { body: event as never }));
      await Promise.all(['events', 'deliveries', 'stats'].map((kind) => queries.invalidateQueries({ queryKey: [kind] })));
    },
  });
  return (
    <>
      {sending.error !== null && <Alert>{sending.error.message}</Alert>}
      <button type="button" className={again ? 'button button-second' : 'button'} aria-disabled={sending.isPending} onClick={() => !sending.isPending && sending.mutate()}>
        {sending.isPending ? 'One moment…' : again ? 'Send another test call' : 'Send a test call'}
      </button>
    </>
  );
}
