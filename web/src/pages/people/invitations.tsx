// Inviting people, and the invitations that nobody has accepted yet.

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import type { Schemas } from '../../api/types';
import { ActionMenu } from '../../components/action_menu';
import { ChoiceField } from '../../components/choice_field';
import { ConfirmDialog, Dialog } from '../../components/dialog';
import { TextField } from '../../components/fields';
import { Form, Submit } from '../../components/form';
import { Listed, useList } from '../../components/list';
import { SecretOnce } from '../../components/secret_once';
import { TeamField, TeamLink } from '../../components/team';
import { Ago } from '../../components/time';
import { useToast } from '../../components/toasts';
import { type PersonRole, personRoles, roleWord } from './roles';

type Invitation = Schemas['Invitation'];

interface InviteProps {
  open: boolean;
  /** Who is invited again; null: somebody new. The invitation from before is withdrawn. */
  again: Invitation | null;
  team?: string;
  onClose(): void;
}

export function Invite({ open, again, team = '', onClose }: InviteProps) {
  return (
    <Dialog title={again === null ? 'Invite somebody' : `Invite ${again.email} again`} open={open} onClose={onClose}>
      <Inviting again={again} team={team} onClose={onClose} />
    </Dialog>
  );
}

function Inviting({ again, team: given, onClose }: Required<Omit<InviteProps, 'open'>>) {
  const { api, admin } = useAccess();
  const queries = useQueryClient();
  const say = useToast();
  const [email, setEmail] = useState(again?.email ?? '');
  const [role, setRole] = useState<PersonRole>(again?.role ?? 'manage');
  const [team, setTeam] = useState(again?.team_id ?? given);
  const [made, setMade] = useState<Schemas['CreatedInvitation'] | null>(null);
  const asksTeam = admin && role !== 'admin';
  const invite = async () => {
    const body = { email: email.trim(), role, name: again?.name ?? null, ...(asksTeam && team !== '' ? { team_id: team } : {}) };
    const created = await answer(api.POST('/v1/invitations', { body }));
    if (again !== null) await api.DELETE('/v1/invitations/{id}', { params: { path: { id: again.id } } }).catch(() => undefined);  // it has expired, or was accepted
    await queries.invalidateQueries({ queryKey: ['users'] });
    if (created.link !== undefined) return setMade(created);
    say(`An e-mail is on its way to ${created.email}`);
    onClose();
  };
  if (made?.link !== undefined) {
    return (
      <SecretOnce label="Link" secret={made.link} done="Done" onDone={onClose}>
        <p>
          {made.mailed ? `It is also on its way to ${made.email} by e-mail.` : `No e-mail is sent, because no mail server is set (--smtp-url): give it to ${made.email} yourself, on a way you trust.`}
          {' '}It works once, and expires <Ago at={made.expires_at} />. Who opens it becomes who is invited.
        </p>
      </SecretOnce>
    );
  }
  return (
    <Form onSubmit={invite} fields={['email', 'role', 'team_id']}>
      <TextField name="email" label="E-mail address" type="email" value={email} onChange={setEmail} autoFocus={again === null} readOnly={again !== null} />
      <ChoiceField<PersonRole> name="role" label="Role" options={personRoles.filter(({ value }) => admin || value !== 'admin')} value={role} onChange={setRole} />
      {asksTeam && <TeamField name="team_id" value={team} onChange={setTeam} />}
      <div className="buttons">
        <Submit>Invite</Submit>
        <button type="button" className="button button-second" onClick={onClose}>Cancel</button>
      </div>
    </Form>
  );
}

function Withdraw({ value, onClose }: { value: Invitation | null; onClose(): void }) {
  const { api } = useAccess();
  const queries = useQueryClient();
  const say = useToast();
  const withdrawing = useMutation({
    mutationFn: async (gone: Invitation) => {
      await api.DELETE('/v1/invitations/{id}', { params: { path: { id: gone.id } } });
      await queries.invalidateQueries({ queryKey: ['users'] });
      say(`The invitation of ${gone.email} is withdrawn`);
      onClose();
    },
  });
  return (
    <ConfirmDialog title="Withdraw the invitation?" action="Withdraw" open={value !== null} pending={withdrawing.isPending} error={withdrawing.error} onConfirm={() => value !== null && withdrawing.mutate(value)} onClose={onClose}>
      <p>The link that {value?.email} has got works no more.</p>
    </ConfirmDialog>
  );
}

type Open = { name: 'withdraw' | 'again'; value: Invitation } | null;

function Table({ rows, onOpen }: { rows: Invitation[]; onOpen(open: Open): void }) {
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">Invited</th><th scope="col">Role</th><th scope="col">Team</th><th scope="col">Sent</th><th scope="col">Expires</th>
          <th scope="col" className="actions"><span className="visually-hidden">Actions</span></th>
        </tr>
      </thead>
      <tbody>
        {rows.map((value) => (
          <tr key={value.id}>
            <th scope="row">{value.email}</th>
            <td data-label="Role">{roleWord(value.role)}</td>
            <td data-label="Team"><TeamLink id={value.team_id} none="All" /></td>
            <td data-label="Sent"><Ago at={value.created_at} /></td>
            <td data-label="Expires"><Ago at={value.expires_at} /></td>
            <td className="actions">
              <ActionMenu label={`Actions for ${value.email}`} actions={[
                { name: 'Invite again', run: () => onOpen({ name: 'again', value }) },
                { name: 'Withdraw', bad: true, run: () => onOpen({ name: 'withdraw', value }) },
              ]} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Those that can still be accepted; nothing where there are none. */
export function Invitations({ query }: { query: { team_id?: string } }) {
  const { api } = useAccess();
  const [open, setOpen] = useState<Open>(null);
  const list = useList(['users', 'invitations', query], async (page) => answer(api.GET('/v1/invitations', { params: { query: { ...query, ...page, limit: 100 } } })));
  const close = () => setOpen(null);
  return (
    <>
      {list.rows?.length !== 0 && (
        <section aria-labelledby="invitations">
          <h2 id="invitations">Open invitations</h2>
          <Listed list={list} empty={null}>{(rows) => <Table rows={rows} onOpen={setOpen} />}</Listed>
        </section>
      )}
      <Invite open={open?.name === 'again'} again={open?.name === 'again' ? open.value : null} onClose={close} />
      <Withdraw value={open?.name === 'withdraw' ? open.value : null} onClose={close} />
    </>
  );
}
