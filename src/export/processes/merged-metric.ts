import type { Attributes } from '@opentelemetry/api';
import { attributesIdentity } from '../../telemetry/provider/attribute-identity.js';
import { DEFAULT_CARDINALITY_LIMIT } from '../../telemetry/provider/sdk-constants.js';
import type { PointExemplar } from '../../telemetry/provider/walk-series.js';
import { addValues, hasFallen, notBelow, type MergeableValue } from './add-values.js';
import type { ReportedMetric, ReportedPoint } from './messages.js';

/**
 * How the series of workers become series of all: `sum` adds them up, `apart` keeps each with a label of its worker, `one`
 * takes those of one worker, for what all of them see alike.
 */
export type MergeRule = 'sum' | 'apart' | 'one';

/** The process that gathers, among the workers. */
export const OWN = 'primary';

/** Who ended: the worker of sums that are kept apart. */
const ENDED = 'ended';

const OVERFLOW: Attributes = { 'otel.metric.overflow': true };

interface Series {
  readonly attributes: Attributes;
  /** What those counted who ended, or started anew. */
  closed: MergeableValue | undefined;
  /** Somebody ended who had it: it stays, though nobody counts it any more. */
  isKept: boolean;
  shown: MergeableValue | undefined;
}

interface Contribution {
  value: MergeableValue;
  exemplars: readonly PointExemplar[];
}

/**
 * One metric of all workers. It remembers what each counted last. What somebody counted who is gone, or who has begun
 * again at zero, is added to what is closed, so that no sum falls.
 *
 * The limit of series is that of one process, for its life: who comes later shares the series for overflow.
 */
export class MergedMetric {
  readonly first: ReportedMetric;
  readonly #rule: MergeRule;
  readonly #isSum: boolean;
  readonly #series = new Map<string, Series>();
  readonly #workers = new Map<string, Map<Series, Contribution>>();
  /** For ever: a series that found a place later would be missing in the overflow, which then falls. */
  #isFull = false;

  constructor(first: ReportedMetric, rule: MergeRule, isSum: boolean) {
    this.first = first;
    this.#rule = rule;
    this.#isSum = isSum;
  }

  get isEmpty(): boolean {
    return this.#series.size === 0;
  }

  /** All that a worker has now. */
  apply(worker: string, points: readonly ReportedPoint[]): void {
    const now = new Map<Series, Contribution>();
    for (const { attributes, value, exemplars = [] } of points) {
      const series = this.#find(attributes);
      const known = now.get(series);
      if (known === undefined) now.set(series, { value, exemplars });
      else known.value = this.#isSum ? addValues(known.value, value) : value;
    }
    const before = this.#workers.get(worker);
    if (now.size > 0) this.#workers.set(worker, now);
    else this.#workers.delete(worker);
    for (const [series, { value }] of before ?? []) {
      const later = now.get(series);
      if (later === undefined || hasFallen(later.value, value)) this.#close(series, value);
    }
    if (before !== undefined) this.#removeUnused();
  }

  /** A worker is gone. */
  end(worker: string): void {
    const last = this.#workers.get(worker);
    this.#workers.delete(worker);
    for (const [series, { value }] of last ?? []) {
      this.#close(series, value);
      series.isKept = this.#isSum && this.#rule !== 'one';
    }
    this.#removeUnused();
  }

  /** What there is to show. `numberOf` names workers. */
  points(numberOf: (worker: string) => string): ReportedPoint[] {
    if (this.#rule === 'sum') return this.#sums();
    if (this.#rule === 'one') return this.#ofOne();
    const points = [...this.#workers].flatMap(([worker, contributions]) =>
      [...contributions].map(([{ attributes }, { value, exemplars }]) => {
        return { attributes: withWorker(attributes, numberOf(worker)), value, exemplars };
      }),
    );
    const closed = [...this.#series.values()].flatMap(({ attributes, closed: value }) =>
      value === undefined ? [] : [{ attributes: withWorker(attributes, ENDED), value }],
    );
    return [...points, ...closed];
  }

  /** Of the process itself, or else of the worker that is there for the longest. */
  #ofOne(): ReportedPoint[] {
    const [oldest] = this.#workers.values();
    return [...(this.#workers.get(OWN) ?? oldest ?? [])].map(([series, { value }]) => {
      if (this.#isSum) series.shown = notBelow(value, series.shown);
      return { attributes: series.attributes, value: series.shown ?? value };
    });
  }

  #sums(): ReportedPoint[] {
    const totals = new Map<Series, Contribution>();
    for (const series of this.#series.values())
      if (series.closed !== undefined) totals.set(series, { value: series.closed, exemplars: [] });
    for (const contributions of this.#workers.values()) {
      for (const [series, { value, exemplars }] of contributions) {
        const total = totals.get(series);
        if (total === undefined) totals.set(series, { value, exemplars });
        else {
          total.value = addValues(total.value, value);
          if (exemplars.length > 0) total.exemplars = [...total.exemplars, ...exemplars];
        }
      }
    }
    return [...totals].map(([series, { value, exemplars }]) => {
      series.shown = notBelow(value, series.shown);
      return { attributes: series.attributes, value: series.shown, exemplars };
    });
  }

  #find(attributes: Attributes): Series {
    const identity = attributesIdentity(attributes);
    const known = this.#series.get(identity);
    if (known !== undefined) return known;
    if (this.#isFull || this.#series.size >= DEFAULT_CARDINALITY_LIMIT - 1) {
      this.#isFull = true;
      const overflow = attributesIdentity(OVERFLOW);
      return this.#series.get(overflow) ?? this.#add(overflow, OVERFLOW);
    }
    return this.#add(identity, attributes);
  }

  #add(identity: string, attributes: Attributes): Series {
    const series: Series = { attributes, closed: undefined, isKept: false, shown: undefined };
    this.#series.set(identity, series);
    return series;
  }

  #close(series: Series, value: MergeableValue): void {
    if (!this.#isSum || this.#rule === 'one') return;
    series.closed = series.closed === undefined ? value : addValues(series.closed, value);
  }

  #removeUnused(): void {
    const used = new Set<Series>();
    for (const contributions of this.#workers.values())
      for (const series of contributions.keys()) used.add(series);
    for (const [identity, series] of this.#series)
      if (!series.isKept && !used.has(series)) this.#series.delete(identity);
  }
}

/** An attribute of the application with this name moves away, as Prometheus does it with labels. */
function withWorker({ worker, ...attributes }: Attributes, value: string): Attributes {
  return { ...attributes, ...(worker !== undefined && { exported_worker: worker }), worker: value };
}
