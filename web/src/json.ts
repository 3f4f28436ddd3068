// JSON that stays as it is written. JavaScript's numbers lose digits beyond 2^53 and forms such as 1.10, and its objects
// move members such as "10" to the front, so what parseJson() reads also remembers the text it was read from.

const sources = new WeakMap<object, string>();

/** Stands for JSON that is written as it is. */
class Verbatim {
  constructor(readonly json: string) {}
}

/** `json`, which must be valid, as a member of something that jsonOf() writes. */
export const verbatim = <T>(json: string): T => new Verbatim(json) as T;

/** Past the closing quote of the string that begins at `at`. */
function endOfString(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return end + 1;
  }
}

/** Past the value that begins at `at`. */
function endOfValue(text: string, at: number): number {
  const steps = /[[\]{}"]|[^\s[\]{}",:]+/g;
  steps.lastIndex = at;
  for (let depth = 0; ;) {
    const first = (steps.exec(text) as RegExpExecArray)[0];
    if (first === '"') steps.lastIndex = endOfString(text, steps.lastIndex - 1);
    else if (first === '[' || first === '{') depth += 1;
    else if (first === ']' || first === '}') depth -= 1;
    if (depth === 0) return steps.lastIndex;
  }
}

/** Name and text of each member of an object, or of each element of an array, in their order. */
function partsOf(text: string): [name: string, json: string][] {
  const parts: [string, string][] = [];
  const next = /[^\s,:]/g;
  const isObject = text.trimStart().startsWith('{');
  next.lastIndex = text.search(/[[{]/) + 1;
  const to = () => (next.test(text) ? (next.lastIndex -= 1) : text.length);
  for (let at = to(); !/[\]}]/.test(text[at] ?? ']'); at = to()) {
    let name = String(parts.length);
    if (isObject) {
      const end = endOfString(text, at);
      name = JSON.parse(text.slice(at, end)) as string;
      next.lastIndex = end;
      at = to();
    }
    next.lastIndex = endOfValue(text, at);
    parts.push([name, text.slice(at, next.lastIndex)]);
  }
  return parts;
}

function remember(value: unknown, text: string) {
  if (typeof value !== 'object' || value === null) return;
  sources.set(value, text);
  for (const [name, part] of partsOf(text)) remember((value as Record<string, unknown>)[name], part);
}

/** As JSON.parse(), but jsonOf() and membersOf() find everything as it was written. What is parsed is not to be changed. */
export function parseJson(text: string): unknown {
  const value = JSON.parse(text) as unknown;
  remember(value, text.trim());
  return value;
}

/** As JSON.stringify(), but what parseJson() has read and what is verbatim is written as it was. */
export function jsonOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (value instanceof Verbatim) return value.json;
  const source = sources.get(value);
  if (source !== undefined) return source;
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(',')}]`;
  return objectJson(Object.entries(value).filter(([, member]) => member !== undefined).map(([name, member]) => [name, jsonOf(member)]));
}

/** An object of these members in this order, each with its JSON. */
export const objectJson = (members: [name: string, json: string][]): string =>
  `{${members.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;

/** The members of an object, or the elements of an array, in the order in which they were written, each with its JSON. */
export function membersOf(value: object): [name: string, json: string][] {
  const source = sources.get(value);
  return source !== undefined ? partsOf(source) : Object.entries(value).map(([name, member]) => [name, jsonOf(member)]);
}

/** The JSON of one member; undefined where there is none. */
export const memberJson = (value: object, name: string): string | undefined => membersOf(value).findLast(([each]) => each === name)?.[1];

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype);

/**
 * `now`, with what has not changed since `before` being the same objects, for caches that compare by identity. `now`
 * must be nobody else's yet.
 */
export function sharedWith(before: unknown, now: unknown): unknown {
  if (!isPlain(before) || !isPlain(now) || Array.isArray(before) !== Array.isArray(now)) return now;
  const source = sources.get(now);
  if (source !== undefined && source === sources.get(before)) return before;
  const names = Object.keys(now);
  let same = source === undefined && sources.get(before) === undefined && names.length === Object.keys(before).length;
  for (const name of names) {
    const kept = sharedWith(before[name], now[name]);
    same &&= Object.hasOwn(before, name) && kept === before[name];
    if (kept !== now[name]) now[name] = kept;
  }
  return same ? before : now;
}

/** JSON as it reads best. Only the space between its parts is changed; what is no JSON stays as it is. */
export function indentedJson(json: string): string {
  try {
    JSON.parse(json);
  } catch {
    return json;  // a form, or text
  }
  const out: string[] = [];
  let depth = 0;
  let before = '';
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s"[\]{},:]+/g)) {
    const opened = before === '{' || before === '[';
    const closes = token === '}' || token === ']';
    if (closes) depth -= 1;
    if (closes ? !opened : opened || before === ',') out.push('\n', '  '.repeat(depth));
    out.push(token === ':' ? ': ' : token);
    if (token === '{' || token === '[') depth += 1;
    before = token;
  }
  return out.join('');
}

/** What keeps a text from being JSON; null where nothing does. */
export function jsonProblem(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
