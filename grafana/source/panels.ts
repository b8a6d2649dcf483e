import { DATASOURCE } from './dashboard.js';

/** A panel before it has its place. */
export interface Panel {
  readonly width: number;
  readonly height: number;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Query {
  readonly expr: string;
  /** With `{{label}}`. */
  readonly legend?: string;
  /** Shows traces that are examples of what was measured. */
  readonly exemplar?: boolean;
}

/** From which value on which colour; the first one from the beginning. */
export type Steps = readonly (readonly [
  color: 'green' | 'yellow' | 'orange' | 'red' | 'blue',
  from: number,
])[];

interface Look {
  readonly title: string;
  /** What it shows, and what to do when it is bad. */
  readonly description: string;
  /** Unit of Grafana. */
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly steps?: Steps;
  readonly width?: number;
  readonly height?: number;
  readonly min?: number;
  readonly max?: number;
  readonly decimals?: number;
}

export interface GraphLook extends Look {
  readonly isStacked?: boolean;
}

/** What the axis reaches at least: with nothing but zeros Grafana would draw one up to 10000 %. */
const SOFT_MAX: Readonly<Record<string, number>> = { percentunit: 0.01, s: 0.001 };

/** Lines over time, with mean, maximum and last value of each in a table below. */
export function graph(look: GraphLook): Panel {
  const { steps, isStacked = false } = look;
  return panel(
    look,
    'timeseries',
    { width: 12, height: 9 },
    {
      fieldConfig: {
        defaults: {
          ...defaultsOf(look),
          // Lines differ by their colours; thresholds are lines of their own.
          color: { mode: 'palette-classic' },
          custom: {
            drawStyle: 'line',
            lineInterpolation: 'linear',
            lineWidth: 1,
            fillOpacity: isStacked ? 30 : 10,
            showPoints: 'never',
            spanNulls: false,
            stacking: { mode: isStacked ? 'normal' : 'none', group: 'A' },
            thresholdsStyle: { mode: steps === undefined ? 'off' : 'dashed' },
            axisSoftMin: 0,
            ...(look.max === undefined && look.unit in SOFT_MAX && { axisSoftMax: SOFT_MAX[look.unit] }),
          },
        },
        overrides: [],
      },
      options: {
        legend: {
          displayMode: 'table',
          placement: 'bottom',
          showLegend: true,
          calcs: ['mean', 'max', 'lastNotNull'],
          // The table shows few lines at once: the ones that matter.
          sortBy: 'Max',
          sortDesc: true,
        },
        tooltip: { mode: 'multi', sort: 'desc' },
      },
    },
  );
}

/** One number, coloured by its thresholds, over its course. */
export function stat(look: Look): Panel {
  return panel(
    look,
    'stat',
    { width: 4, height: 5 },
    {
      fieldConfig: { defaults: defaultsOf(look), overrides: [] },
      options: {
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
        colorMode: look.steps === undefined ? 'none' : 'value',
        graphMode: 'area',
        textMode: 'auto',
        orientation: 'auto',
        justifyMode: 'auto',
      },
    },
  );
}

/** Values of now as bars, one for each series. */
export function bars(look: Look): Panel {
  return panel(
    look,
    'bargauge',
    { width: 12, height: 9 },
    {
      fieldConfig: { defaults: defaultsOf(look), overrides: [] },
      options: {
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
        displayMode: 'basic',
        orientation: 'horizontal',
        showUnfilled: true,
        valueMode: 'color',
        namePlacement: 'left',
      },
    },
    { instant: true, range: false },
  );
}

/** How a histogram's values are spread, over time. */
export function heatmap(look: Omit<Look, 'steps'>): Panel {
  return panel(
    look,
    'heatmap',
    { width: 12, height: 9 },
    {
      fieldConfig: { defaults: { custom: { scaleDistribution: { type: 'linear' } } }, overrides: [] },
      options: {
        calculate: false,
        cellGap: 1,
        color: {
          mode: 'scheme',
          scheme: 'Spectral',
          steps: 64,
          reverse: true,
          exponent: 0.5,
          fill: 'dark-orange',
        },
        exemplars: { color: 'rgba(255,0,255,0.7)' },
        filterValues: { le: 1e-9 },
        legend: { show: true },
        rowsFrame: { layout: 'auto' },
        tooltip: { mode: 'single', yHistogram: true },
        yAxis: { axisPlacement: 'left', reverse: false, unit: look.unit },
      },
    },
    { format: 'heatmap' },
  );
}

function defaultsOf({ unit, min, max, decimals, steps }: Look): Record<string, unknown> {
  return {
    unit,
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(decimals !== undefined && { decimals }),
    color: { mode: steps === undefined ? 'palette-classic' : 'thresholds' },
    thresholds: {
      mode: 'absolute',
      // The first step has no beginning.
      steps: (steps ?? [['green', 0]]).map(([color, from], i) => ({ color, value: i === 0 ? null : from })),
    },
  };
}

function panel(
  { title, description, queries, unit, width, height }: Omit<Look, 'steps'>,
  type: string,
  size: { readonly width: number; readonly height: number },
  look: Readonly<Record<string, unknown>>,
  target: Readonly<Record<string, unknown>> = { range: true },
): Panel {
  if (unit === '') throw new Error(`"${title}" has no unit`);
  const targets = queries.map(({ expr, legend = title, exemplar = false }, i) => ({
    refId: String.fromCodePoint(65 + i),
    datasource: DATASOURCE,
    editorMode: 'code',
    expr,
    legendFormat: legend,
    ...(exemplar && { exemplar }),
    ...target,
  }));
  return {
    width: width ?? size.width,
    height: height ?? size.height,
    json: { type, title, description, datasource: DATASOURCE, ...look, targets },
  };
}
