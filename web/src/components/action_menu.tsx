import { Menu } from '@base-ui/react/menu';
import { Ellipsis } from 'lucide-react';

import { mainElement } from './dialog';

export interface Action {
  name: string;
  /** It takes something away. */
  bad?: boolean;
  run(): void;
}

/** What can be done with a row; `label` says with which. */
export function ActionMenu({ label, actions }: { label: string; actions: Action[] }) {
  if (actions.length === 0) return null;
  return (
    <Menu.Root>
      <Menu.Trigger className="button-icon" aria-label={label}><Ellipsis aria-hidden size={20} /></Menu.Trigger>
      <Menu.Portal container={mainElement} className="menu-portal">
        <Menu.Positioner className="menu-positioner" align="end" sideOffset={4}>
          <Menu.Popup className="menu">
            {actions.map(({ name, bad = false, run }) => (
              <Menu.Item key={name} className={bad ? 'menu-item menu-item-bad' : 'menu-item'} onClick={run}>{name}</Menu.Item>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
