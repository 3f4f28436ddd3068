import { useState } from 'react';

import { chooseTheme, chosenTheme, type Theme } from '../theme';

const themeNames = { system: 'As the system', light: 'Light', dark: 'Dark' };

/** Light or dark, in this browser. */
export function Appearance() {
  const [theme, setTheme] = useState(chosenTheme);
  const choose = (next: Theme) => {
    chooseTheme(next);
    setTheme(next);
  };
  return (
    <section className="panel" aria-labelledby="appearance">
      <h2 id="appearance">Appearance</h2>
      <fieldset className="choices">
        <legend className="hint">In this browser</legend>
        {(['system', 'light', 'dark'] as const).map((value) => (
          <label key={value}><input type="radio" name="theme" checked={theme === value} onChange={() => choose(value)} /> {themeNames[value]}</label>
        ))}
      </fieldset>
    </section>
  );
}
