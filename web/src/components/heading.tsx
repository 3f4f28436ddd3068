import { useEffect, useRef } from 'react';

import { isolated } from '../direction';

let first = true; // the browser itself puts the focus where it belongs when a page is loaded

/** A page's heading and title; after a change of page the focus is here, so that it is announced. */
export function Heading({ children }: { children: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${isolated(children)} · Limehook`;
    if (!first) heading.current?.focus();
    first = false;
  }, [children]);
  return <h1 ref={heading} tabIndex={-1}>{children}</h1>;
}
