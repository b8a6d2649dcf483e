import type { Attributes, HrTime } from '@opentelemetry/api';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import { noticeOnce } from '../notice.js';
import { attributesIdentity } from './attribute-identity.js';
import { metricDataOf } from './metric-data.js';
import type { Observable, Observations } from './observable.js';
import { ObservedSeries, type Observed } from './observed-series.js';
import type { ReaderPort } from './reader-port.js';
import { DELTA } from './sdk-constants.js';
import { Stream, type StreamOptions } from './stream.js';
import { processAttributes } from './view.js';

/**
 * A stream whose values are asked for at each collection, separately for each reader. Values are totals, or states, as
 * they are now. Where a View makes the attributes of several equal, totals are added up and of states the last one counts.
 */
export class ObservedStream extends Stream {
  readonly #sources = new Set<Observable>();
  readonly #series = new Map<ReaderPort, ObservedSeries>();

  constructor(options: StreamOptions) {
    super(options);
    const { aggregation, cardinalityLimit, readers, time } = options;
    const createdAt = time.now();
    const isSum = aggregation.kind === 'sum';
    const isMonotonic = isSum && aggregation.isMonotonic;
    for (const reader of readers) {
      const isDelta = this.temporalityFor(reader) === DELTA;
      const kept = { isSum, isMonotonic, isDelta, cardinalityLimit, createdAt };
      this.#series.set(reader, new ObservedSeries(kept));
    }
  }

  addSource(observable: Observable): void {
    this.#sources.add(observable);
  }

  collect(reader: ReaderPort, endTime: HrTime, observations: Observations): MetricData | undefined {
    const series = this.#series.get(reader);
    if (series === undefined) return undefined;
    const points = series.collect(this.#observedIn(observations), reader.lastCollection, endTime);
    return metricDataOf(this.descriptor, this.options.aggregation, this.temporalityFor(reader), points);
  }

  *#observedIn(observations: Observations): Generator<Observed> {
    for (const source of this.#sources) {
      for (const [identity, { attributes, value }] of observations.of(source)) {
        const processed = this.#process(attributes);
        const exported = processed === attributes ? identity : attributesIdentity(processed);
        yield { identity, exported, attributes: processed, value };
      }
    }
  }

  #process(attributes: Attributes): Attributes {
    try {
      return processAttributes(this.options.processors, attributes);
    } catch (error) {
      noticeOnce(
        `processor ${this.descriptor.name}`,
        `${this.descriptor.name}: an attributes processor failed (${String(error)}); observed without attributes`,
      );
      return {};
    }
  }
}
