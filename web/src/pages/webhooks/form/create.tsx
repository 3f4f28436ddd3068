import { useQueryClient } from '@tanstack/react-query';
import { useLocation } from 'wouter';

import { useAccess } from '../../../api/access';
import { answer } from '../../../api/client';
import type { CreatedWebhook, Schemas } from '../../../api/types';
import { Alert } from '../../../components/alert';
import { Answered } from '../../../components/answered';
import { Crumbs } from '../../../components/crumbs';
import { Heading } from '../../../components/heading';
import { useToast } from '../../../components/toasts';
import { listSteps, pathOf } from '../paths';
import { useDraft } from './draft';
import { type Known, useKnown } from './surroundings';
import { emptyValues, type Settings, settingsOf, type Values } from './values';
import { WebhookForm } from './webhook_form';

/** Members that stand at their default are left to the server. */
const given = (settings: Settings) => Object.fromEntries(Object.entries(settings).filter(([name, value]) => name === 'name' || value !== null));

function CreateForm({ known, onCreated }: { known: Known; onCreated(webhook: CreatedWebhook): void }) {
  const { api, admin, team } = useAccess();
  const queries = useQueryClient();
  const say = useToast();
  const [, go] = useLocation();
  const draft = useDraft<Values>('webhook.new', () => ({ ...emptyValues, allEvents: true }));
  const save = async () => {
    const own = admin && team === null && draft.value.team_id !== '' ? { team_id: draft.value.team_id } : {};
    const body = { ...given(settingsOf(draft.value, known)), ...own } as Schemas['WebhookCreate'];
    const webhook = await answer(api.POST('/v1/webhooks', { body }));
    draft.settle(emptyValues);
    await queries.invalidateQueries({ queryKey: ['webhooks'] });
    onCreated(webhook);
    say('Webhook saved');
    go(pathOf(webhook.id));
  };
  const cancel = () => {
    draft.settle(emptyValues);
    go('/settings/webhooks');
  };
  return (
    <>
      {draft.restored && (
        <Alert kind="notice">
          Continue where you left off: what you entered before is here.{' '}
          <button type="button" className="button-plain" onClick={() => draft.settle({ ...emptyValues, allEvents: true })}>Discard it</button>
        </Alert>
      )}
      <WebhookForm isNew values={draft.value} known={known} set={(change) => draft.set({ ...draft.value, ...change })} onSave={save} onCancel={cancel} />
    </>
  );
}

export function CreatePage({ onCreated }: { onCreated(webhook: CreatedWebhook): void }) {
  const known = useKnown();
  return (
    <>
      <Crumbs steps={[...listSteps, { name: 'Create Outbound Webhook' }]} />
      <Heading>Create Outbound Webhook</Heading>
      <Answered query={known}>{(value) => <CreateForm known={value} onCreated={onCreated} />}</Answered>
    </>
  );
}
