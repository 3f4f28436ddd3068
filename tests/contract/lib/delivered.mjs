// Holds a request that a receiver got against the `webhooks` section of the document.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

const OWN_HEADER = /^(x-limecall-|webhook-)/;

function checkHeaders(document, operation, headers, story) {
  const described = operation.parameters.map((parameter) => parameter.name.toLowerCase());
  for (const { name, required, schema } of operation.parameters) {
    const value = headers[name.toLowerCase()];
    assert.ok(value !== undefined || !required, `${story} misses ${name}`);
    if (value !== undefined) assert.equal(document.problems(schema, value), '', `${story} ${name}`);
  }
  for (const name of Object.keys(headers).filter((each) => OWN_HEADER.test(each))) {
    assert.ok(described.includes(name), `${story}: the header ${name} is not described`);
  }
}

// `webhook`: {secrets, token, shaped}. All secrets that sign, the newest first; `shaped` when it changes the payload.
export function checkDelivered(document, webhook, request) {
  const type = request.headers['x-limecall-event'];
  const story = `${type} at ${request.target}`;
  const operation = document.operations('webhooks').find((each) => each.path === type);
  assert.ok(operation, `${story}: an event that the webhooks section does not have`);
  assert.equal(request.method, operation.method, story);
  checkHeaders(document, operation, request.headers, story);
  assert.equal(request.headers.authorization, `Bearer ${webhook.token}`, story);

  const [mediaType] = operation.requestTypes;
  assert.equal(request.headers['content-type'], mediaType, story);
  const value = JSON.parse(request.body.toString('utf8'));
  if (!webhook.shaped) assert.equal(document.problems(operation.requestSchema(mediaType), value), '', story);

  const hexes = [request.headers['x-limecall-signature'], request.headers['x-limecall-signature-previous']];
  webhook.secrets.forEach((secret, index) => {
    new Webhook(secret).verify(request.body.toString('utf8'), request.headers);
    assert.equal(hexes[index], createHmac('sha256', secret).update(request.body).digest('hex'), story);
  });
  assert.equal(hexes[webhook.secrets.length], undefined, `${story}: a signature of a secret that is not valid`);
}
