// Where one is signed in.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { useApi } from '../../api/access';
import { answer } from '../../api/client';
import type { SignedInBrowser } from '../../api/types';
import { Alert } from '../../components/alert';
import { Answered } from '../../components/answered';
import { formatTime } from '../../format';
import { useSession } from '../../session';

const browsers: [RegExp, string][] = [[/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/Chrome\//, 'Chrome'], [/Safari\//, 'Safari']];
const systems: [RegExp, string][] = [[/Android/, 'Android'], [/iPhone|iPad/, 'iOS'], [/Windows/, 'Windows'], [/Mac OS X/, 'macOS'], [/Linux/, 'Linux']];

function describe(userAgent: string | null): string {
  if (userAgent === null) return 'Unknown browser';
  const nameIn = (table: [RegExp, string][]) => table.find(([pattern]) => pattern.test(userAgent))?.[1];
  const browser = nameIn(browsers);
  const system = nameIn(systems);
  if (browser === undefined) return userAgent.slice(0, 60);
  return system === undefined ? browser : `${browser} on ${system}`;
}

function Row({ row }: { row: SignedInBrowser }) {
  const { signOut } = useSession();
  const api = useApi();
  const queries = useQueryClient();
  const ending = useMutation({
    mutationFn: async () => {
      if (row.current) return signOut();
      await api.DELETE('/v1/sessions/{id}', { params: { path: { id: row.id } } });
      await queries.invalidateQueries({ queryKey: ['sessions'] });
    },
  });
  const name = describe(row.user_agent);
  return (
    <li>
      <div>
        <p><strong>{name}</strong> {row.current && <span className="badge badge-good">This one</span>}</p>
        <p className="hint">{row.client_address} · signed in {formatTime(row.created_at)} · last seen {formatTime(row.last_seen_at)}</p>
        {ending.error !== null && <Alert>{ending.error.message}</Alert>}
      </div>
      <button type="button" className="button-plain" aria-label={`Sign out ${row.current ? 'here' : name}`} aria-disabled={ending.isPending} onClick={() => ending.mutate()}>Sign out</button>
    </li>
  );
}

export function Browsers() {
  const { signOut } = useSession();
  const api = useApi();
  const sessions = useQuery({ queryKey: ['sessions'], queryFn: () => answer(api.GET('/v1/sessions', { params: { query: { limit: 50 } } })) });
  const leaving = useMutation({ mutationFn: () => signOut(true) });
  return (
    <section className="panel" aria-labelledby="browsers">
      <h2 id="browsers">Where you are signed in</h2>
      <Answered query={sessions}>
        {(page) => <ul className="rows">{page.data.map((row) => <Row key={row.id} row={row} />)}</ul>}
      </Answered>
      {leaving.error !== null && <Alert>{leaving.error.message}</Alert>}
      <button type="button" className="button button-second" aria-disabled={leaving.isPending} onClick={() => leaving.mutate()}>Sign out everywhere, here too</button>
    </section>
  );
}
