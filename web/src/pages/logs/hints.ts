// What to do about an attempt that failed, in a sentence or two.

import type { Attempt } from '../../api/types';
import { hintForStatus } from '../../components/status_hint';

const byOutcome: Partial<Record<Attempt['outcome'], string>> = {
  name_not_resolved: 'Check the host name in the webhook’s URL, and that its DNS record exists. This server sends to public addresses only, unless its operator allows others (--allow-net).',
  address_refused: 'The URL has a private or reserved address, or a port of another protocol. Use another, or have the operator allow it (--allow-net, --allow-port).',
  connect_failed: 'Nothing answers at that host and port. Check that the receiver runs and that no firewall is in between.',
  tls_failed: 'Check the receiver’s certificate: expired, for another name, or without its intermediate certificates. It must offer TLS 1.3, or TLS 1.2 with ECDHE.',
  timeout: 'Answer first and do the work afterwards, or allow more time in the webhook’s settings.',
  connection_lost: 'The receiver closed the connection early. Look at its log, and at those of proxies before it. It may have processed the request: the next attempt has the same webhook-id.',
  bad_response: 'What answers there is not an HTTP server, or its headers are too long. Check the URL and the port.',
  internal: 'This is a fault of the server, not of the receiver. Its log says more.',
  oauth_failed: 'Check the token endpoint, client id and client secret in the webhook’s settings.',
};

const renegotiation = 'The receiver asked for the client certificate after the request, in a new TLS 1.2 handshake. Limehook refuses that (renegotiation). Let the receiver use TLS 1.3, or ask for the certificate in the first handshake.';

/** Nothing for what was acknowledged. */
export function hintFor({ outcome, response, error }: Pick<Attempt, 'outcome' | 'response' | 'error'>): string | undefined {
  if (error?.includes('renegotiation')) return renegotiation;
  return response === null ? byOutcome[outcome] : hintForStatus(response.status);
}
