// Reads a log: the newest page, which is asked for again when something has changed, and older ones as one scrolls.
// However much happens, one change costs the newest page and those that are seen, and never all that are loaded.

import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';

import type { ApiError } from '../../api/client';
import { type Kind, useConnected } from '../../api/live';
import { countNew, cursorsOf, type Loaded, type Page, type Row, updatedBy, withNewest, withOlder } from './rows';

export const pageSize = 100;
const unconnectedMs = 5000;

/** What to read: `cursor` undefined is the newest page. */
export interface PageRequest {
  cursor: string | undefined;
  limit: number;
}

export type ReadPage<T> = (request: PageRequest) => Promise<Page<T>>;

export interface LogRows<T> {
  /** Undefined until the first page is there. */
  rows: T[] | undefined;
  error: ApiError | null;
  again(): unknown;
  /** The server could not be reached when the newest rows were asked for last. */
  unreachable: boolean;
  hasOlder: boolean;
  loadOlder(): void;
  olderError: ApiError | null;
  loadingOlder: boolean;
  /** How many of the newest rows are not shown, while the log is held. */
  newCount: number;
  /** Shows the newest rows. */
  showNew(): void;
  /** Which rows are seen: their pages are read again when something has changed. */
  setSeen(first: number, end: number): void;
}

interface Options<T> {
  kind: Kind;
  /** What `read` depends on. Another one begins with another component (a React key). */
  filters: string;
  /** Keep the rows where they are: somebody reads them. */
  held: boolean;
  /** A row as it is now, which the list may not say any more: it is no longer what the filters want. */
  current: T | undefined;
  read: ReadPage<T>;
}

export function useRows<T extends Row>({ kind, filters, held, current, read }: Options<T>): LogRows<T> {
  const queries = useQueryClient();
  const connected = useConnected();
  const [loaded, setLoaded] = useState<Loaded<T> | null>(null);
  const [seen, setSeenRange] = useState({ first: 0, end: 0 });
  const newest = useQuery({
    queryKey: [kind, 'newest', filters],
    queryFn: () => read({ cursor: undefined, limit: pageSize }),
    refetchInterval: connected ? false : unconnectedMs,
  });
  const page = newest.data;

  useEffect(() => {
    if (page === undefined) return;
    setLoaded((was) => (was === null || was.rows.length === 0 || !held ? withNewest(was, page, pageSize) : updatedBy(was, page.data)));
  }, [page, held]);

  useEffect(() => {
    if (current !== undefined) setLoaded((was) => was && updatedBy(was, [current]));
  }, [current]);

  const pageKey = useCallback((cursor: string) => [kind, 'page', filters, cursor], [kind, filters]);
  const older = useMutation({
    mutationFn: async (cursor: string) => {
      const answered = await read({ cursor, limit: pageSize });
      queries.setQueryData(pageKey(cursor), answered);
      setLoaded((was) => was && withOlder(was, cursor, answered));
    },
  });

  const cursors = useMemo(() => (loaded === null ? [] : cursorsOf(loaded, seen.first, seen.end)), [loaded, seen]);
  const update = useCallback((results: { data: unknown }[]) => results.map(({ data }) => data as Page<T> | undefined), []);
  const refreshed = useQueries({
    queries: cursors.map((cursor) => ({
      queryKey: pageKey(cursor),
      queryFn: () => read({ cursor, limit: pageSize }),
    })),
    combine: update,
  });
  useEffect(() => {
    const rows = refreshed.flatMap((one) => one?.data ?? []);
    if (rows.length > 0) setLoaded((was) => was && updatedBy(was, rows));
  }, [refreshed]);

  const next = loaded?.next ?? null;
  return {
    rows: loaded?.rows,
    error: newest.error,
    again: newest.refetch,
    unreachable: newest.failureReason?.status === 0,
    hasOlder: next !== null,
    loadOlder: () => {
      if (next !== null && !older.isPending) older.mutate(next);
    },
    olderError: older.error,
    loadingOlder: older.isPending,
    newCount: held && loaded !== null && page !== undefined ? countNew(loaded, page) : 0,
    showNew: () => {
      if (page !== undefined) setLoaded((was) => withNewest(was, page, pageSize));
    },
    setSeen: useCallback((first: number, end: number) => {
      setSeenRange((was) => (was.first === first && was.end === end ? was : { first, end }));
    }, []),
  };
}
