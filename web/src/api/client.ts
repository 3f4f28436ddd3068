// The one place that talks to the server: JSON in, JSON out, problems (RFC 9457) as ApiError.

export class ApiError extends Error {
  /**
   * status: of the answer; 0 where the server could not be reached.
   * fields: what is wrong with which member of the body, by its name.
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
  for (const { pointer, detail } of problem.errors ?? []) fields[pointer.slice(1)] ??= detail;
  const words = problem.detail ?? problem.title ?? `The server answered ${response.status}.`;
  return new ApiError(response.status, words, fields, problem.code_required === true);
}

async function exchange(method: string, path: string, body: unknown, headers: Record<string, string>, credentials: RequestCredentials) {
  const init: RequestInit = { method, headers: { accept: 'application/json', ...headers }, credentials };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...init.headers, 'content-type': 'application/json' };
  }
  const response = await fetch(path, init).catch(() => {
    throw new ApiError(0, 'The server cannot be reached. Check the connection and try again.');
  });
  if (!response.ok) throw await errorOf(response);
  const text = await response.text();
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

/** Calls that say who one is, in one way or another. */
export interface Client {
  get<Answer>(path: string): Promise<Answer>;
  send<Answer = void>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<Answer>;
}

/** A client for who holds a token: it sends no cookie. */
export function tokenClient(token: string): Client {
  const headers = { authorization: `Bearer ${token}` };
  return {
    get: <Answer>(path: string) => exchange('GET', path, undefined, headers, 'omit') as Promise<Answer>,
    send: <Answer>(method: string, path: string, body?: unknown) =>
      exchange(method, path, body, headers, 'omit') as Promise<Answer>,
  };
}

/** What a cookie's client must know of the session; `ended` is told when there is none any more. */
export interface CookieSession {
  csrfToken(): string;
  team(): string | null;
  /** Asks for the session again; answers whether it is another one now, of the same person. */
  renewed(): Promise<boolean>;
  ended(): void;
}

/** A client for who is signed in: the browser sends the cookie, this adds what else a change needs. */
export function cookieClient(session: CookieSession): Client {
  const call = async (method: string, path: string, body: unknown, again = false): Promise<unknown> => {
    const headers: Record<string, string> = {};
    if (method !== 'GET') headers['x-csrf-token'] = session.csrfToken();
    const team = session.team();
    if (team !== null) headers['limehook-team'] = team;
    try {
      return await exchange(method, path, body, headers, 'same-origin');
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // Signing in again in another tab changes the CSRF token under this one.
      if (error.status === 403 && method !== 'GET' && !again && (await session.renewed())) return call(method, path, body, true);
      if (error.status === 401) session.ended();
      throw error;
    }
  };
  return {
    get: <Answer>(path: string) => call('GET', path, undefined) as Promise<Answer>,
    send: <Answer>(method: string, path: string, body?: unknown) => call(method, path, body) as Promise<Answer>,
  };
}

/** For what is asked before anybody has signed in, and for signing in itself. */
export const openClient: Client = {
  get: <Answer>(path: string) => exchange('GET', path, undefined, {}, 'same-origin') as Promise<Answer>,
  send: <Answer>(method: string, path: string, body?: unknown) =>
    exchange(method, path, body, {}, 'same-origin') as Promise<Answer>,
};
