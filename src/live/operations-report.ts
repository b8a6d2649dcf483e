import type { PerformanceMonitor } from '../monitor/performance-monitor.js';
import type { LiveOperation } from './live-report.js';
import { quotientsOf, ratesOf, SERIES_SECONDS, type Amount } from './live-series.js';

const PREFIX = 'operation_duration_';
const SUMMED_SECONDS = 60;
export const MOST_ROWS = 50;

interface Candidate {
  readonly name: string;
  readonly calls: readonly Amount[];
  readonly seconds: readonly Amount[];
  /** In the last minute. */
  readonly total: number;
}

/** What took the most time in the last minute. `now`: seconds since 1970. */
export function operationsFrom(
  { metrics }: Pick<PerformanceMonitor, 'metrics'>,
  now: number,
): LiveOperation[] {
  return (
    metrics.names
      .filter((name) => name.startsWith(PREFIX))
      .map((name): Candidate => {
        const history = metrics.getHistory(name, { duration: SERIES_SECONDS });
        const late = history.filter(({ time }) => time > now - SUMMED_SECONDS);
        return {
          name,
          calls: history.map(({ time, seconds, count }) => ({ time, seconds, amount: count })),
          seconds: history.map(({ time, seconds, sum }) => ({ time, seconds, amount: sum })),
          total: late.reduce((total, { sum }) => total + sum, 0),
        };
      })
      // Percentiles cost the most: only what is shown gets them.
      .toSorted((a, b) => b.total - a.total)
      .slice(0, MOST_ROWS)
      .flatMap(({ name, calls, seconds, total }) => {
        const summary = metrics.summary(name, { duration: SUMMED_SECONDS });
        if (summary === undefined) return [];
        const rate = metrics.getRate(name, { duration: SUMMED_SECONDS }) ?? 0;
        return [
          {
            name: name.slice(PREFIX.length),
            rate,
            errorRate: (rate * summary.errors) / summary.count,
            total,
            mean: summary.sum / summary.count,
            p50: summary.percentile(0.5),
            p95: summary.percentile(0.95),
            p99: summary.percentile(0.99),
            rates: ratesOf(calls, now),
            means: quotientsOf(seconds, calls, now),
          },
        ];
      })
  );
}
