// The API reference: a page per tag of the OpenAPI document, one of the events, and one that leads to all operations.

import { codeBlock } from './code.ts';
import { curl, exampleBody, exampleOf } from './example.ts';
import { escaped, slug } from './html.ts';
import type { Page } from './layout.ts';
import { describe, describeInline, type LinkTo, type Section, scrollingTable } from './markdown.ts';
import type { Answer, Content, OpenApi, Parameter, Route } from './openapi.ts';
import { limitsOf, membersTable, typeOf } from './schema.ts';

const apiGroup = 'API reference';
const pageOf = (tag: string) => `/docs/api/${slug(tag)}`;
const call = ({ method, path }: Route) =>
  `<span class="method method-${method.toLowerCase()}">${method}</span> <code class="path">${escaped(path)}</code>`;

// Answers that most operations have, shown once: schema, place on the page of all operations.
const problems: Record<string, string> = { Problem: 'problem', FieldsProblem: 'fields-problem' };

class Reference {
  private serial = 0; // labels of a page's parts must differ

  constructor(private readonly api: OpenApi, private readonly linkTo: LinkTo) {}

  pages(): Page[] {
    return [this.overview(), this.events(), ...this.api.document.tags.map((tag) => this.tag(tag))];
  }

  private overview(): Page {
    const tags = this.api.document.tags.map(({ name, description }) => {
      const rows = this.routesOf(name).map((route) => `<tr id="${route.operationId}"><td>${call(route)}</td>` +
        `<td><a href="${pageOf(name)}#${route.operationId}">${escaped(route.summary)}</a></td></tr>`);
      return `<h3 id="${slug(name)}"><a class="anchor" href="#${slug(name)}">${escaped(name)}</a></h3><p>${escaped(description)}</p>${
        scrollingTable(`<tbody>${rows.join('\n')}</tbody>`, `Operations: ${name}`)}`;
    });
    return {
      path: '/docs/api', group: apiGroup, title: 'API', description: 'How to call the API, and all of its operations.',
      html: `<h1>API</h1>${describe(this.api.document.info.description, this.linkTo)}
        <p>The same as a document for programs: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1). The examples use the
        variables <code>LIMEHOOK_SERVER</code>, such as <code>http://127.0.0.1:8080</code>, and <code>LIMEHOOK_KEY</code>.</p>
        ${Object.entries(problems).map(([name, id]) => this.problem(name, id)).join('\n')}
        <h2 id="all-operations"><a class="anchor" href="#all-operations">Operations</a></h2>${tags.join('\n')}`,
      sections: [{ id: 'problem', title: 'A problem', level: 2, text: 'errors application/problem+json' },
        { id: 'fields-problem', title: 'A problem with fields', level: 2, text: 'errors 422 pointer' },
        { id: 'all-operations', title: 'Operations', level: 2, text: '' },
        ...this.api.document.tags.map(({ name, description }) => ({ id: slug(name), title: name, level: 3, text: description }))],
    };
  }

  private problem(name: string, id: string): string {
    const schema = { $ref: `#/components/schemas/${name}` };
    return `<h2 id="${id}"><a class="anchor" href="#${id}">${name === 'Problem' ? 'A problem' : 'A problem with fields'}</a></h2>
      <p>${describeInline(this.api.flat(schema).description ?? '', this.linkTo)}</p>${
      this.contents({ 'application/problem+json': { schema } }, name)}`;
  }

  private routesOf = (tag: string) => this.api.routes().filter(({ tags }) => tags[0] === tag);

  private tag({ name, description }: { name: string; description: string }): Page {
    const routes = this.routesOf(name);
    return {
      path: pageOf(name), group: apiGroup, title: name, description,
      html: `<h1>${escaped(name)}</h1><p>${escaped(description)}</p>${routes.map((route) => this.operation(route)).join('\n')}`,
      sections: routes.map((route) => ({
        id: route.operationId, title: route.summary, level: 2, text: `${route.method} ${route.path} ${route.operationId} ${route.description ?? ''}`,
      })),
    };
  }

  private operation(route: Route): string {
    const { operationId, summary, parameters = [], requestBody, responses } = route;
    const body = requestBody && `<h3>Body</h3>${requestBody.description ? describe(requestBody.description, this.linkTo) : ''}${
      this.contents(requestBody.content, `body of ${operationId}`)}`;
    return `<section class="operation" aria-labelledby="${operationId}">
      <h2 id="${operationId}"><a class="anchor" href="#${operationId}">${escaped(summary)}</a></h2>
      <p class="call">${call(route)}</p>
      ${route.description ? describe(route.description, this.linkTo) : ''}
      <h3>Who may call it</h3>${callers(route)}
      ${parameters.length ? `<h3>Parameters</h3>${this.parameters(parameters, operationId)}` : ''}
      ${body ?? ''}
      <h3>Example</h3>${codeBlock(curl(this.api, route), 'bash', `Call: ${operationId}`)}
      <h3>Answers</h3>${Object.entries(responses).map(([status, answer]) => this.answer(status, answer)).join('\n')}
    </section>`;
  }

