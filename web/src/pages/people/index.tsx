import { Route, Switch } from 'wouter';

import { NotFoundPage } from '../not_found';
import { TeamPage } from './team_page';
import { TeamsPage } from './teams';
import { UsersPage } from './users';
import './people.css';

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;  // typed by hand: there is no such team
  }
}

export default function PeoplePages() {
  return (
    <Switch>
      <Route path="/settings/users"><UsersPage /></Route>
      <Route path="/settings/teams"><TeamsPage /></Route>
      <Route path="/settings/teams/:id">{({ id }) => <TeamPage key={id} id={decoded(id)} />}</Route>
      <Route><NotFoundPage /></Route>
    </Switch>
  );
}
