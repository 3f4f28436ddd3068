import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { App } from './app';
import { applyTheme, chosenTheme } from './theme';
import './styles/theme.css';
import './styles/base.css';
import './styles/components.css';
import './styles/shell.css';
import './styles/pages.css';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
// A link that differs in its token only does not load the page again by itself.
addEventListener('hashchange', () => {
  if (/^#(lhl_|error=)/.test(location.hash)) location.reload();
});
applyTheme(chosenTheme());
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
