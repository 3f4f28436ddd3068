import type { ReactNode } from 'react';

import type { Schemas } from '../../api/types';
import { formatBytes, formatCount, formatDuration, formatMilliseconds } from '../../format';

type Settings = Schemas['Settings'];
type Server = NonNullable<Settings['server']>;

function Panel({ id, title, children }: { id: string; title: string; children: ReactNode }) {
  return (
    <section className="panel" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

/** One setting; `flag` is the option that sets it. */
function Fact({ name, flag, children }: { name: string; flag?: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}{flag !== undefined && <> <code>{flag}</code></>}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const On = ({ on }: { on: boolean }) => <span className={on ? 'badge badge-good' : 'badge'}>{on ? 'On' : 'Off'}</span>;
const listed = (texts: string[]) => (texts.length === 0 ? 'None' : texts.join(', '));
const perSecond = (rate: number | null) => (rate === null ? 'No limit' : `${formatCount(rate)} a second`);

/** How people, mail and receivers are reached. */
export function ConnectionPanel({ settings: { version, public_url, features } }: { settings: Settings }) {
  return (
    <Panel id="connections" title="This server">
      <dl className="facts">
        <Fact name="Version">{version}</Fact>
        <Fact name="Public URL" flag="--public-url">{public_url}<p className="hint">Links in e-mails and for sign-in begin with it.</p></Fact>
        <Fact name="TLS" flag="--tls-cert"><On on={features.tls} /> {!features.tls && <span className="hint">Fine behind a proxy that speaks TLS.</span>}</Fact>
        <Fact name="E-mail" flag="--smtp-url"><On on={features.mail} /> {!features.mail && <span className="hint">Invitations and links for a new password must be handed over by an admin.</span>}</Fact>
        <Fact name="Single sign-on" flag="--oidc-issuer"><On on={features.single_sign_on} /></Fact>
        <Fact name="http:// URLs of webhooks" flag="--allow-http"><On on={features.http_urls} /></Fact>
        <Fact name="Webhooks into private networks" flag="--allow-net"><On on={features.private_networks} /></Fact>
        <Fact name="Test receivers"><On on={features.test_receivers} /></Fact>
      </dl>
    </Panel>
  );
}

/** What a webhook has that says nothing else. */
export function DefaultsPanel({ settings: { webhook_defaults: defaults } }: { settings: Settings }) {
  return (
    <Panel id="defaults" title="What a webhook has unless it says otherwise">
      <dl className="facts">
        <Fact name="Tries again" flag="--retry-schedule">After {defaults.retry_schedule.map(formatDuration).join(', ')}</Fact>
        <Fact name="Time limit of an attempt" flag="--timeout">{formatMilliseconds(defaults.timeout_ms)}</Fact>
        <Fact name="Attempts at once">{formatCount(defaults.max_concurrency)}</Fact>
        <Fact name="Disabled without a success" flag="--disable-after">For {formatDuration(defaults.disabled_after_seconds)}</Fact>
        <Fact name="Old secret after a rotation">Works {formatDuration(defaults.secret_overlap_seconds)} longer</Fact>
      </dl>
      <p><a href="/docs/retries-and-errors">Retries and errors</a></p>
    </Panel>
  );
}

const kept = (seconds: number | null) => (seconds === null ? 'For ever' : formatDuration(seconds));

/** How long things are kept, and how to keep a copy. */
export function KeepingPanel({ settings: { retention } }: { settings: Settings }) {
  return (
    <Panel id="keeping" title="What is kept">
      <dl className="facts">
        <Fact name="Events and their log" flag="--retention">{kept(retention.log_seconds)}</Fact>
        <Fact name="Size of the store" flag="--retention-size">{retention.log_bytes === null ? 'No limit' : `Up to ${formatBytes(retention.log_bytes)}; the oldest events go first`}</Fact>
        <Fact name="Audit log" flag="--audit-retention">{kept(retention.audit_seconds)}</Fact>
      </dl>
      <p>A copy while the server runs: <code>limehook backup</code>. <a href="/docs/operating">How to back up and restore</a></p>
    </Panel>
  );
}

/** For admins only. */
export function ServerPanel({ server }: { server: Server }) {
  return (
    <Panel id="server" title="For those who run it">
      <dl className="facts">
        <Fact name="Listens at" flag="--listen">{server.listen}</Fact>
        <Fact name="Data folder" flag="--data">{server.data}<p className="hint">{formatBytes(server.store_bytes_used)} in use, {formatBytes(server.store_bytes_file)} on disk</p></Fact>
        <Fact name="Key of the store" flag="--secret-key-file">{server.external_secret_key ? 'Outside the data folder' : 'In the data folder: who copies the folder can read secrets'}</Fact>
        <Fact name="Networks webhooks may reach" flag="--allow-net">{listed(server.allow_nets)}</Fact>
        <Fact name="Ports of other protocols that webhooks may reach" flag="--allow-port">{listed(server.allow_ports.map(String))}</Fact>
        <Fact name="Trusted proxies" flag="--trusted-proxy">{listed(server.trusted_proxies)}</Fact>
        <Fact name="Proxy of deliveries" flag="--proxy">{server.proxy ?? 'None'}</Fact>
        <Fact name="Mail server" flag="--smtp-url">{server.mail_server === null ? 'None' : `${server.mail_server}, from ${server.mail_from ?? '–'}`}</Fact>
        <Fact name="OpenID Connect provider" flag="--oidc-issuer">{server.oidc_issuer ?? 'None'}</Fact>
        <Fact name="Requests of one caller" flag="--request-rate">{perSecond(server.request_rate)}</Fact>
        <Fact name="Memory for what waits to be sent" flag="--memory-max">{formatBytes(server.memory_bytes_max)}</Fact>
        <Fact name="People are signed out" flag="--session-idle">After {formatDuration(server.session_idle_seconds)} without use, {formatDuration(server.session_max_seconds)} in any case</Fact>
      </dl>
    </Panel>
  );
}

/** What requests are held to. */
export function LimitsPanel({ settings: { limits } }: { settings: Settings }) {
  return (
    <Panel id="limits" title="Limits">
      <dl className="facts">
        <Fact name="An event">{formatBytes(limits.payload_bytes_max)}</Fact>
        <Fact name="A batch">{formatCount(limits.batch_events_max)} events, {formatBytes(limits.batch_bytes_max)}</Fact>
        <Fact name="Webhooks of a team">{formatCount(limits.webhooks_per_team_max)}</Fact>
        <Fact name="Retries">{formatCount(limits.retry_steps_max)}, each after {formatDuration(limits.retry_step_seconds_min)} to {formatDuration(limits.retry_step_seconds_max)}</Fact>
        <Fact name="Time limit of an attempt">{formatMilliseconds(limits.timeout_ms_min)} to {formatMilliseconds(limits.timeout_ms_max)}</Fact>
        <Fact name="Conditions of a filter">{formatCount(limits.filter_conditions_max)}</Fact>
        <Fact name="Headers of your own">{formatCount(limits.headers_max)}</Fact>
        <Fact name="A template">{formatBytes(limits.template_bytes_max)}</Fact>
      </dl>
    </Panel>
  );
}
