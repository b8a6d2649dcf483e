import type { CollectionResult } from '@opentelemetry/sdk-metrics';
import type { SeriesWalk } from '../../telemetry/provider/walk-series.js';
import { walkSource, type CollectOptions, type MetricSource } from '../prometheus/metric-source.js';
import type { Gathering } from './gathering.js';
import { partsOf } from './report.js';

/** For who names none, such as tests. */
const DEFAULT_TIMEOUT_MS = 5000;

/** What /metrics is pulled from where it is about several processes: those that answer, and this one. */
export class GatheredSource implements MetricSource {
  readonly #own: MetricSource;
  readonly #gathering: Gathering;

  constructor(own: MetricSource, gathering: Gathering) {
    this.#own = own;
    this.#gathering = gathering;
  }

  /** Of this process alone. */
  collect(options?: CollectOptions): Promise<CollectionResult> {
    return this.#own.collect(options);
  }

  async walkSeries(options: CollectOptions = {}): Promise<SeriesWalk> {
    await this.#gathering.gather(options.timeoutMillis ?? DEFAULT_TIMEOUT_MS);
    const own = await walkSource(this.#own, options);
    return { ...own, metrics: await this.#gathering.walk(partsOf(own)) };
  }
}
