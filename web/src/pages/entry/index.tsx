import { Route, Switch } from 'wouter';

import { ConfirmEmailPage } from './confirm_email';
import { InvitationPage } from './invitation';
import { ResetPasswordPage } from './reset_password';
import { SetupPage } from './setup';
import { SignInPage } from './sign_in';

/** How one gets in. */
export default function EntryPages() {
  return (
    <Switch>
      <Route path="/setup"><SetupPage /></Route>
      <Route path="/invitation"><InvitationPage /></Route>
      <Route path="/confirm-email"><ConfirmEmailPage /></Route>
      <Route path="/reset-password"><ResetPasswordPage /></Route>
      <Route><SignInPage /></Route>
    </Switch>
  );
}
