import {
  AggregationType,
  type AggregationOption,
  type ExponentialHistogram,
} from '@opentelemetry/sdk-metrics';
import type { Facts, Source } from './facts.js';
import type { CollectedPoint } from './points.js';

/** Where a point is from: the program, and the number of the collection. */
export interface Occasion {
  readonly facts: Facts;
  readonly collection: number;
}

/** What becomes of the points an exception is about. */
export type Treatment =
  /** Neither side's are compared. */
  | 'skip'
  /** Only what they add up to is compared, for each metric. */
  | 'compare totals'
  /** Everything but the scale and the buckets. */
  | 'compare without buckets';

export interface Exception {
  readonly name: string;
  /** The sentence of the specification which the SDK does not keep. */
  readonly specification: string;
  readonly treatment: Treatment;
  readonly applies: (point: CollectedPoint, occasion: Occasion) => boolean;
}

/**
 * Where the provider of the SDK does something else than OpenTelemetry's specification of the metrics SDK says, and ours
 * does as it says. All else must be equal. The first that applies decides.
 */
export const EXCEPTIONS: readonly Exception[] = [
  {
    name: 'a View selects by a wildcard or a schema URL the SDK reads differently',
    specification:
      'A question mark (`?`): matches any single character. An asterisk (`*`): matches any number of any characters ' +
      'including none. If the value of `meter_schema_url` is the same schema URL as the Meter that created an ' +
      'Instrument, then the criterion matches that Instrument.',
    treatment: 'skip',
    applies: (point, { facts }) =>
      facts.namesakesOf(point).some(({ instrument }) => facts.isDisputed(instrument)),
  },
  {
    name: 'names that differ in case only are two metrics of the SDK',
    specification:
      'The name of an Instrument is defined to be case-insensitive. [...] the Meter MUST return an instrument using the ' +
      'first-seen instrument name',
    treatment: 'skip',
    applies: (point, { facts }) => new Set(facts.namesakesOf(point).map(({ name }) => name)).size > 1,
  },
  {
    name: 'two Views, or a View and none, make one metric: the SDK records twice, or with the first View only',
    specification:
      "Try to apply the View's stream configuration independently of any other Views registered for the same matching " +
      'Instrument (i.e. Views are not merged). [...] If applying the View results in conflicting metric identities the ' +
      'implementation SHOULD apply the View and emit a warning.',
    treatment: 'skip',
    applies: (point, { facts }) => new Set(facts.sourcesOf(point).map(({ view }) => view)).size > 1,
  },
  {
    name: 'a histogram of what is observed',
    specification:
      'If it is not possible to apply the View without producing semantic errors (e.g. the View sets an asynchronous ' +
      'instrument to use the Explicit bucket histogram aggregation) the implementation SHOULD emit a warning and ' +
      'proceed as if the View did not exist',
    treatment: 'skip',
    applies: (point, { facts, collection }) =>
      isObserved(point) &&
      facts
        .sourcesOf(point)
        .some(({ view }) => isHistogram(view?.aggregation ?? asked(point, facts, collection))),
  },
  {
    name: 'a View without aggregation where the reader asks for one',
    specification:
      'If the user does not provide an `aggregation` value, the `MeterProvider` MUST apply a default aggregation ' +
      'configurable on the basis of instrument type according to the MetricReader instance.',
    treatment: 'skip',
    applies: (point, { facts, collection }) =>
      (asked(point, facts, collection)?.type ?? AggregationType.DEFAULT) !== AggregationType.DEFAULT &&
      facts.sourcesOf(point).some(({ view }) => view !== undefined && view.aggregation === undefined),
  },
  {
    name: 'observed sets beyond the limit of series',
    specification:
      'Aggregators of asynchronous instruments SHOULD prefer the first-observed attributes in the callback when limiting ' +
      'cardinality, regardless of temporality. [...] Measurements MUST NOT be double-counted or dropped during an overflow.',
    treatment: 'skip',
    applies: (point, occasion) => isObserved(point) && isCrowded(point, occasion),
  },
  {
    name: 'recorded sets beyond the limit of series: the SDK counts them anew in each interval',
    specification:
      'the cardinality limit is a hard limit on the number of Metric Points that can be collected during a collection ' +
      'cycle. [...] MUST continue to export all attribute sets that were observed prior to the beginning of overflow. ' +
      '[...] Measurements MUST NOT be double-counted or dropped during an overflow.',
    treatment: 'compare totals',
    applies: (point, occasion) => !isObserved(point) && isCrowded(point, occasion),
  },
  {
    name: 'what is not observed any more',
    specification:
      'The implementation SHOULD NOT produce aggregated metric data for a previously-observed attribute set which is not ' +
      'observed during a successful callback.',
    treatment: 'skip',
    applies: (point, { facts, collection }) =>
      isObserved(point) && facts.sightingsOf(point, collection).at(-1) === undefined,
  },
  {
    name: 'totals that a View makes one, or that two callbacks report',
    specification:
      'The data model specifies to use the "natural merge" function, in this case meaning to add the current point ' +
      'values together because they are `Sum` data points.',
    treatment: 'skip',
    applies: (point, { facts, collection }) => {
      if (!isObserved(point) || !point.isSum) return false;
      const seen = facts.sightingsOf(point, collection).flatMap((one) => one ?? []);
      const origins = new Set(seen.flatMap((one) => [...one.origins.keys()]));
      return origins.size > 1 || seen.some((one) => [...one.origins.values()].some((by) => by.length > 1));
    },
  },
  {
    name: 'totals that started anew, and deltas of what was missing for a while, where callbacks tell several readers',
    specification:
      'Callback functions MUST be invoked for the specific `MetricReader` performing collection, such that observations ' +
      'made or produced by executing callbacks only apply to the intended `MetricReader` during collection.',
    treatment: 'skip',
    applies: (point, { facts, collection }) =>
      isObserved(point) &&
      point.isSum &&
      facts.program.readers.length > 1 &&
      isUnsteady(point, facts, collection),
  },
  {
    name: 'exponential buckets of intervals with values above, below or at zero only: the SDK merges them too coarsely',
    specification:
      'Implementations SHOULD adjust the histogram scale as necessary to maintain the best resolution possible, within ' +
      'the constraint of maximum size (max number of buckets).',
    treatment: 'compare without buckets',
    applies: (point, { facts }) =>
      hasSides(point.value) && (!point.isDelta || facts.program.readers.length > 1),
  },
];

