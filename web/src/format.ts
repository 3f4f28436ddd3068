// Figures and times in the words of the reader's language.

export const formatTime = (time: string) => new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export const formatCount = (count: number) => count.toLocaleString();

/** `share` from 0 to 1; never rounded up to all. */
export function formatShare(share: number): string {
  const percent = share === 1 ? 100 : Math.min(Math.round(share * 1000) / 10, 99.9);
  return `${percent.toLocaleString()} %`;
}

/** To two digits where they are few: "0.25 ms", "1.5 ms", "15 ms", "1.5 s". */
export function formatMilliseconds(value: number): string {
  if (value >= 1000) return `${(value / 1000).toLocaleString(undefined, { maximumFractionDigits: 1 })} s`;
  return `${value.toLocaleString(undefined, value < 10 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 0 })} ms`;
}

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' });
const units: [Intl.RelativeTimeFormatUnit, number][] = [['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]];

/** "5 min. ago", "in 12 sec."; `now` in milliseconds. */
export function formatAgo(time: string, now: number): string {
  const seconds = Math.round((Date.parse(time) - now) / 1000);
  const [unit, length] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  return relative.format(Math.trunc(seconds / length), unit);
}

/** The time of day to the second, with the date where that is not `today`'s. */
export function formatClock(time: string, today: Date): string {
  const at = new Date(time);
  const clock = at.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  return at.toDateString() === today.toDateString() ? clock : `${at.toLocaleDateString(undefined, { dateStyle: 'medium' })}, ${clock}`;
}

const durations: [string, number][] = [['d', 86_400], ['h', 3600], ['min', 60], ['s', 1]];

/** A duration in seconds in its largest units: "1 min", "2 h 30 min", "45 s". */
export function formatDuration(seconds: number): string {
  const words: string[] = [];
  let rest = Math.round(seconds);
  for (const [name, length] of durations) {
    if (rest < length || words.length === 2) continue;
    words.push(`${Math.floor(rest / length)} ${name}`);
    rest %= length;
  }
  return words.join(' ') || '0 s';
}

const sizes: [string, number][] = [['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10]];

/** "64 MiB", "1.5 GiB". */
export function formatBytes(bytes: number): string {
  const [unit, size] = sizes.find(([, size]) => bytes >= size) ?? ['bytes', 1];
  return `${(bytes / size).toLocaleString(undefined, { maximumFractionDigits: 1 })} ${unit}`;
}