  private parameters(parameters: Parameter[], name: string): string {
    const rows = parameters.map((one) => `<tr><th scope="row"><code>${escaped(one.name)}</code>${
      one.required ? '<span class="required">required</span>' : ''}</th><td>${one.in}</td><td><span class="type">${
      [typeOf(this.api, one.schema), ...limitsOf(this.api, one.schema)].join('; ')}</span><div>${
      describeInline(one.description ?? this.api.flat(one.schema).description ?? '', this.linkTo)}</div></td></tr>`);
    return scrollingTable(`<thead><tr><th scope="col">Name</th><th scope="col">In</th><th scope="col">Value</th></tr></thead>
      <tbody>${rows.join('\n')}</tbody>`, `Parameters of ${name}`);
  }

  private contents(contents: Record<string, Content>, label: string): string {
    return Object.entries(contents).map(([type, content]) => {
      this.serial += 1;
      const name = `${label}, ${type} (${this.serial})`;
      return `<p class="hint"><code>${escaped(type)}</code></p>${membersTable(this.api, content.schema, this.linkTo, `Members: ${name}`)}${
        codeBlock(exampleBody(this.api, type, content), type.endsWith('json') ? 'json' : undefined, `Example: ${name}`)}`;
    }).join('\n');
  }

  private answer(status: string, given: Answer): string {
    const answer = this.api.resolved(given);
    const headers = Object.entries(answer.headers ?? {}).map(([name, header]) =>
      `<li><code>${escaped(name)}</code> ${describeInline(this.api.resolved(header).description ?? '', this.linkTo)}</li>`);
    const good = /^[123]/.test(status);
    const shared = Object.values(answer.content ?? {}).map(({ schema }) => schema.$ref?.split('/').pop() ?? '').find((name) => name in problems);
    const inner = shared ? '' : `${headers.length ? `<p class="hint">Headers</p><ul>${headers.join('')}</ul>` : ''}${
      answer.content ? this.contents(answer.content, `answer ${status}`) : ''}`;
    const problem = shared ? ` <a href="/docs/api#${problems[shared]}">${shared === 'Problem' ? 'a problem' : 'a problem that names the fields'}</a>` : '';
    const words = `<span class="status status-${good ? 'good' : 'bad'}">${escaped(status)}</span> ${describeInline(answer.description, this.linkTo)}${problem}`;
    return inner ? `<details><summary>${words}</summary>${inner}</details>` : `<p class="answer">${words}</p>`;
  }

  private events(): Page {
    const sections: Section[] = [];
    const types = Object.entries(this.api.document.webhooks).map(([type, { post }]) => {
      const [content] = Object.values(post.requestBody?.content ?? {});
      if (!content) return '';
      sections.push({ id: type, title: type, level: 2, text: `${post.summary} ${post.description ?? ''}` });
      return `<section aria-labelledby="${type}"><h2 id="${type}"><a class="anchor" href="#${type}"><code>${type}</code></a></h2>
        <p>${escaped(post.summary)}.</p>${sections.length > 1 && post.description ? describe(post.description, this.linkTo) : ''}
        ${codeBlock(JSON.stringify(exampleOf(this.api, content.schema), null, 2), 'json', `Example: ${type}`)}
        ${membersTable(this.api, content.schema, this.linkTo, `Members: ${type}`)}</section>`;
    });
    return {
      path: '/docs/api/event-types', group: apiGroup, title: 'Event types', description: 'What each event says.',
      html: `<h1>Event types</h1><p>What each event says, as it is sent to webhooks without a
        <a href="/docs/filters-and-templates"><code>payload</code> setting</a>. Members beyond these are kept and delivered.
        The headers are the same for all: <a href="/docs/receivers#what-arrives">what arrives</a>.</p>${types.join('\n')}`,
      sections,
    };
  }
}

const kinds: [scheme: string, who: string][] = [['apiKey', 'Keys'], ['session', 'People'], ['portal', 'Portals']];

function callers({ security = [] }: Route): string {
  const rows = kinds.flatMap(([scheme, who]) => {
    const found = security.find((one) => scheme in one);
    if (!found) return [];
    const roles = found[scheme]?.map((role) => `<code>${role}</code>`).join(', ') || 'any';
    return [`<li>${who}: ${roles}${'csrf' in found ? ', with <code>X-CSRF-Token</code>' : ''}</li>`];
  });
  return rows.length ? `<ul class="callers">${rows.join('')}</ul>` : '<p>Anybody: it needs neither key nor sign-in.</p>';
}

export const referencePages = (api: OpenApi, linkTo: LinkTo): Page[] => new Reference(api, linkTo).pages();
