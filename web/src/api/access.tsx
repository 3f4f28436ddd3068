// In whose name pages call the API, and what they may do. All pages under an AccessProvider share its cache, which is
// thrown away when the person or the team changes.

import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useMemo } from 'react';

import { type Api, ApiError, apiOver, type Fetch } from './client';
import { LiveUpdates } from './live';
import { sharedWith } from '../json';
import type { Role } from './types';

declare module '@tanstack/react-query' {
  interface Register {
    defaultError: ApiError;
  }
}

export interface Access {
  api: Api;
  /** Who acts in which team; what they leave in a tab, drafts for instance, is not for others. */
  identity: string;
  /** The team that one acts in; null: an admin, who sees all teams, or somebody who is in none. */
  team: string | null;
  /** What one may do in `team`; null: nothing. */
  role: Role | null;
  admin: boolean;
  /** May webhooks and numbers be changed? */
  canChange: boolean;
  /** Keys, users and the audit log: for admins and for people who manage a team. */
  canAdminister: boolean;
  /** Within the platform's own product, where there are a team's webhooks only. */
  portal: boolean;
}

const AccessContext = createContext<Access | null>(null);

export function useAccess(): Access {
  const access = useContext(AccessContext);
  if (access === null) throw new Error('there is no AccessProvider');
  return access;
}

export const useApi = (): Api => useAccess().api;

// What the server refuses is not asked for again; what did not reach it is, twice.
const retry = (failures: number, error: ApiError) => (error.status === 0 || error.status >= 500) && failures < 2;

// Only what the API says is shown to people; anything else is a mistake of ours and belongs to the console.
function surface(error: unknown) {
  if (!(error instanceof ApiError)) reportError(error);
}

export const newQueryClient = () =>
  new QueryClient({
    queryCache: new QueryCache({ onError: surface }),
    mutationCache: new MutationCache({ onError: surface }),
    defaultOptions: {
      // `online` of browsers says nothing about servers on this machine.
      queries: { retry, retryDelay: 1000, staleTime: 1000, networkMode: 'always', structuralSharing: sharedWith },
      mutations: { networkMode: 'always' },
    },
  });

interface AccessProviderProps {
  /** Who calls: cookieFetch or tokenFetch. */
  send: Fetch;
  /** Another value throws away what was read: another person or team. */
  identity: string;
  team: string | null;
  role: Role | null;
  portal?: boolean;
  children: ReactNode;
}

export function AccessProvider({ send, identity, team, role, portal = false, children }: AccessProviderProps) {
  const queries = useMemo(newQueryClient, [identity]);
  const api = useMemo(() => apiOver(send), [send]);
  const access = useMemo<Access>(() => {
    const admin = role === 'admin';
    const canChange = admin || role === 'manage';
    return { api, identity, team, role, admin, canChange, canAdminister: canChange && !portal, portal };
  }, [api, identity, team, role, portal]);
  return (
    <AccessContext.Provider value={access}>
      <QueryClientProvider client={queries}>
        <LiveUpdates send={send} key={identity}>{children}</LiveUpdates>
      </QueryClientProvider>
    </AccessContext.Provider>
  );
}
