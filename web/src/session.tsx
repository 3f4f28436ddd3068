// Who is signed in, and in which team they act.

import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from 'react';

import { type Api, answer, ApiError, apiOver, cookieFetch, type Fetch, openApi } from './api/client';
import type { Role, User } from './api/types';
import { recall, remember } from './storage';

// `ended`: the session is over, but what is on the page stays: signing in again goes on with it.
type State =
  | { status: 'loading' }
  | { status: 'failed'; error: ApiError }
  | { status: 'out' }
  | { status: 'in'; user: User; ended: boolean };

export interface SessionAccess {
  state: State;
  /** Calls in the name of who is signed in. */
  send: Fetch;
  api: Api;
  /** The team that one acts in; null where one is not limited to a team, or in none. */
  team: string | null;
  /** What one may do in `team`; null: nothing. */
  role: Role | null;
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

function roleIn(user: User | null, team: string | null): Role | null {
  if (user?.admin === true) return 'admin';
  return user?.teams.find(({ team_id }) => team_id === team)?.role ?? null;
}

interface SessionProviderProps {
  /** Do requests wait where the session has ended, until somebody signs in again over the page? */
  holds: boolean;
  children: ReactNode;
}

export function SessionProvider({ holds, children }: SessionProviderProps) {
  const [state, setState] = useState<State>({ status: 'loading' });
  const [chosen, setChosen] = useState(() => recall('team'));
  const csrf = useRef('');
  const person = useRef('');
  const waiting = useRef<((same: boolean) => void)[]>([]);  // requests that were refused because the session had ended
  const user = state.status === 'in' ? state.user : null;
  const team = user === null ? null : teamOf(user, chosen);
  const holdsNow = useRef(holds);
  holdsNow.current = holds;
  const teamNow = useRef(team);
  teamNow.current = team;

  const load = useCallback(async () => {
    const release = (same: boolean) => {
      for (const go of waiting.current.splice(0)) go(same);
    };
    try {
      const { user: found, csrf_token = '' } = await answer(openApi.GET('/v1/session'));
      if (found === undefined) throw new ApiError(403, 'Nobody is signed in.');
      const same = person.current === found.id;
      const renewed = same && csrf.current !== csrf_token;
      csrf.current = csrf_token;
      person.current = found.id;
      setState({ status: 'in', user: found, ended: false });
      release(same);
      return renewed;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setState(error.status === 401 ? { status: 'out' } : { status: 'failed', error });
      release(false);
      return false;
    }
  }, []);

  useEffect(() => void load(), [load]);

  const send = useMemo(
    () =>
      cookieFetch({
        csrfToken: () => csrf.current,
        team: () => teamNow.current,
        renewed: load,
        ended: () => {
          setState((was) => (was.status !== 'in' || !holdsNow.current ? { status: 'out' } : was.ended ? was : { ...was, ended: true }));
          return person.current === '' || !holdsNow.current ? Promise.resolve(false) : new Promise<boolean>((resolve) => waiting.current.push(resolve));
        },
      }),
    [load],
  );

  const api = useMemo(() => apiOver(send), [send]);
  const access: SessionAccess = {
    state,
    send,
    api,
    team,
    role: roleIn(user, team),
    chooseTeam(next) {
      remember('team', next);
      setChosen(next);
    },
    async refresh() {
      await load();
    },
    async signOut(everywhere = false) {
      const leave = cookieFetch({ csrfToken: () => csrf.current, team: () => null, renewed: load, ended: () => Promise.resolve(false) });
      await leave(new Request(everywhere ? '/v1/sessions' : '/v1/session', { method: 'DELETE' })).catch((error: unknown) => {
        if (!(error instanceof ApiError && error.status === 401)) throw error;  // it had ended already
      });
      setState({ status: 'out' });
    },
  };
  return <SessionContext.Provider value={access}>{children}</SessionContext.Provider>;
}
