import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import type { ApiError } from '../api/client';
import { Alert } from './alert';

export function Loading() {
  return <p className="hint" role="status">Loading…</p>;
}

// What is not there, or not allowed, stays so however often one tries.
const canPass = ({ status }: ApiError) => status < 400 || status >= 500 || status === 408 || status === 409 || status === 429;

/** Says what went wrong, and lets one try again where that may help. */
export function Failed({ error, again }: { error: ApiError; again(): unknown }) {
  return (
    <Alert>
      {error.message} {canPass(error) && <button type="button" className="button-plain" onClick={() => void again()}>Try again</button>}
    </Alert>
  );
}

/**
 * Shows what a query has read, and until then what becomes of it. What was read once stays when it cannot be read
 * again.
 */
export function Answered<T>({ query, children }: { query: UseQueryResult<T, ApiError>; children(value: T): ReactNode }) {
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null) return <Failed error={query.error} again={query.refetch} />;
  return <Loading />;
}
