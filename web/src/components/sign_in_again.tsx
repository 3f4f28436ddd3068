import type { User } from '../api/types';
import { useSession } from '../session';
import { Dialog } from './dialog';
import { SignInForm } from './sign_in_form';

/** Over a page whose session has ended: what was typed there stays. */
export function SignInAgain({ user }: { user: User }) {
  const { refresh } = useSession();
  return (
    <Dialog title="Sign in again" open modal onClose={() => undefined}>
      <p>Your session has ended. What you have entered is still here.</p>
      <SignInForm email={user.email} onSignedIn={refresh} />
      <p><a href="/sign-in">Leave this page</a></p>
    </Dialog>
  );
}
