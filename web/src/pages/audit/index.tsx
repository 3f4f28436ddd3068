// Who changed what, newest first.

import { useMutation } from '@tanstack/react-query';

import { type Access, useAccess } from '../../api/access';
import { answer } from '../../api/client';
import { Alert } from '../../components/alert';
import { Crumbs } from '../../components/crumbs';
import { Empty } from '../../components/empty';
import { given, useFilters } from '../../components/filters';
import { Heading } from '../../components/heading';
import { Listed, useList } from '../../components/list';
import { ForAdministrators } from '../../components/not_allowed';
import { useToast } from '../../components/toasts';
import { formatCount } from '../../format';
import { csvOf, download } from './csv';
import { EntryRow } from './entry';
import { AuditFilters } from './filters';
import { chosenTime, limitsOf } from './period';
import type { Entry } from './words';
import './audit.css';

const csvMost = 10_000;

type Chosen = { action: string; actor: string; target: string; team_id: string };

function read({ api }: Access, chosen: Chosen, time: ReturnType<typeof chosenTime>, page: { cursor?: string; limit: number }) {
  return answer(api.GET('/v1/audit', { params: { query: { ...given({ ...chosen, ...limitsOf(time) }), ...page } } }));
}

/** All that is filtered, as far as a spreadsheet takes it. */
async function readAll(access: Access, chosen: Chosen, time: ReturnType<typeof chosenTime>): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let cursor: string | null = ''; cursor !== null && entries.length < csvMost;) {
    const page: { data: Entry[]; next_cursor: string | null } = await read(access, chosen, time, { ...(cursor === '' ? {} : { cursor }), limit: 500 });
    entries.push(...page.data);
    cursor = page.next_cursor;
  }
  return entries;
}

function AuditLog() {
  const access = useAccess();
  const say = useToast();
  const filters = useFilters();
  const chosen: Chosen = { action: filters.get('action'), actor: filters.get('actor'), target: filters.get('target'), team_id: filters.get('team_id') };
  const time = chosenTime(filters);
  const list = useList(['audit', chosen, time], (page) => read(access, chosen, time, { ...page, limit: 50 }));
  const saving = useMutation({
    mutationFn: async () => {
      const entries = await readAll(access, chosen, time);
      download(`audit-${new Date().toISOString().slice(0, 10)}.csv`, csvOf(entries));
      say(`${formatCount(entries.length)} entries saved${entries.length >= csvMost ? ': the newest; limehook audit --json has all' : ''}`);
    },
  });
  const reset = () => filters.set({ action: '', actor: '', target: '', team_id: '', period: '', since: '', until: '' });
  const empty = filters.any
    ? <Empty title="Nothing like that happened"><button type="button" className="button button-second" onClick={reset}>Show all</button></Empty>
    : <Empty title="Nothing has been changed yet" />;
  return (
    <>
      <div className="page-head">
        <Heading>Audit log</Heading>
        <button type="button" className="button button-second" aria-disabled={saving.isPending} onClick={() => !saving.isPending && saving.mutate()}>{saving.isPending ? 'One moment…' : 'Download CSV'}</button>
      </div>
      <p className="hint">Who changed what, newest first. Secrets are never in it.</p>
      <AuditFilters filters={filters} />
      {saving.error !== null && <Alert>{saving.error.message}</Alert>}
      <Listed list={list} empty={empty}>{(rows) => <ul className="entries">{rows.map((entry) => <EntryRow key={entry.id} entry={entry} />)}</ul>}</Listed>
    </>
  );
}

export default function AuditPage() {
  const { canAdminister } = useAccess();
  return (
    <>
      <Crumbs steps={[{ name: 'Settings', path: '/settings' }, { name: 'Audit log' }]} />
      {!canAdminister && <Heading>Audit log</Heading>}
      <ForAdministrators><AuditLog /></ForAdministrators>
    </>
  );
}
