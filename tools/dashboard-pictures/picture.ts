import type { DashboardJson } from '../../test/grafana/dashboard-json.js';

/** One line of a query, or one bucket of a histogram. */
export interface Series {
  readonly legend: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly values: readonly number[];
}

export interface Mark {
  readonly color: string;
  /** Seconds since 1970. */
  readonly time: number;
}

/** A dashboard with what its queries answered: all that is needed to draw it. */
export interface Picture {
  readonly dashboard: DashboardJson;
  readonly from: number;
  readonly to: number;
  /** By the id of the panel. */
  readonly series: Readonly<Record<number, readonly Series[]>>;
  readonly marks: readonly Mark[];
}

/** As Grafana has them, in pixels. */
export const GRID = { width: 1600, columns: 24, cellHeight: 30, gap: 8, headerHeight: 64 } as const;

export function pictureHeight({ panels }: DashboardJson): number {
  const rows = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  return GRID.headerHeight + rows * (GRID.cellHeight + GRID.gap) + 2 * GRID.gap;
}
