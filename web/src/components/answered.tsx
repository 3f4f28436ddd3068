import type { ReactNode } from 'react';

import { Alert } from './alert';
import type { Answer } from './use_answer';

export function Loading() {
  return <p className="hint" role="status">Loading…</p>;
}

/** Shows an answer once it is there, and until then what becomes of it. */
export function Answered<T>({ answer, children }: { answer: Answer<T>; children(value: T): ReactNode }) {
  if (answer.status === 'loading') return <Loading />;
  if (answer.status === 'failed') return <Alert>{answer.error.message}</Alert>;
  return children(answer.value);
}
