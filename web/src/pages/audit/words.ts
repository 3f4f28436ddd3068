// Entries of the audit log in words.

import type { Schemas } from '../../api/types';
import { isolated } from '../../direction';
import { membersOf } from '../../json';

export type Entry = Schemas['AuditEntry'];

// What was done; "{}" stands for the name of what it was done to.
const sentences: Record<string, string> = {
  'webhook.created': 'created webhook {}',
  'webhook.updated': 'changed webhook {}',
  'webhook.deleted': 'deleted webhook {}',
  'webhook.enabled': 'enabled webhook {}',
  'webhook.disabled': 'disabled webhook {}',
  'webhook.failing': 'marked webhook {} as failing',
  'webhook.recovered': 'marked webhook {} as working again',
  'webhook.tested': 'tested webhook {}',
  'webhook.secret_rotated': 'rotated the secret of webhook {}',
  'webhook.secret_shown': 'looked at the secret of webhook {}',
  'delivery.retried': 'retried delivery {}',
  'delivery.skipped': 'skipped delivery {}',
  'recovery.started': 'started recovery {}',
  'recovery.canceled': 'canceled recovery {}',
  'receiver.created': 'created test receiver {}',
  'receiver.updated': 'changed test receiver {}',
  'receiver.deleted': 'deleted test receiver {}',
  'number.created': 'added number {}',
  'number.updated': 'changed number {}',
  'number.deleted': 'deleted number {}',
  'key.created': 'created key {}',
  'key.updated': 'changed key {}',
  'key.revoked': 'revoked key {}',
  'team.created': 'created team {}',
  'team.updated': 'renamed team {}',
  'team.deleted': 'deleted team {}',
  'portal.link_created': 'made a portal link for {}',
  'webhook.email_confirmed': 'confirmed the address {} for notices',
  'portal.opened': 'opened the portal of {}',
  'user.created': 'created the account {}',
  'user.updated': 'changed {}',
  'user.deleted': 'deleted the account {}',
  'user.invited': 'invited {}',
  'user.invitation_revoked': 'withdrew the invitation of {}',
  'user.joined': 'joined a team as {}',
  'user.removed_from_team': 'took {} out of a team',
  'user.signed_in': 'signed in as {}',
  'user.signed_in_with_oidc': 'signed in as {} with single sign-on',
  'user.sign_in_failed': 'failed to sign in as {}',
  'user.signed_out': 'signed out {}',
  'user.signed_out_everywhere': 'signed out {} everywhere',
  'user.password_changed': 'changed the password of {}',
  'user.password_reset_requested': 'asked for a reset link for {}',
  'user.password_reset': 'chose a new password for {}',
  'user.totp_enabled': 'turned on the second factor of {}',
  'user.totp_disabled': 'turned off the second factor of {}',
};

export const actions = Object.keys(sentences);

/** The kinds of things, for who filters by all that happens to one: "webhook." */
export const groups: { prefix: string; name: string }[] = [
  { prefix: 'webhook.', name: 'Webhooks' },
  { prefix: 'delivery.', name: 'Deliveries' },
  { prefix: 'recovery.', name: 'Recoveries' },
  { prefix: 'receiver.', name: 'Test receivers' },
  { prefix: 'number.', name: 'Numbers' },
  { prefix: 'key.', name: 'API keys' },
  { prefix: 'team.', name: 'Teams' },
  { prefix: 'portal.', name: 'Portals' },
  { prefix: 'user.', name: 'Users' },
];

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** The action without its object: "Rotated the secret of webhook". */
export const actionName = (action: string) => capital((sentences[action] ?? action).replace(/ ?\{\}/, ''));

/** The words before and after the name of what it was done to; an action this page does not know is told as it is. */
export function wordsOf(action: string): [before: string, after: string] {
  const [before = '', after = ''] = (sentences[action] ?? `${action} {}`).split('{}');
  return [before, after];
}

export function actorName({ kind, id, name }: Entry['actor']): string {
  if (kind === 'limehook') return 'Limehook';
  if (kind === 'nobody') return 'Somebody';
  if (kind === 'key' && id === null) return 'The admin key';
  if (kind === 'key') return `Key ${isolated(name ?? id ?? '')}`;
  if (kind === 'portal') return name === null ? 'A portal' : `The portal of ${isolated(name)}`;
  return name ?? id ?? 'Somebody';
}

export const targetName = ({ id, name }: Entry['target']) => name ?? id ?? '';

export interface Change {
  member: string;
  before: string | null;
  after: string | null;
}

/** A text as it is, anything else as JSON. */
const shown = (json: string) => (json.startsWith('"') ? (JSON.parse(json) as string) : json);

/** What was changed from what to what, member by member. */
export function changesOf({ before, after }: Entry): Change[] {
  const [was, is] = [before, after].map((side) => new Map(side === null ? [] : membersOf(side))) as [Map<string, string>, Map<string, string>];
  const told = (side: Map<string, string>, member: string) => {
    const json = side.get(member);
    return json === undefined ? null : shown(json);
  };
  return [...new Set([...was.keys(), ...is.keys()])].map((member) => ({ member, before: told(was, member), after: told(is, member) }));
}
