import type {
  AggregationOption,
  AggregationTemporality,
  CollectionResult,
  IMetricReader,
  MetricProducer,
} from '@opentelemetry/sdk-metrics';
import { InvalidUseError } from '../../errors.js';
import { AGGREGATE_BY_DEFAULT, CUMULATIVE, DEFAULT_CARDINALITY_LIMIT } from './sdk-constants.js';
import { canWalk, type SeriesWalk } from './walk-series.js';

type CollectOptions = Parameters<IMetricReader['collect']>[0];

/**
 * Collects when it is asked, cumulatively, as Prometheus wants it. For providers of the SDK and for ours: it is no class
 * of the SDK, which therefore is not loaded for it.
 */
export class PullReader implements IMetricReader {
  #producer: MetricProducer | undefined;
  #isShutDown = false;

  /** Called by the provider. @throws {InvalidUseError} when another provider has it. */
  setMetricProducer(producer: MetricProducer): void {
    if (this.#producer !== undefined) throw new InvalidUseError('a reader belongs to one MeterProvider only');
    this.#producer = producer;
  }

  selectAggregation(): AggregationOption {
    return { type: AGGREGATE_BY_DEFAULT };
  }

  selectAggregationTemporality(): AggregationTemporality {
    return CUMULATIVE;
  }

  selectCardinalityLimit(): number {
    return DEFAULT_CARDINALITY_LIMIT;
  }

  /** Everything there is now. Rejects with an InvalidUseError before it has a provider and after it was shut down. */
  async collect(options?: CollectOptions): Promise<CollectionResult> {
    if (this.#producer === undefined) throw new InvalidUseError('the reader was given to no MeterProvider');
    if (this.#isShutDown) throw new InvalidUseError('the reader was shut down');
    return this.#producer.collect(options);
  }

  /** As {@link collect}, for who reads series one by one. `undefined` where the provider cannot do that. */
  walkSeries(options?: CollectOptions): Promise<SeriesWalk> | undefined {
    const producer = this.#producer;
    if (producer === undefined || this.#isShutDown || !canWalk(producer)) return undefined;
    return producer.walkSeries(options);
  }

  /** Nothing waits to be exported. */
  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {
    this.#isShutDown = true;
  }
}
