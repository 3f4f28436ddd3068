import { useState } from 'react';

import { Problem, SelectField, TextAreaField, TextField } from '../../../components/fields';
import { useProblems } from '../../../components/form';
import { useSettings } from '../../../components/settings';
import { formatDuration } from '../../../format';
import type { PartProps } from './basics';
import { scheduleOf, typedSeconds } from './values';

export const advancedFields = [
  'headers', 'retry_schedule', 'timeout_ms', 'max_concurrency', 'rate_limit', 'ordered', 'fallback_url', 'notify_emails',
  'signatures', 'signature_header', 'token',
];

/** The schedule in words; the server's where none is given. */
function scheduleInWords(typed: string, usual: number[] | undefined): string {
  if (typed.trim() === '') return `Empty: the server’s schedule${usual === undefined ? '' : `, after ${usual.map(formatDuration).join(', ')}`}. Steps such as 30s, 5m, 2h.`;
  const steps = scheduleOf(typed);
  if (!steps.every(Number.isFinite)) return 'Steps such as 30s, 5m, 2h, with commas between them.';
  const sum = steps.reduce((all, step) => all + step, 0);
  return `At once, then after ${steps.map(formatDuration).join(', ')}: ${steps.length + 1} attempts within ${formatDuration(sum)} and the time they take.`;
}

type Part = Pick<PartProps, 'values' | 'set'>;

function Pace({ values, set }: Part) {
  const usual = useSettings().data?.webhook_defaults;
  return (
    <>
      <TextField name="retry_schedule" label="Retry schedule" value={values.retry_schedule} onChange={(retry_schedule) => set({ retry_schedule })} placeholder={usual?.retry_schedule.map(typedSeconds).join(', ')} hint={scheduleInWords(values.retry_schedule, usual?.retry_schedule)} />
      <div className="webhook-grid">
        <TextField name="timeout_ms" label="Timeout (ms)" inputMode="numeric" value={values.timeout_ms} onChange={(timeout_ms) => set({ timeout_ms })} placeholder={usual?.timeout_ms.toString()} hint="For a whole attempt." />
        <TextField name="max_concurrency" label="Concurrency" inputMode="numeric" value={values.max_concurrency} onChange={(max_concurrency) => set({ max_concurrency })} placeholder={usual?.max_concurrency.toString()} hint="Attempts side by side." />
        <TextField name="rate_limit" label="Rate limit" inputMode="decimal" value={values.rate_limit} onChange={(rate_limit) => set({ rate_limit })} placeholder="No limit" hint="Attempts per second." />
      </div>
      <SelectField name="ordered" label="Order" value={values.ordered} onChange={(ordered) => set({ ordered: ordered as typeof values.ordered })}>
        <option value="false">Side by side, as fast as possible</option>
        <option value="call">In order within a call or conversation</option>
        <option value="webhook">Strictly in order, one at a time</option>
      </SelectField>
      {values.ordered !== 'false' && <p className="hint">What follows waits for the retries of what goes before, until that succeeds or fails for good.</p>}
      <TextField name="fallback_url" label="Fallback URL" type="url" inputMode="url" value={values.fallback_url} onChange={(fallback_url) => set({ fallback_url })} placeholder="None" hint="Where a delivery goes when all retries at the Webhook URL have failed." />
    </>
  );
}

function Trust({ values, set }: Part) {
  return (
    <>
      <TextAreaField name="headers" label="Own headers" rows={3} className="webhook-code" value={values.headers} onChange={(headers) => set({ headers })} placeholder="X-Environment: production" hint="One to a line, sent besides Limehook's. Everyone who may see the webhook sees them." />
      <TextField name="token" label="Token" value={values.token} onChange={(token) => set({ token })} placeholder="Made for you, or stays as it is" hint="Sent as Authorization: Bearer …" />
      <fieldset className="choices">
        <legend className="webhook-label">Signatures</legend>
        <label><input type="checkbox" checked={values.v1} onChange={(event) => set({ v1: event.target.checked })} /> v1, HMAC-SHA256 with the secret</label>
        <label><input type="checkbox" checked={values.v1a} onChange={(event) => set({ v1a: event.target.checked })} /> v1a, Ed25519 with a public key</label>
      </fieldset>
      <Problem name="signatures" label="Signatures" />
      <TextField name="signature_header" label="Signature header" value={values.signature_header} onChange={(signature_header) => set({ signature_header })} placeholder="X-LimeCall-Signature" />
      <TextField name="notify_emails" label="Notify by e-mail" value={values.notify_emails} onChange={(notify_emails) => set({ notify_emails })} placeholder="ann@example.com, ben@example.com" hint="Who is told when the webhook fails. Empty: whom the operator of the server has named." />
      <p className="hint">OAuth 2.0 and client certificates can be set with the <a href="/docs">API</a>; they stay as they are here.</p>
    </>
  );
}

/** What most webhooks need not set. It opens by itself when something in it is wrong. */
export function Advanced(props: PartProps) {
  const [open, setOpen] = useState(false);
  const wrong = useProblems(advancedFields);
  return (
    <details className="panel webhook-advanced" open={open || wrong} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary><h2>Advanced delivery settings</h2> <span className="hint">Headers, retries, limits, order, signatures</span></summary>
      <Pace {...props} />
      <Trust {...props} />
    </details>
  );
}
