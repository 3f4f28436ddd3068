import { ChevronDown } from 'lucide-react';
import { useId, useState } from 'react';
import { useLocation } from 'wouter';

import { ActionMenu } from '../../components/action_menu';
import { CodeBlock } from '../../components/code_block';
import { TeamLink } from '../../components/team';
import { Ago } from '../../components/time';
import { isolated } from '../../direction';
import { formatTime } from '../../format';
import { indentedJson, jsonOf } from '../../json';
import { actorName, type Change, changesOf, type Entry, targetName, wordsOf } from './words';

function Value({ text }: { text: string | null }) {
  if (text === null) return <span className="hint">none</span>;
  return <code><bdi>{text === '' ? '(empty)' : text}</bdi></code>;
}

function Changes({ changes }: { changes: Change[] }) {
  return (
    <dl className="changes">
      {changes.map(({ member, before, after }) => (
        <div key={member}>
          <dt>{member}</dt>
          <dd><Value text={before} /> <span aria-hidden>→</span><span className="visually-hidden">became</span> <Value text={after} /></dd>
        </div>
      ))}
    </dl>
  );
}

function Details({ entry }: { entry: Entry }) {
  return (
    <div className="entry-details">
      <p className="hint">{formatTime(entry.at)}{entry.client_address !== null && <> · from <code>{entry.client_address}</code></>} · <code>{entry.action}</code></p>
      <CodeBlock label="The entry as it is" text={indentedJson(jsonOf(entry))} />
    </div>
  );
}

/** What a reader may want to see more of. */
function useMore({ actor, target, action }: Entry) {
  const [path, navigate] = useLocation();
  const only = (name: string, value: string) => () => navigate(`${path}?${new URLSearchParams({ [name]: value })}`);
  return [
    ...(actor.id !== null ? [{ name: `Only by ${isolated(actorName(actor))}`, run: only('actor', actor.id) }] : []),
    ...(target.id !== null ? [{ name: `Only about ${isolated(targetName(target))}`, run: only('target', target.id) }] : []),
    { name: 'Only this action', run: only('action', action) },
  ];
}

export function EntryRow({ entry }: { entry: Entry }) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const [before, after] = wordsOf(entry.action);
  // What something was made of, or was when it went, is in the details.
  const changes = entry.before !== null && entry.after !== null ? changesOf(entry) : [];
  const words = `${isolated(actorName(entry.actor))} ${before}${isolated(targetName(entry.target))}${after}`;
  const more = useMore(entry);
  return (
    <li className="entry">
      <button type="button" className="button-icon entry-toggle" aria-expanded={open} aria-controls={id} aria-label={`Details: ${words}`} onClick={() => setOpen(!open)}><ChevronDown aria-hidden size={18} /></button>
      <div className="entry-words">
        <p><strong><bdi>{actorName(entry.actor)}</bdi></strong> {before}<strong><bdi>{targetName(entry.target)}</bdi></strong>{after}</p>
        {changes.length > 0 && <Changes changes={changes} />}
        <div id={id} hidden={!open}>{open && <Details entry={entry} />}</div>
      </div>
      <div className="entry-side">
        {entry.team_id !== null && <span className="entry-team"><TeamLink id={entry.team_id} /></span>}
        <span className="hint"><Ago at={entry.at} /></span>
        <ActionMenu label={`Show only what is like: ${words}`} actions={more} />
      </div>
    </li>
  );
}
