import type { LiveCache, LiveSeries } from '../live-report.js';
import { asBytes, asShare } from '../format.js';
import { drawing, setAttribute, setText } from './elements.js';

export interface Chart {
  readonly shown: SVGSVGElement;
  update(values: LiveSeries): void;
}

const WIDTH = 120;
const HEIGHT = 28;
const INSET = 2;

/** The last minutes as a line. `name` says of what, `format` how a value is told to who does not see it. */
export function sparkline(name: string, format: (value: number) => string): Chart {
  const area = drawing('path', { class: 'area' });
  const line = drawing('path', { class: 'line' });
  const shown = drawing(
    'svg',
    { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' },
    area,
    line,
  );
  return {
    shown,
    update(values) {
      const known = values.filter((value) => value !== null);
      setAttribute(shown, 'aria-label', alternative(name, known, format));
      const most = Math.max(...known, 0);
      const points = values.map((value, step) => [
        INSET + (step * (WIDTH - 2 * INSET)) / Math.max(1, values.length - 1),
        value === null ? undefined : HEIGHT - INSET - (most > 0 ? (value / most) * (HEIGHT - 2 * INSET) : 0),
      ]);
      setAttribute(line, 'd', linesThrough(points));
      setAttribute(area, 'd', areasUnder(points));
    },
  };
}

function alternative(name: string, known: readonly number[], format: (value: number) => string): string {
  const last = known.at(-1);
  if (last === undefined) return `${name} over the last three minutes: nothing measured`;
  const [least, most] = [Math.min(...known), Math.max(...known)];
  return `${name} over the last three minutes: lowest ${format(least)}, highest ${format(most)}, now ${format(last)}`;
}

type Points = readonly (readonly (number | undefined)[])[];

function runsOf(points: Points): string[][] {
  const runs: string[][] = [[]];
  for (const [x, y] of points) {
    if (x === undefined || y === undefined) runs.push([]);
    else runs.at(-1)!.push(`${x.toFixed(1)} ${y.toFixed(1)}`);
  }
  return runs.filter((run) => run.length > 0);
}

function linesThrough(points: Points): string {
  // A point alone is a line of no length, with round ends.
  return runsOf(points)
    .map((run) => `M${run.join('L')}${run.length === 1 ? 'h0' : ''}`)
    .join('');
}

function areasUnder(points: Points): string {
  return runsOf(points)
    .map((run) => {
      const [first, last] = [run[0]!.split(' ')[0], run.at(-1)!.split(' ')[0]];
      return `M${first} ${HEIGHT}L${run.join('L')}L${last} ${HEIGHT}Z`;
    })
    .join('');
}

const CURVE = { width: 240, height: 124, left: 42, right: 226, top: 12, bottom: 92 } as const;
const SIZE_LABELS: Readonly<Record<string, string>> = {
  quarter: '¼×',
  half: '½×',
  same: '1×',
  double: '2×',
  fourfold: '4×',
};

/** There is room for every other one. */
const WITH_BYTES: ReadonlySet<string> = new Set(['quarter', 'same', 'fourfold']);

/** What a size is called, for people. */
export function sizeLabel(size: string): string {
  return SIZE_LABELS[size] ?? size;
}

export interface CurveChart {
  readonly shown: SVGSVGElement;
  update(name: string, points: LiveCache['whatIf']): void;
}

/** The hit ratio a cache would have with a quarter to four times its memory. */
export function curveChart(): CurveChart {
  const line = drawing('path', { class: 'line' });
  const marks = drawing('g');
  const shown = drawing(
    'svg',
    { class: 'curve', viewBox: `0 0 ${CURVE.width} ${CURVE.height}`, role: 'img' },
    ...gridLines(),
    line,
    marks,
  );
  return {
    shown,
    update(name, points) {
      const at = points.map((point, index) => {
        const x =
          CURVE.left + 12 + (index * (CURVE.right - CURVE.left - 24)) / Math.max(1, points.length - 1);
        return { ...point, x, y: CURVE.bottom - point.hitRatio * (CURVE.bottom - CURVE.top) };
      });
      setAttribute(line, 'd', `M${at.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}`);
      const told = at.map(({ size, hitRatio }) => `${sizeLabel(size)} ${asShare(hitRatio)}`);
      setAttribute(shown, 'aria-label', `${name}: hits by size of the cache: ${told.join(', ')}`);
      marks.replaceChildren(
        ...at.map(({ size, x, y }) => {
          const isNow = size === 'same';
          const [cx, cy] = [x.toFixed(1), y.toFixed(1)];
          return drawing('circle', { class: isNow ? 'now' : 'point', cx, cy, r: isNow ? 5 : 3 });
        }),
        ...at.map(({ size, x }) => label(x, CURVE.bottom + 15, sizeLabel(size), 'middle', size === 'same')),
        ...at
          .filter(({ size }) => WITH_BYTES.has(size))
          .map(({ x, bytes }) => label(x, CURVE.bottom + 27, asBytes(bytes), 'middle')),
      );
    },
  };
}

function gridLines(): SVGElement[] {
  return [0, 0.5, 1].flatMap((share) => {
    const y = CURVE.bottom - share * (CURVE.bottom - CURVE.top);
    return [
      drawing('line', { class: 'axis', x1: CURVE.left, x2: CURVE.right, y1: y, y2: y }),
      label(CURVE.left - 6, y + 4, `${100 * share} %`, 'end'),
    ];
  });
}

function label(
  x: number,
  y: number,
  text: string,
  anchor: 'middle' | 'end',
  isStrong = false,
): SVGTextElement {
  const made = drawing('text', {
    class: isStrong ? 'label strong' : 'label',
    x: x.toFixed(1),
    y: y.toFixed(1),
    'text-anchor': anchor,
  });
  setText(made, text);
  return made;
}
