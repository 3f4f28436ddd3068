// What stands in the form of a webhook, and what the API makes of it.

import type { Schemas, Webhook } from '../../../api/types';
import { indentedJson, jsonOf, jsonProblem, memberJson, membersOf, objectJson, verbatim } from '../../../json';
import { asNumber, numbersIn } from '../../../phone_number';
import { type Condition, fromApi, toApi } from './conditions';

export type PayloadKind = 'default' | 'fields' | 'template' | Preset;
export type Preset = NonNullable<Schemas['PayloadShape']['preset']>;

export interface FieldRow {
  key: number;
  field: string;
  as: string;
}

/** All as it is typed; empty means the default. */
export interface Values {
  name: string;
  mode: 'push' | 'poll';
  url: string;
  team_id: string;
  allEvents: boolean;
  events: string[];
  numbers: string;
  match: 'all' | 'any';
  conditions: Condition[];
  payload: PayloadKind;
  fields: FieldRow[];
  template: string;
  asForm: boolean;
  headers: string;
  retry_schedule: string;
  timeout_ms: string;
  max_concurrency: string;
  rate_limit: string;
  ordered: 'false' | 'webhook' | 'call';
  fallback_url: string;
  notify_emails: string;
  v1: boolean;
  v1a: boolean;
  signature_header: string;
  token: string;
}

export const presets: [Preset, string][] = [['slack', 'Slack'], ['discord', 'Discord'], ['teams', 'Microsoft Teams'], ['cloudevents', 'CloudEvents']];

export const emptyValues: Values = {
  name: '', mode: 'push', url: '', team_id: '', allEvents: false, events: [], numbers: '', match: 'all', conditions: [],
  payload: 'default', fields: [], template: '{\n  "text": "{{event}} from {{caller_number}}"\n}', asForm: false, headers: '',
  retry_schedule: '', timeout_ms: '', max_concurrency: '', rate_limit: '', ordered: 'false', fallback_url: '',
  notify_emails: '', v1: true, v1a: false, signature_header: '', token: '',
};

/** What the form needs to know besides what was typed. */
export interface Surroundings {
  /** The platform's event types: all of them is what a webhook gets that names none. */
  platformEvents: string[];
  /** Known members of payloads, each with an example. */
  paths: ReadonlyMap<string, unknown>;
}

/** Limehook's own event types are sent only where they are named. */
export const isOwnEvent = (name: string) => name.includes('.');

const listOf = (typed: string) => typed.split(/[\s,;]+/).filter((item) => item !== '');
/** A number as it is typed, or else the text, which the server refuses in its own words. */
const numberOf = (typed: string): number => verbatim(/^-?(0|[1-9]\d*)(\.\d+)?$/.test(typed) ? typed : jsonOf(typed));
const orNull = <T,>(typed: string, value: (typed: string) => T) => (typed.trim() === '' ? null : value(typed.trim()));

const unitSeconds: Record<string, number> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

/** "1m, 5m" in seconds; what cannot be read stays a text, which the server refuses. */
export function scheduleOf(typed: string): number[] {
  return typed.split(',').map((item) => {
    const [, amount, unit = 's'] = item.trim().match(/^(\d+)\s*(s|m|min|h|d)?$/) ?? [];
    return (amount === undefined ? item.trim() : Number(amount) * (unitSeconds[unit] ?? 1)) as number;
  });
}

export function typedSeconds(seconds: number): string {
  const [unit, length] = ([['d', 86_400], ['h', 3600], ['m', 60]] as const).find(([, length]) => seconds % length === 0) ?? ['s', 1];
  return `${seconds / length}${unit}`;
}

