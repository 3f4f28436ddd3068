// Many numbers at once: a list that is pasted, one request a line, so that each line gets the server's own words.

import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';

import { type Access, useAccess } from '../../api/access';
import { ApiError } from '../../api/client';
import { Dialog } from '../../components/dialog';
import { TextAreaField } from '../../components/fields';
import { Form, Submit } from '../../components/form';
import { TeamField } from '../../components/team';
import { formatCount } from '../../format';
import { asNumber, readNumber } from '../../phone_number';

interface Line {
  text: string;
  number: string;
  name: string | null;
}

interface Refusal {
  line: Line;
  detail: string;
}

/** "number" or "number, name"; also with tabs or semicolons, as tables are copied. */
function linesOf(text: string): Line[] {
  return text.split('\n').map((line) => line.trim()).filter((line) => line !== '').map((line) => {
    const [, number = '', name = ''] = line.match(/^([^,;\t]*)(?:[,;\t](.*))?$/) ?? [];
    return { text: line, number: asNumber(number), name: name.trim() || null };
  });
}

const wordsOf = ({ fields, message }: ApiError) => Object.values(fields).join('; ') || message;

/** What came of one line: null where it was added. Without the server, or the right, there is no use in going on. */
async function addLine({ api }: Access, line: Line, team: string): Promise<Refusal | null> {
  const { problem } = readNumber(line.number);
  if (problem !== undefined) return { line, detail: problem };
  try {
    await api.POST('/v1/numbers', { body: { number: line.number, name: line.name, ...(team === '' ? {} : { team_id: team }) } });
    return null;
  } catch (error) {
    if (!(error instanceof ApiError) || ![409, 422].includes(error.status)) throw error;
    return { line, detail: wordsOf(error) };
  }
}

interface Done {
  added: number;
  refused: Refusal[];
}

function Result({ done, onAgain, onClose }: { done: Done; onAgain(): void; onClose(): void }) {
  return (
    <>
      <p role="status">{formatCount(done.added)} added{done.refused.length > 0 && `, ${formatCount(done.refused.length)} not`}.</p>
      {done.refused.length > 0 && (
        <ul className="refusals" tabIndex={0} aria-label="Lines that were not added">
          {done.refused.map(({ line, detail }, index) => <li key={index}><code>{line.text}</code> <span className="field-problem">{detail}</span></li>)}
        </ul>
      )}
      <div className="buttons">
        <button type="button" className="button" autoFocus onClick={onClose}>Done</button>
        {done.refused.length > 0 && <button type="button" className="button button-second" onClick={onAgain}>Mend these lines</button>}
      </div>
    </>
  );
}

function Importing({ onClose }: { onClose(): void }) {
  const access = useAccess();
  const queries = useQueryClient();
  const [text, setText] = useState('');
  const [team, setTeam] = useState('');
  const [progress, setProgress] = useState('');
  const [done, setDone] = useState<Done | null>(null);
  const stopped = useRef(false);
  const lines = linesOf(text);
  useEffect(() => () => void (stopped.current = true), []);
  const run = async () => {
    if (lines.length === 0) throw new ApiError(422, 'Paste at least one number.');
    const result: Done = { added: 0, refused: [] };
    stopped.current = false;
    try {
      for (const [index, line] of lines.entries()) {
        if (stopped.current) break;
        setProgress(`${formatCount(index + 1)} of ${formatCount(lines.length)}`);
        const refusal = await addLine(access, line, team);
        if (refusal === null) result.added += 1;
        else result.refused.push(refusal);
      }
    } finally {
      // What is not in yet stays in the field, so that one can go on after an error.
      const tried = result.added + result.refused.length;
      setText([...result.refused.map(({ line }) => line.text), ...lines.slice(tried).map((line) => line.text)].join('\n'));
      setProgress('');
      await queries.invalidateQueries({ queryKey: ['numbers'] });
    }
    setDone(result);
  };
  if (done !== null) return <Result done={done} onAgain={() => setDone(null)} onClose={onClose} />;
  return (
    <Form onSubmit={run} fields={[]}>
      <TextAreaField name="" label="Numbers" value={text} onChange={setText} rows={8} autoFocus placeholder={'+1234567890, Front desk\n+1234567891'} hint="One a line; a name may follow after a comma. Up to a few thousand." />
      {access.admin && <TeamField name="team_id" value={team} onChange={setTeam} hint="Of all of these." />}
      <p className="hint" role="status">{progress}</p>
      <div className="buttons">
        <Submit>{lines.length === 0 ? 'Import' : `Import ${formatCount(lines.length)}`}</Submit>
        <button type="button" className="button button-second" onClick={() => (progress === '' ? onClose() : (stopped.current = true))}>{progress === '' ? 'Cancel' : 'Stop'}</button>
      </div>
    </Form>
  );
}

export function ImportNumbers({ open, onClose }: { open: boolean; onClose(): void }) {
  return <Dialog title="Import numbers" open={open} onClose={onClose}><Importing onClose={onClose} /></Dialog>;
}
