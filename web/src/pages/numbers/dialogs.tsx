import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { useAccess, useApi } from '../../api/access';
import { answer } from '../../api/client';
import { ConfirmDialog, Dialog } from '../../components/dialog';
import { TextField } from '../../components/fields';
import { Form, Submit } from '../../components/form';
import { TeamField } from '../../components/team';
import { useToast } from '../../components/toasts';
import { asNumber, readNumber } from '../../phone_number';
import type { PhoneNumber } from '.';

interface NumberFormProps {
  open: boolean;
  /** Which is edited; null: a new one. */
  number: PhoneNumber | null;
  onClose(): void;
}

export function NumberForm({ open, number, onClose }: NumberFormProps) {
  return (
    <Dialog title={number === null ? 'Add number' : `Edit ${number.number}`} open={open} onClose={onClose}>
      <Fields number={number} onClose={onClose} />
    </Dialog>
  );
}

function Fields({ number: before, onClose }: Omit<NumberFormProps, 'open'>) {
  const { api, admin } = useAccess();
  const queries = useQueryClient();
  const say = useToast();
  const [typed, setTyped] = useState('');
  const number = asNumber(typed);
  const { problem } = readNumber(typed);
  const [name, setName] = useState(before?.name ?? '');
  const [team, setTeam] = useState(before?.team_id ?? '');
  const save = async () => {
    const body = { name: name.trim() === '' ? null : name.trim(), ...(admin && team !== '' ? { team_id: team } : {}) };
    if (before === null) await answer(api.POST('/v1/numbers', { body: { number, ...body } }));
    else await answer(api.PATCH('/v1/numbers/{id}', { params: { path: { id: before.id } }, body }));
    await queries.invalidateQueries({ queryKey: ['numbers'] });
    say(before === null ? `${number} added` : `${before.number} saved`);
    onClose();
  };
  return (
    <Form onSubmit={save} fields={['number', 'name', 'team_id']}>
      {before === null && <TextField name="number" label="Number" value={typed} onChange={setTyped} remark={problem === undefined ? undefined : `This ${problem}.`} type="tel" autoFocus placeholder="+1234567890" hint="With the country’s code, as in +1234567890 (E.164)." />}
      <TextField name="name" label="Name" value={name} onChange={setName} autoCapitalize="sentences" autoFocus={before !== null} hint="What it is for. May be left empty." />
      {admin && <TeamField name="team_id" value={team} onChange={setTeam} hint={before === null ? 'Whose events with this number are.' : 'Events from before stay where they are.'} />}
      <div className="buttons">
        <Submit>{before === null ? 'Add number' : 'Save'}</Submit>
        <button type="button" className="button button-second" onClick={onClose}>Cancel</button>
      </div>
    </Form>
  );
}

export function DeleteNumber({ number, onClose }: { number: PhoneNumber | null; onClose(): void }) {
  const api = useApi();
  const queries = useQueryClient();
  const say = useToast();
  const deleting = useMutation({
    mutationFn: async (gone: PhoneNumber) => {
      await api.DELETE('/v1/numbers/{id}', { params: { path: { id: gone.id } } });
      await queries.invalidateQueries({ queryKey: ['numbers'] });
      say(`${gone.number} deleted`);
      onClose();
    },
  });
  return (
    <ConfirmDialog
      title={`Delete ${number?.number ?? 'number'}?`}
      action="Delete number"
      open={number !== null}
      pending={deleting.isPending}
      error={deleting.error}
      onConfirm={() => number !== null && deleting.mutate(number)}
      onClose={onClose}
    >
      <p>Events with this number that name no team find none by it any more. What has been sent stays in the logs.</p>
    </ConfirmDialog>
  );
}
