import type {
  CollectionResult,
  IMetricReader,
  MetricProducer,
  ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { Cancel } from '../../clock.js';
import { noticeOnce } from '../notice.js';
import { canWalk, type WalkingProducer } from '../provider/walk-series.js';

/** Hears what a reader has collected. It must not change it. */
export type ExportListener = (exported: ResourceMetrics) => void;

/**
 * Listens to what the readers of a provider collect for their exporters, at the time they do: it never collects itself.
 *
 * A reader of its own would take from the exporters what instruments of others start anew at each collection. With the
 * runtime instrumentation of OpenTelemetry, a stall of 600 ms is exported as 10 ms as soon as a second reader is faster
 * than the first. What is heard here is what is exported, stalls included.
 */
export class ExportTap {
  readonly #listeners = new Set<ExportListener>();

  /**
   * Listens to a reader, of whatever kind, and returns it. To be called before the reader is given to a MeterProvider.
   * While nobody has subscribed, it costs nothing.
   */
  tapReader<Reader extends IMetricReader>(reader: Reader): Reader {
    const setMetricProducer = reader.setMetricProducer.bind(reader);
    // The reader itself is kept: a provider may ask for its class, and wrapping would lose its private fields.
    reader.setMetricProducer = (producer) => setMetricProducer(this.#tapped(producer));
    return reader;
  }

  /** Hears of every collection from now on. Who keeps what it is given keeps every series in memory. */
  subscribe(listener: ExportListener): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tapped(producer: MetricProducer): MetricProducer {
    const collect: MetricProducer['collect'] = (options) => {
      const collected = producer.collect(options);
      return this.#listeners.size === 0 ? collected : collected.then((result) => this.#hand(result));
    };
    if (!canWalk(producer)) return { collect };
    // Who walks makes no points that could be handed on: while somebody listens, the reader has to collect.
    const walkSeries: WalkingProducer['walkSeries'] = (options) => {
      return this.#listeners.size === 0 ? producer.walkSeries(options) : undefined;
    };
    const tapped: WalkingProducer = { collect, walkSeries };
    return tapped;
  }

  #hand(result: CollectionResult): CollectionResult {
    for (const listener of this.#listeners) {
      try {
        listener(result.resourceMetrics);
      } catch (error) {
        noticeOnce('export tap', `a listener of exported metrics failed: ${String(error)}`);
      }
    }
    return result;
  }
}
