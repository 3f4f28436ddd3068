import { useQueryClient } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useState } from 'react';

import { useAccess, useApi } from '../../api/access';
import type { Schemas, User } from '../../api/types';
import { ChoiceField } from '../../components/choice_field';
import { Dialog } from '../../components/dialog';
import { SelectField, TextField } from '../../components/fields';
import { Form, Submit } from '../../components/form';
import { TeamField, useTeams } from '../../components/team';
import { useToast } from '../../components/toasts';
import { isolated } from '../../direction';
import { personRoles, type TeamRole } from './roles';
import { nameOf } from './users_table';

type Membership = Schemas['Membership'];

/** Of admins: all about somebody. Of people who manage a team: what somebody may do there. */
export function EditUser({ user, onClose }: { user: User | null; onClose(): void }) {
  const { admin } = useAccess();
  return (
    <Dialog title={user === null ? 'Edit' : `${admin ? 'Edit' : 'Role of'} ${nameOf(user)}`} open={user !== null} onClose={onClose}>
      {user !== null && (admin ? <Everything user={user} onClose={onClose} /> : <RoleInTeam user={user} onClose={onClose} />)}
    </Dialog>
  );
}

function useSave(user: User, onClose: () => void) {
  const api = useApi();
  const queries = useQueryClient();
  const say = useToast();
  return async (body: Schemas['UserChange']) => {
    await api.PATCH('/v1/users/{id}', { params: { path: { id: user.id } }, body });
    await queries.invalidateQueries({ queryKey: ['users'] });
    say(`${nameOf(user)} saved`);
    onClose();
  };
}

function Buttons({ onClose }: { onClose(): void }) {
  return (
    <div className="buttons">
      <Submit>Save</Submit>
      <button type="button" className="button button-second" onClick={onClose}>Cancel</button>
    </div>
  );
}

function RoleInTeam({ user, onClose }: { user: User; onClose(): void }) {
  const { team } = useAccess();
  const member = user.teams.find(({ team_id }) => team_id === team) ?? user.teams[0];
  const name = useTeams().find(({ id }) => id === member?.team_id)?.name ?? member?.team_id;
  const [role, setRole] = useState<TeamRole>(member?.role ?? 'read');
  const save = useSave(user, onClose);
  if (member === undefined) return null;
  return (
    <Form onSubmit={() => save({ teams: [{ team_id: member.team_id, role }] })} fields={['teams']}>
      <ChoiceField<TeamRole> name="teams" label={`Role in ${isolated(name ?? member.team_id)}`} options={personRoles.flatMap(({ value, ...words }) => (value === 'admin' ? [] : [{ value, ...words }]))} value={role} onChange={setRole} />
      <Buttons onClose={onClose} />
    </Form>
  );
}

function Everything({ user, onClose }: { user: User; onClose(): void }) {
  const [name, setName] = useState(user.name ?? '');
  const [kind, setKind] = useState<'admin' | 'member'>(user.admin ? 'admin' : 'member');
  const [teams, setTeams] = useState<Membership[]>(user.teams);
  const save = useSave(user, onClose);
  const body = { name: name.trim() === '' ? null : name.trim(), admin: kind === 'admin', teams: teams.filter(({ team_id }) => team_id !== '') };
  return (
    <Form onSubmit={() => save(body)} fields={['name', 'admin', 'teams']}>
      <TextField name="name" label="Name" value={name} onChange={setName} autoCapitalize="words" autoFocus />
      <ChoiceField<'admin' | 'member'>
        name="admin"
        label="Role"
        options={[
          { value: 'member', label: 'Member of teams', hint: 'Sees nothing but the teams below.' },
          { value: 'admin', label: 'Admin', hint: 'Everything, in all teams.' },
        ]}
        value={kind}
        onChange={setKind}
      />
      {kind === 'member' && <Memberships teams={teams} onChange={setTeams} />}
      <Buttons onClose={onClose} />
    </Form>
  );
}

function Memberships({ teams, onChange }: { teams: Membership[]; onChange(teams: Membership[]): void }) {
  const set = (index: number, change: Partial<Membership>) => onChange(teams.map((member, at) => (at === index ? { ...member, ...change } : member)));
  return (
    <fieldset className="memberships">
      <legend>Teams</legend>
      {teams.map(({ team_id, role }, index) => (
        <div key={index} className="membership">
          <TeamField name={`teams/${index}`} label={`Team ${index + 1}`} value={team_id} onChange={(value) => set(index, { team_id: value })} />
          <SelectField name={`teams/${index}/role`} label={`Role ${index + 1}`} value={role} onChange={(value) => set(index, { role: value === 'manage' ? 'manage' : 'read' })}>
            <option value="read">Look</option>
            <option value="manage">Manage</option>
          </SelectField>
          <button type="button" className="button-icon membership-remove" aria-label={`Remove team ${index + 1}`} onClick={() => onChange(teams.filter((_, at) => at !== index))}><X aria-hidden size={18} /></button>
        </div>
      ))}
      <div><button type="button" className="button-plain" onClick={() => onChange([...teams, { team_id: '', role: 'read' }])}>Add a team</button></div>
    </fieldset>
  );
}
