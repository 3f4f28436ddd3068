// The members of the API's answers that the pages use (api/openapi.yaml has all of them).

export type Role = 'admin' | 'manage' | 'ingest' | 'read';

export interface Membership {
  team_id: string;
  role: Role;
}

export interface User {
  id: string;
  email: string;
  name: string | null;
  admin: boolean;
  teams: Membership[];
  totp: boolean;
}

/** GET /v1/session of somebody who is signed in. */
export interface Session {
  user: User;
  csrf_token: string;
}

export interface SignInOptions {
  setup: boolean; // nobody has an account yet
  password_reset: boolean;
  oidc_name: string | null;
}

export interface LinkInfo {
  kind: 'setup' | 'invitation' | 'password_reset' | 'portal';
  email: string | null;
  name: string | null;
  role: Role | null;
  team_id: string | null;
  account_exists: boolean;
  expires_at: string;
}

export interface SignedInBrowser {
  id: string;
  current: boolean;
  client_address: string;
  user_agent: string | null;
  created_at: string;
  last_seen_at: string;
  expires_at: string;
}

export interface Team {
  id: string;
  name: string | null;
}

export interface Webhook {
  id: string;
  name: string;
  url: string | null;
  team_id: string | null;
  events: string[];
  enabled: boolean;
  failing_since: string | null;
}

export interface Stats {
  totals: {
    attempts: number;
    attempts_failed: number;
    delivered: number;
    failed: number;
    success_rate: number | null; // 0 to 1
    latency_ms: { p50: number; p90: number; p99: number } | null;
  };
}

export interface Page<Row> {
  data: Row[];
  next_cursor: string | null;
}

export interface PortalSession {
  token: string;
  team_id: string;
  role: Role;
  expires_at: string;
}
