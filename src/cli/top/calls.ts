import type { Labels } from './exposition.js';
import { quantile, type Recorded, type ScrapeInterval } from './interval.js';
import type { TopCalls } from './top-report.js';

/** Calls by what they are named for; `isError` tells those that failed. */
export function callsOf(
  interval: ScrapeInterval,
  histogram: string,
  nameOf: (labels: Labels) => string | undefined,
  isError?: (labels: Labels) => boolean,
): TopCalls[] {
  const errors =
    isError && interval.recorded(histogram, (labels) => (isError(labels) ? nameOf(labels) : undefined));
  return [...interval.recorded(histogram, nameOf)]
    .map(([name, recorded]) => {
      const failed = errors === undefined ? undefined : (errors.get(name)?.count ?? 0);
      return callsFrom(name, recorded, failed, interval.seconds);
    })
    .toSorted(busiestFirst);
}

export function callsFrom(
  name: string,
  recorded: Recorded,
  errors: number | undefined,
  seconds: number,
): TopCalls {
  const { count, sum } = recorded;
  return {
    name,
    rate: count / seconds,
    errorRate: errors === undefined ? undefined : errors / seconds,
    mean: count > 0 ? sum / count : undefined,
    p50: quantile(recorded, 0.5),
    p95: quantile(recorded, 0.95),
    p99: quantile(recorded, 0.99),
  };
}

export function busiestFirst(a: { readonly rate: number }, b: { readonly rate: number }): number {
  return b.rate - a.rate;
}
