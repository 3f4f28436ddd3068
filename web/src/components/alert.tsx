import type { ReactNode, Ref } from 'react';

interface AlertProps {
  kind?: 'problem' | 'notice';
  ref?: Ref<HTMLDivElement>;
  children: ReactNode;
}

/** Something to be read now; screen readers say it at once. */
export function Alert({ kind = 'problem', ref, children }: AlertProps) {
  return (
    <div ref={ref} tabIndex={-1} className={`alert alert-${kind}`} role={kind === 'problem' ? 'alert' : 'status'}>
      {children}
    </div>
  );
}
