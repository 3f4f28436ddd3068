// Times as fields of browsers have them, which know no zone: "2026-12-01T14:30" in the reader's own.

const minute = 60_000;
const day = 86_400_000;

const offsetAt = (at: number) => -new Date(at).getTimezoneOffset();

const two = (value: number) => String(value).padStart(2, '0');

/** Is a text an instant (RFC 3339)? Browsers read much more than that as one. */
export const isInstant = (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/i.test(text) && !Number.isNaN(Date.parse(text));

/** An instant as a field has it; '' where `time` is none. */
export function localText(time: string): string {
  if (!isInstant(time)) return '';
  const at = new Date(time);
  const date = `${String(at.getFullYear()).padStart(4, '0')}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

const format = (at: number) => new Date(at).toISOString().replace('.000Z', 'Z');

/**
 * The instants that a field's text stands for, the earlier one first: two within the hour that a change of clocks repeats.
 * None of a text that is not complete: of years such as 0202 and 12025.
 */
export function instantsOf(text: string): string[] {
  if (!/^(19[7-9]\d|[2-9]\d{3})-\d\d-\d\dT\d\d:\d\d$/.test(text)) return [];
  const asUtc = Date.parse(`${text}:00Z`);
  if (Number.isNaN(asUtc)) return [];
  const offsets = new Set([asUtc - day, asUtc, asUtc + day].map(offsetAt));
  const found = [...offsets].map((offset) => asUtc - offset * minute).filter((at) => localText(new Date(at).toISOString()) === text);
  // Clocks that go forward skip a time; it stands for the one that they show instead.
  const instants = found.length > 0 ? found : [new Date(text).getTime()];
  return instants.sort((a, b) => a - b).map(format);
}

/** The end of a day that a field has as "2026-12-01"; undefined where that is not complete. */
export function endOfDay(text: string): string | undefined {
  const next = instantsOf(`${text}T23:59`).at(-1);
  return next === undefined ? undefined : format(Date.parse(next) + minute - 1000);
}

/** "UTC+5:30": the zone's offset at an instant. */
export function offsetOf(time: string): string {
  const minutes = offsetAt(Date.parse(time));
  if (minutes === 0) return 'UTC';
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `UTC${minutes < 0 ? '−' : '+'}${hours}${rest === 0 ? '' : `:${two(rest)}`}`;
}

/** The zone that fields are in, with its offset at an instant: "Europe/Berlin, UTC+1". */
export function zoneAt(time: string): string {
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const offset = offsetOf(time);
  return name === 'UTC' || name === undefined ? offset : `${name}, ${offset}`;
}
