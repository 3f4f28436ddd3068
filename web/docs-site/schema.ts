// The members of a body, one row each: those of inner objects by their path, such as `attempts[].request.url`.

import { escaped } from './html.ts';
import { describeInline, type LinkTo, scrollingTable } from './markdown.ts';
import type { OpenApi, Schema } from './openapi.ts';

const depthMax = 5;

const code = (value: unknown) => `<code>${escaped(typeof value === 'string' ? value : JSON.stringify(value))}</code>`;

/** The type in words, such as "list of text". */
export function typeOf(api: OpenApi, schema: Schema): string {
  const { schemas, nullable } = api.choices(schema);
  const names = new Set(schemas.map((one) => typeName(api, one)));
  names.delete('null');
  return [...names, ...(nullable ? ['null'] : [])].join(' or ');
}

function typeName(api: OpenApi, schema: Schema): string {
  const type = Array.isArray(schema.type) ? schema.type.filter((one) => one !== 'null').join(' or ') : schema.type;
  if (schema.const !== undefined) return typeof schema.const;
  if (schema.items) return `array of ${typeOf(api, schema.items)}`;
  if (schema.properties) return 'object';
  if (type) return type;
  return schema.enum ? 'one of' : 'any';
}

/** What is said of its values: those there are, the default, limits. */
export function limitsOf(api: OpenApi, schema: Schema): string[] {
  const flat = api.flat(schema);
  const { schemas } = api.choices(schema);
  const [first = {}] = schemas;
  const said: string[] = [];
  const values = schemas.length === 1 ? first.enum ?? (first.const === undefined ? undefined : [first.const]) : undefined;
  if (values) said.push(`${values.length > 1 ? 'one of ' : ''}${values.map(code).join(', ')}`);
  if (flat.default !== undefined) said.push(`default ${code(flat.default)}`);
  const range = (low: number | undefined, high: number | undefined, unit = '') => {
    const counted = (limit: number) => `${limit}${unit && ` ${unit}${limit === 1 ? '' : 's'}`}`;
    if (low !== undefined && high !== undefined) said.push(low === high ? counted(low) : `${low} to ${counted(high)}`);
    else if (high !== undefined) said.push(`at most ${counted(high)}`);
    else if (low !== undefined && low > 0) said.push(`at least ${counted(low)}`);
  };
  range(first.minimum, first.maximum);
  range(first.minLength, first.maxLength, 'character');
  range(first.minItems, first.maxItems, 'item');
  if (first.pattern && schemas.length === 1) said.push(`matches ${code(first.pattern)}`);
  return said;
}

function description(api: OpenApi, schema: Schema): string {
  const flat = api.flat(schema);
  return flat.description ?? api.choices(schema).schemas[0]?.description ?? '';
}

function rows(api: OpenApi, schema: Schema, linkTo: LinkTo, prefix: string, depth: number): string[] {
  const objects = api.choices(schema).schemas;
  return objects.flatMap((one) => {
    if (one.items) return rows(api, one.items, linkTo, `${prefix.replace(/\.$/, '')}[].`, depth);
    const isRequired = (name: string) => one.required?.includes(name) ?? false;
    const members = Object.entries(one.properties ?? {}).sort(([a], [b]) => Number(isRequired(b)) - Number(isRequired(a)));
    return members.flatMap(([name, member]) => {
      const required = isRequired(name) ? '<span class="required">required</span>' : '';
      const said = limitsOf(api, member).join('; ');
      const words = describeInline(description(api, member), linkTo);
      const row = `<tr><th scope="row"><code>${escaped(prefix + name).replaceAll('.', '.<wbr>')}</code>${required}</th><td><span class="type">${typeOf(api, member)}</span>` +
        `${said ? ` <span class="limits">${said}</span>` : ''}${words ? `<div>${words}</div>` : ''}</td></tr>`;
      return depth < depthMax ? [row, ...rows(api, member, linkTo, `${prefix}${name}.`, depth + 1)] : [row];
    });
  });
}

/** Nothing where the schema has no members. Of several forms a member is listed once. */
export function membersTable(api: OpenApi, schema: Schema, linkTo: LinkTo, label: string): string {
  const all = [...new Set(rows(api, schema, linkTo, '', 0))];
  if (all.length === 0) return '';
  return scrollingTable(`<thead><tr><th scope="col">Member</th><th scope="col">Value</th></tr></thead><tbody>${all.join('\n')}</tbody>`, label);
}
