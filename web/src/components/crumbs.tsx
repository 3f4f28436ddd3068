import { Link } from '../router';

/** Where one is: the last step is the page itself. Steps without a path are groups. */
export function Crumbs({ steps }: { steps: { name: string; path?: string }[] }) {
  return (
    <nav aria-label="Breadcrumb" className="crumbs">
      <ol>
        {steps.map(({ name, path }, index) => (
          <li key={name}>
            {path !== undefined ? <Link href={path}>{name}</Link> : <span aria-current={index === steps.length - 1 ? 'page' : undefined}>{name}</span>}
          </li>
        ))}
      </ol>
    </nav>
  );
}