function headersOf(typed: string): Record<string, string> {
  const lines = typed.split('\n').filter((line) => line.trim() !== '');
  const members = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return colon < 0 ? [line.trim(), ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
  // Not an object of JavaScript, which would put a header named 10 first.
  return verbatim(objectJson(members.map(([name, value]) => [name, jsonOf(value)])));
}

/** The generated types take members that have a default for given. */
type Shape = Partial<Schemas['PayloadShape']>;

export function payloadOf({ payload, fields, template, asForm }: Values): Shape | null {
  const form: Shape = asForm ? { content_type: 'application/x-www-form-urlencoded' } : {};
  switch (payload) {
    case 'default': return asForm ? form : null;
    case 'fields': return { fields: fields.map(({ field, as }) => (as === '' || as === field ? field : { field, as })), ...form };
    case 'template': return { template: jsonProblem(template) === null ? verbatim(template) : template, ...form };
    default: return { preset: payload };
  }
}

type Member = 'events' | 'numbers' | 'filters' | 'headers' | 'retry_schedule' | 'timeout_ms' | 'max_concurrency' | 'rate_limit' | 'ordered' | 'fallback_url' | 'mode' | 'notify_emails' | 'signatures' | 'signature_header' | 'token';

export type Settings = Partial<Pick<Schemas['WebhookSettings'], Member>> & { name: string | null; url: string | null; payload: Shape | null };

/** All that the form can set, in the API's form. */
export function settingsOf(values: Values, { platformEvents, paths }: Surroundings): Settings {
  const own = values.events.filter(isOwnEvent);
  const events = (values.allEvents ? (own.length === 0 ? null : [...platformEvents, ...own]) : values.events) as Webhook['events'] | null;
  return {
    // What is missing is said to be so, that the server names it together with all else that is wrong.
    name: orNull(values.name, String),
    url: values.url.trim() === '' && values.mode === 'poll' ? null : values.url.trim(),
    events,
    numbers: numbersIn(values.numbers).map(asNumber),
    filters: values.conditions.length === 0 ? null : { match: values.match, conditions: values.conditions.map((row) => toApi(row, paths)) },
    payload: payloadOf(values),
    headers: headersOf(values.headers),
    retry_schedule: orNull(values.retry_schedule, scheduleOf),
    timeout_ms: orNull(values.timeout_ms, numberOf),
    max_concurrency: orNull(values.max_concurrency, numberOf),
    rate_limit: orNull(values.rate_limit, numberOf),
    ordered: values.ordered === 'false' ? false : values.ordered,
    fallback_url: orNull(values.fallback_url, String),
    mode: values.mode,
    notify_emails: listOf(values.notify_emails),
    signatures: [...(values.v1 ? (['v1'] as const) : []), ...(values.v1a ? (['v1a'] as const) : [])],
    signature_header: orNull(values.signature_header, String),
    ...(values.token === '' ? {} : { token: values.token }),
  };
}

/** What differs from `base`, member by member: all that a change has to send. */
export function changesOf(base: Settings, mine: Settings): Partial<Settings> {
  const differs = ([name, value]: [string, unknown]) => jsonOf(value) !== jsonOf(base[name as keyof Settings]);
  return Object.fromEntries(Object.entries(mine).filter(differs)) as Partial<Settings>;
}

function fieldRows(fields: Schemas['PayloadShape']['fields']): FieldRow[] {
  if (fields === undefined) return [];
  const rows: [string, string][] = Array.isArray(fields)
    ? fields.map((item) => (typeof item === 'string' ? [item, ''] : [item.field, item.as ?? '']))
    : membersOf(fields).map(([as, json]) => [JSON.parse(json) as string, as]).map(([field = '', as = '']) => [field, as === field ? '' : as]);
  return rows.map(([field, as], key) => ({ key, field, as }));
}

function kindOf(payload: Webhook['payload']): PayloadKind {
  if (payload?.preset !== undefined) return payload.preset;
  if (payload?.fields !== undefined) return 'fields';
  return payload?.template === undefined ? 'default' : 'template';
}

/** A webhook as it stands in the form. */
export function valuesOf(webhook: Webhook, { platformEvents }: Surroundings): Values {
  const { payload, filters } = webhook;
  const text = (value: string | number | null) => (value === null ? '' : String(value));
  return {
    ...emptyValues,
    name: webhook.name,
    mode: webhook.mode,
    url: text(webhook.url),
    team_id: text(webhook.team_id),
    allEvents: platformEvents.every((name) => (webhook.events as string[]).includes(name)),
    events: webhook.events,
    numbers: webhook.numbers.join(', '),
    match: filters?.match ?? 'all',
    conditions: (filters?.conditions ?? []).map(fromApi),
    payload: kindOf(payload),
    fields: fieldRows(payload?.fields),
    ...(payload?.template === undefined ? {} : { template: indentedJson(memberJson(payload, 'template') ?? 'null') }),
    asForm: payload?.content_type === 'application/x-www-form-urlencoded',
    headers: membersOf(webhook.headers).map(([name, json]) => `${name}: ${JSON.parse(json) as string}`).join('\n'),
    retry_schedule: webhook.retry_schedule?.map(typedSeconds).join(', ') ?? '',
    timeout_ms: text(webhook.timeout_ms),
    max_concurrency: text(webhook.max_concurrency),
    rate_limit: text(webhook.rate_limit),
    ordered: String(webhook.ordered) as Values['ordered'],
    fallback_url: text(webhook.fallback_url),
    notify_emails: webhook.notify_emails.join(', '),
    v1: webhook.signatures.includes('v1'),
    v1a: webhook.signatures.includes('v1a'),
    signature_header: text(webhook.signature_header),
  };
}
