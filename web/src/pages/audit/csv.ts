// The audit log as a file for spreadsheets (RFC 4180).

import { jsonOf } from '../../json';
import { actorName, type Entry } from './words';

// Spreadsheets take what begins so for a formula.
const harmless = (text: string) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
const cell = (text: string) => `"${harmless(text).replaceAll('"', '""')}"`;

const columns: [string, (entry: Entry) => string | null][] = [
  ['at', ({ at }) => at],
  ['action', ({ action }) => action],
  ['actor', ({ actor }) => actorName(actor)],
  ['actor_id', ({ actor }) => actor.id],
  ['client_address', ({ client_address }) => client_address],
  ['team_id', ({ team_id }) => team_id],
  ['target', ({ target }) => target.name],
  ['target_id', ({ target }) => target.id],
  ['before', ({ before }) => (before === null ? null : jsonOf(before))],
  ['after', ({ after }) => (after === null ? null : jsonOf(after))],
  ['id', ({ id }) => id],
];

export function csvOf(entries: Entry[]): string {
  const lines = entries.map((entry) => columns.map(([, of]) => cell(of(entry) ?? '')).join(','));
  return [columns.map(([name]) => name).join(','), ...lines, ''].join('\r\n');
}

/** Has the browser keep `text` as a file. */
export function download(name: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
