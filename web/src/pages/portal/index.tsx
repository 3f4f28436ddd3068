// A team's webhooks and their log within the platform's own product: in a frame, and without an account. What the
// link's token is good for is a session of an hour, which this tab remembers.

import { lazy, type ReactNode, useEffect, useRef, useState } from 'react';
import { Route, Router, Switch } from 'wouter';

import { AccessProvider } from '../../api/access';
import { answer, ApiError, openApi, tokenFetch } from '../../api/client';
import type { Schemas } from '../../api/types';
import { Alert } from '../../components/alert';
import { Loading } from '../../components/answered';
import { Heading } from '../../components/heading';
import { LinkTabs } from '../../components/link_tabs';
import { Part } from '../../components/part';
import { recall, remember, remembers } from '../../storage';

const Webhooks = lazy(() => import('../webhooks'));
const Logs = lazy(() => import('../logs'));

type Session = Pick<Schemas['PortalSession'], 'token' | 'team_id' | 'role'>;

const sessionOf = (text: string | null) => (text === null ? null : (JSON.parse(text) as Session));

/** The link's token, once; it is good for one exchange only, so it is not remembered. */
function takePortalToken(): string | null {
  const token = location.hash.match(/^#(lhl_[\w-]+)$/)?.[1] ?? null;
  if (token !== null) history.replaceState(null, '', location.pathname);
  return token;
}

// When this page is loaded and not when it is rendered: a first rendering may be begun twice. Another link loads the
// page anew (main.tsx).
const linkToken = takePortalToken();

// Where the scripts run all the same; else index.html says it.
const sandboxWords = 'This page is in a frame whose sandbox gives it no origin, so it cannot ask the server. The site that shows it must add allow-scripts allow-same-origin to the sandbox, or open the page in a tab of its own.';

const missingWords = () =>
  remembers()
    ? 'Open this page again from where you came from.'
    : 'This browser keeps nothing for this page, so it cannot be loaded again. Open it anew from where you came from. To keep it, allow this site to store data, also inside other sites.';

function usePortalSession(): { session: Session | null; problem: string | null } {
  const [session, setSession] = useState(() => (linkToken === null ? sessionOf(recall('portal')) : null));
  const [problem, setProblem] = useState<string | null>(null);
  const asked = useRef(false);
  useEffect(() => {
    if (linkToken === null || asked.current) return;
    asked.current = true;
    answer(openApi.POST('/v1/portal/session', { body: { token: linkToken } })).then(
      ({ token, team_id, role }) => {
        remember('portal', JSON.stringify({ token, team_id, role }));
        setSession({ token, team_id, role });
      },
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        setProblem(error.status === 0 && self.origin === 'null' ? sandboxWords : error.message);
      },
    );
  }, []);
  const missing = linkToken === null && session === null;
  return { session, problem: missing ? missingWords() : problem };
}

function Pages({ session }: { session: Session }) {
  const [send] = useState(() => tokenFetch(session.token));
  return (
    <AccessProvider send={send} identity={session.token} team={session.team_id} role={session.role} portal>
      <Router base="/portal">
        <LinkTabs label="Main" tabs={[{ name: 'Outbound Webhooks', path: '/settings/webhooks' }, { name: 'Webhook Logs', path: '/logs' }]} />
        <Part>
          <Switch>
            <Route path="/logs/*?"><Logs /></Route>
            <Route path="/*?"><Webhooks /></Route>
          </Switch>
        </Part>
      </Router>
    </AccessProvider>
  );
}

const Frame = ({ children }: { children: ReactNode }) => <main className="content">{children}</main>;

export default function PortalPage() {
  const { session, problem } = usePortalSession();
  if (session !== null) return <Frame><Pages session={session} /></Frame>;
  return <Frame><Heading>Webhooks</Heading>{problem === null ? <Loading /> : <Alert>{problem}</Alert>}</Frame>;
}
