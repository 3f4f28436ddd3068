import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useLocation, useSearchParams } from 'wouter';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import type { Webhook } from '../../api/types';
import { Crumbs } from '../../components/crumbs';
import { Empty } from '../../components/empty';
import { Heading } from '../../components/heading';
import { Listed, useList } from '../../components/list';
import { TeamName } from '../../components/team';
import { Ago } from '../../components/time';
import { formatCount, formatShare } from '../../format';
import { Link } from '../../router';
import { WebhookActions } from './actions';
import { HealthBadge } from './health_badge';
import { listSteps, pathOf } from './paths';
import { isTroubled } from './words';

const pageSize = 200;
/** So many are read by themselves, to search in them; more when one asks for them. */
const readAtOnce = 1000;
/** So many rows are drawn; who has more searches. */
const shownAtMost = 200;
/** Statistics are one request to a webhook: for lists that are short. */
const statsAtMost = 25;

function SuccessRate({ id }: { id: string }) {
  const { api } = useAccess();
  const stats = useQuery({
    queryKey: ['webhook-rate', id],  // as it was a minute ago is good enough here
    queryFn: () => answer(api.GET('/v1/webhooks/{id}/stats', { params: { path: { id } } })),
    staleTime: 60_000,
  });
  if (stats.data === undefined) return <span className="hint">…</span>;
  const { success_rate } = stats.data.totals;
  return success_rate === null ? <span className="hint">none sent</span> : formatShare(success_rate);
}

const named = (webhook: Webhook) => (webhook.events.length > 3 ? `${webhook.events.length} types` : webhook.events.join(', '));

function Row({ webhook, teams, rates, onDeleted }: { webhook: Webhook; teams: boolean; rates: boolean; onDeleted(): void }) {
  return (
    <tr>
      <th scope="row">
        <Link href={pathOf(webhook.id)}><bdi>{webhook.name}</bdi></Link>
        <span className="webhook-address">{webhook.url ?? 'polled by the receiver'}</span>
      </th>
      <td data-label="Health">
        <HealthBadge webhook={webhook} />{' '}
        {webhook.failing_since !== null && webhook.enabled && <span className="hint">since <Ago at={webhook.failing_since} /></span>}{' '}
        {webhook.backlog > 0 && <span className="hint">{formatCount(webhook.backlog)} waiting</span>}
      </td>
      <td data-label="Events" className="webhook-events" title={webhook.events.join(', ')}>{named(webhook)}</td>
      {teams && <td data-label="Team">{webhook.team_id === null ? 'All teams' : <TeamName id={webhook.team_id} />}</td>}
      {rates && <td data-label="Success, 24 h" className="webhook-rate"><SuccessRate id={webhook.id} /></td>}
      <td className="actions"><WebhookActions webhook={webhook} onDeleted={onDeleted} /></td>
    </tr>
  );
}

interface TableProps {
  webhooks: Webhook[];
  onDeleted(): void;
}

function Table({ webhooks, onDeleted }: TableProps) {
  const { admin, team } = useAccess();
  const teams = admin && team === null;
  const rates = webhooks.length <= statsAtMost;
  return (
    <table className="table webhook-table">
      <thead>
        <tr>
          <th scope="col">Webhook</th>
          <th scope="col">Health</th>
          <th scope="col">Events</th>
          {teams && <th scope="col">Team</th>}
          {rates && <th scope="col" className="webhook-rate">Success, 24 h</th>}
          <th scope="col"><span className="visually-hidden">Actions</span></th>
        </tr>
      </thead>
      <tbody>{webhooks.slice(0, shownAtMost).map((webhook) => <Row key={webhook.id} {...{ webhook, teams, rates, onDeleted }} />)}</tbody>
    </table>
  );
}

