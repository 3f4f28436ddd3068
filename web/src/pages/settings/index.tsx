// What this server is set to, in words, and which option changes it.

import { Answered } from '../../components/answered';
import { Appearance } from '../../components/appearance';
import { Heading } from '../../components/heading';
import { useSettings } from '../../components/settings';
import { Link } from '../../router';
import { ConnectionPanel, DefaultsPanel, KeepingPanel, LimitsPanel, ServerPanel } from './panels';
import './settings.css';

function You() {
  return (
    <section className="panel" aria-labelledby="you">
      <h2 id="you">You</h2>
      <p>Password, second factor and where you are signed in are on <Link href="/account">your account</Link>.</p>
    </section>
  );
}

export default function SettingsPage() {
  const settings = useSettings();
  return (
    <>
      <Heading>Settings</Heading>
      <p className="hint">How this server runs. It is set where the server is started: on the command line, in a file, or in its environment. <a href="/docs/configuration">All options</a></p>
      <div className="panels settings">
        <Answered query={settings}>
          {(value) => (
            <>
              <ConnectionPanel settings={value} />
              <DefaultsPanel settings={value} />
              <KeepingPanel settings={value} />
              {value.server !== null && <ServerPanel server={value.server} />}
              <LimitsPanel settings={value} />
            </>
          )}
        </Answered>
        <Appearance />
        <You />
      </div>
    </>
  );
}
