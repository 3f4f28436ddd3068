import { useLocation } from 'wouter';

import { useAccess } from '../../api/access';
import type { User } from '../../api/types';
import { type Action, ActionMenu } from '../../components/action_menu';
import { TeamLink } from '../../components/team';
import { Ago } from '../../components/time';
import { isolated } from '../../direction';
import { useUser } from '../../session';
import { roleWord } from './roles';

export type UserDialog = { name: 'edit' | 'enabled' | 'totp' | 'reset' | 'remove'; user: User };

export const nameOf = ({ name, email }: Pick<User, 'name' | 'email'>) => isolated(name ?? email);

function Roles({ user }: { user: User }) {
  if (user.admin) return 'Admin';
  if (user.teams.length === 0) return <span className="hint">In no team</span>;
  return <span className="roles">{user.teams.map(({ team_id, role }) => <span key={team_id}><TeamLink id={team_id} /> ({roleWord(role)})</span>)}</span>;
}

/** What one may do with somebody: of people who manage a team, nothing but what concerns that team. */
function useActions(user: User, onOpen: (dialog: UserDialog) => void): Action[] {
  const { admin } = useAccess();
  const [, navigate] = useLocation();
  const open = (name: UserDialog['name']) => () => onOpen({ name, user });
  if (!admin) {
    return [
      { name: 'Change role', run: open('edit') },
      { name: 'Remove from team', bad: true, run: open('remove') },
    ];
  }
  return [
    { name: 'Edit', run: open('edit') },
    { name: 'Make a reset link', run: open('reset') },
    ...(user.totp ? [{ name: 'Turn off second factor', run: open('totp') }] : []),
    { name: 'What they did', run: () => navigate(`/settings/audit?actor=${user.id}`) },
    { name: user.enabled ? 'Disable' : 'Enable', bad: user.enabled, run: open('enabled') },
    { name: 'Delete', bad: true, run: open('remove') },
  ];
}

function Row({ user, onOpen }: { user: User; onOpen(dialog: UserDialog): void }) {
  const me = useUser();
  const actions = useActions(user, onOpen);
  return (
    <tr>
      <th scope="row">
        <bdi>{nameOf(user)}</bdi> {user.id === me.id && <span className="badge badge-good">You</span>} {!user.enabled && <span className="badge badge-warn">Disabled</span>}
        {user.name !== null && <span className="hint">{user.email}</span>}
      </th>
      <td className="long" data-label="Role"><Roles user={user} /></td>
      <td data-label="Second factor">{user.totp ? 'On' : 'Off'}</td>
      <td data-label="Last sign-in">{user.last_sign_in_at === null ? 'Never' : <Ago at={user.last_sign_in_at} />}</td>
      <td className="actions"><ActionMenu label={`Actions for ${nameOf(user)}`} actions={actions} /></td>
    </tr>
  );
}

export function UsersTable({ rows, onOpen }: { rows: User[]; onOpen(dialog: UserDialog): void }) {
  return (
    <table className="table list">
      <thead>
        <tr>
          <th scope="col">Name</th><th scope="col">Role</th><th scope="col">Second factor</th><th scope="col">Last sign-in</th>
          <th scope="col" className="actions"><span className="visually-hidden">Actions</span></th>
        </tr>
      </thead>
      <tbody>{rows.map((user) => <Row key={user.id} user={user} onOpen={onOpen} />)}</tbody>
    </table>
  );
}
