// Where events come from, and how to send them.

import { useState } from 'react';

import { useAccess } from '../../api/access';
import { Crumbs } from '../../components/crumbs';
import { Empty } from '../../components/empty';
import { given, useFilters } from '../../components/filters';
import { Heading } from '../../components/heading';
import { Listed } from '../../components/list';
import { TeamLink } from '../../components/team';
import { TeamFilter } from '../../components/team_filter';
import { Ago } from '../../components/time';
import { isolated } from '../../direction';
import { Link } from '../../router';
import { CreateKey } from '../keys/dialogs';
import { roleName } from '../keys/roles';
import { HowToSend, Sends } from './how_to_send';
import { type Source, useSources } from './sources';
import './sources.css';

function Row({ source, onSend }: { source: Source; onSend(source: Source): void }) {
  return (
    <tr>
      <th scope="row"><bdi>{source.name}</bdi> <span className="hint">HTTP API</span></th>
      <td data-label="May">{roleName(source.role)}</td>
      <td className="long" data-label="Team"><TeamLink id={source.team_id} none="All" /></td>
      <td data-label="Last used">{source.last_used_at === null ? 'Never' : <Ago at={source.last_used_at} />}</td>
      <td className="actions"><button type="button" className="button-plain" aria-label={`How to send from ${isolated(source.name)}`} onClick={() => onSend(source)}>How to send</button></td>
    </tr>
  );
}

function Table({ rows, onSend }: { rows: Source[]; onSend(source: Source): void }) {
  return (
    <table className="table list">
      <thead>
        <tr>
          <th scope="col">Source</th><th scope="col">May</th><th scope="col">Team</th><th scope="col">Last used</th>
          <th scope="col" className="actions"><span className="visually-hidden">Actions</span></th>
        </tr>
      </thead>
      <tbody>{rows.map((source) => <Row key={source.id} source={source} onSend={onSend} />)}</tbody>
    </table>
  );
}

function Sources() {
  const { canAdminister, team } = useAccess();
  const filters = useFilters();
  const list = useSources(given({ team_id: filters.get('team_id') }));
  const [adding, setAdding] = useState(false);
  const [sending, setSending] = useState<Source | null>(null);
  const add = canAdminister && <button type="button" className="button" onClick={() => setAdding(true)}>Add a source</button>;
  const empty = <Empty title={filters.any ? 'Nothing sends events for this team yet' : 'Nothing sends events yet'}><p className="hint">Add what does, a PBX or your backend: it gets a key of its own.{!canAdminister && ' Admins make keys, and people who manage a team.'}</p>{add}</Empty>;
  return (
    <>
      <div className="page-head"><Heading>Sources</Heading>{add}</div>
      <p className="hint">Where events come from: whatever has a key that may send them over the HTTP API.{canAdminister && <> Keys are looked after on <Link href="/settings/keys">API keys</Link>.</>}</p>
      <div className="filters"><TeamFilter filters={filters} /></div>
      <Listed list={list} empty={empty}>{(rows) => <Table rows={rows} onSend={setSending} />}</Listed>
      {!canAdminister && (
        <section className="panel" aria-labelledby="sends">
          <h2 id="sends">How to send</h2>
          <div className="sends"><Sends team={team} /></div>
        </section>
      )}
      <CreateKey title="Add a source" only="ingest" open={adding} onClose={() => setAdding(false)} />
      <HowToSend source={sending} onClose={() => setSending(null)} />
    </>
  );
}

export default function SourcesPage() {
  return (
    <>
      <Crumbs steps={[{ name: 'Settings', path: '/settings' }, { name: 'Sources' }]} />
      <Sources />
    </>
  );
}
