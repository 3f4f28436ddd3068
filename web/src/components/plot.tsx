// The drawing of a chart, by uPlot on a canvas. Loaded when there is a chart to show.

import 'uplot/dist/uPlot.min.css';

import { useEffect, useRef } from 'react';
import uPlot from 'uplot';

import type { ChartProps, Line } from './chart';

/** What the canvas draws with: the theme's colours, as they are now. */
function colour(element: HTMLElement, name: string, alpha = 1): string {
  const probe = document.createElement('span');
  probe.style.color = alpha === 1 ? `var(${name})` : `color-mix(in srgb, var(${name}) ${alpha * 100}%, transparent)`;
  element.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric' });

/** The time of day; the day where one begins. */
function timeLabels(_: uPlot, times: number[], __: number, ___: number, step: number): string[] {
  return times.map((time) => {
    const at = new Date(time * 1000);
    const midnight = at.getHours() === 0 && at.getMinutes() === 0;
    return (midnight || step >= 86_400 ? day : clock).format(at);
  });
}

/** Values that stand alone between gaps, which a line would not show. */
function lonely(plot: uPlot, index: number): number[] {
  const values = plot.data[index] ?? [];
  const there = (at: number) => values[at] !== null && values[at] !== undefined;
  return [...values.keys()].filter((at) => there(at) && !there(at - 1) && !there(at + 1));
}

/** Where each line ends: stacked ones stand on those before them. */
function tops({ lines, stacked = false }: ChartProps): Line['values'][] {
  if (!stacked) return lines.map(({ values }) => values);
  return lines.map(({ values }, index) =>
    values.map((_, at) => lines.slice(0, index + 1).reduce((sum, line) => sum + (line.values[at] ?? 0), 0)));
}

/** Bars from the top of the series before to their own. */
const stackedBars: uPlot.Series.BarsPathBuilderDisplay = {
  y0: { unit: 1, values: (plot, index) => (index === 1 ? Array.from(plot.data[0], () => 0) : (plot.data[index - 1] as number[])) },
  y1: { unit: 1, values: (plot, index) => plot.data[index] as number[] },
};

function seriesOf(box: HTMLElement, { colour: name, shape, dash }: Line, stacked: boolean): uPlot.Series {
  if (shape === 'bars') {
    const paths = uPlot.paths.bars?.({ size: [0.8, 24], ...(stacked && { disp: stackedBars }) });
    const fill = () => colour(box, name);
    return { fill, stroke: fill, width: 0, points: { show: false }, ...(paths && { paths }) };
  }
  const points: uPlot.Series.Points = { show: true, size: 5, filter: lonely, fill: () => colour(box, name) };
  return { stroke: () => colour(box, name), width: 2, points, spanGaps: false, ...(dash && { dash }) };
}

/** Do values give the axis something to measure? */
const measures = (plot: uPlot) => plot.data.slice(1).some((values) => values.some((value) => value !== null && value !== undefined && value !== 0));

function optionsOf(box: HTMLElement, chart: ChartProps, onHover: (index: number | null) => void): uPlot.Options {
  const { format, most, bucketSeconds } = chart;
  const quiet = () => colour(box, '--text-quiet');
  const grid = { stroke: () => colour(box, '--line'), width: 1 };
  const axis: uPlot.Axis = { stroke: quiet, grid, ticks: { show: false }, font: `12px ${getComputedStyle(box).fontFamily}` };
  return {
    width: box.clientWidth,
    height: box.clientHeight,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { range: (_, from, to) => [from - bucketSeconds / 2, to + bucketSeconds / 2] },
      y: { range: (_, __, top) => [0, most ?? (top > 0 ? top * 1.08 : 1)] },
    },
    axes: [
      { ...axis, grid: { show: false }, values: timeLabels, space: 72, size: 28, gap: 8 },
      { ...axis, size: 64, space: 36, values: (plot, values) => values.map((value) => (measures(plot) ? format(value) : '')) },
    ],
    series: [{}, ...chart.lines.map((line) => seriesOf(box, line, chart.stacked === true))],
    hooks: { setCursor: [(plot) => onHover(plot.cursor.idx ?? null)] },
  };
}

/** Tells when the colours may have changed: the system's choice, or the reader's. */
function onTheme(tell: () => void): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const chosen = new MutationObserver(tell);
  dark.addEventListener('change', tell);
  chosen.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return () => {
    dark.removeEventListener('change', tell);
    chosen.disconnect();
  };
}

interface PlotProps {
  chart: ChartProps;
  /** Where the reader stands; null: nowhere. */
  index: number | null;
  onHover(index: number | null): void;
}

export default function Plot({ chart, index, onHover }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot | null>(null);
  const hover = useRef(onHover);
  hover.current = onHover;
  const data = [chart.at, ...tops(chart)] as uPlot.AlignedData;
  const latest = useRef(data);
  latest.current = data;
  // Everything but the data: with another of these it is another drawing.
  const shape = JSON.stringify([chart.bucketSeconds, chart.most, chart.stacked, chart.lines.map(({ values, ...rest }) => rest)]);

  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const plot = new uPlot(optionsOf(element, chart, (at) => hover.current(at)), latest.current, element);
    drawn.current = plot;
    const resized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: element.clientHeight }));
    resized.observe(element);
    const stop = onTheme(() => plot.redraw(false));
    return () => {
      stop();
      resized.disconnect();
      plot.destroy();
      drawn.current = null;
    };
  }, [shape]);

  useEffect(() => {
    drawn.current?.setData(latest.current);
    drawn.current?.redraw(false, true);  // labels too, also of a scale that stays as it is
  }, [chart.at, chart.lines]);

  // By keyboard: the plot's cursor goes where the reader is.
  useEffect(() => {
    const plot = drawn.current;
    if (plot === null || plot.cursor.idx === index) return;
    const at = index === null ? undefined : plot.data[0][index];
    plot.setCursor({ left: at === undefined ? -10 : plot.valToPos(at, 'x'), top: 0 }, false);
  }, [index]);

  return <div ref={box} className="plot" aria-hidden />;
}
