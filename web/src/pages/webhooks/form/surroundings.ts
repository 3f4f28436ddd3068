import { useQuery, type UseQueryResult } from '@tanstack/react-query';

import { useApi } from '../../../api/access';
import type { ApiError } from '../../../api/client';
import type { EventTypeInfo } from '../../../api/types';
import { eventTypesQuery } from '../../../components/event_types';
import { pathsOf } from './conditions';
import { isOwnEvent, type Surroundings, type Values } from './values';

export interface Known extends Surroundings {
  eventTypes: EventTypeInfo[];
}

const knownOf = (data: EventTypeInfo[]): Known => ({
  eventTypes: data,
  platformEvents: data.map(({ name }) => name).filter((name) => !isOwnEvent(name)),
  paths: pathsOf(data.map(({ sample }) => sample)),
});

/** The event types and what their payloads have. */
export function useKnown(): UseQueryResult<Known, ApiError> {
  return useQuery({ ...eventTypesQuery(useApi()), select: knownOf });
}

/** The members that events of the chosen types have. */
export function pathsFor({ eventTypes }: Known, { allEvents, events }: Values): Map<string, unknown> {
  const chosen = eventTypes.filter(({ name }) => events.includes(name) || (allEvents && !isOwnEvent(name)));
  return pathsOf(chosen.map(({ sample }) => sample));
}