/** The webhooks that are searched for; those with troubles first. */
function found(webhooks: Webhook[], search: string, show: string): Webhook[] {
  const text = search.trim().toLowerCase();
  const holds = (webhook: Webhook) =>
    (text === '' || [webhook.name, webhook.url ?? '', webhook.id, webhook.team_id ?? ''].some((value) => value.toLowerCase().includes(text))) &&
    (show === '' || (show === 'failing' ? isTroubled(webhook) : webhook.enabled === (show === 'enabled')));
  return webhooks.filter(holds).sort((a, b) => Number(isTroubled(b)) - Number(isTroubled(a)));
}

const shows: [value: string, name: string][] = [['', 'All'], ['failing', 'With troubles'], ['enabled', 'Enabled'], ['disabled', 'Disabled']];

function Searched({ webhooks, search }: { webhooks: Webhook[]; search: React.RefObject<HTMLInputElement | null> }) {
  const [params, setParams] = useSearchParams();
  const q = params.get('q') ?? '';
  const show = params.get('show') ?? '';
  const put = (name: string, value: string) =>
    setParams((before) => {
      const next = new URLSearchParams(before);
      if (value === '') next.delete(name);
      else next.set(name, value);
      return next;
    }, { replace: true });
  const rows = found(webhooks, q, show);
  return (
    <>
      <div className="filters" role="search">
        <div className="field webhook-search">
          <label htmlFor="webhook-search">Search</label>
          <div className="field-input"><input ref={search} id="webhook-search" type="search" placeholder="Name or URL" value={q} onChange={(event) => put('q', event.target.value)} /></div>
        </div>
        <div className="field">
          <label htmlFor="webhook-show">Show</label>
          <div className="field-input"><select id="webhook-show" value={show} onChange={(event) => put('show', event.target.value)}>{shows.map(([value, name]) => <option key={value} value={value}>{name}</option>)}</select></div>
        </div>
        <p className="hint webhook-count" role="status">{rows.length > shownAtMost ? `The first ${shownAtMost} of ${formatCount(rows.length)}` : `${formatCount(rows.length)} of ${formatCount(webhooks.length)}`}</p>
      </div>
      {rows.length === 0
        ? <Empty title="No webhook matches"><button type="button" className="button button-second" onClick={() => setParams({}, { replace: true })}>Show all</button></Empty>
        : <Table webhooks={rows} onDeleted={() => requestAnimationFrame(() => search.current?.focus())} />}
    </>
  );
}

function First() {
  const { canChange } = useAccess();
  return (
    <Empty title="No webhooks yet">
      <p className="hint">A webhook tells a system of yours, by an HTTP request, as soon as something happens: a missed call, a voicemail, a text. Every delivery is signed, retried until it is acknowledged, and logged.</p>
      {canChange && <Link href={`${listSteps[2]?.path}/new`} className="button">Create Outbound Webhook</Link>}
    </Empty>
  );
}

export function ListPage() {
  const { api, canChange } = useAccess();
  const [, go] = useLocation();
  const search = useRef<HTMLInputElement>(null);
  const list = useList(['webhooks', 'list'], (page) => answer(api.GET('/v1/webhooks', { params: { query: { limit: pageSize, ...page } } })));
  const { fetchNextPage, hasNextPage, isFetchingNextPage, isFetchNextPageError } = list.query;
  const more = hasNextPage && !isFetchingNextPage && !isFetchNextPageError && (list.rows?.length ?? 0) < readAtOnce;
  useEffect(() => {
    if (more) void fetchNextPage();
  }, [more, fetchNextPage]);
  return (
    <>
      <Crumbs steps={listSteps.map(({ name }) => ({ name }))} />
      <div className="page-head">
        <Heading>Outbound Webhooks</Heading>
        {canChange && list.rows?.length !== 0 && <button type="button" className="button" onClick={() => go('/settings/webhooks/new')}>Create Outbound Webhook</button>}
      </div>
      <Listed list={list} empty={<First />}>{(webhooks) => <Searched webhooks={webhooks} search={search} />}</Listed>
    </>
  );
}
