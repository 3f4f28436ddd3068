import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { useAccess, useApi } from '../../../api/access';
import { answer } from '../../../api/client';
import type { Schemas } from '../../../api/types';
import { Alert } from '../../../components/alert';
import { Problem, TextAreaField, TextField } from '../../../components/fields';
import { TeamField } from '../../../components/team';
import { isolated } from '../../../direction';
import { asNumber, numbersIn, problemIn } from '../../../phone_number';
import { isReceiverUrl } from '../receiver';
import type { Known } from './surroundings';
import { isOwnEvent, type Values } from './values';

export interface PartProps {
  values: Values;
  set(change: Partial<Values>): void;
  known: Known;
}

type Part = Omit<PartProps, 'known'>;

function TestReceiverOffer({ team, onUrl }: { team: string; onUrl(url: string): void }) {
  const api = useApi();
  const queries = useQueryClient();
  const [refusal, setRefusal] = useState<string | null>(null);
  const making = useMutation({
    mutationFn: () => answer(api.POST('/v1/test-receivers', { body: (team === '' ? {} : { team_id: team }) as Schemas['TestReceiverCreate'] })),
    onSuccess: ({ url, note }) => {
      if (url === null) return setRefusal(note);
      onUrl(url);
      void queries.invalidateQueries({ queryKey: ['test-receivers'] });
    },
  });
  return (
    <>
      <p className="hint">
        No receiver yet? <button type="button" className="button-plain webhook-inline" aria-disabled={making.isPending} onClick={() => making.mutate()}>Use a test receiver</button>
      </p>
      {(making.error !== null || refusal !== null) && <Alert>{making.error?.message ?? refusal}</Alert>}
    </>
  );
}

/** How events get to the receiver: they are sent, or it asks for them. */
export function Destination({ values, set }: Part) {
  return (
    <>
      <fieldset className="choices">
        <legend className="webhook-label">How events arrive</legend>
        <label><input type="radio" name="mode" checked={values.mode === 'push'} onChange={() => set({ mode: 'push' })} /> Limehook sends them to a URL</label>
        <label><input type="radio" name="mode" checked={values.mode === 'poll'} onChange={() => set({ mode: 'poll' })} /> The receiver polls for them</label>
      </fieldset>
      {values.mode === 'poll' && <p className="hint">For receivers that cannot be reached from here: nothing is sent, they ask for their events at <code>GET /v1/webhooks/…/events</code>.</p>}
      {values.mode === 'push' && (
        <div className="webhook-url">
          <TextField name="url" label="Webhook URL" type="url" inputMode="url" placeholder="https://example.com/webhooks" value={values.url} onChange={(url) => set({ url })} hint="Where events are sent by POST. It must answer with a status of 200 to 299 within the timeout." />
          {isReceiverUrl(values.url) ? <p className="hint">This is a test receiver: see what has come to it under Test Webhook.</p> : <TestReceiverOffer team={values.team_id} onUrl={(url) => set({ url })} />}
        </div>
      )}
    </>
  );
}

export function TeamChoice({ values, set }: Part) {
  const { admin, team } = useAccess();
  if (!admin || team !== null) return null;
  return <TeamField name="team_id" value={values.team_id} onChange={(team_id) => set({ team_id })} any="All teams" hint="Whose events it gets. This cannot be changed later." />;
}

export function EventTypeChoice({ values, set, known }: PartProps) {
  const { eventTypes, platformEvents } = known;
  const toggle = (name: string, on: boolean) => {
    const before = values.allEvents ? [...platformEvents, ...values.events.filter(isOwnEvent)] : values.events;
    const events = eventTypes.map((type) => type.name as string).filter((other) => (other === name ? on : before.includes(other)));
    set({ events, allEvents: false });
  };
  const chosen = (name: string) => values.events.includes(name) || (values.allEvents && !isOwnEvent(name));
  const choice = ({ name, description }: Known['eventTypes'][number]) => (
    <label key={name} className="webhook-type">
      <input type="checkbox" checked={chosen(name)} onChange={(event) => toggle(name, event.target.checked)} />
      <span><code>{name}</code> <span className="hint">{description}</span></span>
    </label>
  );
  return (
    <fieldset className="webhook-types">
      <legend className="webhook-label">Event Type(s)</legend>
      <label className="webhook-type">
        <input type="checkbox" checked={values.allEvents} onChange={(event) => set({ allEvents: event.target.checked, events: values.events.filter(isOwnEvent) })} />
        <span><strong>All events of the phone platform</strong> <span className="hint">Also those that are added later.</span></span>
      </label>
      <div className="webhook-type-list">{eventTypes.filter(({ name }) => !isOwnEvent(name)).map(choice)}</div>
      <details open={values.events.some(isOwnEvent)}>
        <summary>Events of Limehook itself</summary>
        <div className="webhook-type-list">{eventTypes.filter(({ name }) => isOwnEvent(name)).map(choice)}</div>
      </details>
      <Problem name="events" label="Event Type(s)" />
    </fieldset>
  );
}

export function NumberChoice({ values, set }: Part) {
  const api = useApi();
  const { team } = useAccess();
  const of = team ?? (values.team_id === '' ? null : values.team_id);
  const numbers = useQuery({
    queryKey: ['numbers', 'choice', of],
    queryFn: () => answer(api.GET('/v1/numbers', { params: { query: { limit: 100, ...(of === null ? {} : { team_id: of }) } } })),
  });
  const typed = numbersIn(values.numbers).map(asNumber);
  const others = numbers.data?.data.filter(({ number }) => !typed.includes(number)) ?? [];
  return (
    <>
      <TextAreaField name="numbers" label="Numbers" rows={2} value={values.numbers} onChange={(numbers) => set({ numbers })} placeholder="All numbers" hint="Only events of these numbers, with commas or line breaks between them. Empty: events of all numbers." remark={problemIn(numbersIn(values.numbers))} />
      {others.length > 0 && (
        <p className="webhook-chips">
          {others.slice(0, 12).map(({ id, number, name }) => (
            <button key={id} type="button" className="webhook-chip" aria-label={`Add ${number}`} onClick={() => set({ numbers: [...typed, number].join(', ') })}>+ {name === null ? number : `${isolated(name)} ${number}`}</button>
          ))}
        </p>
      )}
    </>
  );
}
