// The numbers, and which team each belongs to.

import { useState } from 'react';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import type { Schemas } from '../../api/types';
import { ActionMenu } from '../../components/action_menu';
import { Crumbs } from '../../components/crumbs';
import { Empty } from '../../components/empty';
import { type Filters, FilterText, given, useFilters } from '../../components/filters';
import { Heading } from '../../components/heading';
import { Listed, useList } from '../../components/list';
import { TeamLink } from '../../components/team';
import { TeamFilter } from '../../components/team_filter';
import { Ago } from '../../components/time';
import { digitsIn, readNumber } from '../../phone_number';
import { DeleteNumber, NumberForm } from './dialogs';
import { ImportNumbers } from './import';
import './numbers.css';

export type PhoneNumber = Schemas['Number'];

type Open = { name: 'add' } | { name: 'import' } | { name: 'edit' | 'delete'; number: PhoneNumber } | null;


function useNumbers(filters: Filters) {
  const { api } = useAccess();
  const search = filters.get('search');
  const query = given({ team_id: filters.get('team_id'), number: readNumber(search).number ?? '' });
  return useList(['numbers', query], async (page) => answer(api.GET('/v1/numbers', { params: { query: { ...query, ...page, limit: 100 } } })));
}

/** The server finds a whole number; a part of one, or of a name, is looked for in what is shown. */
function found(rows: PhoneNumber[], search: string): PhoneNumber[] {
  if (search === '' || readNumber(search).number !== undefined) return rows;
  const wanted = search.toLowerCase();
  const digits = digitsIn(search).replace(/^0+/, '');
  const has = (text: string | null) => (text ?? '').toLowerCase().includes(wanted);
  return rows.filter(({ number, name, team_id }) => has(name) || has(team_id) || (digits !== '' && number.includes(digits)));
}

function Row({ number, onOpen }: { number: PhoneNumber; onOpen(open: Open): void }) {
  const { canChange } = useAccess();
  return (
    <tr>
      <th scope="row"><code>{number.number}</code></th>
      <td className="long" data-label="Name"><bdi>{number.name ?? '–'}</bdi></td>
      <td className="long" data-label="Team"><TeamLink id={number.team_id} /></td>
      <td data-label="Added"><Ago at={number.created_at} /></td>
      {canChange && (
        <td className="actions">
          <ActionMenu label={`Actions for ${number.number}`} actions={[
            { name: 'Edit', run: () => onOpen({ name: 'edit', number }) },
            { name: 'Delete', bad: true, run: () => onOpen({ name: 'delete', number }) },
          ]} />
        </td>
      )}
    </tr>
  );
}

function Table({ rows, onOpen }: { rows: PhoneNumber[]; onOpen(open: Open): void }) {
  const { canChange } = useAccess();
  return (
    <table className="table list">
      <thead>
        <tr>
          <th scope="col">Number</th><th scope="col">Name</th><th scope="col">Team</th><th scope="col">Added</th>
          {canChange && <th scope="col" className="actions"><span className="visually-hidden">Actions</span></th>}
        </tr>
      </thead>
      <tbody>{rows.map((number) => <Row key={number.id} number={number} onOpen={onOpen} />)}</tbody>
    </table>
  );
}

function NoNumbers({ filters, onAdd }: { filters: Filters; onAdd(): void }) {
  const { canChange } = useAccess();
  if (filters.any) {
    return (
      <Empty title="No number is like that">
        <button type="button" className="button button-second" onClick={() => filters.set({ search: '', team_id: '' })}>Show all</button>
      </Empty>
    );
  }
  return (
    <Empty title="No numbers yet">
      <p className="hint">An event that names no team goes to the team of its number. You need none if your events name their team, or your key is for one team.</p>
      {canChange && <button type="button" className="button" onClick={onAdd}>Add number</button>}
    </Empty>
  );
}

export default function NumbersPage() {
  const { canChange } = useAccess();
  const filters = useFilters();
  const list = useNumbers(filters);
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  const search = filters.get('search');
  return (
    <>
      <Crumbs steps={[{ name: 'Settings', path: '/settings' }, { name: 'Numbers' }]} />
      <div className="page-head">
        <Heading>Numbers</Heading>
        {canChange && (
          <div className="buttons">
            <button type="button" className="button button-second" onClick={() => setOpen({ name: 'import' })}>Import</button>
            <button type="button" className="button" onClick={() => setOpen({ name: 'add' })}>Add number</button>
          </div>
        )}
      </div>
      <p className="hint">Which team a phone number belongs to: events with that number that name no team become that team’s.</p>
      <div className="filters" role="search" aria-label="Numbers">
        <FilterText label="Number or name" value={search} onChange={(text) => filters.set({ search: text })} placeholder="+1234567890" />
        <TeamFilter filters={filters} />
      </div>
      <Listed list={list} empty={<NoNumbers filters={filters} onAdd={() => setOpen({ name: 'add' })} />}>
        {(rows) => {
          const shown = found(rows, search);
          return (
            <>
              {shown.length < rows.length && <p className="hint" role="status">{shown.length} of the {rows.length} that are shown have this in their number, name or team.{list.query.hasNextPage && ' There are more: show more below, or enter a whole number with its country code to look for it among all.'}</p>}
              {shown.length > 0 && <Table rows={shown} onOpen={setOpen} />}
            </>
          );
        }}
      </Listed>
      <NumberForm open={open?.name === 'add' || open?.name === 'edit'} number={open?.name === 'edit' ? open.number : null} onClose={close} />
      <ImportNumbers open={open?.name === 'import'} onClose={close} />
      <DeleteNumber number={open?.name === 'delete' ? open.number : null} onClose={close} />
    </>
  );
}
