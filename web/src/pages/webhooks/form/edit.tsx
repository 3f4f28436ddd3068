import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';

import { useAccess } from '../../../api/access';
import { answer, ApiError } from '../../../api/client';
import type { Schemas, Webhook } from '../../../api/types';
import { Alert } from '../../../components/alert';
import { Answered } from '../../../components/answered';
import { useToast } from '../../../components/toasts';
import { pathOf } from '../paths';
import { Conflict } from './conflict';
import { useDraft } from './draft';
import { type Known, useKnown } from './surroundings';
import { changesOf, settingsOf, type Values, valuesOf } from './values';
import { WebhookForm } from './webhook_form';

/** What is being edited, and what it was made from: only what differs is sent. */
interface Edited {
  base: Webhook;
  values: Values;
}

const tagOf = ({ version }: Webhook) => `"${version}"`;

interface EditFormProps {
  webhook: Webhook;
  known: Known;
}

function EditForm({ webhook, known }: EditFormProps) {
  const { api } = useAccess();
  const queries = useQueryClient();
  const say = useToast();
  const [, go] = useLocation();
  const [theirs, setTheirs] = useState<Webhook | null>(null);
  const as = (base: Webhook): Edited => ({ base, values: valuesOf(base, known) });
  const draft = useDraft<Edited>(`webhook.${webhook.id}`, () => as(webhook));
  const { base, values } = draft.value;
  const mine = () => changesOf(settingsOf(valuesOf(base, known), known), settingsOf(values, known));
  const path = { id: webhook.id };

  const done = async (saved: Webhook) => {
    draft.settle(as(saved));
    await queries.invalidateQueries({ queryKey: ['webhooks'] });
    say('Webhook saved');
    go(pathOf(saved.id));
  };
  const send = (unchangedSince: Webhook) =>
    answer(api.PATCH('/v1/webhooks/{id}', { params: { path, header: { 'If-Match': tagOf(unchangedSince) } }, body: mine() as Schemas['WebhookPatch'] })).then(done);
  const save = async () => {
    try {
      await send(base);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 412)) throw error;
      setTheirs(await answer(api.GET('/v1/webhooks/{id}', { params: { path } })));
    }
  };
  const takeTheirs = (current: Webhook) => {
    draft.settle(as(current));
    setTheirs(null);
  };
  return (
    <>
      {draft.restored && (
        <Alert kind="notice">
          Continue where you left off: what you changed before is here, and not saved yet.{' '}
          <button type="button" className="button-plain" onClick={() => draft.settle(as(webhook))}>Discard it</button>
        </Alert>
      )}
      {webhook.version > base.version && theirs === null && (
        <Alert kind="notice">This webhook has been changed meanwhile. What you enter stays; when you save, you see what differs.</Alert>
      )}
      <WebhookForm
        isNew={false}
        values={values}
        known={known}
        set={(change) => draft.set({ base, values: { ...values, ...change } })}
        onSave={save}
        onCancel={() => {
          draft.settle(as(webhook));
          go(pathOf(webhook.id));
        }}
      />
      {theirs !== null && (
        <Conflict
          base={settingsOf(valuesOf(base, known), known)}
          mine={settingsOf(values, known)}
          theirs={theirs}
          theirSettings={settingsOf(valuesOf(theirs, known), known)}
          onKeep={async () => {
            try {
              await send(theirs);
            } catch (error) {
              if (!(error instanceof ApiError && error.status === 412)) throw error;
              setTheirs(await answer(api.GET('/v1/webhooks/{id}', { params: { path } })));
            }
          }}
          onTake={() => takeTheirs(theirs)}
          onClose={() => setTheirs(null)}
        />
      )}
    </>
  );
}

/** The tab Settings of a webhook's page. */
export function EditTab({ webhook }: { webhook: Webhook }) {
  const known = useKnown();
  const { canChange } = useAccess();
  if (!canChange) return <Alert kind="notice">You may look at this webhook, and not change it.</Alert>;
  return <Answered query={known}>{(value) => <EditForm key={webhook.id} webhook={webhook} known={value} />}</Answered>;
}
