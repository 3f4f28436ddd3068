// One team: what belongs to it, who is in it, and its portal.

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import { ActionMenu } from '../../components/action_menu';
import { Answered } from '../../components/answered';
import { Crumbs } from '../../components/crumbs';
import { Empty } from '../../components/empty';
import { Heading } from '../../components/heading';
import { Listed, useList } from '../../components/list';
import type { Team } from '../../components/team';
import { isolated } from '../../direction';
import { formatCount } from '../../format';
import { Link } from '../../router';
import { Invite } from './invitations';
import { PortalPanel } from './portal_link';
import { DeleteTeam, RenameTeam } from './team_dialogs';
import { UserDialogs } from './user_dialogs';
import { type UserDialog, UsersTable } from './users_table';

const most = 500;

/** How many there are, as far as one page tells. */
function Count({ page }: { page: { data: unknown[]; next_cursor: string | null } | undefined }) {
  if (page === undefined) return '…';
  return page.next_cursor === null ? formatCount(page.data.length) : `over ${formatCount(most)}`;
}

function Belongings({ id }: { id: string }) {
  const { api, canAdminister } = useAccess();
  const query = { team_id: id, limit: most };
  const webhooks = useQuery({ queryKey: ['webhooks', 'of-team', id], queryFn: () => answer(api.GET('/v1/webhooks', { params: { query } })) });
  const numbers = useQuery({ queryKey: ['numbers', 'of-team', id], queryFn: () => answer(api.GET('/v1/numbers', { params: { query } })) });
  const keys = useQuery({ queryKey: ['keys', 'of-team', id], queryFn: () => answer(api.GET('/v1/keys', { params: { query } })), enabled: canAdminister });
  const of = `?team_id=${encodeURIComponent(id)}`;
  return (
    <dl className="figures">
      <div><dt><Link href={`/settings/webhooks${of}`}>Outbound Webhooks</Link></dt><dd><Count page={webhooks.data} /></dd></div>
      <div><dt><Link href={`/settings/numbers${of}`}>Numbers</Link></dt><dd><Count page={numbers.data} /></dd></div>
      {canAdminister && <div><dt><Link href={`/settings/keys${of}`}>API keys</Link></dt><dd><Count page={keys.data} /></dd></div>}
    </dl>
  );
}

function Members({ id }: { id: string }) {
  const { api } = useAccess();
  const [inviting, setInviting] = useState(false);
  const [open, setOpen] = useState<UserDialog | null>(null);
  const query = { team_id: id };
  const list = useList(['users', query], async (page) => answer(api.GET('/v1/users', { params: { query: { ...query, ...page, limit: 100 } } })));
  return (
    <section aria-labelledby="members">
      <div className="page-head">
        <h2 id="members">Members</h2>
        <button type="button" className="button button-second" onClick={() => setInviting(true)}>Invite somebody</button>
      </div>
      <Listed list={list} empty={<Empty title="Nobody is in this team"><p className="hint">Invite those who are to see its webhooks. Admins see them anyway.</p></Empty>}>
        {(rows) => <UsersTable rows={rows} onOpen={setOpen} />}
      </Listed>
      <Invite open={inviting} again={null} team={id} onClose={() => setInviting(false)} />
      <UserDialogs open={open} onClose={() => setOpen(null)} />
    </section>
  );
}

function Content({ team }: { team: Team }) {
  const { admin, canAdminister } = useAccess();
  const [open, setOpen] = useState<'rename' | 'delete' | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      <div className="page-head">
        <div>
          <Heading>{team.name ?? team.id}</Heading>
          <p className="hint">Id <code>{team.id}</code></p>
        </div>
        {canAdminister && (
          <div className="buttons">
            <button type="button" className="button button-second" onClick={() => setOpen('rename')}>Rename</button>
            {admin && <ActionMenu label={`Actions for ${isolated(team.name ?? team.id)}`} actions={[{ name: 'Delete team', bad: true, run: () => setOpen('delete') }]} />}
          </div>
        )}
      </div>
      <Belongings id={team.id} />
      {canAdminister && <Members id={team.id} />}
      {canAdminister && <PortalPanel team={team.id} />}
      <RenameTeam team={team} open={open === 'rename'} onClose={close} />
      <DeleteTeam team={team} open={open === 'delete'} onClose={close} />
    </>
  );
}

export function TeamPage({ id }: { id: string }) {
  const { api } = useAccess();
  const team = useQuery({ queryKey: ['teams', id], queryFn: () => answer(api.GET('/v1/teams/{id}', { params: { path: { id } } })) });
  return (
    <>
      <Crumbs steps={[{ name: 'Settings', path: '/settings' }, { name: 'Teams', path: '/settings/teams' }, { name: team.data?.name ?? id }]} />
      {team.data === undefined && team.error !== null && <Heading>Team</Heading>}
      <Answered query={team}>{(value) => <Content team={value} />}</Answered>
    </>
  );
}
