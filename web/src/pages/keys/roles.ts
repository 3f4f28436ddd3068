import type { Role } from '../../api/types';

/** What a key of each role may do, for who chooses one. */
export const roles: { value: Role; label: string; hint: string; team: 'required' | 'optional' | 'none' }[] = [
  { value: 'ingest', label: 'Send events', hint: 'For a PBX or your backend. It can read nothing.', team: 'optional' },
  { value: 'read', label: 'Read', hint: 'Looks at one team’s webhooks, deliveries, events and numbers. No secrets.', team: 'required' },
  { value: 'manage', label: 'Manage a team', hint: 'Changes one team’s webhooks, deliveries and numbers, and sends its events. It makes no keys.', team: 'required' },
  { value: 'admin', label: 'Admin', hint: 'Everything, in all teams, also keys and people. Keep it where nobody else gets at it.', team: 'none' },
];

export const roleName = (role: Role) => roles.find(({ value }) => value === role)?.label ?? role;
export const teamOf = (role: Role) => roles.find(({ value }) => value === role)?.team ?? 'none';
