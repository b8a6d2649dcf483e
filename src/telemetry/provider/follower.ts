import type { Attributes, Context } from '@opentelemetry/api';

/** Sees what is recorded into a stream, one value after the other. It must not throw. */
export interface Follower {
  /** Attributes are those of the measurement, before Views. */
  recorded(
    series: number,
    value: number,
    attributes: Attributes | null | undefined,
    context: Context | undefined,
  ): void;
  /** The number may be given to another series. */
  removed(series: number): void;
}

/** One that tells both, where there are two. */
export function bothOf(one: Follower | undefined, other: Follower | undefined): Follower | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    recorded(...measurement) {
      one.recorded(...measurement);
      other.recorded(...measurement);
    },
    removed(series) {
      one.removed(series);
      other.removed(series);
    },
  };
}
