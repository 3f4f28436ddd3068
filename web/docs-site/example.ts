// Values to show: of schemas and bodies, and the curl command of an operation.

import { quoted } from '../src/shell.ts';
import type { Content, OpenApi, Route, Schema } from './openapi.ts';

/** A value that the schema allows, made of the document's own examples. */
export function exampleOf(api: OpenApi, schema: Schema): unknown {
  const flat = api.flat(schema);
  if (flat.examples?.length) return flat.examples[0];
  if (flat.const !== undefined) return flat.const;
  if (flat.default !== undefined) return flat.default;
  if (flat.enum?.length) return flat.enum[0];
  const several = flat.oneOf ?? flat.anyOf;
  if (several?.[0] && !flat.properties) return exampleOf(api, several[0]);
  const type = Array.isArray(flat.type) ? flat.type[0] : flat.type;
  if (flat.properties) {
    return Object.fromEntries(Object.entries(flat.properties).map(([name, member]) => [name, exampleOf(api, member)]));
  }
  if (flat.items) return [exampleOf(api, flat.items)];
  const simple: Record<string, unknown> = { string: 'text', integer: flat.minimum ?? 1, number: flat.minimum ?? 1, boolean: true, array: [], object: {} };
  return type === undefined ? null : simple[type] ?? null;
}

/** The example of a body, as text. */
export function exampleBody(api: OpenApi, type: string, content: Content): string {
  const given = content.example ?? Object.values(content.examples ?? {})[0]?.value;
  const value = given ?? exampleOf(api, content.schema);
  return typeof value === 'string' && !type.endsWith('json') ? value : JSON.stringify(value, null, 2);
}

/** How to call it with curl. */
export function curl(api: OpenApi, route: Route): string {
  const parameters = route.parameters ?? [];
  const valueOf = (name: string) => {
    const parameter = parameters.find((one) => one.in === 'path' && one.name === name);
    return encodeURIComponent(String(parameter ? parameter.example ?? exampleOf(api, parameter.schema) : name));
  };
  const query = parameters.filter((one) => one.in === 'query' && one.required)
    .map((one) => `${one.name}=${encodeURIComponent(String(one.example ?? exampleOf(api, one.schema)))}`);
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => valueOf(name));
  const parts = [`curl -s "$LIMEHOOK_SERVER${path}${query.length ? `?${query.join('&')}` : ''}"`];

  const [type, content] = Object.entries(route.requestBody?.content ?? {})[0] ?? [];
  const implied = content ? 'POST' : 'GET';
  if (route.method !== implied) parts.push(`-X ${route.method}`);
  const schemes = (route.security ?? []).map((one) => Object.keys(one));
  if (schemes.some((one) => one.includes('apiKey'))) parts.push('-H "Authorization: Bearer $LIMEHOOK_KEY"');
  else if (schemes.some((one) => one.includes('session'))) {
    parts.push('-b "limehook_session=$LIMEHOOK_SESSION"');
    if (schemes.some((one) => one.includes('csrf'))) parts.push('-H "X-CSRF-Token: $CSRF_TOKEN"');
  }
  if (type && content) parts.push(`--json ${quoted(exampleBody(api, type, content))}`);
  return parts.join(' \\\n  ');
}
