// How far back the overview looks: a choice that is kept in the address bar.

import { useSearchParams } from 'wouter';

export interface Range {
  name: string;
  /** As in "in the last hour". */
  words: string;
  seconds: number;
  /** The length of a bucket that the server makes of this range, so that the first one is whole. */
  bucketSeconds: number;
}

export const ranges = [
  { name: 'hour', words: 'hour', seconds: 3600, bucketSeconds: 60 },
  { name: 'day', words: '24 hours', seconds: 86_400, bucketSeconds: 300 },
  { name: 'week', words: '7 days', seconds: 7 * 86_400, bucketSeconds: 3600 },
] as const satisfies Range[];

export const hour: Range = ranges[0];

/** Where `range` begins, seen from `now` in milliseconds: at the edge of a bucket. */
export function sinceOf({ seconds, bucketSeconds }: Range, now: number): string {
  const at = Math.floor((now / 1000 - seconds) / bucketSeconds) * bucketSeconds;
  return new Date(at * 1000).toISOString();
}

/** A value of the address bar's query; null and the `usual` value are not written there. */
function useParameter(name: string, usual: string): [string, (value: string | null) => void] {
  const [search, setSearch] = useSearchParams();
  const set = (value: string | null) => {
    setSearch((before) => {
      const next = new URLSearchParams(before);
      if (value === null || value === usual) next.delete(name);
      else next.set(name, value);
      return next;
    }, { replace: true });
  };
  return [search.get(name) ?? usual, set];
}

export function useRange(): [Range, (name: string) => void] {
  const [name, choose] = useParameter('range', hour.name);
  return [ranges.find((range) => range.name === name) ?? hour, choose];
}

/** The team that an admin looks at; null: all of them. */
export function useTeamFilter(): [string | null, (team: string | null) => void] {
  const [team, choose] = useParameter('team', '');
  return [team === '' ? null : team, choose];
}
