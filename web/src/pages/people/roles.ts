import type { Schemas } from '../../api/types';

export type PersonRole = Schemas['PersonRole'];
export type TeamRole = Schemas['Membership']['role'];

export const personRoles: { value: PersonRole; label: string; hint: string }[] = [
  { value: 'read', label: 'Look', hint: 'Sees one team’s webhooks, logs, events and numbers. No secrets, no changes.' },
  { value: 'manage', label: 'Manage', hint: 'Changes one team’s webhooks and numbers; its keys, members and audit log too.' },
  { value: 'admin', label: 'Admin', hint: 'Everything, in all teams.' },
];

export const roleWord = (role: PersonRole) => personRoles.find(({ value }) => value === role)?.label ?? role;
