import { useMutation, useQueryClient } from '@tanstack/react-query';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import type { User } from '../../api/types';
import { Failed, Loading } from '../../components/answered';
import { ConfirmDialog, Dialog } from '../../components/dialog';
import { SecretOnce } from '../../components/secret_once';
import { TeamName } from '../../components/team';
import { Ago } from '../../components/time';
import { useToast } from '../../components/toasts';
import { EditUser } from './edit_user';
import { nameOf, type UserDialog } from './users_table';

/** The dialogs about one person, of which at most one is open. */
export function UserDialogs({ open, onClose }: { open: UserDialog | null; onClose(): void }) {
  const user = (name: UserDialog['name']) => (open?.name === name ? open.user : null);
  return (
    <>
      <EditUser user={user('edit')} onClose={onClose} />
      <SetEnabled user={user('enabled')} onClose={onClose} />
      <TurnOffSecondFactor user={user('totp')} onClose={onClose} />
      <ResetLink user={user('reset')} onClose={onClose} />
      <RemoveUser user={user('remove')} onClose={onClose} />
    </>
  );
}

interface OneUser {
  user: User | null;
  onClose(): void;
}

/** A change of somebody; when it is done it says so and closes. */
function useChange(change: (user: User) => Promise<unknown>, said: (user: User) => string, onClose: () => void) {
  const queries = useQueryClient();
  const say = useToast();
  return useMutation({
    mutationFn: async (user: User) => {
      await change(user);
      await queries.invalidateQueries({ queryKey: ['users'] });
      say(said(user));
      onClose();
    },
  });
}

function SetEnabled({ user, onClose }: OneUser) {
  const { api } = useAccess();
  const changing = useChange(
    ({ id, enabled }) => api.PATCH('/v1/users/{id}', { params: { path: { id } }, body: { enabled: !enabled } }),
    (changed) => `${nameOf(changed)} ${changed.enabled ? 'disabled' : 'enabled'}`,
    onClose,
  );
  const disables = user?.enabled !== false;
  return (
    <ConfirmDialog title={`${disables ? 'Disable' : 'Enable'} ${user === null ? '' : nameOf(user)}?`} action={disables ? 'Disable' : 'Enable'} open={user !== null} pending={changing.isPending} error={changing.error} onConfirm={() => user !== null && changing.mutate(user)} onClose={onClose}>
      <p>{disables ? 'They are signed out everywhere at once, and cannot sign in until somebody enables them again. Keys that they made go on working.' : 'They can sign in again, as before.'}</p>
    </ConfirmDialog>
  );
}

function TurnOffSecondFactor({ user, onClose }: OneUser) {
  const { api } = useAccess();
  const changing = useChange(
    ({ id }) => api.PATCH('/v1/users/{id}', { params: { path: { id } }, body: { totp: false } }),
    (changed) => `${nameOf(changed)} has no second factor any more`,
    onClose,
  );
  return (
    <ConfirmDialog title="Turn off the second factor?" action="Turn off" open={user !== null} pending={changing.isPending} error={changing.error} onConfirm={() => user !== null && changing.mutate(user)} onClose={onClose}>
      <p>For somebody who has lost the app and the recovery codes: from now on {user === null ? 'the' : `${nameOf(user)}’s`} password alone is enough, until they turn it on again. Be sure that it is really them who ask.</p>
    </ConfirmDialog>
  );
}

function RemoveUser({ user, onClose }: OneUser) {
  const { api, admin, team } = useAccess();
  const removing = useChange(
    ({ id }) => api.DELETE('/v1/users/{id}', { params: { path: { id } } }),
    (gone) => (admin ? `${gone.email} deleted` : `${nameOf(gone)} removed from the team`),
    onClose,
  );
  const name = user === null ? '' : nameOf(user);
  return (
    <ConfirmDialog title={admin ? `Delete ${name}?` : `Remove ${name} from the team?`} action={admin ? 'Delete account' : 'Remove from team'} {...(admin && user !== null ? { typed: user.email } : {})} open={user !== null} pending={removing.isPending} error={removing.error} onConfirm={() => user !== null && removing.mutate(user)} onClose={onClose}>
      <p>{admin ? 'The account is deleted and its sessions end. What they made stays, and so does what the audit log tells.' : <>They see nothing of {team === null ? 'it' : <TeamName id={team} />} any more. Their account stays.</>}</p>
    </ConfirmDialog>
  );
}

function ResetLink({ user, onClose }: OneUser) {
  return (
    <Dialog title={user === null ? 'Reset link' : `Reset link for ${nameOf(user)}`} open={user !== null} onClose={onClose}>
      {user !== null && <MakingResetLink user={user} onClose={onClose} />}
    </Dialog>
  );
}

function MakingResetLink({ user, onClose }: { user: User; onClose(): void }) {
  const { api } = useAccess();
  const making = useMutation({ mutationFn: () => answer(api.POST('/v1/users/{id}/reset-link', { params: { path: { id: user.id } } })) });
  if (making.data !== undefined) {
    return (
      <SecretOnce label="Link" secret={making.data.link} done="Done" onDone={onClose}>
        <p>Give it to {user.email} on a way you trust: who opens it first chooses the password. It works once, and expires <Ago at={making.data.expires_at} />.</p>
      </SecretOnce>
    );
  }
  if (making.isPending) return <Loading />;
  return (
    <>
      <p>With this link {user.email} chooses a new password. Links from before stop working; when it is used, all their sessions end. The second factor stays.</p>
      {making.error !== null && <Failed error={making.error} again={() => making.mutate()} />}
      <div className="buttons">
        <button type="button" className="button" onClick={() => making.mutate()}>Make link</button>
        <button type="button" className="button button-second" onClick={onClose}>Cancel</button>
      </div>
    </>
  );
}
