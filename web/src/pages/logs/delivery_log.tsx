// The log of deliveries: of all webhooks at /logs, or of one within its own page.

import { useRef } from 'react';
import { useLocation, useRouter, useSearch } from 'wouter';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import type { Delivery } from '../../api/types';
import { deliveryStatuses } from '../../components/delivery_status';
import { Empty } from '../../components/empty';
import { useEventTypes } from '../../components/event_types';
import { FilterBar, type Filters, FilterSelect, filtersOf, queryOf, searchAdvice, SearchField, searchOf, setFilters, TimeRange } from '../../components/log/filters';
import { LogView } from '../../components/log/log_view';
import type { ReadPage } from '../../components/log/use_rows';
import { TeamSelect } from '../../components/team_filter';
import { useWebhooks } from '../../components/webhook_names';
import { searchTerm } from '../../phone_number';
import { Link } from '../../router';
import { deliveryColumns } from './columns';
import { DeliveryDetail, useDelivery } from './delivery_detail';
import { RetryAll } from './retry_all';

const names = ['q', 'status', 'event', 'webhook_id', 'team_id', 'range', 'since', 'until'] as const;
const statuses = Object.entries(deliveryStatuses).map(([value, { name }]) => ({ value, name }));

function useReadDeliveries(filters: Filters): ReadPage<Delivery> {
  const { api } = useAccess();
  return (page) => answer(api.GET('/v1/deliveries', { params: { query: queryOf(filters, page) } }));
}

interface FilterProps {
  filters: Filters;
  webhookId: string | undefined;
  change(change: Filters): void;
}

function LogFilters({ filters, webhookId, change }: FilterProps) {
  const { admin } = useAccess();
  const types = useEventTypes().data ?? [];
  const webhooks = useWebhooks().data ?? [];
  return (
    <>
      <FilterSelect label="Status" any="Any status" value={filters.status} options={statuses} onChange={(status) => change({ status })} />
      <FilterSelect label="Event" any="Any event" value={filters.event} options={types.map(({ name }) => ({ value: name, name }))} onChange={(event) => change({ event })} />
      {webhookId === undefined && <FilterSelect label="Webhook" any="Any webhook" value={filters.webhook_id} options={webhooks.map(({ id, name }) => ({ value: id, name }))} onChange={(webhook_id) => change({ webhook_id })} />}
      {admin && webhookId === undefined && <TeamSelect className="log-filter" value={filters.team_id ?? ''} onChange={(team_id) => change({ team_id })} />}
      <TimeRange filters={filters} onChange={change} />
    </>
  );
}

function Nothing({ q, limited, onClear, webhookId }: { q: string | undefined; limited: boolean; onClear(): void; webhookId: string | undefined }) {
  const { portal } = useAccess();
  if (limited) {
    return (
      <Empty title="No delivery matches.">
        <p>{searchAdvice(q)}</p>
        <button type="button" className="button button-second" onClick={onClear}>Clear search and filters</button>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing has been delivered yet.">
      <p>Every request that Limehook makes to a webhook shows up here, with what came back.</p>
      <div className="buttons">
        {webhookId === undefined && <Link href="/settings/webhooks" className="button">Outbound Webhooks</Link>}
        {!portal && <Link href="/events" className="button button-second">Send an event</Link>}
      </div>
    </Empty>
  );
}

/** Where one is in the log: at /logs/{id}, or, within another page, at ?delivery={id}. */
function useLogPlace(within: boolean, id: string | undefined, filters: Filters) {
  const [path, navigate] = useLocation();
  const { base } = useRouter();
  const search = useSearch();
  const open = within ? new URLSearchParams(search).get('delivery') : (id ?? null);
  const hrefOf = (delivery: string | null, set: Filters = filters, more: Filters = {}) => {
    if (within) return `${path}${searchOf(set, delivery === null ? more : { delivery, ...more })}`;
    return `${delivery === null ? '/logs' : `/logs/${delivery}`}${searchOf(set, more)}`;
  };
  const addressOf = (delivery: string) => `${location.origin}${base}${within ? hrefOf(delivery) : `/logs/${delivery}`}`;
  return { open, navigate, hrefOf, addressOf };
}

/** `webhookId`: of this webhook only. `id`: which delivery is open, where the address says so by its path. */
export function DeliveryLog({ webhookId, id }: { webhookId?: string; id?: string }) {
  const text = useSearch();
  const filters = filtersOf(text, names);
  const { open, navigate, hrefOf, addressOf } = useLogPlace(webhookId !== undefined, id, filters);
  const search = useRef<HTMLInputElement>(null);
  const read = useReadDeliveries(webhookId === undefined ? filters : { ...filters, webhook_id: webhookId });
  const change = (changes: Filters) => navigate(hrefOf(null, { ...filters, ...changes }), { replace: true });
  const find = (q: string) => (/^dlv_\w+$/.test(searchTerm(q)) ? navigate(hrefOf(searchTerm(q))) : change({ q }));
  const clear = () => {
    navigate(hrefOf(null, {}), { replace: true });
    search.current?.focus();
  };
  const recovering = new URLSearchParams(text).get('recover') === 'failed';
  const set = setFilters(filters);
  const key = `${webhookId ?? ''}${searchOf(filters)}`;
  return (
    <>
      <FilterBar set={set} onClear={clear} search={<SearchField ref={search} value={filters.q} placeholder="Number, call id or message id" onChange={find} />}>
        <LogFilters filters={filters} webhookId={webhookId} change={change} />
      </FilterBar>
      <RetryAll filters={filters} webhookId={webhookId} href={hrefOf(open, filters, { recover: 'failed' })} open={recovering} onClose={() => navigate(hrefOf(open), { replace: true })} />
      <LogView
        key={key}
        kind="deliveries"
        words={{ one: 'delivery', many: 'deliveries' }}
        columns={deliveryColumns(webhookId !== undefined)}
        filters={key}
        read={read}
        open={open}
        current={useDelivery(open).data}
        hrefOf={(row) => hrefOf(row.id)}
        goTo={(row, replace) => navigate(hrefOf(row.id), { replace })}
        close={() => navigate(hrefOf(null))}
        search={search}
        empty={<Nothing q={filters.q} limited={set > 0 || filters.q !== undefined} onClear={clear} webhookId={webhookId} />}
      >
        {open !== null && <DeliveryDetail id={open} address={addressOf(open)} />}
      </LogView>
    </>
  );
}
