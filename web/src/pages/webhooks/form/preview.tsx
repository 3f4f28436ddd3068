import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { useAccess } from '../../../api/access';
import { answer, type ApiError } from '../../../api/client';
import type { Schemas } from '../../../api/types';
import { Alert } from '../../../components/alert';
import { Loading } from '../../../components/answered';
import { CodeBlock } from '../../../components/code_block';
import { SelectField } from '../../../components/fields';
import { Ago } from '../../../components/time';
import { indentedJson, jsonOf, jsonProblem, verbatim } from '../../../json';
import type { Known } from './surroundings';
import { payloadOf, type Values } from './values';

type EventName = Schemas['EventType'];

const pauseMs = 300;

/** `value` once it has not changed for a moment, so that not every key asks the server. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pauseMs);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/** The newest event of a type that has really come; null where none has. */
function useRecentEvent(event: EventName, team: string) {
  const { api } = useAccess();
  return useQuery({
    queryKey: ['recent-event', event, team],  // not kept up to date: what is previewed does not change while one types
    queryFn: async () => {
      const query = { event, limit: 10, ...(team === '' ? {} : { team_id: team }) };
      const { data } = await answer(api.GET('/v1/events', { params: { query } }));
      return data.find(({ test }) => !test) ?? null;
    },
    staleTime: 60_000,
  });
}

function Problems({ error }: { error: ApiError }) {
  const details = Object.entries(error.fields).map(([pointer, detail]) => `${pointer} ${detail}.`);
  return <Alert>This cannot be previewed: {details.length === 0 ? error.message : details.join(' ')}</Alert>;
}

/** What the receiver would get, as the settings are now. */
export function Preview({ values, known }: { values: Values; known: Known }) {
  const { api } = useAccess();
  const types = values.allEvents || values.events.length === 0 ? known.eventTypes.map(({ name }) => name) : (values.events as EventName[]);
  const [chosen, setChosen] = useState<EventName | null>(null);
  const event = chosen !== null && types.includes(chosen) ? chosen : (types[0] ?? 'missed_call');
  const recent = useRecentEvent(event, values.team_id);
  const broken = values.payload === 'template' && jsonProblem(values.template) !== null;
  const shape = useSettled(jsonOf(payloadOf(values)));
  const preview = useQuery({
    queryKey: ['preview', event, recent.data?.id ?? null, shape],
    queryFn: () => {
      const sample = recent.data === null || recent.data === undefined ? {} : { sample: recent.data.payload as Schemas['AnyEvent'] };
      return answer(api.POST('/v1/webhooks/preview', { body: { event, payload: verbatim<Schemas['PayloadShape'] | null>(shape), ...sample } }));
    },
    enabled: !recent.isPending && !broken,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
  return (
    <section className="webhook-preview" aria-labelledby="preview">
      <div className="webhook-preview-head">
        <h3 id="preview">Preview</h3>
        <SelectField name="preview" label="Event to preview" quiet value={event} onChange={(name) => setChosen(name as EventName)}>
          {types.map((name) => <option key={name}>{name}</option>)}
        </SelectField>
      </div>
      <p className="hint" role="status">
        {recent.data != null && <>Made from a real event, received <Ago at={recent.data.received_at} />.</>}
        {recent.data == null && !recent.isPending && 'Made from the sample: no such event has come yet.'}
      </p>
      {broken && <p className="hint">The preview goes on once the template is JSON.</p>}
      {!broken && preview.error !== null && <Problems error={preview.error} />}
      {preview.data === undefined && preview.error === null && !broken && <Loading />}
      {preview.data !== undefined && preview.error === null && (
        <>
          <CodeBlock label="Payload that is sent" text={indentedJson(preview.data.body)} />
          <p className="hint">Content-Type: <code>{preview.data.content_type}</code></p>
          {preview.data.notes.map((note) => <Alert key={note} kind="notice">{note}</Alert>)}
        </>
      )}
    </section>
  );
}
