import { context as contexts, type Attributes, type Context, type HrTime } from '@opentelemetry/api';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import { noticeOnce } from '../notice.js';
import { AttributeTree } from './attribute-tree.js';
import { metricDataOf, type Point } from './metric-data.js';
import type { ReaderPort } from './reader-port.js';
import { DELTA } from './sdk-constants.js';
import { Stream, type StreamOptions } from './stream.js';
import { makeTally } from './tally/make-tally.js';
import type { PointValue, Tally } from './tally/tally.js';
import { processAttributes } from './view.js';

interface Series {
  readonly attributes: Attributes;
  readonly startTime: HrTime;
  /** What is recorded into: everything, or what was recorded since the last collection. */
  readonly current: Tally;
  /** Everything up to the last collection. Absent where no reader is cumulative, or no other. */
  total: Tally | undefined;
  /** What each delta reader has not collected yet, by its position among them. */
  pending: (Tally | undefined)[] | undefined;
}

/**
 * A stream that is recorded into.
 *
 * Cumulative readers alone need nothing but one tally per series, which only ever grows; a delta reader alone one that
 * starts anew with each collection. Where a delta reader is one of several, each collection moves what was recorded since
 * the last one to the total and to what is pending for each delta reader. So a further reader costs at collection, for
 * series that changed, and nothing when recording; smallest and largest value belong to their interval; and a reader that
 * never collects holds one tally per series, not more.
 */
export class RecordedStream extends Stream {
  readonly #tree: AttributeTree<Tally>;
  readonly #series: Series[] = [];
  readonly #isProcessed: boolean;
  readonly #deltaReaders: readonly ReaderPort[];
  /** Whether readers need something else than what is recorded into. */
  readonly #isDistributed: boolean;
  readonly #createdAt: HrTime;

  constructor(options: StreamOptions) {
    super(options);
    const { descriptor, cardinalityLimit, processors, readers, time } = options;
    this.#isProcessed = processors.length > 0;
    this.#deltaReaders = readers.filter((reader) => this.temporalityFor(reader) === DELTA);
    this.#isDistributed = this.#deltaReaders.length > 0 && readers.length > 1;
    this.#createdAt = time.now();
    this.#tree = new AttributeTree(descriptor.name, cardinalityLimit, (attributes) => {
      const current = makeTally(this.options.aggregation);
      this.#series.push({ attributes, startTime: time.now(), current, total: undefined, pending: undefined });
      return current;
    });
  }

  /** Where a measurement with these attributes belongs. The context is looked at only for processors. */
  find(attributes: Attributes | null | undefined, context: Context | undefined): Tally {
    return this.#tree.find(this.#isProcessed ? this.#process(attributes, context) : attributes);
  }

  collect(reader: ReaderPort, endTime: HrTime): MetricData | undefined {
    if (this.#isDistributed) this.#distribute();
    const position = this.#deltaReaders.indexOf(reader);
    const points = position === -1 ? this.#totals(endTime) : this.#deltas(position, reader, endTime);
    return metricDataOf(this.descriptor, this.options.aggregation, this.temporalityFor(reader), points);
  }

  #totals(endTime: HrTime): Point[] {
    const points: Point[] = [];
    for (const { attributes, startTime, current, total } of this.#series) {
      const tally = this.#isDistributed ? total : current;
      if (tally?.hasRecords === true) points.push({ attributes, startTime, endTime, value: tally.value() });
    }
    return points;
  }

  #deltas(position: number, reader: ReaderPort, endTime: HrTime): Point[] {
    const startTime = reader.lastCollection ?? this.#createdAt;
    const points: Point[] = [];
    for (const series of this.#series) {
      const value = this.#isDistributed ? takePending(series, position) : takeCurrent(series);
      if (value !== undefined) points.push({ attributes: series.attributes, startTime, endTime, value });
    }
    return points;
  }

  #distribute(): void {
    const hasTotal = this.#deltaReaders.length < this.options.readers.length;
    for (const series of this.#series) {
      const { current } = series;
      if (!current.hasRecords) continue;
      if (hasTotal) (series.total ??= makeTally(this.options.aggregation)).absorb(current);
      const pending = (series.pending ??= this.#deltaReaders.map(() => undefined));
      for (let i = 0; i < pending.length; i++)
        (pending[i] ??= makeTally(this.options.aggregation)).absorb(current);
      current.clear();
    }
  }

  #process(attributes: Attributes | null | undefined, context: Context | undefined): Attributes {
    try {
      return processAttributes(this.options.processors, attributes ?? {}, context ?? contexts.active());
    } catch (error) {
      noticeOnce(
        `processor ${this.descriptor.name}`,
        `${this.descriptor.name}: an attributes processor failed (${String(error)}); recorded without attributes`,
      );
      return {};
    }
  }
}

function takePending({ pending }: Series, position: number): PointValue | undefined {
  const tally = pending?.[position];
  if (tally === undefined || pending === undefined) return undefined;
  pending[position] = undefined;
  return tally.value();
}

function takeCurrent({ current }: Series): PointValue | undefined {
  if (!current.hasRecords) return undefined;
  const value = current.value();
  current.clear();
  return value;
}
