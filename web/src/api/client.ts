// The one place that talks to the server: requests and answers typed by api/openapi.yaml, problems (RFC 9457) as
// ApiError.

import createClient, { type Client } from 'openapi-fetch';

import type { paths } from '../../generated/api';
import { isolated } from '../direction';
import { jsonOf, parseJson } from '../json';

export class ApiError extends Error {
  /**
   * status: of the answer; 0 where the server could not be reached.
   * fields: what is wrong with which member of the body, by its JSON pointer without the first '/'.
   * codeRequired: signing in goes on with a code of the second factor.
   */
  constructor(
    readonly status: number,
    detail: string,
    readonly fields: Readonly<Record<string, string>> = {},
    readonly codeRequired = false,
  ) {
    super(detail);
  }
}

interface Problem {
  detail?: string;
  title?: string;
  errors?: { pointer: string; detail: string }[];
  code_required?: boolean;
}

async function errorOf(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as Problem;
  const fields: Record<string, string> = {};
  for (const { pointer, detail } of problem.errors ?? []) fields[pointer.slice(1)] ??= isolated(detail);
  const words = problem.detail ?? problem.title ?? `The server answered ${response.status}.`;
  return new ApiError(response.status, isolated(words), fields, problem.code_required === true);
}

/** As fetch(), but what is not a success is thrown as an ApiError. */
export type Fetch = (request: Request) => Promise<Response>;

const plainFetch: Fetch = async (request) => {
  const response = await fetch(request).catch((error: unknown) => {
    if (request.signal.aborted) throw error;
    throw new ApiError(0, 'The server cannot be reached. Check the connection and try again.');
  });
  if (!response.ok) throw await errorOf(response);
  return response;
};

/** Calls of the API in the name of somebody: api.GET('/v1/webhooks/{id}', { params: { path: { id } } }). */
export type Api = Client<paths>;

export const apiOver = (send: Fetch): Api =>
  createClient<paths>({ fetch: async (request) => keptAsWritten(await send(request)), bodySerializer: jsonOf, headers: { accept: 'application/json' } });

/** The same answer, whose JSON is read so that it can be shown and sent back as it was written. */
async function keptAsWritten(response: Response): Promise<Response> {
  if (response.status === 204) return response;
  const text = await response.text();
  // With a length, openapi-fetch leaves the reading to json().
  const headers = { ...Object.fromEntries(response.headers), 'content-length': String(text.length) };
  return Object.assign(new Response(text, { status: response.status, headers }), { json: () => Promise.resolve(parseJson(text)) });
}

/** What a call answers; it throws an ApiError when the server refuses. */
export async function answer<T>(call: Promise<{ data?: T }>): Promise<NonNullable<T>> {
  const { data } = await call;
  return data as NonNullable<T>;  // what has no body is not looked at
}

/** For who holds a token: no cookie is sent. */
export const tokenFetch = (token: string): Fetch => (request) => {
  const signed = new Request(request, { credentials: 'omit' });
  signed.headers.set('authorization', `Bearer ${token}`);
  return plainFetch(signed);
};

/** What cookieFetch must know of the session. */
export interface CookieSession {
  csrfToken(): string;
  team(): string | null;
  /** Asks for the session again; answers whether it is another one now, of the same person. */
  renewed(): Promise<boolean>;
  /** Answers, once somebody has signed in again, whether that is the same person. */
  ended(): Promise<boolean>;
}

/** What `waited` answers; throws when `signal` is aborted before. */
async function unlessAborted(signal: AbortSignal, waited: Promise<boolean>): Promise<boolean> {
  let stop = () => undefined as void;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
  return Promise.race([waited, aborted]).finally(() => signal.removeEventListener('abort', stop));
}

/** For who is signed in: the browser sends the cookie, this adds what else a change needs. */
export function cookieFetch(session: CookieSession): Fetch {
  const send = async (request: Request, again: boolean): Promise<Response> => {
    const spare = request.clone();  // a body can be sent once
    const unsafe = request.method !== 'GET';
    if (unsafe) request.headers.set('x-csrf-token', session.csrfToken());
    const team = session.team();
    if (team !== null) request.headers.set('limehook-team', team);
    try {
      return await plainFetch(request);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // Signing in again in another tab changes the CSRF token under this one.
      if (error.status === 403 && unsafe && !again && (await session.renewed())) return send(spare, true);
      // What was asked waits until the same person has signed in again, and then goes on as if nothing had been.
      if (error.status === 401 && !again && (await unlessAborted(request.signal, session.ended()))) return send(spare, true);
      throw error;
    }
  };
  return (request) => send(request, false);
}

/** For what is asked before anybody has signed in, and for signing in itself. */
export const openApi = apiOver(plainFetch);
