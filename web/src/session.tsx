// Who is signed in, and in which team they act.

import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from 'react';

import { ApiError, type Client, cookieClient, openClient } from './api/client';
import type { Session, User } from './api/types';
import { recall, remember } from './storage';

type State = { status: 'loading' } | { status: 'failed'; error: ApiError } | { status: 'out' } | { status: 'in'; user: User };

export interface SessionAccess {
  state: State;
  client: Client;
  /** The team that one acts in; null where one is not limited to a team, or in none. */
  team: string | null;
  chooseTeam(team: string): void;
  /** Asks the server again, after signing in for instance. */
  refresh(): Promise<void>;
  signOut(everywhere?: boolean): Promise<void>;
}

const SessionContext = createContext<SessionAccess | null>(null);

export function useSession(): SessionAccess {
  const access = useContext(SessionContext);
  if (access === null) throw new Error('there is no SessionProvider');
  return access;
}

/** For pages that are shown to people who are signed in only. */
export function useUser(): User {
  const { state } = useSession();
  if (state.status !== 'in') throw new Error('nobody is signed in');
  return state.user;
}

/** The team that was chosen before, if one is still a member; else the first, as the server has it. */
function teamOf(user: User, chosen: string | null): string | null {
  if (user.admin) return null;
  const member = user.teams.find(({ team_id }) => team_id === chosen) ?? user.teams[0];
  return member?.team_id ?? null;
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<State>({ status: 'loading' });
  const [chosen, setChosen] = useState(() => recall('team'));
  const csrf = useRef('');
  const user = useRef('');
  const team = state.status === 'in' ? teamOf(state.user, chosen) : null;
  const teamNow = useRef(team);
  teamNow.current = team;

  const load = useCallback(async () => {
    try {
      const session = await openClient.get<Session>('/v1/session');
      const renewed = user.current === session.user.id && csrf.current !== session.csrf_token;
      csrf.current = session.csrf_token;
      user.current = session.user.id;
      setState({ status: 'in', user: session.user });
      return renewed;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setState(error.status === 401 ? { status: 'out' } : { status: 'failed', error });
      return false;
    }
  }, []);

  useEffect(() => void load(), [load]);

  const client = useMemo(
    () =>
      cookieClient({
        csrfToken: () => csrf.current,
        team: () => teamNow.current,
        renewed: load,
        ended: () => setState({ status: 'out' }),
      }),
    [load],
  );

  const access: SessionAccess = {
    state,
    client,
    team,
    chooseTeam(next) {
      remember('team', next);
      setChosen(next);
    },
    async refresh() {
      await load();
    },
    async signOut(everywhere = false) {
      await client.send('DELETE', everywhere ? '/v1/sessions' : '/v1/session');
      setState({ status: 'out' });
    },
  };
  return <SessionContext.Provider value={access}>{children}</SessionContext.Provider>;
}
