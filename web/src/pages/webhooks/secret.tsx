import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import type { Webhook } from '../../api/types';
import { Alert } from '../../components/alert';
import { Dialog } from '../../components/dialog';
import { Form, Submit } from '../../components/form';
import { SelectField } from '../../components/fields';
import { Ago } from '../../components/time';
import { formatTime } from '../../format';
import { CopyField } from './copy_field';

const overlaps: [seconds: string, words: string][] = [
  ['86400', '24 hours'],
  ['3600', '1 hour'],
  ['604800', '7 days'],
  ['2592000', '30 days'],
  ['0', 'Not at all: it ends at once'],
];

function Rotation({ webhook, onClose }: { webhook: Webhook; onClose(): void }) {
  const { api } = useAccess();
  const queries = useQueryClient();
  const [overlap, setOverlap] = useState('86400');
  const [rotated, setRotated] = useState<{ secret: string; until: string | null } | null>(null);
  const rotate = async () => {
    const call = { params: { path: { id: webhook.id } }, body: { overlap_seconds: Number(overlap) } };
    const { secret, previous_secret_expires_at } = await answer(api.POST('/v1/webhooks/{id}/rotate-secret', call));
    setRotated({ secret, until: previous_secret_expires_at });
    await queries.invalidateQueries({ queryKey: ['webhooks'] });
  };
  if (rotated !== null) {
    return (
      <>
        <CopyField label="New secret" value={rotated.secret} />
        <p role="status">{rotated.until === null ? 'The old secret is not used any more.' : `Deliveries are signed with both until ${formatTime(rotated.until)}: put the new one into your receiver before.`}</p>
        <div className="buttons"><button type="button" className="button" onClick={onClose}>Done</button></div>
      </>
    );
  }
  return (
    <Form onSubmit={rotate} fields={['overlap_seconds']}>
      <p>Limehook makes a new secret. So that your receiver loses nothing while you change it there, deliveries can carry the signatures of both for a while.</p>
      <SelectField name="overlap_seconds" label="The old secret goes on signing for" value={overlap} onChange={setOverlap}>
        {overlaps.map(([seconds, words]) => <option key={seconds} value={seconds}>{words}</option>)}
      </SelectField>
      <div className="buttons">
        <Submit>Rotate secret</Submit>
        <button type="button" className="button button-second" onClick={onClose}>Cancel</button>
      </div>
    </Form>
  );
}

/** The secret and the token: hidden, shown when asked for (the audit log says who), and a new secret. */
export function SecretPanel({ webhook }: { webhook: Webhook }) {
  const { api } = useAccess();
  const [rotating, setRotating] = useState(false);
  // Not by useQuery: a secret does not belong into a cache, and is shown only when asked for.
  const revealing = useMutation({ mutationFn: () => answer(api.GET('/v1/webhooks/{id}/secret', { params: { path: { id: webhook.id } } })), gcTime: 0 });
  const previous = (webhook.previous_secrets ?? []).filter(({ expires_at: until }) => Date.parse(until) > Date.now());
  return (
    <section className="panel" aria-labelledby="secret">
      <h2 id="secret">Secret and token</h2>
      <p className="hint">Your receiver checks with the secret that a request is from here. The token comes with it.</p>
      {revealing.data !== undefined && (
        <>
          <CopyField label="Secret" value={revealing.data.secret} />
          <CopyField label="Token" value={revealing.data.token} />
        </>
      )}
      {webhook.public_key !== null && <CopyField label="Public key (v1a)" value={webhook.public_key} />}
      {previous.map(({ expires_at: until }, i) => (
        <p key={until} className="hint">{i === 0 ? 'The old secret' : 'An older one'} goes on signing until {formatTime(until)} (<Ago at={until} />).</p>
      ))}
      {revealing.error !== null && <Alert>{revealing.error.message}</Alert>}
      <div className="buttons">
        {revealing.data === undefined
          ? <button type="button" className="button button-second" aria-disabled={revealing.isPending} onClick={() => revealing.mutate()}>Show secret</button>
          : <button type="button" className="button button-second" onClick={() => revealing.reset()}>Hide secret</button>}
        <button type="button" className="button button-second" onClick={() => setRotating(true)}>Rotate secret…</button>
      </div>
      <Dialog
        title="Rotate the secret"
        open={rotating}
        onClose={() => {
          setRotating(false);
          revealing.reset();
        }}
      >
        <Rotation webhook={webhook} onClose={() => {
          setRotating(false);
          revealing.reset();
        }} />
      </Dialog>
    </section>
  );
}
