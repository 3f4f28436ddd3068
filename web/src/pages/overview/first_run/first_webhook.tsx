import { useMutation, useQueryClient } from '@tanstack/react-query';

import { useAccess } from '../../../api/access';
import { answer, ApiError } from '../../../api/client';
import type { WebhookSettings } from '../../../api/types';
import { Alert } from '../../../components/alert';
import { Field, Form, Submit } from '../../../components/form';
import { useToast } from '../../../components/toasts';
import { Link } from '../../../router';

function useCreateWebhook() {
  const { api } = useAccess();
  const queries = useQueryClient();
  const say = useToast();
  return async (settings: WebhookSettings) => {
    await answer(api.POST('/v1/webhooks', { body: settings }));
    say('Webhook saved');
    await queries.invalidateQueries({ queryKey: ['webhooks'] });
  };
}

/** A receiver inside the server, with a webhook that sends there. */
function TestReceiver() {
  const { api } = useAccess();
  const create = useCreateWebhook();
  const making = useMutation({
    mutationFn: async () => {
      const { url, note } = await answer(api.POST('/v1/test-receivers', { body: {} }));
      if (url === null) throw new ApiError(409, note);
      await create({ name: 'Test receiver', url });
    },
  });
  return (
    <div className="way">
      <h4>With the built-in test receiver</h4>
      <p>Nothing to set up: it takes what is sent and shows it to you here.</p>
      {making.error !== null && <Alert>{making.error.message}</Alert>}
      <button type="button" className="button" aria-disabled={making.isPending} onClick={() => !making.isPending && making.mutate()}>
        {making.isPending ? 'One moment…' : 'Use the test receiver'}
      </button>
    </div>
  );
}

/** The fewest settings that make a webhook: it gets every kind of event. */
export function FirstWebhook() {
  const create = useCreateWebhook();
  return (
    <>
      <p>A webhook tells Limehook where to send what happens: every event goes to its URL as a signed POST request.</p>
      <div className="ways">
        <TestReceiver />
        <div className="way">
          <h4>With a URL of your own</h4>
          <Form onSubmit={create} fields={['name', 'url']}>
            <Field name="name" label="Webhook Name" placeholder="CRM" autoCapitalize="sentences" />
            <Field name="url" label="Webhook URL" type="url" inputMode="url" placeholder="https://example.com/webhooks" />
            <div className="buttons">
              <Submit>Save Webhook</Submit>
              <Link href="/settings/webhooks/new" className="button-plain">All settings</Link>
            </div>
          </Form>
        </div>
      </div>
    </>
  );
}
