// Light or dark: as the system is, or as this browser's user has chosen.

import { recallForGood, rememberForGood } from './storage';

export type Theme = 'system' | 'light' | 'dark';

export function chosenTheme(): Theme {
  const text = recallForGood('theme');
  return text === 'light' || text === 'dark' ? text : 'system';
}

export function applyTheme(theme: Theme) {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

export function chooseTheme(theme: Theme) {
  applyTheme(theme);
  rememberForGood('theme', theme === 'system' ? null : theme);
}
