// The accounts of people, and whom they have invited.

import { useState } from 'react';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import { Crumbs } from '../../components/crumbs';
import { Empty } from '../../components/empty';
import { given, useFilters } from '../../components/filters';
import { Heading } from '../../components/heading';
import { Listed, useList } from '../../components/list';
import { ForAdministrators } from '../../components/not_allowed';
import { TeamFilter } from '../../components/team_filter';
import { Invitations, Invite } from './invitations';
import { UserDialogs } from './user_dialogs';
import { type UserDialog, UsersTable } from './users_table';

function Users() {
  const { api, admin, team } = useAccess();
  const filters = useFilters();
  const [inviting, setInviting] = useState(false);
  const [open, setOpen] = useState<UserDialog | null>(null);
  const query = given({ team_id: filters.get('team_id') });
  const list = useList(['users', query], async (page) => answer(api.GET('/v1/users', { params: { query: { ...query, ...page, limit: 100 } } })));
  const invite = <button type="button" className="button" onClick={() => setInviting(true)}>Invite somebody</button>;
  const empty = <Empty title="This team has no members"><button type="button" className="button button-second" onClick={() => filters.set({ team_id: '' })}>Show all</button></Empty>;
  return (
    <>
      <div className="page-head"><Heading>Users</Heading>{invite}</div>
      <p className="hint">{admin ? 'Everybody who can sign in, and what they may do.' : `The members of ${team ?? 'your team'}.`}</p>
      <div className="filters"><TeamFilter filters={filters} /></div>
      <Listed list={list} empty={empty}>{(rows) => <UsersTable rows={rows} onOpen={setOpen} />}</Listed>
      <Invitations query={query} />
      <Invite open={inviting} again={null} team={filters.get('team_id')} onClose={() => setInviting(false)} />
      <UserDialogs open={open} onClose={() => setOpen(null)} />
    </>
  );
}

export function UsersPage() {
  const { canAdminister } = useAccess();
  return (
    <>
      <Crumbs steps={[{ name: 'Settings', path: '/settings' }, { name: 'Users' }]} />
      {!canAdminister && <Heading>Users</Heading>}
      <ForAdministrators><Users /></ForAdministrators>
    </>
  );
}
