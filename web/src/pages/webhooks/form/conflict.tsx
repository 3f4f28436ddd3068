import { useMutation, useQuery } from '@tanstack/react-query';

import { useAccess } from '../../../api/access';
import { answer } from '../../../api/client';
import type { Webhook } from '../../../api/types';
import { indentedJson, jsonOf } from '../../../json';
import { Alert } from '../../../components/alert';
import { Dialog } from '../../../components/dialog';
import { Ago } from '../../../components/time';
import { changesOf, type Settings } from './values';

const labels: Record<string, string> = {
  name: 'Webhook Name', url: 'Webhook URL', events: 'Event Type(s)', numbers: 'Numbers', filters: 'Filters', payload: 'Payload',
  headers: 'Own headers', retry_schedule: 'Retry schedule', timeout_ms: 'Timeout (ms)', max_concurrency: 'Concurrency',
  rate_limit: 'Rate limit', ordered: 'Order', fallback_url: 'Fallback URL', mode: 'How events arrive',
  notify_emails: 'Notify by e-mail', signatures: 'Signatures', signature_header: 'Signature header', token: 'Token',
};

const nothing = (value: unknown) => ['null', '[]', '{}'].includes(jsonOf(value ?? null));

function inWords(name: string, value: unknown): string {
  if (name === 'token') return 'another one';
  if (nothing(value)) return name === 'events' ? 'all' : 'default';
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return value.join(', ');
  return typeof value === 'string' ? value : indentedJson(jsonOf(value));
}

/** Who changed the webhook last; only for those who may read the audit log. */
function LastChange({ webhook }: { webhook: Webhook }) {
  const { api, canAdminister } = useAccess();
  const audit = useQuery({
    queryKey: ['audit', 'last', webhook.id, webhook.version],
    queryFn: () => answer(api.GET('/v1/audit', { params: { query: { target: webhook.id, limit: 1 } } })),
    enabled: canAdminister,
  });
  const by = audit.data?.data[0]?.actor.name;
  return <p>{by != null ? <><strong>{by}</strong> has changed</> : 'Somebody has changed'} this webhook <Ago at={webhook.updated_at} />, while you were editing it.</p>;
}

interface ConflictProps {
  /** What both began with. */
  base: Settings;
  mine: Settings;
  theirs: Webhook;
  theirSettings: Settings;
  onKeep(): Promise<void>;
  onTake(): void;
  onClose(): void;
}

/** Two people have changed one webhook: shows what differs, and lets one decide. */
export function Conflict({ base, mine, theirs, theirSettings, onKeep, onTake, onClose }: ConflictProps) {
  const keeping = useMutation({ mutationFn: onKeep });
  const myChanges = changesOf(base, mine);
  const theirChanges = changesOf(base, theirSettings);
  const names = [...new Set([...Object.keys(theirChanges), ...Object.keys(myChanges)])];
  const cell = (name: string, changes: Partial<Settings>) => (name in changes ? inWords(name, changes[name as keyof Settings]) : 'unchanged');
  return (
    <Dialog title="Somebody else has changed this webhook" open onClose={onClose}>
      <LastChange webhook={theirs} />
      <table className="table webhook-differences">
        <thead><tr><th scope="col">Setting</th><th scope="col">Yours</th><th scope="col">Theirs</th></tr></thead>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <th scope="row">{labels[name] ?? name}</th>
              <td data-label="Yours">{cell(name, myChanges)}</td>
              <td data-label="Theirs">{cell(name, theirChanges)}</td>
            </tr>
          ))}
          {names.length === 0 && <tr><th scope="row">Settings</th><td data-label="Yours">unchanged</td><td data-label="Theirs">enabled, disabled, or a new secret</td></tr>}
        </tbody>
      </table>
      <p className="hint">Keeping yours saves what you have changed; what only they have changed stays as they set it.</p>
      {keeping.error !== null && <Alert>{keeping.error.message}{Object.entries(keeping.error.fields).map(([name, detail]) => ` ${labels[name] ?? name} ${detail}.`)}</Alert>}
      <div className="buttons">
        <button type="button" className="button" aria-disabled={keeping.isPending} onClick={() => !keeping.isPending && keeping.mutate()}>Keep mine and save</button>
        <button type="button" className="button button-second" onClick={onTake}>Take theirs</button>
        <button type="button" className="button-plain" onClick={onClose}>Back to the form</button>
      </div>
    </Dialog>
  );
}
