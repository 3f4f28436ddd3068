// The OpenAPI document (3.1), as far as the reference reads it.

import { readFileSync } from 'node:fs';

import { parse } from 'yaml';

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;
type Method = (typeof methods)[number];

export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  examples?: unknown[];
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}

export interface Content {
  schema: Schema;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}

export interface Parameter {
  $ref?: string;
  name: string;
  in: 'path' | 'query' | 'header' | 'cookie';
  description?: string;
  required?: boolean;
  schema: Schema;
  example?: unknown;
}

export interface Answer {
  $ref?: string;
  description: string;
  headers?: Record<string, { description?: string; $ref?: string }>;
  content?: Record<string, Content>;
}

export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  security?: Record<string, string[]>[];
  parameters?: Parameter[];
  requestBody?: { description?: string; required?: boolean; content: Record<string, Content> };
  responses: Record<string, Answer>;
}

type PathItem = Partial<Record<Method, Operation>> & { parameters?: Parameter[] };

interface Document {
  info: { version: string; description: string };
  tags: { name: string; description: string }[];
  security: Record<string, string[]>[];
  paths: Record<string, PathItem>;
  webhooks: Record<string, { post: Operation }>;
}

/** One operation with its place. */
export interface Route extends Operation {
  method: string; // in capitals
  path: string;
}

export class OpenApi {
  private constructor(readonly document: Document) {}

  static read = (file: string): OpenApi => new OpenApi(parse(readFileSync(file, 'utf8')) as Document);

  /** What a reference leads to, with what stands beside it; anything else as it is. */
  resolved<T extends object>(value: T): T {
    const { $ref, ...beside } = value as T & { $ref?: string };
    if ($ref === undefined) return value;
    let found: unknown = this.document;
    for (const step of $ref.slice('#/'.length).split('/')) found = (found as Record<string, unknown> | undefined)?.[step];
    if (found === undefined) throw new Error(`${$ref} leads nowhere`);
    return this.resolved({ ...(found as T), ...beside });
  }

  /** All operations, in the order of the document. */
  routes(): Route[] {
    return Object.entries(this.document.paths).flatMap(([path, item]) => methods.flatMap((method) => {
      const operation = item[method];
      if (!operation) return [];
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((parameter) => this.resolved(parameter));
      return [{ ...operation, method: method.toUpperCase(), path, security: operation.security ?? this.document.security, parameters }];
    }));
  }

  /** A schema as one: references followed, and what `allOf` joins in one list of members. */
  flat(schema: Schema): Schema {
    const { allOf, ...own } = this.resolved(schema);
    if (!allOf) return own;
    const parts = [...allOf.map((part) => this.flat(part)), own];
    return {
      ...Object.assign({}, ...parts) as Schema,
      properties: Object.assign({}, ...parts.map(({ properties }) => properties)) as Record<string, Schema>,
      required: parts.flatMap(({ required }) => required ?? []),
    };
  }

  /** The schemas that a value may have, without `null`; and whether it may be that too. */
  choices(schema: Schema): { schemas: Schema[]; nullable: boolean } {
    const { anyOf, oneOf, ...own } = this.flat(schema);
    const several = anyOf ?? oneOf;
    if (!several) return { schemas: [own], nullable: Array.isArray(own.type) && own.type.includes('null') };
    const all = several.map((one) => this.choices(one));
    const schemas = all.flatMap((one) => one.schemas).filter(({ type }) => type !== 'null');
    return { schemas, nullable: all.some((one) => one.nullable) || several.some(({ type }) => type === 'null') };
  }
}
