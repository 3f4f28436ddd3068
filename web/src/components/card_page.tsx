import type { ReactNode } from 'react';

import logo from '../logo.svg';
import { Heading } from './heading';

/** A page with one thing to do, for who is not signed in. */
export function CardPage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="card-page">
      <p className="brand"><img src={logo} alt="" width="32" height="32" /> Limehook</p>
      <section className="card">
        <Heading>{title}</Heading>
        {children}
      </section>
    </main>
  );
}
