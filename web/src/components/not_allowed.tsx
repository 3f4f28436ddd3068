import type { ReactNode } from 'react';

import { useAccess } from '../api/access';
import { Empty } from './empty';

/** For admins and people who manage a team; others are told so. */
export function ForAdministrators({ children }: { children: ReactNode }) {
  const { canAdminister } = useAccess();
  if (canAdminister) return children;
  return <Empty title="This page is not for you to see"><p className="hint">Admins see it, and people who manage a team. Ask one of them.</p></Empty>;
}
