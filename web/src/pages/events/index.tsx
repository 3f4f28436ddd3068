// Inbound events: /events, and /events/{id} with one event open.

import { useRef } from 'react';
import { useLocation, useRoute, useSearch } from 'wouter';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import type { StoredEvent } from '../../api/types';
import { Empty } from '../../components/empty';
import { EventSubject, searchTermsOf } from '../../components/event_subject';
import { useEventTypes } from '../../components/event_types';
import { Heading } from '../../components/heading';
import { FilterBar, type Filters, FilterSelect, filtersOf, queryOf, searchAdvice, SearchField, searchOf, setFilters, TimeRange } from '../../components/log/filters';
import type { Column } from '../../components/log/grid';
import { LogView } from '../../components/log/log_view';
import type { ReadPage } from '../../components/log/use_rows';
import { TeamName } from '../../components/team';
import { TeamSelect } from '../../components/team_filter';
import { Ago } from '../../components/time';
import { searchTerm } from '../../phone_number';
import { EventDetail } from './event_detail';
import { SendEvent } from './send_event';
import './events.css';

const names = ['q', 'event', 'team_id', 'range', 'since', 'until'] as const;

const columns: Column<StoredEvent>[] = [
  { name: 'Event', width: '13rem', cell: (row) => <>{row.event} {row.test && <span className="badge">Test</span>}</> },
  { name: 'Number', width: 'minmax(0, 1.6fr)', cell: (row) => <EventSubject terms={searchTermsOf(row.payload)} /> },
  { name: 'Team', width: 'minmax(0, 1fr)', cell: (row) => <span className="log-cut">{row.team_id === null ? <span className="hint">none found</span> : <TeamName id={row.team_id} />}</span> },
  { name: 'Time', width: '7rem', cell: (row) => <Ago at={row.received_at} /> },
];

function useReadEvents(filters: Filters): ReadPage<StoredEvent> {
  const { api } = useAccess();
  return (page) => answer(api.GET('/v1/events', { params: { query: queryOf(filters, page) } }));
}

function EventFilters({ filters, change }: { filters: Filters; change(change: Filters): void }) {
  const { admin } = useAccess();
  const types = useEventTypes().data ?? [];
  return (
    <>
      <FilterSelect label="Event" any="Any event" value={filters.event} options={types.map(({ name }) => ({ value: name, name }))} onChange={(event) => change({ event })} />
      {admin && <TeamSelect className="log-filter" value={filters.team_id ?? ''} onChange={(team_id) => change({ team_id })} />}
      <TimeRange filters={filters} onChange={change} />
    </>
  );
}

function Nothing({ q, limited, onClear }: { q: string | undefined; limited: boolean; onClear(): void }) {
  if (!limited) {
    return (
      <Empty title="No event has come in yet.">
        <p>Your phone platform sends events by POST /v1/events with an API key. To see how it works, send one from here.</p>
      </Empty>
    );
  }
  return (
    <Empty title="No event matches.">
      <p>{searchAdvice(q)}</p>
      <button type="button" className="button button-second" onClick={onClear}>Clear search and filters</button>
    </Empty>
  );
}

export default function EventPages() {
  const [, found] = useRoute<{ id: string }>('/events/:id');
  const [, navigate] = useLocation();
  const filters = filtersOf(useSearch(), names);
  const search = useRef<HTMLInputElement>(null);
  const read = useReadEvents(filters);
  const open = found?.id ?? null;
  const hrefOf = (id: string | null, set: Filters = filters) => `${id === null ? '/events' : `/events/${id}`}${searchOf(set)}`;
  const change = (changes: Filters) => navigate(hrefOf(null, { ...filters, ...changes }), { replace: true });
  const clear = () => {
    navigate('/events', { replace: true });
    search.current?.focus();
  };
  const find = (q: string) => (/^evt_\w+$/.test(searchTerm(q)) ? navigate(hrefOf(searchTerm(q))) : change({ q }));
  const set = setFilters(filters);
  return (
    <>
      <div className="page-head">
        <Heading>Inbound events</Heading>
        <SendEvent />
      </div>
      <FilterBar set={set} onClear={clear} search={<SearchField ref={search} value={filters.q} placeholder="Number, call id or message id" onChange={find} />}>
        <EventFilters filters={filters} change={change} />
      </FilterBar>
      <LogView
        key={searchOf(filters)}
        kind="events"
        words={{ one: 'event', many: 'events' }}
        columns={columns}
        filters={searchOf(filters)}
        read={read}
        open={open}
        hrefOf={(row) => hrefOf(row.id)}
        goTo={(row, replace) => navigate(hrefOf(row.id), { replace })}
        close={() => navigate(hrefOf(null))}
        search={search}
        empty={<Nothing q={filters.q} limited={set > 0 || filters.q !== undefined} onClear={clear} />}
      >
        {open !== null && <EventDetail id={open} />}
      </LogView>
    </>
  );
}
