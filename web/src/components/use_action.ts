import { useState } from 'react';

import { ApiError } from '../api/client';

interface Action {
  pending: boolean;
  error: ApiError | null;
  run(): void;
}

/** What a button does: once at a time, with the problem that came of it. */
export function useAction(action: () => Promise<void>): Action {
  const [state, setState] = useState<{ pending: boolean; error: ApiError | null }>({ pending: false, error: null });
  const run = async () => {
    if (state.pending) return;
    setState({ pending: true, error: null });
    try {
      await action();
      setState({ pending: false, error: null });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setState({ pending: false, error });
    }
  };
  return { ...state, run: () => void run() };
}
