import { type ReactNode, useId } from 'react';

import { ApiError } from '../../../api/client';
import { Form, Submit } from '../../../components/form';
import { TextField } from '../../../components/fields';
import { Advanced, advancedFields } from './advanced';
import { Destination, EventTypeChoice, NumberChoice, type PartProps, TeamChoice } from './basics';
import { orderProblem } from './conditions';
import { Filters } from './filters';
import { Payload } from './payload';
import { Preview } from './preview';

const steps = ['filters/match', 'filters/conditions', 'payload/preset', 'payload/content_type', 'payload/fields', 'payload/template'];
const shownFields = ['name', 'url', 'team_id', 'events', 'numbers', 'filters', 'payload', ...steps, ...advancedFields];

function Panel({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  const id = useId();
  return (
    <section className="panel webhook-panel" aria-labelledby={id}>
      <div>
        <h2 id={id}>{title}</h2>
        {hint !== undefined && <p className="hint">{hint}</p>}
      </div>
      {children}
    </section>
  );
}

interface WebhookFormProps extends PartProps {
  /** A webhook's team is chosen when it is made, and never again. */
  isNew: boolean;
  onSave(): Promise<void>;
  onCancel(): void;
}

/** What the server would take and what could never match. */
function checkConditions({ values, known }: PartProps) {
  const problems = values.conditions.flatMap((row, index) => {
    const problem = orderProblem(row, known.paths);
    return problem === undefined ? [] : [[`filters/conditions/${index}/value`, problem]];
  });
  if (problems.length > 0) throw new ApiError(422, 'A filter compares with something that is no number.', Object.fromEntries(problems) as Record<string, string>);
}

/** All that can be set on a webhook, for a new one and for one that there is. */
export function WebhookForm({ isNew, onSave, onCancel, ...part }: WebhookFormProps) {
  const { values, set, known } = part;
  const save = async () => {
    checkConditions(part);
    await onSave();
  };
  return (
    <div className="webhook-form">
      <Form onSubmit={save} fields={shownFields}>
        <Panel title="Where to">
          <TextField name="name" label="Webhook Name" value={values.name} onChange={(name) => set({ name })} placeholder="CRM" hint="For you and your team." />
          <Destination values={values} set={set} />
          {isNew && <TeamChoice values={values} set={set} />}
        </Panel>
        <Panel title="What">
          <EventTypeChoice {...part} />
          <NumberChoice values={values} set={set} />
        </Panel>
        <Panel title="Filters" hint="Only events whose payload meets conditions.">
          <Filters {...part} />
        </Panel>
        <Panel title="Payload" hint="What is sent for each event.">
          <Payload {...part} />
          <Preview values={values} known={known} />
        </Panel>
        <Advanced {...part} />
        <div className="buttons webhook-save">
          <Submit>Save Webhook</Submit>
          <button type="button" className="button button-second" onClick={onCancel}>Cancel</button>
        </div>
      </Form>
    </div>
  );
}
