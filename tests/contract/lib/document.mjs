// The OpenAPI document: loading it, finding its parts, and validating values against its schemas.

import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

// Members of an OpenAPI document that are not JSON Schema keywords. Named here, so that a misspelt keyword in a schema
// is still an error in Ajv's strict mode.
const DOCUMENT_KEYWORDS = ['openapi', 'info', 'servers', 'security', 'tags', 'paths', 'webhooks', 'components',
                           'discriminator'];

const escapeStep = (step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1');
const unescapeStep = (step) => step.replaceAll('~1', '/').replaceAll('~0', '~');
export const pointerOf = (...steps) => steps.map((step) => '/' + escapeStep(step)).join('');

export class Document {
  #ajv;

  constructor(path) {
    this.root = parse(readFileSync(path, 'utf8'));
    this.#ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
    addFormats(this.#ajv);
    this.#ajv.addVocabulary(DOCUMENT_KEYWORDS);
    this.#ajv.addSchema({ ...this.root, $id: 'openapi' });
  }

  at(pointer) {
    return pointer.split('/').slice(1).reduce((value, step) => value?.[unescapeStep(step)], this.root);
  }

  // Follows a reference object: answers the pointer to what it stands for.
  resolve(pointer) {
    const target = this.at(pointer)?.$ref;
    return target ? this.resolve(target.slice(1)) : pointer;
  }

  // What is wrong with `value` under the schema at `pointer`, in words; empty when nothing is.
  problems(pointer, value) {
    const validate = this.#ajv.getSchema(`openapi#${encodeURI(pointer)}`);
    if (!validate) throw new Error(`no schema at ${pointer}`);
    if (validate(value)) return '';
    return this.#ajv.errorsText(validate.errors, { dataVar: '', separator: '\n' }) +
      '\n' + validate.errors.map((e) => JSON.stringify(e.params)).join(' ');
  }

  // Every operation of `section` ("paths" or "webhooks"), in the document's order.
  operations(section = 'paths') {
    return Object.entries(this.root[section]).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]).map((method) => new Operation(this, section, path, method)));
  }
}

export class Operation {
  constructor(document, section, path, method) {
    this.document = document;
    this.path = path;
    this.method = method.toUpperCase();
    this.itemPointer = pointerOf(section, path);
    this.pointer = this.itemPointer + pointerOf(method);
    this.spec = document.at(this.pointer);
    this.id = this.spec.operationId;
    this.name = `${this.method} ${path}`;
    this.statuses = Object.keys(this.spec.responses).filter((status) => /^\d+$/.test(status));
  }

  // Roles of keys that may use it; undefined when none is needed, or none would do.
  get roles() {
    return this.rolesOf('apiKey');
  }

  // The same of 'session' or 'portal'; empty: whatever their role.
  rolesOf(scheme) {
    const requirements = this.spec.security ?? this.document.root.security;
    return requirements.find((requirement) => requirement[scheme])?.[scheme];
  }

  // Whether everybody may use it.
  get open() {
    return (this.spec.security ?? this.document.root.security).length === 0;
  }

  get requestTypes() {
    return Object.keys(this.spec.requestBody?.content ?? {});
  }

  requestSchema(mediaType) {
    return this.pointer + pointerOf('requestBody', 'content', mediaType, 'schema');
  }

  // Parameters of the path and of the operation: [{name, in, required, schema}], `schema` being a pointer.
  get parameters() {
    return [this.itemPointer, this.pointer].flatMap((owner) =>
      (this.document.at(owner).parameters ?? []).map((_, index) => {
        const pointer = this.document.resolve(owner + pointerOf('parameters', index));
        const { name, in: place, required = false } = this.document.at(pointer);
        return { name, in: place, required, schema: pointer + '/schema' };
      }));
  }

  // The documented answer, by the status itself or its range: {contentTypes, headers, schema(type)}; undefined when the
  // status is not documented.
  response(status) {
    const documented = [String(status), `${String(status)[0]}XX`].find((each) => this.spec.responses[each]);
    if (!documented) return undefined;
    const pointer = this.document.resolve(this.pointer + pointerOf('responses', documented));
    const { content = {}, headers = {} } = this.document.at(pointer);
    return {
      contentTypes: Object.keys(content),
      headers: Object.keys(headers).map((name) => {
        const header = this.document.resolve(pointer + pointerOf('headers', name));
        return { name, required: this.document.at(header).required ?? false, schema: header + '/schema' };
      }),
      schema: (type) => pointer + pointerOf('content', type, 'schema'),
    };
  }
}
