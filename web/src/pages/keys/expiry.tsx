// When a key expires: never, after some time, or at the end of a day.

import { SelectField } from '../../components/fields';
import { MomentField } from '../../components/moment_field';
import { formatTime } from '../../format';

/** days: '' never, 'keep' as it is, 'date' at `date`, the end of a day, else so many. */
export interface Expiry {
  days: string;
  date: string;
}

export const never: Expiry = { days: '', date: '' };

const dayMs = 86_400_000;

/** As the API has it; undefined: no change. */
export function expiresAt({ days, date }: Expiry): string | null | undefined {
  if (days === 'keep') return undefined;
  if (days === '') return null;
  // Without a date the server is asked too: it has the words for what is wrong.
  if (days === 'date') return date;
  return new Date(Date.now() + Number(days) * dayMs).toISOString();
}

interface ExpiryFieldProps {
  value: Expiry;
  onChange(value: Expiry): void;
  /** When it expires now; undefined where there is no key yet. */
  now?: string | null;
}

export function ExpiryField({ value, onChange, now }: ExpiryFieldProps) {
  const atDate = value.days === 'date';
  return (
    <>
      <SelectField name={atDate ? 'expiry' : 'expires_at'} label="Expires" value={value.days} onChange={(days) => onChange({ ...value, days })}>
        {now !== undefined && now !== null && <option value="keep">As it is: {formatTime(now)}</option>}
        <option value="">Never</option>
        <option value="30">In 30 days</option>
        <option value="90">In 90 days</option>
        <option value="365">In a year</option>
        <option value="date">At the end of a day…</option>
      </SelectField>
      {atDate && <MomentField day name="expires_at" label="Last day" value={value.date} onChange={(date) => onChange({ ...value, date })} />}
    </>
  );
}
