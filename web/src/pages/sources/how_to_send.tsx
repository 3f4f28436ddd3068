import { useState } from 'react';

import { Answered } from '../../components/answered';
import { CodeBlock } from '../../components/code_block';
import { Dialog } from '../../components/dialog';
import { useEventTypes } from '../../components/event_types';
import { SelectField } from '../../components/fields';
import { isolated } from '../../direction';
import { indentedJson, jsonOf } from '../../json';
import { curlOf, type Source } from './sources';

interface SendsProps {
  /** The team whose events they are; null: the sample's. */
  team: string | null;
}

/** A request that sends an event to this server, for each type of event. */
export function Sends({ team }: SendsProps) {
  const [chosen, setChosen] = useState('missed_call');
  const types = useEventTypes();
  return (
    <Answered query={types}>
      {(all) => {
        const ours = all.filter(({ name }) => !name.includes('.'));  // the others are Limehook's own
        const type = ours.find(({ name }) => name === chosen) ?? ours[0];
        if (type === undefined) return null;
        const event = team !== null && 'team_id' in type.sample ? { ...type.sample, team_id: team } : type.sample;
        return (
          <>
            <SelectField name="" label="Event type" value={type.name} onChange={setChosen} hint={type.description}>
              {ours.map(({ name }) => <option key={name}>{name}</option>)}
            </SelectField>
            <CodeBlock label={`A request that sends ${type.name}`} text={curlOf(location.origin, indentedJson(jsonOf(event)))} />
            <p className="hint">The answer is 202 as soon as the event is safe on disk. <a href="/docs/quick-start">Quick start</a> · <a href="/docs/api">All requests</a></p>
          </>
        );
      }}
    </Answered>
  );
}

export function HowToSend({ source, onClose }: { source: Source | null; onClose(): void }) {
  return (
    <Dialog title={`Send from ${isolated(source?.name ?? 'a source')}`} open={source !== null} onClose={onClose}>
      {source !== null && (
        <div className="sends">
          <p>Set <code>LIMEHOOK_KEY</code> to the key of <bdi>{source.name}</bdi>. Lost it? Add another source and revoke this key.</p>
          <Sends team={source.team_id} />
        </div>
      )}
    </Dialog>
  );
}
