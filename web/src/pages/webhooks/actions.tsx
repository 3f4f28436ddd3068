// What can be done with a webhook from anywhere.

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';

import { useAccess } from '../../api/access';
import type { Webhook } from '../../api/types';
import { type Action, ActionMenu } from '../../components/action_menu';
import { ConfirmDialog } from '../../components/dialog';
import { useToast } from '../../components/toasts';
import { isolated } from '../../direction';
import { pathOf } from './paths';

/** Enables or disables a webhook; `onDone` is told also where the part that asked is gone by then. */
export function useSwitch(webhook: Webhook, onDone?: () => void) {
  const { api } = useAccess();
  const queries = useQueryClient();
  const say = useToast();
  return useMutation({
    mutationFn: async (on: boolean) => {
      const call = { params: { path: { id: webhook.id } } };
      await (on ? api.POST('/v1/webhooks/{id}/enable', call) : api.POST('/v1/webhooks/{id}/disable', call));
      await queries.invalidateQueries({ queryKey: ['webhooks'] });
      return on;
    },
    onSuccess: (on) => {
      say(on ? 'Webhook enabled' : 'Webhook disabled');
      onDone?.();
    },
  });
}

interface DialogProps {
  webhook: Webhook;
  open: boolean;
  onClose(): void;
}

function DisableDialog({ webhook, open, onClose }: DialogProps) {
  const switching = useSwitch(webhook, onClose);
  return (
    <ConfirmDialog title="Disable this webhook?" action="Disable" pending={switching.isPending} error={switching.error} open={open} onConfirm={() => switching.mutate(false)} onClose={onClose}>
      <p>Nothing is sent to <strong>{webhook.name}</strong> any more{webhook.backlog > 0 && <>, and the {webhook.backlog.toLocaleString()} deliveries that wait for it are canceled</>}. What it misses can be recovered once it is enabled again.</p>
    </ConfirmDialog>
  );
}

function DeleteDialog({ webhook, open, onClose, onDeleted }: DialogProps & { onDeleted(): void }) {
  const { api } = useAccess();
  const queries = useQueryClient();
  const say = useToast();
  const deleting = useMutation({
    mutationFn: () => api.DELETE('/v1/webhooks/{id}', { params: { path: { id: webhook.id } } }),
    onSuccess: () => {
      onClose();
      onDeleted();
      queries.removeQueries({ queryKey: ['webhooks', webhook.id] });
      void queries.invalidateQueries({ queryKey: ['webhooks', 'list'] });
      say('Webhook deleted');
    },
  });
  return (
    <ConfirmDialog title="Delete this webhook?" action="Delete Webhook" typed={webhook.name.trim()} pending={deleting.isPending} error={deleting.error} open={open} onConfirm={() => deleting.mutate()} onClose={onClose}>
      <p>It gets no events any more, what waits for it is canceled, and its secret is gone. This cannot be undone. Its deliveries stay in the log.</p>
    </ConfirmDialog>
  );
}

interface WebhookActionsProps {
  webhook: Webhook;
  /** Where one goes on after it is deleted; the focus too. */
  onDeleted(): void;
  /** Actions of the place where the menu is, before the others. */
  more?: Action[];
}

/** The menu of a webhook, with the questions that its actions ask. */
export function WebhookActions({ webhook, onDeleted, more = [] }: WebhookActionsProps) {
  const { canChange } = useAccess();
  const [, go] = useLocation();
  const [asked, setAsked] = useState<'disable' | 'delete' | null>(null);
  const say = useToast();
  const switching = useSwitch(webhook);
  const close = () => setAsked(null);
  const changing: Action[] = [
    { name: 'Test Webhook', run: () => go(pathOf(webhook.id, '/test')) },
    { name: 'Edit', run: () => go(pathOf(webhook.id, '/edit')) },
    webhook.enabled ? { name: 'Disable', run: () => setAsked('disable') } : { name: 'Enable', run: () => switching.mutate(true, { onError: (error) => say(error.message) }) },
    { name: 'Delete', bad: true, run: () => setAsked('delete') },
  ];
  const looking: Action[] = [{ name: 'Webhook Logs', run: () => go(pathOf(webhook.id, '/logs')) }];
  return (
    <>
      <ActionMenu label={`Actions of ${isolated(webhook.name)}`} actions={[...more, ...looking, ...(canChange ? changing : [])]} />
      <DisableDialog webhook={webhook} open={asked === 'disable'} onClose={close} />
      <DeleteDialog webhook={webhook} open={asked === 'delete'} onClose={close} onDeleted={onDeleted} />
    </>
  );
}
