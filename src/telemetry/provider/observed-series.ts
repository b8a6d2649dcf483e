import type { Attributes, HrTime } from '@opentelemetry/api';
import { attributesIdentity } from './attribute-identity.js';
import { OVERFLOW } from './kept-attributes.js';
import type { Point } from './metric-data.js';

/** One value as a callback reported it, with the attributes it is exported under. */
export interface Observed {
  /** Of the attributes as they were observed. */
  readonly identity: string;
  /** Of the attributes as they are exported. */
  readonly exported: string;
  readonly attributes: Attributes;
  readonly value: number;
}

export interface ObservedSeriesOptions {
  readonly isSum: boolean;
  readonly isMonotonic: boolean;
  /** Points are about the time since the last collection; sums tell what was added. */
  readonly isDelta: boolean;
  /** Most points of a collection, the one for overflow included. */
  readonly cardinalityLimit: number;
  readonly createdAt: HrTime;
}

interface Remembered {
  value: number;
  startTime: HrTime;
  /** Number of the collection that saw it last. */
  seenIn: number;
}

interface Summary {
  readonly attributes: Attributes;
  value: number;
}

const OVERFLOW_IDENTITY = attributesIdentity(OVERFLOW);

/**
 * What one reader was told by an observed stream. What is not observed is not exported, but its last value and its
 * start are remembered while there is room: a callback that failed once must not make everything start anew.
 */
export class ObservedSeries {
  readonly #options: ObservedSeriesOptions;
  readonly #observed = new Map<string, Remembered>();
  readonly #exported = new Map<string, Remembered>();
  #collections = 0;

  constructor(options: ObservedSeriesOptions) {
    this.#options = options;
  }

  collect(observed: Iterable<Observed>, lastCollection: HrTime | undefined, endTime: HrTime): Point[] {
    this.#collections += 1;
    const since = lastCollection ?? this.#options.createdAt;
    const points: Point[] = [];
    for (const [identity, { attributes, value }] of this.#withinLimit(this.#summarize(observed))) {
      const startOfAll = this.#startOf(identity, value, since);
      points.push({ attributes, startTime: this.#options.isDelta ? since : startOfAll, endTime, value });
    }
    this.#forget(this.#observed);
    this.#forget(this.#exported);
    return points;
  }

  #summarize(observed: Iterable<Observed>): Map<string, Summary> {
    const { isSum, isDelta } = this.#options;
    const summaries = new Map<string, Summary>();
    for (const { identity, exported, attributes, value } of observed) {
      const told = isDelta && isSum ? this.#changeOf(identity, value) : value;
      const summary = summaries.get(exported);
      if (summary === undefined) summaries.set(exported, { attributes, value: told });
      else summary.value = isSum ? summary.value + told : told;
    }
    return summaries;
  }

  /** Series exported before keep their place, then who was observed first gets one; the others are summed up. */
  #withinLimit(summaries: Map<string, Summary>): Map<string, Summary> {
    const places = this.#options.cardinalityLimit - 1;
    if (summaries.size <= places) return summaries;
    const wasExported = ([identity]: readonly [string, Summary]) =>
      this.#exported.get(identity)?.seenIn === this.#collections - 1;
    const [known, others] = [
      [...summaries].filter(wasExported),
      [...summaries].filter((one) => !wasExported(one)),
    ];
    const ordered = [...known, ...others];
    const within = new Map(ordered.slice(0, places));
    const rest = ordered.slice(places).map(([, { value }]) => value);
    const value = this.#options.isSum ? rest.reduce((sum, one) => sum + one, 0) : rest.at(-1)!;
    return within.set(OVERFLOW_IDENTITY, { attributes: OVERFLOW, value });
  }

  #changeOf(identity: string, value: number): number {
    const before = this.#observed.get(identity)?.value ?? 0;
    this.#remember(this.#observed, identity, value, this.#options.createdAt);
    return this.#options.isMonotonic && value < before ? value : value - before;
  }

  #startOf(identity: string, value: number, since: HrTime): HrTime {
    const before = this.#exported.get(identity);
    // A total that went down was started anew.
    const isReset = this.#options.isMonotonic && before !== undefined && value < before.value;
    const startTime = before === undefined || isReset ? since : before.startTime;
    this.#remember(this.#exported, identity, value, startTime);
    return startTime;
  }

  #remember(map: Map<string, Remembered>, identity: string, value: number, startTime: HrTime): void {
    // Last in the Map is who was seen last.
    map.delete(identity);
    map.set(identity, { value, startTime, seenIn: this.#collections });
  }

  #forget(map: Map<string, Remembered>): void {
    for (const [identity, { seenIn }] of map) {
      if (map.size <= this.#options.cardinalityLimit || seenIn === this.#collections) return;
      map.delete(identity);
    }
  }
}
