// The keys with which programs use the API.

import { useState } from 'react';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import { ActionMenu } from '../../components/action_menu';
import { Crumbs } from '../../components/crumbs';
import { Empty } from '../../components/empty';
import { given, useFilters } from '../../components/filters';
import { Heading } from '../../components/heading';
import { Listed, useList } from '../../components/list';
import { ForAdministrators } from '../../components/not_allowed';
import { TeamLink } from '../../components/team';
import { TeamFilter } from '../../components/team_filter';
import { Ago, useNow } from '../../components/time';
import { useLocation } from 'wouter';
import { isolated } from '../../direction';
import { CreateKey, EditKey, type Key, RevokeKey } from './dialogs';
import { roleName } from './roles';

type Open = { name: 'create' } | { name: 'edit' | 'revoke'; value: Key } | null;

const soonMs = 14 * 86_400_000;

function Expires({ at }: { at: string | null }) {
  const now = useNow();
  if (at === null) return 'Never';
  const left = Date.parse(at) - now;
  if (left <= 0) return <span className="badge badge-bad">Expired</span>;
  return left < soonMs ? <span className="badge badge-warn"><Ago at={at} /></span> : <Ago at={at} />;
}

function Row({ value, onOpen }: { value: Key; onOpen(open: Open): void }) {
  const [, navigate] = useLocation();
  return (
    <tr>
      <th scope="row"><bdi>{value.name}</bdi> <span className="hint"><code>lh_…{value.hint}</code></span></th>
      <td data-label="Role">{roleName(value.role)}</td>
      <td className="long" data-label="Team"><TeamLink id={value.team_id} none="All" /></td>
      <td data-label="Last used">{value.last_used_at === null ? 'Never' : <Ago at={value.last_used_at} />}</td>
      <td data-label="Expires"><Expires at={value.expires_at} /></td>
      <td data-label="Created"><Ago at={value.created_at} /></td>
      <td className="actions">
        <ActionMenu label={`Actions for ${isolated(value.name)}`} actions={[
          { name: 'Edit', run: () => onOpen({ name: 'edit', value }) },
          { name: 'History', run: () => navigate(`/settings/audit?target=${value.id}`) },
          { name: 'What it did', run: () => navigate(`/settings/audit?actor=${value.id}`) },
          { name: 'Revoke', bad: true, run: () => onOpen({ name: 'revoke', value }) },
        ]} />
      </td>
    </tr>
  );
}

function Table({ rows, onOpen }: { rows: Key[]; onOpen(open: Open): void }) {
  return (
    <table className="table list">
      <thead>
        <tr>
          <th scope="col">Name</th><th scope="col">Role</th><th scope="col">Team</th><th scope="col">Last used</th><th scope="col">Expires</th><th scope="col">Created</th>
          <th scope="col" className="actions"><span className="visually-hidden">Actions</span></th>
        </tr>
      </thead>
      <tbody>{rows.map((value) => <Row key={value.id} value={value} onOpen={onOpen} />)}</tbody>
    </table>
  );
}

function Keys() {
  const { api } = useAccess();
  const filters = useFilters();
  const [open, setOpen] = useState<Open>(null);
  const query = given({ team_id: filters.get('team_id') });
  const list = useList(['keys', query], async (page) => answer(api.GET('/v1/keys', { params: { query: { ...query, ...page, limit: 100 } } })));
  const close = () => setOpen(null);
  const create = <button type="button" className="button" onClick={() => setOpen({ name: 'create' })}>Create key</button>;
  const empty = filters.any
    ? <Empty title="This team has no keys"><button type="button" className="button button-second" onClick={() => filters.set({ team_id: '' })}>Show all</button></Empty>
    : <Empty title="No API keys yet"><p className="hint">A program needs one to send events or to use the API.</p>{create}</Empty>;
  return (
    <>
      <div className="page-head"><Heading>API keys</Heading>{create}</div>
      <p className="hint">With these programs use the API, as <code>Authorization: Bearer lh_…</code>. A key is shown when it is made and never again.</p>
      <div className="filters"><TeamFilter filters={filters} /></div>
      <Listed list={list} empty={empty}>{(rows) => <Table rows={rows} onOpen={setOpen} />}</Listed>
      <CreateKey title="Create API key" open={open?.name === 'create'} onClose={close} />
      <EditKey value={open?.name === 'edit' ? open.value : null} onClose={close} />
      <RevokeKey value={open?.name === 'revoke' ? open.value : null} onClose={close} />
    </>
  );
}

export default function KeysPage() {
  const { canAdminister } = useAccess();
  return (
    <>
      <Crumbs steps={[{ name: 'Settings', path: '/settings' }, { name: 'API keys' }]} />
      {!canAdminister && <Heading>API keys</Heading>}
      <ForAdministrators><Keys /></ForAdministrators>
    </>
  );
}
