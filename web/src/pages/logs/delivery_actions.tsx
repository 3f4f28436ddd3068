// What can be done with a delivery.

import { Copy, Link2, RotateCw, SkipForward, Terminal } from 'lucide-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import type { Attempt, DeliveryDetail } from '../../api/types';
import { Alert } from '../../components/alert';
import { CodeBlock } from '../../components/code_block';
import { ConfirmDialog, Dialog } from '../../components/dialog';
import { useToast } from '../../components/toasts';
import { curlOf } from './curl';

export const isOpen = ({ status }: Pick<DeliveryDetail, 'status'>) => status === 'pending' || status === 'retrying';

function CurlDialog({ attempt, open, onClose }: { attempt: Attempt; open: boolean; onClose(): void }) {
  const { command, variables } = curlOf(attempt);
  return (
    <Dialog title="The request as curl" open={open} onClose={onClose}>
      <p>Sends the body of attempt {attempt.number} again from your own machine; Limehook does not hear of it.</p>
      {variables.length > 0 && (
        <p>
          Secrets are not shown here. Set {variables.map((name, index) => <span key={name}>{index > 0 && ', '}<code>${name}</code></span>)} in
          your shell first; the webhook’s token is on its page.
        </p>
      )}
      <CodeBlock label="Command" text={command} />
      <p className="hint">The signature is that of the attempt: a receiver that checks its age refuses it after some minutes.</p>
    </Dialog>
  );
}

function CopyItem({ text, what, icon: Icon }: { text: string; what: string; icon: typeof Copy }) {
  const say = useToast();
  if (!('clipboard' in navigator)) return null;
  const copy = () => void navigator.clipboard.writeText(text).then(() => say(`${what} copied`), () => say(`The browser does not let this page copy. ${text}`));
  return <button type="button" className="button-plain" onClick={copy}><Icon aria-hidden size={16} /> Copy {what.toLowerCase()}</button>;
}

interface ChangesProps {
  delivery: DeliveryDetail;
  onRetried(): void;
}

function Changes({ delivery, onRetried }: ChangesProps) {
  const { api } = useAccess();
  const queries = useQueryClient();
  const say = useToast();
  const [skipping, setSkipping] = useState(false);
  const [repeating, setRepeating] = useState(false);
  const delivered = delivery.status === 'delivered';
  const retryButton = useRef<HTMLButtonElement>(null);
  const path = { id: delivery.id };
  const changed = () => queries.invalidateQueries({ queryKey: ['deliveries'] });
  const retry = useMutation({
    mutationFn: () => answer(api.POST('/v1/deliveries/{id}/retry', { params: { path } })),
    onSuccess: () => {
      setRepeating(false);
      onRetried();
      return changed();
    },
  });
  const skip = useMutation({
    mutationFn: () => answer(api.POST('/v1/deliveries/{id}/skip', { params: { path } })),
    onSuccess: () => {
      setSkipping(false);
      say('Delivery skipped');
      retryButton.current?.focus();
      return changed();
    },
  });
  return (
    <>
      <div className="buttons">
        {delivered && <button ref={retryButton} type="button" className="button button-second" onClick={() => setRepeating(true)}><RotateCw aria-hidden size={16} /> Send again…</button>}
        {!delivered && <button ref={retryButton} type="button" className="button" aria-disabled={retry.isPending} onClick={() => !retry.isPending && retry.mutate()}><RotateCw aria-hidden size={16} /> Retry now</button>}
        {isOpen(delivery) && <button type="button" className="button button-second" onClick={() => setSkipping(true)}><SkipForward aria-hidden size={16} /> Skip…</button>}
      </div>
      {retry.error !== null && !repeating && <Alert>{retry.error.message}</Alert>}
      <ConfirmDialog title="Send this delivery again?" action="Send again" open={repeating} pending={retry.isPending} error={retry.error} onConfirm={() => retry.mutate()} onClose={() => { setRepeating(false); retry.reset(); }}>
        <p>It was delivered. The receiver gets it a second time, with the same webhook-id.</p>
      </ConfirmDialog>
      <ConfirmDialog title="Skip this delivery?" action="Skip delivery" open={skipping} pending={skip.isPending} error={skip.error} onConfirm={() => skip.mutate()} onClose={() => { setSkipping(false); skip.reset(); }}>
        <p>No further attempt is made. On an ordered webhook, what waits behind it goes on. It can be retried later.</p>
      </ConfirmDialog>
    </>
  );
}

/** `address`: of the delivery's page. */
export function DeliveryActions({ delivery, address, onRetried }: ChangesProps & { address: string }) {
  const { canChange } = useAccess();
  const [curl, setCurl] = useState(false);
  const attempt = delivery.attempts.at(-1);
  return (
    <>
      {canChange && !delivery.test && <Changes key={delivery.id} delivery={delivery} onRetried={onRetried} />}
      <div className="buttons log-copies">
        <CopyItem what="Id" text={delivery.id} icon={Copy} />
        <CopyItem what="Link" text={address} icon={Link2} />
        {attempt !== undefined && <button type="button" className="button-plain" onClick={() => setCurl(true)}><Terminal aria-hidden size={16} /> As curl…</button>}
      </div>
      {attempt !== undefined && <CurlDialog attempt={attempt} open={curl} onClose={() => setCurl(false)} />}
    </>
  );
}
