import type { HrTime } from '@opentelemetry/api';
import type { AggregationTemporality, IMetricReader } from '@opentelemetry/sdk-metrics';
import { noticeOnce } from '../notice.js';
import { defaultAggregation, isAggregation, resolveAggregation, type Aggregation } from './aggregation.js';
import type { InstrumentDescriptor } from './descriptor.js';
import { CUMULATIVE, DEFAULT_CARDINALITY_LIMIT, DELTA, type InstrumentType } from './sdk-constants.js';

type SdkInstrumentType = Parameters<IMetricReader['selectAggregation']>[0];

/** A reader as the provider sees it: what it asks for, and when it collected last. */
export class ReaderPort {
  readonly reader: IMetricReader;
  /** End of its last collection; absent before the first. */
  lastCollection: HrTime | undefined;
  /** Settles when the collection that runs now is over. */
  collecting: Promise<unknown> | undefined;
  readonly #cardinalityLimit: number;

  constructor(reader: IMetricReader, cardinalityLimit: number) {
    this.reader = reader;
    this.#cardinalityLimit = cardinalityLimit;
  }

  aggregationFor(descriptor: InstrumentDescriptor): Aggregation {
    const option: unknown = this.reader.selectAggregation(sdkType(descriptor.type));
    const selected = isAggregation(option) ? resolveAggregation(option, descriptor) : undefined;
    if (selected !== undefined) return selected;
    noticeOnce(
      `aggregation ${descriptor.name}`,
      `${descriptor.name}: a reader asks for an aggregation that does not fit ${descriptor.type}; the default is used`,
    );
    return defaultAggregation(descriptor);
  }

  temporalityFor(type: InstrumentType): AggregationTemporality {
    return this.reader.selectAggregationTemporality(sdkType(type)) === DELTA ? DELTA : CUMULATIVE;
  }

  /** A stock reader answers 2000 when nobody told it anything, so that answer counts as none. */
  cardinalityLimitFor(type: InstrumentType): number {
    // Readers written for older lines lack the method.
    const limit = (this.reader as Partial<IMetricReader>).selectCardinalityLimit?.(sdkType(type));
    return limit === undefined || limit === DEFAULT_CARDINALITY_LIMIT ? this.#cardinalityLimit : limit;
  }
}

/** The SDK's enum of texts, which other texts are not assignable to. */
function sdkType(type: InstrumentType): SdkInstrumentType {
  return type as SdkInstrumentType;
}
