// The list of attacks, by who tries them.

import { escalation } from './escalation.mjs';
import { leaks } from './leaks.mjs';
import { ownServer } from './own_server.mjs';
import { strangers } from './strangers.mjs';
import { tenants } from './tenants.mjs';

export const attacks = {
  'strangers': strangers,
  'another team': tenants,
  'those who want to do more': escalation,
  'looking for secrets': leaks,
  'the server’s own address': ownServer,
};
