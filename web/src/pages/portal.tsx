// A team's webhooks within the platform's own product: in a frame, and without an account. What the link's token is
// good for is a session of an hour, which this tab remembers.

import { useEffect, useMemo, useRef, useState } from 'react';

import { ApiError, type Client, openClient, tokenClient } from '../api/client';
import type { PortalSession } from '../api/types';
import { Alert } from '../components/alert';
import { Loading } from '../components/answered';
import { Heading } from '../components/heading';
import { WebhookList } from '../components/webhook_list';
import { recall, remember } from '../storage';

/** The link's token, once; it is good for one exchange only, so it is not remembered. */
function takePortalToken(): string | null {
  const token = location.hash.match(/^#(lhl_[\w-]+)$/)?.[1] ?? null;
  if (token !== null) history.replaceState(null, '', location.pathname);
  return token;
}

function usePortalClient(): { client: Client | null; problem: string | null } {
  const [linkToken] = useState(takePortalToken);
  const [token, setToken] = useState(() => (linkToken === null ? recall('portal') : null));
  const [problem, setProblem] = useState<string | null>(null);
  const asked = useRef(false);
  useEffect(() => {
    if (linkToken === null || asked.current) return;
    asked.current = true;
    openClient.send<PortalSession>('POST', '/v1/portal/session', { token: linkToken }).then(
      (session) => {
        remember('portal', session.token);
        setToken(session.token);
      },
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        setProblem(error.message);
      },
    );
  }, [linkToken]);
  const client = useMemo(() => (token === null ? null : tokenClient(token)), [token]);
  const missing = linkToken === null && token === null;
  return { client, problem: missing ? 'Open this page again from where you came from.' : problem };
}

export function PortalPage() {
  const { client, problem } = usePortalClient();
  return (
    <main className="content">
      <Heading>Webhooks</Heading>
      {problem !== null && <Alert>{problem}</Alert>}
      {problem === null && client === null && <Loading />}
      {client !== null && <WebhookList client={client} team={null} />}
    </main>
  );
}
