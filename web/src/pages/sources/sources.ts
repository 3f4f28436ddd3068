// Where events come from: the keys that may send them over the HTTP API, which is the only way in today.

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import type { Schemas } from '../../api/types';
import { type List, useList } from '../../components/list';
import { quoted } from '../../shell';

export type Source = Schemas['Source'];

/** Those that one sees; `query` limits them to a team. */
export function useSources(query: { team_id?: string }): List<Source> {
  const { api } = useAccess();
  return useList(['keys', 'sources', query], async (page) => answer(api.GET('/v1/sources', { params: { query: { ...query, ...page, limit: 100 } } })));
}

/** A request that sends `json`, for a shell. The key is in its environment: never in a history of commands. */
export const curlOf = (origin: string, json: string): string =>
  [`curl ${quoted(`${origin}/v1/events`)}`, '-H "Authorization: Bearer $LIMEHOOK_KEY"', '-H "Content-Type: application/json"', `--data-raw ${quoted(json)}`].join(' \\\n  ');
