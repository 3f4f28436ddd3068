import { useLocation } from 'wouter';

import { Link } from '../router';

/** Parts of a thing's page, each with an address of its own. */
export function LinkTabs({ label, tabs }: { label: string; tabs: { name: string; path: string }[] }) {
  const [here] = useLocation();
  return (
    <nav aria-label={label} className="tabs">
      {tabs.map(({ name, path }) => (
        <Link key={path} href={path} aria-current={here === path ? 'page' : undefined}>{name}</Link>
      ))}
    </nav>
  );
}
