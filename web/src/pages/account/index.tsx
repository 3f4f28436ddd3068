import { useState } from 'react';

import { useApi } from '../../api/access';
import type { Schemas } from '../../api/types';
import { Alert } from '../../components/alert';
import { Appearance } from '../../components/appearance';
import { Form, Field, Submit } from '../../components/form';
import { Heading } from '../../components/heading';
import { NewPassword } from '../../components/new_password';
import { isolated } from '../../direction';
import { useUser } from '../../session';
import { SecondFactor } from './second_factor';
import { Browsers } from './browsers';

function Profile() {
  const user = useUser();
  return (
    <section className="panel" aria-labelledby="profile">
      <h2 id="profile">You</h2>
      <dl className="facts">
        <div><dt>Name</dt><dd>{user.name ?? '–'}</dd></div>
        <div><dt>E-mail address</dt><dd>{user.email}</dd></div>
        <div>
          <dt>Teams</dt>
          <dd>{user.admin ? 'All: you are an admin' : user.teams.map(({ team_id, role }) => `${isolated(team_id)} (${role})`).join(', ') || 'None'}</dd>
        </div>
      </dl>
    </section>
  );
}

function Password() {
  const api = useApi();
  const [changes, setChanges] = useState(0);  // after a change the form begins empty
  const change = async (values: Schemas['PasswordChange']) => {
    await api.PUT('/v1/session/password', { body: values });
    setChanges(changes + 1);
  };
  return (
    <section className="panel" aria-labelledby="password">
      <h2 id="password">Password</h2>
      {changes > 0 && <Alert kind="notice">The password is changed. You are signed out everywhere else.</Alert>}
      <Form key={changes} onSubmit={change} fields={['current_password', 'new_password']}>
        <Field name="current_password" label="Current password" type="password" autoComplete="current-password" />
        <NewPassword name="new_password" label="New password" />
        <Submit>Change password</Submit>
      </Form>
    </section>
  );
}

export default function AccountPage() {
  return (
    <>
      <Heading>Account</Heading>
      <div className="panels">
        <Profile />
        <Password />
        <SecondFactor />
        <Browsers />
        <Appearance />
      </div>
    </>
  );
}
