import { type ReactNode, useId } from 'react';

import logo from '../logo.svg';
import { Link, usePath } from '../router';
import { useSession, useUser } from '../session';
import { Alert } from './alert';
import { useAction } from './use_action';

const pages = [
  { path: '/', name: 'Overview' },
  { path: '/account', name: 'Account' },
];

function TeamChoice() {
  const { team, chooseTeam } = useSession();
  const { teams } = useUser();
  const id = useId();
  if (teams.length < 2 || team === null) return null;
  return (
    <div className="team-choice">
      <label htmlFor={id}>Team</label>
      <select id={id} value={team} onChange={(event) => chooseTeam(event.target.value)}>
        {teams.map(({ team_id }) => <option key={team_id}>{team_id}</option>)}
      </select>
    </div>
  );
}

/** What is around every page of who is signed in. */
export function Shell({ children }: { children: ReactNode }) {
  const path = usePath();
  const { signOut } = useSession();
  const leaving = useAction(() => signOut());
  return (
    <>
      <a className="skip" href="#content">Skip to the content</a>
      <header className="top">
        <Link href="/" className="brand"><img src={logo} alt="" width="28" height="28" /> Limehook</Link>
        <nav aria-label="Main">
          {pages.map((page) => (
            <Link key={page.path} href={page.path} aria-current={path === page.path ? 'page' : undefined}>{page.name}</Link>
          ))}
        </nav>
        <TeamChoice />
        <button type="button" className="button-plain" aria-disabled={leaving.pending} onClick={leaving.run}>Sign out</button>
      </header>
      <main id="content" className="content" tabIndex={-1}>
        {leaving.error !== null && <Alert>{leaving.error.message}</Alert>}
        {children}
      </main>
    </>
  );
}
