import { Activity, BookOpen, CircleUser, Hash, Inbox, KeyRound, LogOut, type LucideIcon, Menu, Network, ScrollText, Settings, Users, UsersRound, Webhook } from 'lucide-react';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useEffect, useId, useState } from 'react';
import { useLocation } from 'wouter';

import { type Access, useAccess } from '../api/access';
import logo from '../logo.svg';
import { Link } from '../router';
import { useSession, useUser } from '../session';
import { Alert } from './alert';
import { Dialog } from './dialog';

interface Entry {
  path: string;
  name: string;
  icon: LucideIcon;
  shown?(access: Access): boolean;
}

const administers = ({ canAdminister }: Access) => canAdminister;

const main: Entry[] = [
  { path: '/', name: 'Overview', icon: Activity },
  { path: '/logs', name: 'Webhook Logs', icon: ScrollText },
  { path: '/events', name: 'Inbound events', icon: Inbox },
];
const settings: Entry[] = [
  { path: '/settings/webhooks', name: 'Outbound Webhooks', icon: Webhook },
  { path: '/settings/numbers', name: 'Numbers', icon: Hash },
  { path: '/settings/sources', name: 'Sources', icon: Network },
  { path: '/settings/keys', name: 'API keys', icon: KeyRound, shown: administers },
  { path: '/settings/users', name: 'Users', icon: Users, shown: administers },
  { path: '/settings/teams', name: 'Teams', icon: UsersRound },
  { path: '/settings/audit', name: 'Audit log', icon: BookOpen, shown: administers },
  { path: '/settings', name: 'Settings', icon: Settings },
];

/** The entry that the page belongs to: the one with the longest path. */
function entryOf(path: string): Entry | undefined {
  const holds = (entry: Entry) => path === entry.path || path.startsWith(`${entry.path}/`);
  return [...main, ...settings].filter(holds).sort((a, b) => b.path.length - a.path.length)[0];
}

function Entries({ entries }: { entries: Entry[] }) {
  const access = useAccess();
  const [path] = useLocation();
  const here = entryOf(path);
  return (
    <ul>
      {entries.filter(({ shown }) => shown === undefined || shown(access)).map((entry) => (
        <li key={entry.path}>
          <Link href={entry.path} aria-current={entry === here ? 'page' : undefined}><entry.icon aria-hidden size={18} /> {entry.name}</Link>
        </li>
      ))}
    </ul>
  );
}

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

function Navigation() {
  const { signOut } = useSession();
  const user = useUser();
  const [path] = useLocation();
  const leaving = useMutation({ mutationFn: () => signOut() });
  return (
    <nav aria-label="Main" className="side-nav">
      <Entries entries={main} />
      <h2>Settings</h2>
      <Entries entries={settings} />
      <ul className="side-end">
        <li><a href="/docs"><BookOpen aria-hidden size={18} /> Documentation</a></li>
        <li><Link href="/account" aria-current={path === '/account' ? 'page' : undefined}><CircleUser aria-hidden size={18} /> <span>Account <span className="hint">{user.name ?? user.email}</span></span></Link></li>
        <li><button type="button" aria-disabled={leaving.isPending} onClick={() => leaving.mutate()}><LogOut aria-hidden size={18} /> Sign out</button></li>
      </ul>
      {leaving.error !== null && <Alert>{leaving.error.message}</Alert>}
    </nav>
  );
}

const wide = matchMedia('(min-width: 60rem)');

function useWide(): boolean {
  const [is, setIs] = useState(wide.matches);
  useEffect(() => {
    const tell = () => setIs(wide.matches);
    wide.addEventListener('change', tell);
    return () => wide.removeEventListener('change', tell);
  }, []);
  return is;
}

function MenuButton() {
  const [open, setOpen] = useState(false);
  const [path] = useLocation();
  useEffect(() => setOpen(false), [path]);
  return (
    <>
      <button type="button" className="button-icon" aria-label="Menu" aria-haspopup="dialog" onClick={() => setOpen(true)}><Menu aria-hidden /></button>
      <Dialog title="Menu" open={open} onClose={() => setOpen(false)}><Navigation /></Dialog>
    </>
  );
}

/** What is around every page of who is signed in. */
export function Shell({ children }: { children: ReactNode }) {
  const isWide = useWide();
  return (
    <div className="shell">
      <a className="skip" href="#content">Skip to the content</a>
      <header className="side">
        <div className="side-top">
          <Link href="/" className="brand"><img src={logo} alt="" width="28" height="28" /> Limehook</Link>
          {!isWide && <MenuButton />}
        </div>
        <TeamChoice />
        {isWide && <Navigation />}
      </header>
      <main id="content" className="content" tabIndex={-1}>{children}</main>
    </div>
  );
}
