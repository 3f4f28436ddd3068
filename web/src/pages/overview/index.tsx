// How things stand, at a glance: whether everything flows, and what needs somebody.

import type { UseQueryResult } from '@tanstack/react-query';

import { useAccess } from '../../api/access';
import type { ApiError } from '../../api/client';
import type { Stats } from '../../api/types';
import { Alert } from '../../components/alert';
import { Answered } from '../../components/answered';
import { Heading } from '../../components/heading';
import { TeamName } from '../../components/team';
import { TeamSelect } from '../../components/team_filter';
import { Ago } from '../../components/time';
import { Charts } from './charts';
import { Failing } from './failing';
import { Figures } from './figures';
import { FirstRun } from './first_run';
import { useFailing, useNewestWebhook, useStats } from './queries';
import { hour, ranges, useRange, useTeamFilter } from './range';
import { Verdict } from './verdict';
import './overview.css';

function RangeChoice() {
  const [chosen, choose] = useRange();
  return (
    <div className="range-choice" role="group" aria-label="Time">
      {ranges.map(({ name, words }) => (
        <button key={name} type="button" aria-pressed={name === chosen.name} onClick={() => choose(name)}>Last {words}</button>
      ))}
    </div>
  );
}

/** For admins, who see all teams unless they choose one. */
function TeamFilter() {
  const [team, choose] = useTeamFilter();
  return <TeamSelect className="team-choice" value={team ?? ''} onChange={(id) => choose(id === '' ? null : id)} />;
}

/** What is shown stays when it cannot be read again; then it says how old it is. */
function NotUpToDate({ stats }: { stats: UseQueryResult<Stats, ApiError> }) {
  if (stats.data === undefined || stats.error === null) return null;
  return <Alert>These figures are not up to date, they are of <Ago at={stats.data.until} />. {stats.error.message}</Alert>;
}

function Panels({ team }: { team: string | null }) {
  const { admin } = useAccess();
  const [range] = useRange();
  const stats = useStats(range, team);
  const now = useStats(hour, team);
  const failing = useFailing(team);
  const newest = useNewestWebhook(team);
  return (
    <>
      <NotUpToDate stats={now} />
      <Answered query={now}>
        {(recent) => (
          <Answered query={failing}>
            {(webhooks) => (
              <>
                <Verdict stats={recent} failing={webhooks} words={hour.words} anyWebhook={newest.data?.length !== 0} />
                {team === null && newest.data !== undefined && <FirstRun webhook={newest.data[0]} />}
                <Failing webhooks={webhooks} showTeam={admin} />
              </>
            )}
          </Answered>
        )}
      </Answered>
      {newest.data?.length !== 0 && (
        <Answered query={stats}>
          {(chosen) => (
            <>
              <RangeChoice />
              <Figures now={now.data ?? chosen} range={chosen} words={range.words} />
              <Charts stats={chosen} words={range.words} />
            </>
          )}
        </Answered>
      )}
    </>
  );
}

export default function OverviewPage() {
  const { admin, role, team } = useAccess();
  const [filter] = useTeamFilter();
  if (role === null) {
    return (
      <>
        <Heading>Overview</Heading>
        <p>You are not a member of any team. Ask an admin for an invitation.</p>
      </>
    );
  }
  return (
    <>
      <div className="page-head">
        <Heading>Overview</Heading>
        {admin ? <TeamFilter /> : team !== null && <p className="hint">Team <TeamName id={team} /></p>}
      </div>
      <Panels team={admin ? filter : null} />
    </>
  );
}
