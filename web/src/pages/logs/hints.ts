// What to do about an attempt that failed, in a sentence or two.

import type { Attempt } from '../../api/types';

const byOutcome: Partial<Record<Attempt['outcome'], string>> = {
  name_not_resolved: 'Check the host name in the webhook’s URL, and that its DNS record exists.',
  address_refused: 'The host has a private or reserved address. Use a public one, or have the operator allow the network.',
  connect_failed: 'Nothing answers at that host and port. Check that the receiver runs and that no firewall is in between.',
  tls_failed: 'Check the receiver’s certificate: expired, for another name, or without its intermediate certificates.',
  timeout: 'Answer first and do the work afterwards, or allow more time in the webhook’s settings.',
  connection_lost: 'The receiver closed the connection early. Look at its log, and at those of proxies before it.',
  bad_response: 'What answers there is not an HTTP server, or its headers are too long. Check the URL and the port.',
  internal: 'This is a fault of the server, not of the receiver. Its log says more.',
  oauth_failed: 'Check the token endpoint, client id and client secret in the webhook’s settings.',
};

const byStatus: Record<number, string> = {
  400: 'The receiver did not like the request. Its answer may say why; compare the payload with what it expects.',
  401: 'The receiver refused the token or the signature. Compare them with the webhook’s, also after rotating its secret.',
  403: 'The receiver refused the request. Check its token, and whether a firewall in front of it blocks this server.',
  404: 'There is nothing at this path. Check the webhook’s URL.',
  405: 'This path does not take POST requests. Check the webhook’s URL and the receiver’s routes.',
  410: 'The receiver says that it is gone for good, which disables the webhook. Enable it again once there is one.',
  413: 'The receiver takes no bodies of this size. Raise its limit, or send chosen fields only.',
  415: 'The receiver does not take this content type. Check that it reads application/json.',
  429: 'The receiver is asked too often. Set a rate limit in the webhook’s settings.',
};

/** Nothing for what was acknowledged. */
export function hintFor({ outcome, response }: Pick<Attempt, 'outcome' | 'response'>): string | undefined {
  if (response === null) return byOutcome[outcome];
  const { status } = response;
  if (status >= 200 && status < 300) return undefined;
  if (status >= 300 && status < 400) return 'Redirects are not followed. Put the address it leads to into the webhook’s URL.';
  if (status >= 500) return byStatus[status] ?? 'The receiver failed. Look at its log at this time.';
  return byStatus[status] ?? 'The receiver must answer with a status from 200 to 299.';
}
