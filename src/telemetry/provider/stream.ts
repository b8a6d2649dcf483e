import type { AggregationTemporality, IAttributesProcessor } from '@opentelemetry/sdk-metrics';
import { textOf, type KeptAggregation } from './aggregation.js';
import type { CollectionTime } from './collection-time.js';
import { isSameMetric, type InstrumentDescriptor } from './descriptor.js';
import type { ExemplarGate } from './exemplar-gate.js';
import type { ReaderPort } from './reader-port.js';

/** What decides how the measurements of an instrument are kept for some readers. */
export interface StreamOptions {
  readonly descriptor: InstrumentDescriptor;
  readonly aggregation: KeptAggregation;
  /** Most series, the one for overflow included. */
  readonly cardinalityLimit: number;
  readonly processors: readonly IAttributesProcessor[];
  /** Those who agree on all of this; they share what is recorded. */
  readonly readers: readonly ReaderPort[];
  readonly time: CollectionTime;
  /** Where measurements may get exemplars. */
  readonly gate?: ExemplarGate | undefined;
  /** After how many milliseconds without a measurement a series is removed. */
  readonly idleTimeoutMs?: number | undefined;
}

/** One metric as it is exported: what recorded and observed streams have in common. */
export abstract class Stream {
  descriptor: InstrumentDescriptor;
  readonly options: StreamOptions;

  constructor(options: StreamOptions) {
    this.options = options;
    this.descriptor = options.descriptor;
  }

  isReadBy(reader: ReaderPort): boolean {
    return this.options.readers.includes(reader);
  }

  /** Whether another with these options would keep and export the very same. */
  isLike(other: StreamOptions): boolean {
    const { aggregation, cardinalityLimit, processors, readers } = this.options;
    return (
      isSameMetric(this.descriptor, other.descriptor) &&
      textOf(aggregation) === textOf(other.aggregation) &&
      cardinalityLimit === other.cardinalityLimit &&
      isSameList(processors, other.processors) &&
      isSameList(readers, other.readers)
    );
  }

  /** Whether some reader would be given two metrics of this name. */
  collidesWith(other: StreamOptions): boolean {
    return other.readers.some((reader) => this.isReadBy(reader));
  }

  protected temporalityFor(reader: ReaderPort): AggregationTemporality {
    return reader.temporalityFor(this.descriptor.type);
  }
}

function isSameList<One>(list: readonly One[], other: readonly One[]): boolean {
  return list.length === other.length && list.every((one, index) => one === other[index]);
}
