// Filter conditions as one types them, and as the API has them.

import type { Schemas } from '../../../api/types';
import { isolated } from '../../../direction';
import { jsonOf, jsonProblem, memberJson, membersOf, verbatim } from '../../../json';
import { asNumber, digitsIn, isNumberMember, readNumber } from '../../../phone_number';

type ApiCondition = Schemas['FilterCondition'];

/** `missing` is the API's `exists` with false. */
export type Operator = ApiCondition['op'] | 'missing';

export interface Condition {
  key: number; // tells the rows of a form apart
  field: string;
  op: Operator;
  value: string;
  /** What the webhook has, and how it is typed: it stays what it is for as long as that is not changed. */
  stored?: { op: Operator; value: string; json: string };
}

export const operators: [op: Operator, words: string][] = [
  ['eq', 'is'],
  ['ne', 'is not'],
  ['in', 'is one of'],
  ['not_in', 'is none of'],
  ['prefix', 'starts with'],
  ['contains', 'contains'],
  ['gt', 'is greater than'],
  ['gte', 'is at least'],
  ['lt', 'is less than'],
  ['lte', 'is at most'],
  ['exists', 'is there'],
  ['missing', 'is not there'],
];

export const takesList = (op: Operator) => op === 'in' || op === 'not_in';
export const takesValue = (op: Operator) => op !== 'exists' && op !== 'missing';
export const compares = (op: Operator) => ['gt', 'gte', 'lt', 'lte'].includes(op);

/** Members of sample events by their dotted path, each with an example. */
export function pathsOf(samples: object[]): Map<string, unknown> {
  const paths = new Map<string, unknown>();
  const add = (value: object, prefix: string) => {
    for (const [name, member] of Object.entries(value) as [string, unknown][]) {
      const path = prefix + name;
      if (typeof member === 'object' && member !== null && !Array.isArray(member)) add(member, `${path}.`);
      else if (!paths.has(path)) paths.set(path, member);
    }
  };
  for (const sample of samples) add(sample, '');
  return paths;
}

const isJsonNumber = (text: string) => /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text);
const isQuoted = (text: string) => /^".*"$/s.test(text) && jsonProblem(text) === null;

/** A text as it is compared: phone numbers in the form in which events have them. */
function comparedText(text: string, { field, op }: Pick<Condition, 'field' | 'op'>, example: unknown): string {
  if (!isNumberMember(field, example)) return text;
  if (op !== 'prefix' && op !== 'contains') return asNumber(text);
  const digits = digitsIn(text);
  return digits === '' ? text : `${/[+\uFF0B]/.test(text) ? '+' : ''}${digits.replace('+', '')}`;
}

/**
 * The JSON of one value. "5" where the member is a text is the text, elsewhere the number, with the digits as they were
 * typed; what is in quotes is a text everywhere.
 */
function scalarJson(typed: string, condition: Pick<Condition, 'field' | 'op'>, example: unknown): string {
  const text = typed.trim();
  if (isQuoted(text)) return text;
  const isText = typeof example === 'string' || condition.op === 'prefix' || condition.op === 'contains';
  if (!isText && (isJsonNumber(text) || ['true', 'false', 'null'].includes(text))) return text;
  return JSON.stringify(comparedText(text, condition, example));
}

/** Values between commas or on lines of their own; commas within quotes belong to the value. */
const split = (typed: string) => (typed.match(/\s*"(?:[^"\\]|\\.)*"|[^,\n]+/g) ?? []).map((item) => item.trim()).filter((item) => item !== '');

/** How a value of the API is typed: so that the same comes of it again. */
function typedScalar(json: string, inList: boolean): string {
  const plain = json.startsWith('"') ? (JSON.parse(json) as string) : json;
  const safe = plain === plain.trim() && plain !== '' && !plain.startsWith('"') && !(inList && /[,\n]/.test(plain));
  return safe && scalarJson(plain, { field: '', op: 'eq' }, undefined) === json ? plain : json;
}

