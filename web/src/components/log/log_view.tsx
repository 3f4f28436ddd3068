// A log beside what is open of it: filters above, rows at the left, one row's page at the right. On small screens one or
// the other.

import { ArrowLeft, Keyboard, Pause, Play } from 'lucide-react';
import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react';

import type { Kind } from '../../api/live';
import { useConnected } from '../../api/live';
import { Failed, Loading } from '../answered';
import { Dialog } from '../dialog';
import { type Column, LogGrid } from './grid';
import type { Row } from './rows';
import { type ReadPage, useRows } from './use_rows';
import './log.css';

export interface LogViewProps<T> {
  kind: Kind;
  /** What a row is: "delivery", "deliveries". */
  words: { one: string; many: string };
  columns: Column<T>[];
  /** What `read` depends on, as text. */
  filters: string;
  read: ReadPage<T>;
  /** The id of the row that is open. */
  open: string | null;
  /** The same row as it is now, where rows change. */
  current?: T | undefined;
  hrefOf(row: T): string;
  /** Goes to a row's page; `replace`: without a step in the browser's history. */
  goTo(row: T, replace: boolean): void;
  close(): void;
  search: RefObject<HTMLInputElement | null>;
  /** In place of the rows when there are none. */
  empty: ReactNode;
  /** What is open. */
  children: ReactNode;
}

export const detailHeading = 'log-detail-heading';

const keys: [keys: string[], meaning: string][] = [
  [['j', '↓'], 'next row'],
  [['k', '↑'], 'row before'],
  [['Page Down', 'Page Up'], 'ten rows on or back'],
  [['Enter'], 'open the row and go there'],
  [['Escape'], 'close what is open, back to the row'],
  [['/'], 'search'],
  [['?'], 'this list'],
];

function KeysDialog({ open, onClose }: { open: boolean; onClose(): void }) {
  return (
    <Dialog title="Keys in the log" open={open} onClose={onClose}>
      <p className="hint">They work while a row of the log has the focus.</p>
      <dl className="log-keys">
        {keys.map(([names, meaning]) => (
          <div key={meaning}><dt>{names.map((name) => <kbd key={name}>{name}</kbd>)}</dt><dd>{meaning}</dd></div>
        ))}
      </dl>
    </Dialog>
  );
}

interface LiveProps {
  words: { one: string; many: string };
  newCount: number;
  paused: boolean;
  held: boolean;
  unreachable: boolean;
  setPaused(paused: boolean): void;
  showNew(): void;
  onHelp(): void;
}

/** Says whether the newest rows come by themselves, and offers those that wait. */
function LiveBar({ words, newCount, paused, held, unreachable, setPaused, showNew, onHelp }: LiveProps) {
  const connected = useConnected();
  const lost = !connected && (unreachable || !navigator.onLine);
  const state = lost ? 'Offline: the server cannot be reached' : paused ? 'Paused' : held ? 'Keeping your place' : connected ? 'Live' : 'Updated every 5 seconds';
  return (
    <div className="log-live">
      <p role="status" className="log-live-state" data-on={state === 'Live'} data-lost={lost}>{state}</p>
      {newCount > 0 && (
        <button type="button" className="button log-new" onClick={showNew}>
          {newCount >= 100 ? '100+' : newCount} new {newCount === 1 ? words.one : words.many}
        </button>
      )}
      <span className="log-live-end">
        <button type="button" className="button-plain" onClick={() => setPaused(!paused)}>
          {paused ? <Play aria-hidden size={16} /> : <Pause aria-hidden size={16} />} {paused ? 'Resume' : 'Pause'}
        </button>
        <button type="button" className="button-icon" aria-label="Keys" onClick={onHelp}><Keyboard aria-hidden size={18} /></button>
      </span>
    </div>
  );
}

export function LogView<T extends Row>({ kind, words, columns, filters, read, open, current, hrefOf, goTo, close, search, empty, children }: LogViewProps<T>) {
  const [paused, setPaused] = useState(false);
  const [away, setAway] = useState(false);
  const [help, setHelp] = useState(false);
  const scroller = useRef<HTMLDivElement>(null);
  const held = paused || away || open !== null;
  const log = useRows({ kind, filters, held, current, read });
  const { rows } = log;
  const searching = rows?.length === 0 && log.hasOlder;
  useEffect(() => {
    if (searching && !log.loadingOlder && log.olderError === null) log.loadOlder();
  });

  // Where the focus goes when what was open closes: back to its row.
  const opened = useRef(open);
  const detail = useRef<HTMLElement>(null);
  const wantsDetail = useRef(false);
  useEffect(() => {
    const was = opened.current;
    opened.current = open;
    const row = scroller.current?.querySelector<HTMLElement>('.log-entry[tabindex="0"]');
    if (was !== null && open === null && document.activeElement?.closest('input, select') === null) row?.focus({ preventScroll: true });
    // Where there is no room for both, what is open is all there is.
    const alone = was === null && scroller.current?.offsetParent === null;
    if (open !== null && (alone || wantsDetail.current)) detail.current?.focus();
    wantsDetail.current = false;
  }, [open]);

  const showNew = () => {
    log.showNew();
    setPaused(false);
    if (scroller.current === null) return;
    scroller.current.scrollTop = 0;
    scroller.current.focus();
  };
  const onOpen = (row: T, focus: boolean) => {
    wantsDetail.current = focus;
    if (row.id !== open) goTo(row, open !== null);
    else if (focus) detail.current?.focus();
  };
  return (
    <div className="log" data-open={open !== null}>
      <div className="log-list">
        <LiveBar words={words} newCount={log.newCount} paused={paused} held={held} unreachable={log.unreachable} setPaused={setPaused} showNew={showNew} onHelp={() => setHelp(true)} />
        {rows === undefined && log.error === null && <Loading />}
        {log.error !== null && <Failed error={log.error} again={log.again} />}
        {rows?.length === 0 && (searching ? <p className="hint" role="status">Looking further back…</p> : empty)}
        {rows !== undefined && rows.length > 0 && (
          <LogGrid label={words.many} {...{ columns, log, rows, open, hrefOf, onOpen, scroller }} onClose={close} onSearch={() => search.current?.focus()} onHelp={() => setHelp(true)} onAway={setAway} />
        )}
      </div>
      {open !== null && (
        <section ref={detail} tabIndex={-1} className="log-detail" aria-labelledby={detailHeading} onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.contains(event.target as Node) && close()}>
          <button type="button" className="button-plain log-back" onClick={close}><ArrowLeft aria-hidden size={16} /> All {words.many}</button>
          {children}
        </section>
      )}
      <KeysDialog open={help} onClose={() => setHelp(false)} />
    </div>
  );
}
