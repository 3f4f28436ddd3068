// Which time is looked at: so long until now, or between two times.

import type { Filters } from '../../components/filters';
import { instantsOf, isInstant } from '../../local_time';

const hourMs = 3_600_000;

export const periods: { value: string; name: string; ms: number }[] = [
  { value: 'hour', name: 'Last hour', ms: hourMs },
  { value: 'day', name: 'Last 24 hours', ms: 24 * hourMs },
  { value: 'week', name: 'Last 7 days', ms: 7 * 24 * hourMs },
  { value: 'month', name: 'Last 30 days', ms: 30 * 24 * hourMs },
];

/** What stands in the address bar as an instant; empty where it is none. Links from before have a local time. */
function utc(time: string): string {
  return isInstant(time) ? time : (instantsOf(time)[0] ?? '');
}

/** The limits as the API takes them; empty: none. */
export function limitsOf({ period, since, until }: { period: string; since: string; until: string }): { since: string; until: string } {
  if (period === 'between') return { since: utc(since), until: utc(until) };
  const length = periods.find(({ value }) => value === period)?.ms;
  return { since: length === undefined ? '' : new Date(Date.now() - length).toISOString(), until: '' };
}

export const chosenTime = (filters: Filters) => ({ period: filters.get('period'), since: filters.get('since'), until: filters.get('until') });
