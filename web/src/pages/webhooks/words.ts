// What the pages of webhooks say in words.

import type { Schemas, Webhook } from '../../api/types';
import { hintForStatus } from '../../components/status_hint';

/** How an attempt ended. */
export const outcomes: Record<Schemas['AttemptOutcome'], string> = {
  response: 'Answered',
  name_not_resolved: 'Host name not found',
  address_refused: 'Address not allowed',
  connect_failed: 'No connection',
  tls_failed: 'TLS failed',
  timeout: 'Timed out',
  connection_lost: 'Connection lost',
  bad_response: 'Not valid HTTP',
  internal: 'Internal error',
  held_back: 'Held back while failing',
  oauth_failed: 'No OAuth token',
};

export type Mood = 'good' | 'warn' | 'bad' | 'info' | 'quiet';

export interface Health {
  mood: Mood;
  /** In one or two words. */
  badge: string;
  /** What is going on. */
  words: string;
}

/** How a webhook fares; the worst first. */
export function healthOf(webhook: Webhook): Health {
  const { enabled, disabled_reason, breaker, failing_since, blocked_by, mode } = webhook;
  if (!enabled && disabled_reason !== null) return { mood: 'bad', badge: 'Disabled by Limehook', words: disabled_reason };
  if (!enabled) return { mood: 'quiet', badge: 'Disabled', words: 'Somebody disabled it: nothing is sent.' };
  if (mode === 'poll') return { mood: 'info', badge: 'Polled', words: 'The receiver asks for its events.' };
  if (breaker.state !== 'closed') return { mood: 'bad', badge: 'Paused', words: `${breaker.failures_in_a_row} attempts in a row have failed: deliveries are held back, and one probe at a time is sent.` };
  if (failing_since !== null) return { mood: 'bad', badge: 'Failing', words: 'Its attempts fail.' };
  if (blocked_by !== null) return { mood: 'warn', badge: 'Waiting', words: 'Deliveries wait in order for one that is being retried.' };
  return { mood: 'good', badge: 'Enabled', words: 'All is well.' };
}

export const isTroubled = (webhook: Webhook) => ['bad', 'warn'].includes(healthOf(webhook).mood);

/** What to do about an error of an attempt, in the words of the API. */
const advice: [RegExp, string][] = [
  [/renegotiation/i, 'The receiver asks for the client certificate in a new TLS 1.2 handshake, which is refused. Let it use TLS 1.3, or ask in the first handshake.'],
  [/refused|no connection/i, 'Is the receiver running, does it listen on this port, and can it be reached from this server?'],
  [/name is not known/i, 'Is the name of the host spelled right, and is its DNS entry there? This server sends to public addresses only, unless its operator allows others (--allow-net).'],
  [/not public|may send to/i, 'This server sends to public addresses only. Use one, or ask its operator to allow this one (--allow-net).'],
  [/no address|not found|resolved/i, 'The name of the host is not known. Is it spelled right, and is its DNS entry there?'],
  [/certificate|TLS|SSL|handshake/i, 'The secure connection failed. Is the certificate valid, not expired, and does it name this host?'],
  [/timed out|in time/i, 'The receiver took too long. Let it answer at once and do the work afterwards.'],
  [/unreachable|no route/i, 'The host cannot be reached from this server. Is there a firewall between them?'],
  [/not valid HTTP/i, 'What listens there does not speak HTTP. Is the port right, and https or http?'],
  [/closed|reset|broken pipe|complete|lost/i, 'The connection broke before a whole answer came. Look at the log of the receiver or of a proxy before it.'],
  [/token endpoint|oauth/i, 'No token came from the OAuth server: check its URL and credentials.'],
];

export function adviceFor(error: string | null, status: number | null): string | null {
  if (status !== null) return hintForStatus(status) ?? null;
  return advice.find(([pattern]) => error !== null && pattern.test(error))?.[1] ?? null;
}

/** What a webhook sends instead of the event as it is. */
export function payloadInWords(payload: Schemas['PayloadShape'] | null): string {
  if (payload?.preset !== undefined) return { slack: 'Slack message', discord: 'Discord message', teams: 'Microsoft Teams message', cloudevents: 'CloudEvents' }[payload.preset];
  const form = payload?.content_type === 'application/x-www-form-urlencoded' ? ', as form fields' : '';
  if (payload?.fields !== undefined) return `Chosen fields${form}`;
  return payload?.template === undefined ? `The event as it is${form}` : `Template${form}`;
}
