import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';

import { useAccess, useApi } from '../../api/access';
import { ConfirmDialog, Dialog } from '../../components/dialog';
import { TextField } from '../../components/fields';
import { Form, Submit } from '../../components/form';
import type { Team } from '../../components/team';
import { useToast } from '../../components/toasts';
import { isolated } from '../../direction';

interface OneTeam {
  team: Team;
  open: boolean;
  onClose(): void;
}

export function RenameTeam({ team, open, onClose }: OneTeam) {
  return <Dialog title="Rename team" open={open} onClose={onClose}><Renaming team={team} onClose={onClose} /></Dialog>;
}

function Renaming({ team, onClose }: Omit<OneTeam, 'open'>) {
  const { api } = useAccess();
  const queries = useQueryClient();
  const say = useToast();
  const [name, setName] = useState(team.name ?? '');
  const save = async () => {
    await api.PATCH('/v1/teams/{id}', { params: { path: { id: team.id } }, body: { name: name.trim() } });
    await queries.invalidateQueries({ queryKey: ['teams'] });
    say(`Team “${isolated(name.trim())}” saved`);
    onClose();
  };
  return (
    <Form onSubmit={save} fields={['name']}>
      <TextField name="name" label="Name" value={name} onChange={setName} autoCapitalize="words" autoFocus hint="For people. The id stays as it is." />
      <div className="buttons">
        <Submit>Save</Submit>
        <button type="button" className="button button-second" onClick={onClose}>Cancel</button>
      </div>
    </Form>
  );
}

export function DeleteTeam({ team, open, onClose }: OneTeam) {
  const api = useApi();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const say = useToast();
  const deleting = useMutation({
    mutationFn: async () => {
      await api.DELETE('/v1/teams/{id}', { params: { path: { id: team.id } } });
      navigate('/settings/teams', { replace: true });
      say(`Team “${isolated(team.name ?? team.id)}” deleted`);
      await queries.invalidateQueries({ queryKey: ['teams'] });
    },
  });
  return (
    <ConfirmDialog title={`Delete ${isolated(team.name ?? team.id)}?`} action="Delete team" typed={team.id} open={open} pending={deleting.isPending} error={deleting.error} onConfirm={() => deleting.mutate()} onClose={onClose}>
      <p>Its name goes, and with it its open portals, links and invitations. A team that still has webhooks, keys, numbers or members cannot be deleted: delete those first.</p>
    </ConfirmDialog>
  );
}
