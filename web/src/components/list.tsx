// Lists that are read page by page.

import { type QueryKey, useInfiniteQuery, type UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import type { Kind } from '../api/live';
import type { ApiError } from '../api/client';
import { formatCount } from '../format';
import { Failed, Loading } from './answered';
import './list.css';

interface Page<Row> {
  data: Row[];
  next_cursor: string | null;
}

export interface List<Row> {
  query: Pick<UseInfiniteQueryResult<unknown, ApiError>, 'error' | 'refetch' | 'fetchNextPage' | 'hasNextPage' | 'isFetchingNextPage' | 'isFetchNextPageError'>;
  /** Those that have been read; undefined until the first page has come. */
  rows: Row[] | undefined;
}

/** `read` asks for the page after `cursor`. */
export function useList<Row>(key: [Kind, ...QueryKey], read: (page: { cursor?: string }) => Promise<Page<Row>>): List<Row> {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => read(pageParam === null ? {} : { cursor: pageParam }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });
  return { query, rows: query.data?.pages.flatMap(({ data }) => data) };
}

interface ListedProps<Row> {
  list: List<Row>;
  /** In place of a list that has nothing. */
  empty: ReactNode;
  children(rows: Row[]): ReactNode;
}

/** Shows what a list has, what becomes of it until then, and a way to more. */
export function Listed<Row>({ list: { query, rows }, empty, children }: ListedProps<Row>) {
  if (rows === undefined) return query.error !== null ? <Failed error={query.error} again={query.refetch} /> : <Loading />;
  if (rows.length === 0) return empty;
  return (
    <>
      {children(rows)}
      {query.isFetchNextPageError && query.error !== null && <Failed error={query.error} again={query.fetchNextPage} />}
      {query.hasNextPage && (
        <p className="more">
          <button type="button" className="button button-second" aria-disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {query.isFetchingNextPage ? 'One moment…' : 'Show more'}
          </button>
          <span className="hint" role="status">{formatCount(rows.length)} are shown.</span>
        </p>
      )}
    </>
  );
}
