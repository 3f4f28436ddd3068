// A log as far as it is loaded: rows from the newest down, and where to go on. Ids only grow, so their order is the log's.

export interface Row {
  id: string;
}

/** What a list of the API answers. */
export interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

export interface Loaded<T> {
  rows: T[];
  /** Where older rows go on; null: there are none. */
  next: string | null;
  /** With which cursor rows were read, by the first of them. */
  pages: { cursor: string; first: string }[];
}

const last = <T>(rows: T[]): T | undefined => rows[rows.length - 1];

/**
 * The log with its newest page as it is now. A full page begins the log anew, so that it stays short however long it is
 * looked at; a short one (few rows match) is put before the older rows that are loaded already.
 */
export function withNewest<T extends Row>(was: Loaded<T> | null, page: Page<T>, limit: number): Loaded<T> {
  const anew = { rows: page.data, next: page.next_cursor, pages: [] };
  if (was === null || page.next_cursor === null || page.data.length >= limit) return anew;
  const end = last(page.data)?.id;
  return { ...was, rows: [...page.data, ...was.rows.filter(({ id }) => end === undefined || id < end)] };
}

/** The log with the page after `cursor`; another one may be on the way still when the log has begun anew. */
export function withOlder<T extends Row>(was: Loaded<T>, cursor: string, page: Page<T>): Loaded<T> {
  if (was.next !== cursor) return was;
  const first = page.data[0]?.id;
  return {
    rows: [...was.rows, ...page.data],
    next: page.next_cursor,
    pages: first === undefined ? was.pages : [...was.pages, { cursor, first }],
  };
}

/** The same rows in the same places, as `read` has them now. */
export function updatedBy<T extends Row>(was: Loaded<T>, read: T[]): Loaded<T> {
  const byId = new Map(read.map((row) => [row.id, row]));
  const changed = was.rows.some((row) => byId.has(row.id) && byId.get(row.id) !== row);
  return changed ? { ...was, rows: was.rows.map((row) => byId.get(row.id) ?? row) } : was;
}

/** How many rows of the newest page are not shown. */
export function countNew<T extends Row>(shown: Loaded<T>, newest: Page<T>): number {
  const known = new Set(shown.rows.map(({ id }) => id));
  const end = last(shown.rows)?.id ?? '';
  return newest.data.filter(({ id }) => id > end && !known.has(id)).length;
}

/** The cursors with which the rows from `first` to `end` were read, but for the newest page's. */
export function cursorsOf<T extends Row>({ rows, pages }: Loaded<T>, first: number, end: number): string[] {
  const [from, to] = [rows[first]?.id, rows[end]?.id];
  if (from === undefined || to === undefined) return [];
  return pages.filter((page, index) => page.first >= to && (pages[index + 1]?.first ?? '') < from).map(({ cursor }) => cursor);
}
