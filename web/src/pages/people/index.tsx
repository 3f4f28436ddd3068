import { Route, Switch } from 'wouter';
import { usePathname } from 'wouter/use-browser-location';

import { NotFoundPage } from '../not_found';
import { TeamPage } from './team_page';
import { TeamsPage } from './teams';
import { UsersPage } from './users';
import './people.css';

// The router decodes some characters of a path and others not; ids may have any, so this one is read as it is.
function useTeamId(): string {
  const step = usePathname().split('/')[3] ?? '';
  try {
    return decodeURIComponent(step);
  } catch {
    return step;  // typed by hand: there is no such team
  }
}

function OneTeam() {
  const id = useTeamId();
  return <TeamPage key={id} id={id} />;
}

export default function PeoplePages() {
  return (
    <Switch>
      <Route path="/settings/users"><UsersPage /></Route>
      <Route path="/settings/teams"><TeamsPage /></Route>
      <Route path="/settings/teams/:id"><OneTeam /></Route>
      <Route><NotFoundPage /></Route>
    </Switch>
  );
}
