import type { Attributes } from '@opentelemetry/api';
import { GAUGE_POINTS, SUM_POINTS } from '../../telemetry/provider/sdk-constants.js';
import type { WalkedMetric } from '../../telemetry/provider/walk-series.js';
import { MergedMetric, type MergeRule } from './merged-metric.js';
import type { ReportedMetric, ReportedPoint } from './messages.js';

/**
 * The metrics of all workers. Counters and histograms are added up. What goes up and down is shown for each worker, and so
 * are histograms whose bounds differ from those that came first. What is about the machine is taken from one of them.
 */
export class MergedMetrics {
  readonly #metrics = new Map<string, MergedMetric>();
  /** Which histogram of a name is added up without a label. */
  readonly #plain = new Map<string, string>();
  readonly #isShared: (name: string) => boolean;

  /** `isShared` tells what all workers see alike. */
  constructor(isShared: (name: string) => boolean) {
    this.#isShared = isShared;
  }

  /** All that a worker has now. */
  apply(worker: string, report: readonly ReportedMetric[]): void {
    const points = new Map<MergedMetric, ReportedPoint[]>();
    for (const metric of report) {
      if (metric.points.length === 0) continue;
      const merged = this.#find(metric);
      const known = points.get(merged);
      if (known === undefined) points.set(merged, [...metric.points]);
      else known.push(...metric.points);
    }
    for (const merged of this.#metrics.values()) merged.apply(worker, points.get(merged) ?? []);
    this.#removeEmpty();
  }

  /** A worker is gone: what it counted stays, what it held does not. */
  end(worker: string): void {
    for (const merged of this.#metrics.values()) merged.end(worker);
    this.#removeEmpty();
  }

  walk(numberOf: (worker: string) => string): WalkedMetric[] {
    return [...this.#metrics.values()].flatMap((merged) => {
      const points = merged.points(numberOf);
      return points.length === 0 ? [] : [new MergedWalk(merged.first, points)];
    });
  }

  #find(metric: ReportedMetric): MergedMetric {
    const key = keyOf(metric);
    let merged = this.#metrics.get(key);
    if (merged === undefined) {
      const isSum = metric.dataPointType !== GAUGE_POINTS && (metric.isMonotonic || isHistogram(metric));
      merged = new MergedMetric({ ...metric, points: [] }, this.#ruleFor(metric, key, isSum), isSum);
      this.#metrics.set(key, merged);
    }
    return merged;
  }

  #ruleFor(metric: ReportedMetric, key: string, isSum: boolean): MergeRule {
    if (this.#isShared(metric.descriptor.name)) return 'one';
    if (!isSum) return 'apart';
    if (!isHistogram(metric)) return 'sum';
    const name = nameOf(metric);
    const plain = this.#plain.get(name) ?? key;
    this.#plain.set(name, plain);
    return plain === key ? 'sum' : 'apart';
  }

  #removeEmpty(): void {
    for (const [key, merged] of this.#metrics) {
      if (!merged.isEmpty) continue;
      this.#metrics.delete(key);
      if (this.#plain.get(nameOf(merged.first)) === key) this.#plain.delete(nameOf(merged.first));
    }
  }
}

function isHistogram({ dataPointType }: ReportedMetric): boolean {
  return dataPointType !== GAUGE_POINTS && dataPointType !== SUM_POINTS;
}

/** As Prometheus sees it: one of several scopes is told apart by labels only where it must be. */
function nameOf({ scope, descriptor }: ReportedMetric): string {
  return JSON.stringify([scope.name, scope.version, scope.schemaUrl, descriptor.name, descriptor.unit]);
}

function keyOf(metric: ReportedMetric): string {
  const value = metric.points[0]?.value;
  const bounds = typeof value === 'object' && 'buckets' in value ? value.buckets.boundaries.join() : '';
  return `${nameOf(metric)} ${metric.dataPointType} ${metric.isMonotonic} ${bounds}`;
}

class MergedWalk implements WalkedMetric {
  readonly scope: WalkedMetric['scope'];
  readonly descriptor: WalkedMetric['descriptor'];
  readonly dataPointType: WalkedMetric['dataPointType'];
  readonly isMonotonic: boolean;
  readonly edition = undefined;
  readonly #points: readonly ReportedPoint[];

  constructor(metric: ReportedMetric, points: readonly ReportedPoint[]) {
    this.scope = metric.scope;
    this.descriptor = metric.descriptor;
    this.dataPointType = metric.dataPointType;
    this.isMonotonic = metric.isMonotonic;
    this.#points = points;
  }

  get size(): number {
    return this.#points.length;
  }

  attributes(position: number): Attributes {
    return this.#points[position]!.attributes;
  }

  value(position: number): ReturnType<WalkedMetric['value']> {
    return this.#points[position]!.value as ReturnType<WalkedMetric['value']>;
  }

  exemplars(position: number): ReturnType<NonNullable<WalkedMetric['exemplars']>> {
    return this.#points[position]!.exemplars ?? [];
  }
}
