import type { DashboardJson } from '../../test/grafana/dashboard-json.js';
import { panelsOf } from '../../test/grafana/dashboard-json.js';
import type { Mark, Picture, Series } from './picture.js';

/** Enough scrapes of two seconds that lines are as smooth as they would be in production. */
const RATE_WINDOW = '15s';
const STEP_SECONDS = 2;

interface Matrix {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [seconds: number, value: string])[];
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Asks Prometheus everything the dashboard asks, as Grafana does. */
export async function askAll(url: string, dashboard: DashboardJson, range: Range): Promise<Picture> {
  const series: Record<number, readonly Series[]> = {};
  for (const { id, title, targets } of panelsOf(dashboard)) {
    const found: Series[] = [];
    for (const { expr, legendFormat, instant = false } of targets) {
      const asked = instant ? { from: range.to, to: range.to } : range;
      const answers = await ask(url, expr, range, asked);
      found.push(...answers.map((answer) => toSeries(answer, legendFormat)));
    }
    if (found.length === 0) console.error(`${dashboard.title}, "${title}": nothing`);
    series[id] = found;
  }
  const marks: Mark[] = [];
  for (const { expr, iconColor } of dashboard.annotations.list) {
    const answers = await ask(url, expr, range, range);
    marks.push(
      ...answers.flatMap(({ values }) => beginnings(values).map((time) => ({ color: iconColor, time }))),
    );
  }
  return { dashboard, ...range, series, marks };
}

async function ask(url: string, expr: string, range: Range, { from, to }: Range): Promise<readonly Matrix[]> {
  const query = expr
    .replaceAll('$__rate_interval', RATE_WINDOW)
    .replaceAll('$__range', `${Math.round(range.to - range.from)}s`)
    .replaceAll(/"\$\w+"/g, '".+"');
  const body = new URLSearchParams({ query, start: `${from}`, end: `${to}`, step: `${STEP_SECONDS}` });
  const response = await fetch(`${url}/api/v1/query_range`, { method: 'POST', body });
  const answer = (await response.json()) as { error?: string; data: { result: readonly Matrix[] } };
  if (!response.ok) throw new Error(`${query}: ${answer.error}`);
  return answer.data.result;
}

function toSeries({ metric, values }: Matrix, legendFormat: string): Series {
  return {
    legend: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '').trim(),
    labels: metric,
    times: values.map(([seconds]) => seconds),
    values: values.map(([, value]) => Number(value)),
  };
}

/** The first of each run of points without a gap: Grafana joins them to one event. */
function beginnings(values: Matrix['values']): number[] {
  const times = values.map(([seconds]) => seconds);
  return times.filter((time, i) => i === 0 || time - times[i - 1]! > STEP_SECONDS * 1.5);
}
