import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import type { Schemas } from '../../api/types';
import { ChoiceField } from '../../components/choice_field';
import { Dialog } from '../../components/dialog';
import { Form, Submit } from '../../components/form';
import { SecretOnce } from '../../components/secret_once';
import { Ago } from '../../components/time';

type PortalRole = Schemas['PortalRole'];

const roles: { value: PortalRole; label: string; hint: string }[] = [
  { value: 'manage', label: 'Manage', hint: 'Creates and changes the team’s webhooks.' },
  { value: 'read', label: 'Look', hint: 'Sees the webhooks and their logs.' },
];

function Making({ team, onClose }: { team: string; onClose(): void }) {
  const { api } = useAccess();
  const [role, setRole] = useState<PortalRole>('manage');
  const making = useMutation({ mutationFn: () => answer(api.POST('/v1/teams/{id}/portal', { params: { path: { id: team } }, body: { role } })) });
  if (making.data !== undefined) {
    return (
      <SecretOnce label="Link" secret={making.data.url} done="Done" onDone={onClose}>
        <p>It opens a portal once and expires <Ago at={making.data.expires_at} />. The portal itself ends after an hour.</p>
      </SecretOnce>
    );
  }
  return (
    <Form onSubmit={async () => void (await making.mutateAsync())} fields={['role']}>
      <ChoiceField<PortalRole> name="role" label="Who opens it may" options={roles} value={role} onChange={setRole} />
      <div className="buttons">
        <Submit>Make link</Submit>
        <button type="button" className="button button-second" onClick={onClose}>Cancel</button>
      </div>
    </Form>
  );
}

export function PortalPanel({ team }: { team: string }) {
  const [open, setOpen] = useState(false);
  return (
    <section className="panel" aria-labelledby="portal">
      <h2 id="portal">Portal</h2>
      <p>This team’s webhooks inside your own product, for people who have no account here. Your server asks for a link each time it shows that page (<code>POST /v1/teams/{team}/portal</code>) and gives it to an <code>iframe</code>; <code>--frame-ancestor</code> names the site that may.</p>
      <div className="buttons">
        <button type="button" className="button button-second" onClick={() => setOpen(true)}>Make a portal link</button>
        <a className="button-plain" href="/docs">How to embed it</a>
      </div>
      <Dialog title="Portal link" open={open} onClose={() => setOpen(false)}><Making team={team} onClose={() => setOpen(false)} /></Dialog>
    </section>
  );
}