function isObserved({ type }: CollectedPoint): boolean {
  return type.startsWith('OBSERVABLE');
}

function asked(point: CollectedPoint, facts: Facts, collection: number): AggregationOption | undefined {
  return facts.readerOf(collection).aggregations[point.type];
}

function isHistogram(option: AggregationOption | undefined): boolean {
  return (
    option?.type === AggregationType.EXPLICIT_BUCKET_HISTOGRAM ||
    option?.type === AggregationType.EXPONENTIAL_HISTOGRAM
  );
}

function isCrowded(point: CollectedPoint, { facts, collection }: Occasion): boolean {
  const limitOf = ({ view }: Source) =>
    view?.aggregationCardinalityLimit ?? facts.readerOf(collection).cardinalityLimit ?? 2000;
  return facts.sourcesOf(point).some((source) => facts.setsOf(point) > limitOf(source) - 1);
}

/** Whether a series went down, or for deltas was missing in a collection, since it was first observed. */
function isUnsteady(point: CollectedPoint, facts: Facts, collection: number): boolean {
  const seen = facts.sightingsOf(point, collection);
  const since = seen.slice(seen.findIndex((one) => one !== undefined));
  const values = since.map((one) => [...(one?.origins.values() ?? [])][0]?.at(-1)?.value);
  const known = values.filter((value) => value !== undefined);
  const isReset = point.isMonotonic && known.some((value, i) => i > 0 && value < known[i - 1]!);
  return isReset || (point.isDelta && known.length < values.length);
}

/** Whether an exponential histogram has values of more than one of these: above zero, below, zero. */
function hasSides(value: unknown): boolean {
  const { zeroCount = 0, positive, negative } = value as Partial<ExponentialHistogram>;
  const sides = [zeroCount, positive?.bucketCounts.length ?? 0, negative?.bucketCounts.length ?? 0];
  return sides.filter((size) => size > 0).length > 1;
}