/** A condition for the API; a value that is missing is missing there too. */
export function toApi(condition: Condition, paths: ReadonlyMap<string, unknown>): ApiCondition {
  const { field, op, value, stored } = condition;
  if (op === 'exists') return { field, op };
  if (op === 'missing') return { field, op: 'exists', value: false };
  if (stored !== undefined && stored.op === op && stored.value === value) return { field, op, value: verbatim(stored.json) };
  if (value.trim() === '') return { field, op };
  const json = (item: string) => scalarJson(item, condition, paths.get(field));
  return { field, op, value: verbatim(takesList(op) ? `[${split(value).map(json).join(',')}]` : json(value)) };
}

export function fromApi(condition: ApiCondition, key: number): Condition {
  const { field, op, value } = condition;
  if (op === 'exists') return { key, field, op: value === false ? 'missing' : 'exists', value: '' };
  const json = memberJson(condition, 'value');
  const typed = Array.isArray(value) ? membersOf(value).map(([, item]) => typedScalar(item, true)).join(', ') : typedScalar(json ?? 'null', false);
  return { key, field, op, value: typed, ...(json === undefined ? {} : { stored: { op, value: typed, json } }) };
}

/** A condition's value as people read it. */
export function valueInWords(condition: ApiCondition): string {
  const { value } = condition;
  if (Array.isArray(value)) return membersOf(value).map(([, json]) => typedScalar(json, true)).join(', ');
  return typedScalar(memberJson(condition, 'value') ?? jsonOf(value ?? null), false);
}

const isTime = (text: string) => /^"?\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text);

/** Why a value cannot be saved; undefined where it can. What the webhook has already stays as it is. */
export function orderProblem({ field, op, value, stored }: Condition, paths: ReadonlyMap<string, unknown>): string | undefined {
  const text = value.trim();
  if (!compares(op) || text === '' || (stored !== undefined && stored.op === op && stored.value === value)) return undefined;
  const example = paths.get(field);
  const time = 'a time such as 2026-12-01T14:30:00Z';
  if (typeof example === 'string') {
    if (!isTime(example)) return `cannot be compared by size: ${isolated(field)} is a text`;
    return isTime(text) ? undefined : `must be ${time}`;
  }
  if (isJsonNumber(text) || (example === undefined && isTime(text))) return undefined;
  return `must be a number such as 30${example === undefined ? `, or ${time}` : ''}`;
}

/** What is to be known of a phone number that is compared with; undefined where nothing is. */
export function numberHint({ field, op, value }: Condition, paths: ReadonlyMap<string, unknown>): string | undefined {
  if (!isNumberMember(field, paths.get(field)) || !['eq', 'ne', 'in', 'not_in'].includes(op)) return undefined;
  for (const item of takesList(op) ? split(value) : [value.trim()]) {
    const { problem } = readNumber(item);
    if (problem !== undefined) return `“${isolated(item)}” ${problem}.`;
  }
  return undefined;
}

/** Steps from one text to the other: letters put in, left out, replaced or swapped with their neighbour. */
function distance(a: string, b: string): number {
  const rows = [[...Array(b.length + 1).keys()]];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const at = (x: number, y: number) => rows[i - x]?.[j - y] ?? Infinity;
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(2, 2) + 1 : Infinity;
      row.push(Math.min((row[j - 1] ?? 0) + 1, at(1, 0) + 1, at(1, 1) + Number(a[i - 1] !== b[j - 1]), swapped));
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? Infinity;
}

/** Says that no event of the chosen types is known to have `field`, and what may be meant. */
export function fieldHint(field: string, paths: ReadonlyMap<string, unknown>): string | undefined {
  const name = field.trim();
  if (name === '' || paths.size === 0 || paths.has(name) || name.length > 64) return undefined;
  const known = [...paths.keys()];
  if (known.some((path) => path.startsWith(`${name}.`))) return undefined;
  const [nearest] = known.map((path) => ({ path, steps: distance(name.toLowerCase(), path.toLowerCase()) })).sort((a, b) => a.steps - b.steps);
  const meant = nearest !== undefined && nearest.steps <= Math.max(1, Math.floor(name.length / 4)) ? nearest.path : undefined;
  if (meant !== undefined) return `The samples of the chosen events have no such field. Did you mean ${meant}?`;
  return 'The samples of the chosen events have no such field. Conditions on it are met only by events that bring it.';
}
