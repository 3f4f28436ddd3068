// The rows of a log, of which only those that can be seen are in the document. One of them can have the focus; from there
// keys lead through the log.

import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import { type CSSProperties, type KeyboardEvent, type ReactNode, type RefObject, useCallback, useEffect, useRef, useState } from 'react';

import { Link } from '../../router';
import { Failed } from '../answered';
import type { Row } from './rows';
import type { LogRows } from './use_rows';

export interface Column<T> {
  name: string;
  /** As in grid-template-columns. */
  width: string;
  cell(row: T): ReactNode;
}

export interface GridProps<T> {
  label: string;
  /** The first one has the link to the row's page. */
  columns: Column<T>[];
  log: LogRows<T>;
  rows: T[];
  open: string | null;
  hrefOf(row: T): string;
  /** Opens a row; `focus`: and goes there. */
  onOpen(row: T, focus: boolean): void;
  onClose(): void;
  onSearch(): void;
  onHelp(): void;
  /** Told when the newest row can or cannot be seen. */
  onAway(away: boolean): void;
  scroller: RefObject<HTMLDivElement | null>;
}

const estimatedRow = 54;
const olderWithin = 25;

/** Which row a key leads to from `index`; undefined: the key is not about that. */
function target(key: string, index: number, count: number): number | undefined {
  const steps: Record<string, number> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
  const step = steps[key];
  return step === undefined ? undefined : Math.max(0, Math.min(count - 1, index + step));
}

function useGridRows<T extends Row>({ log, rows, open, scroller }: GridProps<T>) {
  const [active, setActive] = useState<string | null>(open);
  const found = rows.findIndex(({ id }) => id === active);
  const index = Math.max(found, 0);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => estimatedRow,
    getItemKey: (position) => rows[position]?.id ?? position,
    overscan: 8,
    useFlushSync: false,
    // The row that has the focus stays in the document wherever one scrolls.
    rangeExtractor: useCallback((range: Range) => [...new Set([index, ...defaultRangeExtractor(range)])].filter((one) => one < range.count).sort((a, b) => a - b), [index]),
  });
  const items = virtual.getVirtualItems();
  const range = virtual.range;
  const [first, end] = [range?.startIndex ?? 0, range?.endIndex ?? 0];
  const { setSeen, loadOlder, hasOlder, loadingOlder, olderError } = log;
  useEffect(() => setSeen(first, end), [setSeen, first, end]);
  const wanted = hasOlder && !loadingOlder && olderError === null && end >= rows.length - olderWithin;
  useEffect(() => {
    if (wanted) loadOlder();
  });
  return { virtual, items, index, active, setActive };
}

export function LogGrid<T extends Row>(props: GridProps<T>) {
  const { label, columns, log, rows, open, hrefOf, onOpen, onClose, onSearch, onHelp, onAway, scroller } = props;
  const { virtual, items, index, setActive } = useGridRows(props);
  const wantsFocus = useRef(false);
  const focused = useRef<Element | null>(null);
  const place = useRef(0);

  const goTo = (next: number) => {
    const row = rows[next];
    if (row === undefined) return;
    wantsFocus.current = true;
    setActive(row.id);
    virtual.scrollToIndex(next);
    if (open !== null) onOpen(row, false);
  };
  useEffect(() => {
    const gone = focused.current !== null && !focused.current.isConnected;  // newer rows have pushed it out
    const row = scroller.current?.querySelector<HTMLElement>(`.log-entry[data-index="${index}"]`);
    if ((gone || wantsFocus.current) && row !== null && row !== undefined) {
      wantsFocus.current = false;
      row.focus({ preventScroll: true });
    }
    focused.current = scroller.current?.contains(document.activeElement) === true ? document.activeElement : null;
  });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = target(event.key, index, rows.length);
    const row = rows[index];
    if (next !== undefined) goTo(next);
    else if (event.key === 'Enter' && row !== undefined) onOpen(row, true);
    else if (event.key === 'Escape') onClose();
    else if (event.key === '/') onSearch();
    else if (event.key === '?') onHelp();
    else return;
    event.preventDefault();
  };

  // On small screens the log is hidden while a row is open, which makes browsers forget the place.
  useEffect(() => {
    const shown = scroller.current;
    if (open === null && shown !== null && shown.scrollTop !== place.current) shown.scrollTop = place.current;
  }, [open, scroller]);
  const onScroll = () => {
    const shown = scroller.current;
    if (shown === null || shown.clientHeight === 0) return;
    place.current = shown.scrollTop;
    onAway(shown.scrollTop > 8);
  };

  return (
    <div className="log-scroll" ref={scroller} tabIndex={-1} onScroll={onScroll} onKeyDown={onKeyDown}>
      <div role="grid" aria-label={label} aria-rowcount={log.hasOlder ? -1 : rows.length + 1} aria-colcount={columns.length} className="log-grid" style={{ '--log-columns': columns.map(({ width }) => width).join(' ') } as CSSProperties}>
        <div role="rowgroup" className="log-head">
          <div role="row" aria-rowindex={1} className="log-row">
            {columns.map(({ name }) => <div role="columnheader" key={name}>{name}</div>)}
          </div>
        </div>
        <div role="rowgroup" className="log-body" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index];
            return row !== undefined && (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                role="row"
                aria-rowindex={item.index + 2}
                aria-selected={row.id === open}
                tabIndex={item.index === index ? 0 : -1}
                className="log-row log-entry"
                style={{ transform: `translateY(${item.start}px)` }}
                onFocus={() => setActive(row.id)}
              >
                {columns.map(({ name, cell }, column) => (
                  <div role="gridcell" key={name} data-label={name}>
                    {column === 0 ? <Link href={hrefOf(row)} tabIndex={-1} className="log-link" replace={open !== null}>{cell(row)}</Link> : cell(row)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      {log.loadingOlder && <p className="hint log-end" role="status">Loading older…</p>}
      {log.olderError !== null && <Failed error={log.olderError} again={log.loadOlder} />}
    </div>
  );
}
