import type { Labels, Sample } from './exposition.js';
import type { Scraped } from './scrape.js';

/** Something with labels that were used as a name, and what was recorded under them between two scrapes. */
export interface Grown {
  readonly labels: Labels;
  readonly growth: number;
}

/** Values of a histogram between two scrapes. */
export interface Recorded {
  readonly count: number;
  readonly sum: number;
  /** Upper bounds, ascending, with how many values were at or under each. */
  readonly buckets: readonly (readonly [bound: number, count: number])[];
}

/** What happened between two scrapes of one process. */
export class ScrapeInterval {
  readonly seconds: number;
  readonly #before: ReadonlyMap<string, number>;
  readonly #byName: ReadonlyMap<string, readonly Sample[]>;
  readonly #types: ReadonlyMap<string, string>;

  constructor(before: Scraped, after: Scraped) {
    this.seconds = (after.at - before.at) / 1000;
    this.#before = new Map(before.samples.map((sample) => [keyOf(sample), sample.value]));
    const byName = new Map<string, Sample[]>();
    for (const sample of after.samples) {
      const same = byName.get(sample.name);
      if (same === undefined) byName.set(sample.name, [sample]);
      else same.push(sample);
    }
    this.#byName = byName;
    this.#types = after.types;
  }

  /** Families and their types. */
  get families(): Iterable<readonly [name: string, type: string]> {
    return this.#types;
  }

  /** Series of this name as they are now. */
  now(name: string): readonly Sample[] {
    return this.#byName.get(name) ?? [];
  }

  /** What the series of this name grew by. What is new, or fell and so began anew, grew by all it has. */
  grown(name: string): Grown[] {
    return this.now(name).map((sample) => {
      const before = this.#before.get(keyOf(sample)) ?? 0;
      const { labels, value } = sample;
      const growth = value >= before ? value - before : value;
      return { labels, growth: Number.isFinite(growth) ? growth : 0 };
    });
  }

  /** Values of the histogram of this name, series by series as `groupOf` puts them together; `undefined` leaves one out. */
  recorded(name: string, groupOf: (labels: Labels) => string | undefined): Map<string, Recorded> {
    const groups = new Map<string, { count: number; sum: number; byBound: Map<number, number> }>();
    const add = (
      suffix: string,
      apply: (group: { count: number; sum: number; byBound: Map<number, number> }, grown: Grown) => void,
    ) => {
      for (const grown of this.grown(`${name}${suffix}`)) {
        const key = groupOf(grown.labels);
        if (key === undefined) continue;
        let group = groups.get(key);
        if (group === undefined) groups.set(key, (group = { count: 0, sum: 0, byBound: new Map() }));
        apply(group, grown);
      }
    };
    add('_count', (group, { growth }) => (group.count += growth));
    add('_sum', (group, { growth }) => (group.sum += growth));
    add('_bucket', ({ byBound }, { labels, growth }) => {
      const bound = boundOf(labels['le']);
      byBound.set(bound, (byBound.get(bound) ?? 0) + growth);
    });
    return new Map(
      [...groups].map(([key, { count, sum, byBound }]) => {
        return [key, { count, sum, buckets: [...byBound].toSorted(([a], [b]) => a - b) }];
      }),
    );
  }
}

/**
 * The value that a share of the values stays under, as Prometheus reckons it: evenly spread within a bucket. Of what is
 * beyond the last bound nothing is known but that. `undefined` without values or buckets.
 */
export function quantile({ buckets }: Recorded, share: number): number | undefined {
  const total = buckets.at(-1)?.[1] ?? 0;
  if (total <= 0 || buckets.length < 2) return undefined;
  const rank = share * total;
  const index = buckets.findIndex(([, count]) => count >= rank);
  const [bound, count] = buckets[Math.max(0, index)]!;
  const [lower, below] = index > 0 ? buckets[index - 1]! : [Math.min(0, bound), 0];
  if (bound === Infinity) return lower;
  return count === below ? bound : lower + ((bound - lower) * (rank - below)) / (count - below);
}

function boundOf(text: string | undefined): number {
  return text === '+Inf' || text === undefined ? Infinity : Number(text);
}

function keyOf({ name, labels }: Sample): string {
  const parts = Object.entries(labels).map(([label, value]) => `${label}\n${value}`);
  return [name, ...parts.toSorted()].join('\n');
}
