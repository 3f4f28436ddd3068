import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';

import { useAccess } from '../../api/access';
import { answer, ApiError } from '../../api/client';
import type { EventTypeInfo, Schemas, TestResult, Webhook } from '../../api/types';
import { Alert } from '../../components/alert';
import { Answered } from '../../components/answered';
import { CodeBlock } from '../../components/code_block';
import { SelectField, TextAreaField } from '../../components/fields';
import { Form, Submit } from '../../components/form';
import { headerLines } from '../../components/header_lines';
import { formatMilliseconds } from '../../format';
import { indentedJson, jsonOf, jsonProblem, verbatim } from '../../json';
import { withNumbers } from '../../phone_number';
import { Link } from '../../router';
import { useKnown } from './form/surroundings';
import { receiverOf } from './receiver';
import { Received } from './received';
import { adviceFor } from './words';

const acknowledged = (status: number) => status >= 200 && status < 300;

function Verdict({ result }: { result: TestResult }) {
  const { response, error, duration_ms } = result;
  const took = ` after ${formatMilliseconds(duration_ms)}`;
  const good = response !== null && acknowledged(response.status);
  const advice = good ? null : adviceFor(error, response?.status ?? null);
  return (
    <Alert kind={good ? 'notice' : 'problem'}>
      <strong>{response === null ? 'No answer' : `${good ? 'Acknowledged' : 'Not acknowledged'}: status ${response.status}`}{took}.</strong>{' '}
      {error !== null && `${error.charAt(0).toUpperCase()}${error.slice(1)}. `}{advice}
    </Alert>
  );
}

function Result({ result }: { result: TestResult }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), [result]);
  const { response } = result;
  return (
    <section className="panel" aria-labelledby="answer">
      <h2 id="answer" ref={title} tabIndex={-1}>Answer</h2>
      <Verdict result={result} />
      {response !== null && (
        <>
          <dl className="facts webhook-facts">
            <div><dt>Status</dt><dd>{response.status}</dd></div>
            <div><dt>Time</dt><dd>{formatMilliseconds(result.duration_ms)}</dd></div>
          </dl>
          <h3>Headers</h3>
          <CodeBlock label="Headers of the answer" text={headerLines(response.headers) || 'none'} />
          <h3>Body</h3>
          <CodeBlock label="Body of the answer" text={response.body === '' ? 'empty' : indentedJson(response.body)} />
        </>
      )}
      <p><Link href={`/logs/${result.delivery_id}`}>See it in Webhook Logs</Link>, with what was sent.</p>
    </section>
  );
}

interface TestFormProps {
  webhook: Webhook;
  types: EventTypeInfo[];
  onResult(result: TestResult): void;
}

function TestForm({ webhook, types, onResult }: TestFormProps) {
  const { api } = useAccess();
  const queries = useQueryClient();
  const sampleOf = (name: string) => indentedJson(jsonOf(types.find((type) => type.name === name)?.sample ?? {}));
  const first = types.find(({ name }) => webhook.events.includes(name))?.name ?? 'missed_call';
  const [event, setEvent] = useState<string>(first);
  // Each type keeps what was made of its sample.
  const [edited, setEdited] = useState<Record<string, string>>({});
  const text = edited[event] ?? sampleOf(event);
  const edit = (value: string) => setEdited({ ...edited, [event]: value });
  const problem = jsonProblem(text);
  const sending = useMutation({
    mutationFn: (payload: Schemas['AnyEvent']) =>
      answer(api.POST('/v1/webhooks/{id}/test', { params: { path: { id: webhook.id } }, body: { event: event as Schemas['EventType'], payload } })),
  });
  const send = async () => {
    if (problem !== null) throw new ApiError(422, '', { payload: `is not JSON: ${problem}` });
    const payload = withNumbers(text);
    if (payload !== text) edit(payload);
    onResult(await sending.mutateAsync(verbatim(payload)));
    void queries.invalidateQueries({ queryKey: ['test-receivers'] });
  };
  return (
    <Form onSubmit={send} fields={['event', 'payload']}>
      <SelectField name="event" label="Event" value={event} onChange={setEvent} hint={types.find(({ name }) => name === event)?.description}>
        {types.map(({ name }) => <option key={name}>{name}</option>)}
      </SelectField>
      <TextAreaField name="payload" label="Payload" className="webhook-code" rows={14} value={text} onChange={edit} hint="The sample of this event. Change it as you like; phone numbers are sent in the form +12025550143." />
      <p className="field-problem" role="status">{problem !== null && `This is not JSON yet: ${problem}.`}</p>
      <div className="buttons">
        <Submit>Send test</Submit>
        {edited[event] !== undefined && <button type="button" className="button button-second" onClick={() => setEdited(Object.fromEntries(Object.entries(edited).filter(([name]) => name !== event)))}>Back to the sample</button>}
      </div>
    </Form>
  );
}

/** The tab Test Webhook: send a sample, see the answer. */
export function TestTab({ webhook }: { webhook: Webhook }) {
  const known = useKnown();
  const { canChange } = useAccess();
  const [result, setResult] = useState<TestResult | null>(null);
  const receiver = receiverOf(webhook.url);
  if (webhook.mode === 'poll') return <Alert kind="notice">Nothing is sent to this webhook: its receiver polls for its events, so there is nothing to test from here.</Alert>;
  return (
    <>
      {!canChange && <Alert kind="notice">You may look at this webhook, and not send it tests.</Alert>}
      <div className="panels">
        {canChange && (
          <section className="panel" aria-labelledby="test">
            <div>
              <h2 id="test">Send a test</h2>
              <p className="hint">A real request, signed like any other, marked with <code>X-LimeCall-Test: true</code>. Filters do not apply to it.</p>
            </div>
            <Answered query={known}>{({ eventTypes }) => <TestForm webhook={webhook} types={eventTypes} onResult={setResult} />}</Answered>
          </section>
        )}
        <div className="webhook-side">
          {result !== null && <Result result={result} />}
          {receiver !== null && <Received id={receiver} />}
        </div>
      </div>
    </>
  );
}
