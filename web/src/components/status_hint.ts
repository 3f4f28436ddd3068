// What to do about a receiver's answer, in a sentence or two.

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

/** Nothing for answers that acknowledge. */
export function hintForStatus(status: number): string | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status >= 300 && status < 400) return 'Redirects are not followed. Put the address it leads to into the webhook’s URL.';
  return byStatus[status] ?? (status >= 500 ? 'The receiver failed. Look at its log at this time.' : 'The receiver must answer with a status from 200 to 299.');
}
