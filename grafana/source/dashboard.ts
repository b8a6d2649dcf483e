import type { Panel } from './panels.js';

/** A dashboard of Grafana in its classic schema, which Grafana 10 to 13 load. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
  /** Further events to mark in all panels. */
  readonly annotations?: readonly Annotation[];
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** Values of a label to choose from. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  /** PromQL of Grafana: `label_values(metric{...}, label)`. */
  readonly query: string;
}

export interface Annotation {
  readonly name: string;
  readonly expr: string;
  readonly title: string;
  readonly text: string;
  readonly color: string;
}

export const TAG = 'gary-zero-performance';
const COLUMNS = 24;
const SCHEMA_VERSION = 39;
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

/** The JSON Grafana loads: ids, places and letters of queries are given here, so that they cannot be wrong. */
export function toJson(dashboard: Dashboard): object {
  return {
    uid: dashboard.uid,
    title: dashboard.title,
    description: dashboard.description,
    tags: [TAG],
    schemaVersion: SCHEMA_VERSION,
    version: 1,
    editable: false,
    graphTooltip: 1,
    timezone: 'browser',
    time: { from: 'now-1h', to: 'now' },
    refresh: '30s',
    fiscalYearStartMonth: 0,
    links: [
      {
        type: 'dashboards',
        title: 'Performance',
        tags: [TAG],
        asDropdown: false,
        icon: 'external link',
        includeVars: true,
        keepTime: true,
        targetBlank: false,
        tooltip: '',
        url: '',
      },
    ],
    templating: { list: [datasourceVariable(), ...dashboard.variables.map(toVariable)] },
    annotations: { list: (dashboard.annotations ?? []).map(toAnnotation) },
    panels: placed(dashboard.rows),
  };
}

function datasourceVariable(): object {
  return {
    type: 'datasource',
    name: 'datasource',
    label: 'Data source',
    query: 'prometheus',
    current: {},
    hide: 0,
    includeAll: false,
    multi: false,
    options: [],
    refresh: 1,
    regex: '',
    skipUrlSync: false,
  };
}

function toVariable({ name, label, query }: Variable): object {
  return {
    type: 'query',
    name,
    label,
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: `Variable-${name}` },
    current: { selected: true, text: ['All'], value: ['$__all'] },
    includeAll: true,
    allValue: '.+',
    multi: true,
    hide: 0,
    options: [],
    refresh: 2,
    regex: '',
    sort: 1,
    skipUrlSync: false,
  };
}

function toAnnotation({ name, expr, title, text, color }: Annotation): object {
  return {
    name,
    datasource: DATASOURCE,
    enable: true,
    expr,
    iconColor: color,
    step: '30s',
    textFormat: text,
    titleFormat: title,
    useValueForTime: false,
  };
}

/** Panels one after the other, on a new line where they do not fit any more; each row begins a new line. */
function placed(rows: readonly Row[]): object[] {
  const result: object[] = [];
  let y = 0;
  for (const row of rows) {
    result.push({
      type: 'row',
      title: row.title,
      collapsed: false,
      id: result.length + 1,
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
      panels: [],
    });
    y += 1;
    let x = 0;
    let height = 0;
    for (const { width, height: h, json } of row.panels) {
      if (x + width > COLUMNS) {
        y += height;
        x = 0;
        height = 0;
      }
      result.push({ ...json, id: result.length + 1, gridPos: { x, y, w: width, h } });
      x += width;
      height = Math.max(height, h);
    }
    y += height;
  }
  return result;
}
