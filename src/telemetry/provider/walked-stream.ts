import type { Attributes } from '@opentelemetry/api';
import type { Histogram } from '@opentelemetry/sdk-metrics';
import { pointTypeOf } from './metric-data.js';
import type { RecordedStream } from './recorded-stream.js';
import { BucketTallies } from './tally/bucket-tallies.js';
import type { Tallies } from './tally/tallies.js';
import type { PointValue } from './tally/tally.js';
import type { PointExemplar, WalkedMetric } from './walk-series.js';

/** A stream as it is recorded into, for a cumulative reader. */
export class WalkedStream implements WalkedMetric {
  readonly scope: WalkedMetric['scope'];
  readonly dataPointType: WalkedMetric['dataPointType'];
  readonly isMonotonic: boolean;
  readonly #stream: RecordedStream;
  #tallies: Tallies;
  /** Filled anew for each series: objects of their own would be most of what reading costs. */
  #point: Histogram | undefined;

  private constructor(stream: RecordedStream, scope: WalkedMetric['scope']) {
    const { aggregation } = stream.options;
    this.scope = scope;
    this.dataPointType = pointTypeOf(aggregation);
    this.isMonotonic = aggregation.kind === 'sum' && aggregation.isMonotonic;
    this.#stream = stream;
    this.#tallies = stream.tallies;
  }

  /** The same object in each walk. */
  static of(stream: RecordedStream, scope: WalkedMetric['scope']): WalkedStream {
    let walked = made.get(stream);
    if (walked === undefined) made.set(stream, (walked = new WalkedStream(stream, scope)));
    walked.#tallies = stream.cumulativeTallies();
    return walked;
  }

  get descriptor(): WalkedMetric['descriptor'] {
    return this.#stream.descriptor;
  }

  get edition(): number {
    return this.#stream.epoch;
  }

  get size(): number {
    return this.#stream.end;
  }

  attributes(series: number): Attributes | undefined {
    return this.#stream.has(series) ? this.#stream.attributesOf(series) : undefined;
  }

  value(series: number): PointValue | undefined {
    const tallies = this.#tallies;
    if (!tallies.hasRecords(series)) return undefined;
    if (!(tallies instanceof BucketTallies)) return tallies.value(series);
    this.#point ??= tallies.value(series);
    tallies.readInto(this.#point, series);
    return this.#point;
  }

  exemplars(series: number): readonly PointExemplar[] {
    return this.#stream.exemplarsOf(series);
  }
}

const made = new WeakMap<RecordedStream, WalkedStream>();
