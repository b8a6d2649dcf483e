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

  /** All that a worker has now, in as many parts as it likes. Done when it was gone through to the end; one at a time. */
  *apply(worker: string, parts: Iterable<readonly ReportedMetric[]>): Generator<void, void> {
    const points = new Map<MergedMetric, ReportedPoint[]>();
    for (const part of parts) {
      for (const metric of part) {
        if (metric.points.length === 0) continue;
        const merged = this.#find(metric);
        const known = points.get(merged);
        if (known === undefined) points.set(merged, [...metric.points]);
        else known.push(...metric.points);
      }
      yield;
    }
    for (const merged of this.#metrics.values()) {
      merged.apply(worker, points.get(merged) ?? []);
      yield;
    }
    this.#removeEmpty();
  }

  /** A worker is gone: what it counted stays, what it held does not. As with {@link apply}. */
  *end(worker: string): Generator<void, void> {
    for (const merged of this.#metrics.values()) {
      merged.end(worker);
      yield;
    }
    this.#removeEmpty();
  }

  /** What there is to show; each metric is put together when somebody looks at it. */
  walk(numberOf: (worker: string) => string): WalkedMetric[] {
    return [...this.#metrics.values()].map((merged) => new MergedWalk(merged, numberOf));
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
  readonly #merged: MergedMetric;
  readonly #numberOf: (worker: string) => string;
  #points: readonly ReportedPoint[] | undefined;

  constructor(merged: MergedMetric, numberOf: (worker: string) => string) {
    const { scope, descriptor, dataPointType, isMonotonic } = merged.first;
    this.scope = scope;
    this.descriptor = descriptor;
    this.dataPointType = dataPointType;
    this.isMonotonic = isMonotonic;
    this.#merged = merged;
    this.#numberOf = numberOf;
  }

  get size(): number {
    return this.#all.length;
  }

  attributes(position: number): Attributes {
    return this.#all[position]!.attributes;
  }

  value(position: number): ReturnType<WalkedMetric['value']> {
    return this.#all[position]!.value as ReturnType<WalkedMetric['value']>;
  }

  exemplars(position: number): ReturnType<NonNullable<WalkedMetric['exemplars']>> {
    return this.#all[position]!.exemplars ?? [];
  }

  get #all(): readonly ReportedPoint[] {
    return (this.#points ??= this.#merged.points(this.#numberOf));
  }
}
