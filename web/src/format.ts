// Figures and times in the words of the reader's language.

export const formatTime = (time: string) => new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export const formatCount = (count: number) => count.toLocaleString();

/** `share` from 0 to 1; never rounded up to all. */
export function formatShare(share: number): string {
  const percent = share === 1 ? 100 : Math.min(Math.round(share * 1000) / 10, 99.9);
  return `${percent.toLocaleString()} %`;
}

export const formatMilliseconds = (value: number) =>
  value < 1000 ? `${Math.round(value).toLocaleString()} ms` : `${(value / 1000).toLocaleString(undefined, { maximumFractionDigits: 1 })} s`;
