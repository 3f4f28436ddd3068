import { useCallback, useEffect, useRef, useState } from 'react';

import { ApiError, type Client } from '../api/client';

export type Answer<T> = { status: 'loading' } | { status: 'failed'; error: ApiError } | { status: 'there'; value: T };

/** What the server answers to GET `path`, asked again when `key` changes; `again` asks once more. */
export function useAnswer<T>(client: Client, path: string, key: string | null = null): { answer: Answer<T>; again(): void } {
  const [answer, setAnswer] = useState<Answer<T>>({ status: 'loading' });
  const latest = useRef(0);
  const ask = useCallback(async () => {
    const turn = (latest.current += 1);
    const next = await client.get<T>(path).then(
      (value): Answer<T> => ({ status: 'there', value }),
      (error: unknown): Answer<T> => {
        if (error instanceof ApiError) return { status: 'failed', error };
        throw error;
      },
    );
    if (turn === latest.current) setAnswer(next);
  }, [client, path]);
  useEffect(() => {
    setAnswer({ status: 'loading' });
    void ask();
    return () => {
      latest.current += 1;
    };
  }, [ask, key]);
  return { answer, again: () => void ask() };
}
