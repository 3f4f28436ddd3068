// What to do about an attempt that failed, in a sentence or two.

import type { Attempt } from '../../api/types';
import { hintForStatus } from '../../components/status_hint';

const byOutcome: Partial<Record<Attempt['outcome'], string>> = {
  name_not_resolved: 'Check the host name in the webhook’s URL, and that its DNS record exists.',
  address_refused: 'The host has a private or reserved address. Use a public one, or have the operator allow the network.',
  connect_failed: 'Nothing answers at that host and port. Check that the receiver runs and that no firewall is in between.',
  tls_failed: 'Check the receiver’s certificate: expired, for another name, or without its intermediate certificates.',
  timeout: 'Answer first and do the work afterwards, or allow more time in the webhook’s settings.',
  connection_lost: 'The receiver closed the connection early. Look at its log, and at those of proxies before it. It may have processed the request: the next attempt has the same webhook-id.',
  bad_response: 'What answers there is not an HTTP server, or its headers are too long. Check the URL and the port.',
  internal: 'This is a fault of the server, not of the receiver. Its log says more.',
  oauth_failed: 'Check the token endpoint, client id and client secret in the webhook’s settings.',
};

/** Nothing for what was acknowledged. */
export const hintFor = ({ outcome, response }: Pick<Attempt, 'outcome' | 'response'>): string | undefined =>
  response === null ? byOutcome[outcome] : hintForStatus(response.status);
