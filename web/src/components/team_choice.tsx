// The one control in which a team is chosen: by name or id, from those there are. It never makes a team of what was
// mistyped: a new one is an option of its own.

import { Combobox } from '@base-ui/react/combobox';
import { useQuery } from '@tanstack/react-query';
import { Check, ChevronDown, Plus, X } from 'lucide-react';
import { useContext, useRef, useState } from 'react';

import { useAccess } from '../api/access';
import { answer } from '../api/client';
import { InDialogContext, mainElement } from './dialog';
import { type Team, useCreateTeam, useTeams } from './team';

interface Option {
  id: string;
  name: string | null;
  /** It is not there yet, and is created when it is chosen. */
  created?: boolean;
}

/** What a team is called where it must not be taken for another of the same name. */
export const labelOf = ({ id, name }: Pick<Team, 'id' | 'name'>) => (name === null || name === id ? id : `${name} (${id})`);

const same = (text: string, other: string | null) => other !== null && text.toLowerCase() === other.toLowerCase();

/** What is meant by `text` beyond doubt: an id, a name that one team has, or both as they are shown. */
function meant(text: string, teams: Team[]): Team | undefined {
  const byId = teams.find(({ id }) => id === text);
  if (byId !== undefined) return byId;
  const called = teams.filter((team) => same(text, team.name) || text === labelOf(team));
  return called.length === 1 ? called[0] : undefined;
}

const looksLikeId = (text: string) => /^[\w.:-]+$/.test(text) && /[_\d-]/.test(text);

const shownMost = 100;

function found(teams: Team[], text: string): Team[] {
  const part = text.toLowerCase();
  return teams.filter(({ id, name }) => id.toLowerCase().includes(part) || name?.toLowerCase().includes(part) === true).slice(0, shownMost);
}

/** A team that is not among those that were read; there may be more than are read at once. */
function useOther(id: string, teams: Team[]): Team[] {
  const { api } = useAccess();
  const query = useQuery({
    queryKey: ['teams', 'one', id],
    queryFn: () => answer(api.GET('/v1/teams/{id}', { params: { path: { id } } })).catch(() => null),
    enabled: id !== '' && !/[\s/?#%]/.test(id) && teams.every((team) => team.id !== id),
  });
  return query.data == null ? [] : [query.data];
}

export interface TeamChoiceProps {
  /** The team's id; empty: none is chosen. */
  value: string;
  onChange(id: string): void;
  /** What no choice means, as an option: "All teams". Without it there is none. */
  any?: string;
  /** May a team be created here? */
  creates?: boolean;
  placeholder?: string;
  /** Told what was typed and is no team; empty: nothing of the kind. */
  onUnknown?(text: string): void;
  /** `aria-label`: while the list is open, the label beside the field is hidden. */
  attributes: { id: string; 'aria-label': string; 'aria-invalid'?: boolean; 'aria-describedby'?: string | undefined; 'data-unresolved'?: string | undefined; 'data-name'?: string };
}

export function TeamChoice({ value, onChange, any, creates = false, placeholder, onUnknown = () => undefined, attributes }: TeamChoiceProps) {
  const { admin } = useAccess();
  const within = useContext(InDialogContext);
  const anchor = useRef<HTMLDivElement>(null);
  const listed = useTeams();
  const create = useCreateTeam();
  const [text, setText] = useState<string | null>(null);  // what is being typed; null: the chosen team is shown
  const typed = text?.trim() ?? '';
  const others = useOther(typed === '' ? value : typed, listed);
  const teams = [...listed, ...others];
  const none: Option[] = any === undefined ? [] : [{ id: '', name: any }];
  const chosen: Option | null = value === '' ? (none[0] ?? null) : (teams.find(({ id }) => id === value) ?? { id: value, name: null });
  const exact = meant(typed, teams);
  const offersNew = creates && admin && typed !== '' && exact === undefined;
  const items: Option[] = [
    ...(typed === '' ? none : []),
    ...found(teams, typed),
    ...(offersNew ? [{ id: looksLikeId(typed) ? typed : '', name: typed, created: true }] : []),
  ];
  const labelFor = (option: Option) => (option.id === '' && option.created !== true ? (option.name ?? '') : labelOf(option));
  const shown = text ?? (chosen === null ? '' : labelFor(chosen));
  const put = (id: string) => {
    setText(null);
    onUnknown('');
    onChange(id);
  };
  const choose = (option: Option | null) => {
    if (option?.created !== true) return put(option?.id ?? '');
    const name = option.name ?? '';
    if (option.id !== '') put(option.id);
    else onUnknown(name);  // until it is there
    void create(name, option.id).then((id) => {
      if (id !== null) return put(id);
      onChange('');
      setText(name);
      onUnknown(name);
    });
  };
  // What was typed and not chosen: a team if it can only be that one; else it stays, to be seen and mended.
  const leave = () => {
    if (text === null) return;
    if (typed === '' || exact !== undefined) put(exact?.id ?? '');
    else if (creates) onUnknown(typed);
    else setText(null);
  };
  return (
    <Combobox.Root<Option>
      items={items}
      filter={null}
      value={chosen}
      onValueChange={choose}
      inputValue={shown}
      onInputValueChange={(next, { reason }) => {
        if (reason !== 'input-change') return;  // others put back what was chosen, whatever was typed
        setText(next);
        onUnknown('');
      }}
      itemToStringLabel={labelFor}
      isItemEqualToValue={(a, b) => a.id === b.id && a.created === b.created}
      autoHighlight
    >
      <div className="team-combobox" ref={anchor}>
        <Combobox.Input placeholder={placeholder} autoCapitalize="none" spellCheck={false} onFocus={(event) => event.target.select()} onBlur={leave} {...attributes} />
        {any === undefined && value !== '' && <button type="button" className="button-icon" aria-label="Clear the team" onClick={() => put('')}><X aria-hidden size={16} /></button>}
        <Combobox.Trigger className="button-icon" aria-label="Show the teams"><ChevronDown aria-hidden size={16} /></Combobox.Trigger>
      </div>
      <Combobox.Portal {...(within ? {} : { container: mainElement })} className="menu-portal">
        <Combobox.Positioner className="team-positioner" anchor={anchor} align="start" sideOffset={4}>
          <Combobox.Popup className="menu team-options" role="region" aria-label="Teams">
            <Combobox.Empty className="team-none">{typed === '' ? 'There is no team yet.' : `No team is called “${typed}”.`}</Combobox.Empty>
            <Combobox.List className="team-list">
              {(option: Option) => (
                <Combobox.Item key={`${option.created === true ? 'new ' : ''}${option.id}`} value={option} className="menu-item team-option">
                  {option.created === true ? <Plus aria-hidden size={16} /> : <Combobox.ItemIndicator keepMounted className="team-check"><Check aria-hidden size={16} /></Combobox.ItemIndicator>}
                  <OptionWords option={option} />
                </Combobox.Item>
              )}
            </Combobox.List>
          </Combobox.Popup>
        </Combobox.Positioner>
      </Combobox.Portal>
    </Combobox.Root>
  );
}

function OptionWords({ option: { id, name, created = false } }: { option: Option }) {
  if (created) return <span>Create team “{name}” <span className="hint">{id === '' ? 'with a new ID' : `with the ID ${id}`}</span></span>;
  return <span>{name ?? id} {id !== '' && name !== null && name !== id && <span className="hint">{id}</span>}</span>;
}
