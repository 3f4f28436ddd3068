// Sends an event as the phone platform would, so that one sees what becomes of it.

import { Send } from 'lucide-react';
import { useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useLocation } from 'wouter';

import { useAccess } from '../../api/access';
import { answer, ApiError } from '../../api/client';
import { Answered } from '../../components/answered';
import { Dialog } from '../../components/dialog';
import { useEventTypes } from '../../components/event_types';
import { Form, Submit } from '../../components/form';
import { useToast } from '../../components/toasts';
import { indentedJson, jsonOf, jsonProblem, membersOf, objectJson, verbatim } from '../../json';
import { withNumbers } from '../../phone_number';

type EventTypes = NonNullable<ReturnType<typeof useEventTypes>['data']>;

/** Limehook's own events, whose names have a dot, cannot be sent. */
const canBeSent = ({ name }: { name: string }) => !name.includes('.');

function checkJson(text: string) {
  const problem = jsonProblem(text);
  if (problem !== null) throw new ApiError(422, `This is not JSON: ${problem}.`);
}

function SendForm({ types, onSent }: { types: EventTypes; onSent(id: string, deliveries: number): Promise<void> }) {
  const { api, team } = useAccess();
  const id = useId();
  const sampleOf = (name: string) => {
    const sample = types.find((type) => type.name === name)?.sample ?? {};
    // The samples name a team of their own.
    const own = membersOf(sample).map(([member, json]): [string, string] => [member, team !== null && member === 'team_id' ? jsonOf(team) : json]);
    return indentedJson(objectJson(own));
  };
  const sendable = types.filter(canBeSent);
  const [name, setName] = useState(sendable[0]?.name ?? '');
  const [text, setText] = useState(() => sampleOf(name));
  const choose = (next: string) => {
    setName(next as typeof name);
    setText(sampleOf(next));
  };
  const send = async () => {
    checkJson(text);
    const event = withNumbers(text);
    setText(event);
    const sent = await answer(api.POST('/v1/events', { body: verbatim(event) }));
    await onSent(sent.id, sent.deliveries);
  };
  return (
    <Form onSubmit={send} fields={[]}>
      <div className="field">
        <label htmlFor={`${id}-type`}>Event type</label>
        <div className="field-input">
          <select id={`${id}-type`} value={name} aria-describedby={`${id}-type-hint`} onChange={(event) => choose(event.target.value)}>
            {sendable.map((type) => <option key={type.name}>{type.name}</option>)}
          </select>
        </div>
        <p id={`${id}-type-hint`} className="hint">{types.find((type) => type.name === name)?.description}</p>
      </div>
      <div className="field">
        <label htmlFor={`${id}-text`}>Event</label>
        <div className="field-input">
          <textarea id={`${id}-text`} className="event-text" value={text} rows={12} spellCheck={false} autoCapitalize="none" aria-describedby={`${id}-text-hint`} onChange={(event) => setText(event.target.value)} />
        </div>
        <p id={`${id}-text-hint`} className="hint">It is delivered to webhooks as any other event is. Change what you like; further members are kept. Phone numbers are sent in the form +12025550143.</p>
      </div>
      <Submit>Send event</Submit>
    </Form>
  );
}

/** The button and its dialog; for those who may send events. */
export function SendEvent() {
  const { canChange } = useAccess();
  const [open, setOpen] = useState(false);
  const types = useEventTypes();
  const queries = useQueryClient();
  const say = useToast();
  const [, navigate] = useLocation();
  if (!canChange) return null;
  const sent = async (id: string, deliveries: number) => {
    setOpen(false);
    say(deliveries === 0 ? 'Event accepted; no webhook wants it' : `Event accepted; it goes to ${deliveries} webhook${deliveries === 1 ? '' : 's'}`);
    navigate(`/events/${id}`);
    await queries.invalidateQueries({ queryKey: ['events'] });
  };
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen(true)}><Send aria-hidden size={16} /> Send an event</button>
      <Dialog title="Send an event" open={open} onClose={() => setOpen(false)}>
        <Answered query={types}>{(known) => <SendForm types={known} onSent={sent} />}</Answered>
      </Dialog>
    </>
  );
}
