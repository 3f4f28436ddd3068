import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { useAccess, useApi } from '../../api/access';
import { answer } from '../../api/client';
import type { Role, Schemas } from '../../api/types';
import { ChoiceField } from '../../components/choice_field';
import { ConfirmDialog, Dialog } from '../../components/dialog';
import { TextField } from '../../components/fields';
import { Form, Submit } from '../../components/form';
import { SecretOnce } from '../../components/secret_once';
import { TeamField } from '../../components/team';
import { Ago } from '../../components/time';
import { useToast } from '../../components/toasts';
import { isolated } from '../../direction';
import { type Expiry, ExpiryField, expiresAt, never } from './expiry';
import { roles, teamOf } from './roles';

export type Key = Schemas['Key'];

/** Makes a key, and shows it once. `only`: the one role it can have. */
export function CreateKey({ title, open, only, onClose }: { title: string; open: boolean; only?: Role; onClose(): void }) {
  return <Dialog title={title} open={open} onClose={onClose}><Creating only={only} onClose={onClose} /></Dialog>;
}

function Creating({ only, onClose }: { only: Role | undefined; onClose(): void }) {
  const { api, admin } = useAccess();
  const queries = useQueryClient();
  const say = useToast();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>(only ?? 'ingest');
  const [team, setTeam] = useState('');
  const [expiry, setExpiry] = useState<Expiry>(never);
  const [made, setMade] = useState<Schemas['CreatedKey'] | null>(null);
  const asksTeam = admin && teamOf(role) !== 'none';
  const create = async () => {
    const body = { name, role, expires_at: expiresAt(expiry) ?? null, ...(asksTeam && team !== '' ? { team_id: team } : {}) };
    setMade(await answer(api.POST('/v1/keys', { body })));
    await Promise.all([queries.invalidateQueries({ queryKey: ['keys'] }), queries.invalidateQueries({ queryKey: ['teams'] })]);
  };
  const finish = () => {
    say(`Key “${isolated(name)}” is ready`);
    onClose();
  };
  if (made !== null) {
    return (
      <SecretOnce label="API key" secret={made.key} done="I have copied it" onDone={finish}>
        <p>Keep it like a password: in the secrets of the program that uses it, as <code>LIMEHOOK_KEY</code> for instance. Limehook itself does not keep it.</p>
      </SecretOnce>
    );
  }
  return (
    <Form onSubmit={create} fields={['name', 'role', 'team_id', 'expires_at']}>
      <TextField name="name" label="Name" value={name} onChange={setName} autoCapitalize="sentences" autoFocus placeholder="PBX in Berlin" hint="What uses it, so that it can be told from others." />
      {only === undefined && <ChoiceField<Role> name="role" label="Role" options={roles.filter(({ value }) => admin || value !== 'admin')} value={role} onChange={setRole} />}
      {asksTeam && <TeamField name="team_id" value={team} onChange={setTeam} {...(teamOf(role) === 'optional' ? { any: 'All teams' } : {})} hint="The team that the key is for." />}
      <ExpiryField value={expiry} onChange={setExpiry} />
      <div className="buttons">
        <Submit>Create key</Submit>
        <button type="button" className="button button-second" onClick={onClose}>Cancel</button>
      </div>
    </Form>
  );
}

export function EditKey({ value, onClose }: { value: Key | null; onClose(): void }) {
  return (
    <Dialog title={`Edit ${isolated(value?.name ?? 'key')}`} open={value !== null} onClose={onClose}>
      {value !== null && <Editing value={value} onClose={onClose} />}
    </Dialog>
  );
}

function Editing({ value, onClose }: { value: Key; onClose(): void }) {
  const api = useApi();
  const queries = useQueryClient();
  const say = useToast();
  const [name, setName] = useState(value.name);
  const [expiry, setExpiry] = useState<Expiry>({ days: value.expires_at === null ? '' : 'keep', date: '' });
  const save = async () => {
    const expires_at = expiresAt(expiry);
    await api.PATCH('/v1/keys/{id}', { params: { path: { id: value.id } }, body: { name, ...(expires_at === undefined ? {} : { expires_at }) } });
    await queries.invalidateQueries({ queryKey: ['keys'] });
    say(`Key “${isolated(name)}” saved`);
    onClose();
  };
  return (
    <Form onSubmit={save} fields={['name', 'expires_at']}>
      <TextField name="name" label="Name" value={name} onChange={setName} autoCapitalize="sentences" autoFocus />
      <ExpiryField value={expiry} onChange={setExpiry} now={value.expires_at} />
      <p className="hint">What a key may do does not change: make another, use it, and revoke this one.</p>
      <div className="buttons">
        <Submit>Save</Submit>
        <button type="button" className="button button-second" onClick={onClose}>Cancel</button>
      </div>
    </Form>
  );
}

export function RevokeKey({ value, onClose }: { value: Key | null; onClose(): void }) {
  const api = useApi();
  const queries = useQueryClient();
  const say = useToast();
  const revoking = useMutation({
    mutationFn: async (gone: Key) => {
      await api.DELETE('/v1/keys/{id}', { params: { path: { id: gone.id } } });
      await queries.invalidateQueries({ queryKey: ['keys'] });
      say(`Key “${isolated(gone.name)}” revoked`);
      onClose();
    },
  });
  const used = value?.last_used_at ?? null;
  return (
    <ConfirmDialog
      title={`Revoke ${isolated(value?.name ?? 'key')}?`}
      action="Revoke key"
      open={value !== null}
      pending={revoking.isPending}
      error={revoking.error}
      onConfirm={() => value !== null && revoking.mutate(value)}
      onClose={onClose}
    >
      <p>{value?.role === 'ingest' ? 'Whatever sends events with it can send no more' : 'Whatever uses it stops working'} at once: its requests are answered with 401. It cannot be undone.</p>
      <p>{used === null ? 'It has never been used.' : <>It was last used <Ago at={used} />.</>}</p>
    </ConfirmDialog>
  );
}
