// Small panels of two lines over a common logarithmic x axis, as one SVG text that needs nothing else. The colours are
// legible on white and on dark backgrounds; the lines differ in dashes and marks too.

const size = { width: 920, panelWidth: 460, panelHeight: 270, top: 64 };
const margin = { left: 62, right: 62, top: 34, bottom: 52 };
const inner = {
  width: size.panelWidth - margin.left - margin.right,
  height: size.panelHeight - margin.top - margin.bottom,
};
const intervals = 4; // of each y axis, so that both share the grid
const xPadding = 18;
const styles = {
  text: '#757d86',
  grid: '#8c959f',
  left: { colour: '#2f7de1', dash: '' },
  right: { colour: '#d1661b', dash: ' stroke-dasharray="6 4"' },
};

const escape = (text) => String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
const at = (value) => Number(value.toFixed(1));

/** 1500 → "1.5k" */
export function shortNumber(value) {
  const [unit, factor] = value >= 1e6 ? ['M', 1e6] : value >= 1e3 ? ['k', 1e3] : ['', 1];
  return `${Number((value / factor).toFixed(2))}${unit}`;
}

/** The upper end of an axis from 0: four round steps that hold `most`. */
function axisEnd(most) {
  const least = Math.max(most, 1e-9) / intervals;
  const power = 10 ** Math.floor(Math.log10(least));
  return intervals * power * [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((step) => step * power >= least * 0.999999);
}

function text(x, y, content, { anchor = 'middle', colour = styles.text, weight = 'normal', px = 12 } = {}) {
  const attributes = `x="${at(x)}" y="${at(y)}" text-anchor="${anchor}" fill="${colour}" font-size="${px}" font-weight="${weight}"`;
  return `<text ${attributes}>${escape(content)}</text>`;
}

function mark(side, x, y) {
  const fill = styles[side].colour;
  return side === 'left'
    ? `<circle cx="${at(x)}" cy="${at(y)}" r="4" fill="${fill}"/>`
    : `<rect x="${at(x - 3.5)}" y="${at(y - 3.5)}" width="7" height="7" fill="${fill}"/>`;
}

function line(side, places) {
  const { colour, dash } = styles[side];
  const points = places.map(([x, y]) => `${at(x)},${at(y)}`).join(' ');
  return [
    `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"${dash}/>`,
    ...places.map(([x, y]) => mark(side, x, y)),
  ].join('\n');
}

/** Grid lines with the numbers of both axes. */
function yAxes(ends) {
  const parts = [];
  for (let i = 0; i <= intervals; i += 1) {
    const y = inner.height * (1 - i / intervals);
    const opacity = i === 0 ? 0.9 : 0.3;
    parts.push(`<line x1="0" x2="${inner.width}" y1="${at(y)}" y2="${at(y)}" stroke="${styles.grid}" stroke-opacity="${opacity}"/>`);
    parts.push(text(-8, y + 4, shortNumber((ends.left * i) / intervals), { anchor: 'end', colour: styles.left.colour }));
    parts.push(text(inner.width + 8, y + 4, shortNumber((ends.right * i) / intervals), { anchor: 'start', colour: styles.right.colour }));
  }
  return parts;
}

function panel({ title, xLabel, points }, column, row) {
  const logs = points.map(({ x }) => Math.log10(x));
  const span = Math.max(...logs) - Math.min(...logs) || 1;
  const xOf = (i) => xPadding + ((logs[i] - Math.min(...logs)) / span) * (inner.width - 2 * xPadding);
  const ends = { left: axisEnd(Math.max(...points.map((p) => p.left))), right: axisEnd(Math.max(...points.map((p) => p.right))) };
  const places = (side) => points.map((p, i) => [xOf(i), inner.height * (1 - p[side] / ends[side])]);
  const ticks = points.map((p, i) => {
    const x = at(xOf(i));
    const stroke = `<line x1="${x}" x2="${x}" y1="${inner.height}" y2="${inner.height + 5}" stroke="${styles.grid}"/>`;
    return stroke + text(x, inner.height + 19, p.name ?? shortNumber(p.x));
  });
  return [
    `<g transform="translate(${column * size.panelWidth + margin.left} ${size.top + row * size.panelHeight + margin.top})">`,
    text(inner.width / 2, -14, title, { weight: 'bold', px: 13 }),
    ...yAxes(ends),
    ...ticks,
    text(inner.width / 2, inner.height + 38, xLabel),
    line('left', places('left')),
    line('right', places('right')),
    '</g>',
  ].join('\n');
}

function legend(names) {
  const entry = (side, x) => line(side, [[x, 52], [x + 36, 52]]) + text(x + 46, 56, names[side], { anchor: 'start' });
  return `${entry('left', 190)}\n${entry('right', 510)}`;
}

/**
 * title, subtitle: texts; names: {left, right} of the two axes; panels: [{title, xLabel, points: [{x, left, right, name?}]}],
 * where `name` is the text at a point's tick.
 */
export function plot({ title, subtitle, names, panels }) {
  const height = size.top + Math.ceil(panels.length / 2) * size.panelHeight;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" width="${size.width}" height="${height}" role="img" font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif">
<title>${escape(title)}</title>
<desc>${escape(subtitle)}</desc>
${text(size.width / 2, 18, title, { weight: 'bold', px: 15 })}
${text(size.width / 2, 36, subtitle)}
${legend(names)}
${panels.map((each, i) => panel(each, i % 2, Math.floor(i / 2))).join('\n')}
</svg>
`;
}
