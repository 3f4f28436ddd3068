// Goal: api/openapi.yaml is a valid OpenAPI 3.1 document whose schemas and examples are right in themselves.
// Method: a public validator for the document, Ajv in strict mode for every schema, and each example held against
// the schema it stands at.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Validator } from '@seriousme/openapi-schema-validator';
import { Document, pointerOf } from './lib/document.mjs';
import { OPENAPI_PATH } from './lib/paths.mjs';

const document = new Document(OPENAPI_PATH);

// Calls `visit(pointer, value)` for every object of the document, but not inside examples.
function walk(value, pointer, visit) {
  if (value === null || typeof value !== 'object') return;
  visit(pointer, value);
  for (const [key, member] of Object.entries(value)) {
    if (key === 'example' || key === 'examples' || key === 'default') continue;
    walk(member, pointer + pointerOf(key), visit);
  }
}

function collect(select) {
  const found = [];
  walk(document.root, '', (pointer, value) => found.push(...(select(pointer, value) ?? [])));
  return found;
}

test('the document is valid OpenAPI 3.1', async () => {
  const result = await new Validator().validate(structuredClone(document.root));
  assert.ok(result.valid, JSON.stringify(result.errors, null, 2));
  assert.match(document.root.openapi, /^3\.1\./);
});

test('every reference leads somewhere, and every component is used', () => {
  const references = collect((_, value) => typeof value.$ref === 'string' ? [value.$ref.slice(1)] : []);
  assert.ok(references.length > 100);
  for (const pointer of references) assert.ok(document.at(pointer), `nothing at ${pointer}`);

  const used = new Set(references);
  for (const kind of ['headers', 'parameters', 'responses', 'schemas']) {
    for (const name of Object.keys(document.root.components[kind])) {
      const pointer = pointerOf('components', kind, name);
      assert.ok(used.has(pointer), `${pointer} is not used`);
    }
  }
});

test('operation ids are unique, and tags and roles are known', () => {
  const operations = [...document.operations('paths'), ...document.operations('webhooks')];
  const ids = operations.map((operation) => operation.id);
  assert.deepEqual(ids, [...new Set(ids)]);
  const tags = document.root.tags.map((tag) => tag.name);
  const roles = document.at('/components/schemas/Role/enum');
  for (const operation of document.operations('paths')) {
    for (const tag of operation.spec.tags) assert.ok(tags.includes(tag), `${operation.name}: tag ${tag}`);
    for (const scheme of ['apiKey', 'session', 'portal']) {
      for (const role of operation.rolesOf(scheme) ?? []) assert.ok(roles.includes(role), `${operation.name}: role ${role}`);
    }
  }
});

test('every schema compiles in strict mode', () => {
  const schemas = Object.keys(document.root.components.schemas).map((name) => pointerOf('components', 'schemas', name));
  schemas.push(...collect((pointer, value) => value.schema ? [pointer + '/schema'] : []));
  assert.ok(schemas.length > 60);
  for (const pointer of schemas) assert.doesNotThrow(() => document.problems(pointer, null), `schema at ${pointer}`);
});

test('every example fits its schema', () => {
  const isSchema = (pointer) => pointer.startsWith('/components/schemas/');
  const ofSchemas = collect((pointer, value) => isSchema(pointer) && Array.isArray(value.examples)
    ? value.examples.map((example) => ({ pointer, example })) : []);
  const ofOthers = collect((pointer, value) => value.schema && value.example !== undefined
    ? [{ pointer: pointer + '/schema', example: value.example }] : []);
  assert.ok(ofSchemas.length > 40 && ofOthers.length > 3);
  for (const { pointer, example } of [...ofSchemas, ...ofOthers]) {
    assert.equal(document.problems(pointer, example), '', `example at ${pointer}: ${JSON.stringify(example)}`);
  }
});

test('answers are closed: an unknown member does not validate', () => {
  for (const operation of document.operations('paths')) {
    for (const status of operation.statuses) {
      const response = operation.response(status);
      for (const type of response.contentTypes.filter((each) => each.includes('json'))) {
        if (operation.id === 'getOpenApi') continue;  // the document describes itself elsewhere
        const problems = document.problems(response.schema(type), { no_such_member: 1 });
        assert.match(problems, /additional properties|unevaluated properties/, `${operation.name} ${status}`);
      }
    }
  }
});

test('the events of the webhooks section are those of the EventType schema', () => {
  const types = document.at('/components/schemas/EventType/enum');
  assert.deepEqual(Object.keys(document.root.webhooks).sort(), [...types].sort());
  for (const operation of document.operations('webhooks')) {
    const schema = document.resolve(operation.requestSchema('application/json'));
    for (const example of document.at(schema).examples) assert.equal(example.event, operation.path);
  }
});
