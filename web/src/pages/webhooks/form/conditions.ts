// Filter conditions as one types them, and as the API has them.

import type { Schemas } from '../../../api/types';

type ApiCondition = Schemas['FilterCondition'];
type Scalar = Schemas['FilterScalar'];

/** `missing` is the API's `exists` with false. */
export type Operator = ApiCondition['op'] | 'missing';

export interface Condition {
  key: number; // tells the rows of a form apart
  field: string;
  op: Operator;
  value: string;
  /** What the webhook has, and how it is typed: it stays what it is for as long as that is not changed. */
  stored?: { op: Operator; value: string; is: ApiCondition['value'] };
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

/** "5" where the member is a text is the text, elsewhere the number; what is in quotes is a text everywhere. */
function scalar(typed: string, example: unknown): Scalar {
  const text = typed.trim();
  if (/^".*"$/s.test(text)) {
    try {
      return JSON.parse(text) as string;
    } catch {
      return text;
    }
  }
  if (typeof example === 'string') return text;
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === 'null') return null;
  return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** Values between commas or on lines of their own; commas within quotes belong to the value. */
const split = (typed: string) => (typed.match(/\s*"(?:[^"\\]|\\.)*"|[^,\n]+/g) ?? []).map((item) => item.trim()).filter((item) => item !== '');

function typedScalar(value: Scalar, example: unknown, inList: boolean): string {
  const plain = String(value);
  const safe = plain === plain.trim() && plain !== '' && !plain.startsWith('"') && !(inList && /[,\n]/.test(plain));
  return safe && scalar(plain, example) === value ? plain : JSON.stringify(value);
}

/** A condition for the API; a value that is missing is missing there too. */
export function toApi({ field, op, value, stored }: Condition, paths: ReadonlyMap<string, unknown>): ApiCondition {
  if (op === 'exists') return { field, op };
  if (op === 'missing') return { field, op: 'exists', value: false };
  if (stored !== undefined && stored.op === op && stored.value === value && stored.is !== undefined) return { field, op, value: stored.is };
  if (value.trim() === '') return { field, op };
  const example = paths.get(field);
  return { field, op, value: takesList(op) ? split(value).map((item) => scalar(item, example)) : scalar(value, example) };
}

export function fromApi({ field, op, value }: ApiCondition, key: number): Condition {
  if (op === 'exists') return { key, field, op: value === false ? 'missing' : 'exists', value: '' };
  const typed = Array.isArray(value) ? value.map((item) => typedScalar(item, undefined, true)).join(', ') : typedScalar(value ?? null, undefined, false);
  return { key, field, op, value: typed, ...(value === undefined ? {} : { stored: { op, value: typed, is: value } }) };
}
