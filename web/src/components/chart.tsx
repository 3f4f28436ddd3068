// A chart over time: a drawing with a legend that says the values where the reader stands, by mouse or keyboard, and
// the same as a table.

import { lazy, useId, useState } from 'react';

import { Part } from './part';
import './chart.css';

const Plot = lazy(() => import('./plot'));

export interface Line {
  name: string;
  /** One of the theme's, such as --good. */
  colour: string;
  /** One for each time; null: there is none. */
  values: (number | null)[];
  shape: 'line' | 'bars';
  dash?: number[];
}

export interface ChartProps {
  title: string;
  /** Where each bucket begins, in seconds since 1970, ascending. */
  at: number[];
  bucketSeconds: number;
  lines: Line[];
  /** Each line stands on the ones before it. */
  stacked?: boolean;
  /** A value as it is told. */
  format(value: number): string;
  /** Where the axis ends; else it follows the values. */
  most?: number;
  /** Said in place of a drawing without values. */
  empty: string;
}

function timeOf(at: number, bucketSeconds: number): string {
  const hour: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: '2-digit' };
  const words = bucketSeconds < 3600 ? hour : { weekday: 'short', month: 'short', day: 'numeric', ...hour } as const;
  return new Date(at * 1000).toLocaleString(undefined, words);
}

const told = (format: ChartProps['format'], value: number | null | undefined) => (value === null || value === undefined ? '–' : format(value));

/** How a line looks, small: not by its colour alone. */
function Mark({ colour, shape, dash }: Line) {
  return (
    <svg width="18" height="10" aria-hidden>
      {shape === 'bars'
        ? <rect x="4" width="10" height="10" rx="2" style={{ fill: `var(${colour})` }} />
        : <line x1="0" x2="18" y1="5" y2="5" strokeWidth="2.5" strokeDasharray={dash?.join(' ')} style={{ stroke: `var(${colour})` }} />}
    </svg>
  );
}

function Legend({ chart, index }: { chart: ChartProps; index: number | null }) {
  const at = index === null ? undefined : chart.at[index];
  return (
    <p className="chart-legend">
      {chart.lines.map((line) => (
        <span key={line.name}>
          <Mark {...line} /> {line.name} {index !== null && at !== undefined && <strong>{told(chart.format, line.values[index])}</strong>}
        </span>
      ))}
      {at !== undefined && <span className="chart-time">{timeOf(at, chart.bucketSeconds)}</span>}
    </p>
  );
}

/**
 * What the keyboard moves: a slider along the times, which screen readers know how to use. It is not seen; the drawing shows
 * where it is.
 */
function Cursor({ chart, index, onMove }: { chart: ChartProps; index: number | null; onMove(index: number | null): void }) {
  const last = chart.at.length - 1;
  const here = Math.min(index ?? last, last);
  const at = chart.at[here] ?? 0;
  const values = chart.lines.map(({ name, values }) => `${name} ${told(chart.format, values[here])}`).join(', ');
  return (
    <input
      type="range"
      className="visually-hidden"
      aria-label={`${chart.title}: move along the times`}
      aria-valuetext={`${timeOf(at, chart.bucketSeconds)}: ${values}`}
      min={0}
      max={last}
      value={here}
      onChange={(event) => onMove(Number(event.target.value))}
      onFocus={() => onMove(here)}
      onBlur={() => onMove(null)}
    />
  );
}

function Drawing({ chart }: { chart: ChartProps }) {
  const [index, setIndex] = useState<number | null>(null);
  const none = chart.lines.every(({ values }) => values.every((value) => value === null || value === 0));
  return (
    <>
      <Legend chart={chart} index={index} />
      <div className="chart-box">
        <Part fallback={<div className="plot" />}><Plot chart={chart} index={index} onHover={setIndex} /></Part>
        {none && <p className="chart-empty"><span>{chart.empty}</span></p>}
        <Cursor chart={chart} index={index} onMove={setIndex} />
      </div>
    </>
  );
}

/** The times at which there is something, newest first. */
function Figures({ chart }: { chart: ChartProps }) {
  const { at, lines, format, bucketSeconds } = chart;
  const rows = [...at.keys()].reverse().filter((index) => lines.some(({ values }) => (values[index] ?? 0) !== 0));
  if (rows.length === 0) return <p className="hint">{chart.empty}</p>;
  return (
    <div className="chart-figures" tabIndex={0} role="region" aria-label={`${chart.title}, as a table`}>
      <table>
        <thead><tr><th scope="col">Time</th>{lines.map(({ name }) => <th key={name} scope="col">{name}</th>)}</tr></thead>
        <tbody>
          {rows.map((index) => (
            <tr key={at[index]}>
              <th scope="row">{timeOf(at[index] ?? 0, bucketSeconds)}</th>
              {lines.map(({ name, values }) => <td key={name}>{told(format, values[index])}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Chart(chart: ChartProps) {
  const [asTable, setAsTable] = useState(false);
  const id = useId();
  return (
    <section className="chart" aria-labelledby={id}>
      <div className="chart-head">
        <h2 id={id}>{chart.title}</h2>
        <button type="button" className="button-plain" aria-pressed={asTable} aria-label={`${chart.title} as a table`} onClick={() => setAsTable(!asTable)}>Table</button>
      </div>
      {asTable ? <Figures chart={chart} /> : <Drawing chart={chart} />}
    </section>
  );
}
