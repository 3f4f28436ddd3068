// The teams: the tenants of this installation.

import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import { Crumbs } from '../../components/crumbs';
import { Dialog } from '../../components/dialog';
import { Empty } from '../../components/empty';
import { TextField } from '../../components/fields';
import { Form, Submit } from '../../components/form';
import { Heading } from '../../components/heading';
import { Listed, useList } from '../../components/list';
import { type Team, teamPath } from '../../components/team';
import { Ago } from '../../components/time';
import { useToast } from '../../components/toasts';
import { isolated } from '../../direction';
import { Link } from '../../router';

function Creating({ onClose }: { onClose(): void }) {
  const { api } = useAccess();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const say = useToast();
  const [name, setName] = useState('');
  const [id, setId] = useState('');
  const create = async () => {
    const team = await answer(api.POST('/v1/teams', { body: { name: name.trim(), ...(id.trim() === '' ? {} : { id: id.trim() }) } }));
    await queries.invalidateQueries({ queryKey: ['teams'] });
    say(`Team “${isolated(team.name ?? team.id)}” created`);
    navigate(teamPath(team.id));
  };
  return (
    <Form onSubmit={create} fields={['name', 'id']}>
      <TextField name="name" label="Name" value={name} onChange={setName} autoCapitalize="words" autoFocus placeholder="Front desk" />
      <TextField name="id" label="Id" value={id} onChange={setId} placeholder="team_001" hint="As your own systems call it: events name their team by it. Empty: one is made. It cannot be changed." />
      <div className="buttons">
        <Submit>Create team</Submit>
        <button type="button" className="button button-second" onClick={onClose}>Cancel</button>
      </div>
    </Form>
  );
}

function Table({ rows }: { rows: Team[] }) {
  return (
    <table className="table list">
      <thead><tr><th scope="col">Team</th><th scope="col">Id</th><th scope="col">Created</th></tr></thead>
      <tbody>
        {rows.map(({ id, name, created_at }) => (
          <tr key={id}>
            <th scope="row"><Link href={teamPath(id)}><bdi>{name ?? id}</bdi></Link></th>
            <td className="long" data-label="Id"><code>{id}</code></td>
            <td data-label="Created">{created_at === null ? <span className="hint">By what belongs to it</span> : <Ago at={created_at} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function TeamsPage() {
  const { api, admin } = useAccess();
  const [creating, setCreating] = useState(false);
  const list = useList(['teams', 'list'], async (page) => answer(api.GET('/v1/teams', { params: { query: { ...page, limit: 100 } } })));
  const create = admin && <button type="button" className="button" onClick={() => setCreating(true)}>Create team</button>;
  const empty = <Empty title="No teams yet"><p className="hint">A team is a tenant: a customer of yours, say. Its people see its webhooks and nothing else. You need none while all webhooks are yours.</p>{create}</Empty>;
  return (
    <>
      <Crumbs steps={[{ name: 'Settings', path: '/settings' }, { name: 'Teams' }]} />
      <div className="page-head"><Heading>Teams</Heading>{create}</div>
      <p className="hint">A team has webhooks, numbers, keys and members of its own. It is there as soon as something belongs to it; here it gets a name.</p>
      <Listed list={list} empty={empty}>{(rows) => <Table rows={rows} />}</Listed>
      <Dialog title="Create team" open={creating} onClose={() => setCreating(false)}><Creating onClose={() => setCreating(false)} /></Dialog>
    </>
  );
}
