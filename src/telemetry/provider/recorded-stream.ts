import { context as contexts, type Attributes, type Context, type HrTime } from '@opentelemetry/api';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import { noticeOnce } from '../notice.js';
import { AttributeTable } from './attribute-table.js';
import { hrTimeOf, msOf } from './collection-time.js';
import { Exemplars } from './exemplars.js';
import { bothOf, type Follower } from './follower.js';
import { IdleSeries } from './idle-series.js';
import { metricDataOf, type Point } from './metric-data.js';
import type { ReaderPort } from './reader-port.js';
import { DELTA } from './sdk-constants.js';
import { Stream, type StreamOptions } from './stream.js';
import { makeTallies } from './tally/make-tallies.js';
import { Rows } from './tally/rows.js';
import type { Tallies } from './tally/tallies.js';
import type { PointValue, TallySummary } from './tally/tally.js';
import { processAttributes } from './view.js';
import type { PointExemplar } from './walk-series.js';

/**
 * A stream that is recorded into. Its series are numbers; everything about them is kept in columns.
 *
 * Cumulative readers alone need nothing but one tally per series, which only ever grows; a delta reader alone one that
 * starts anew with each collection. Where a delta reader is one of several, each collection moves what was recorded since
 * the last one to the total and to what is pending for each delta reader. So a further reader costs at collection, for
 * series that changed, and nothing when recording; smallest and largest value belong to their interval; and a reader that
 * never collects holds one tally per series, not more.
 */
export class RecordedStream extends Stream {
  /** What is recorded into: everything, or what was recorded since the last collection. */
  readonly tallies: Tallies;
  /** Grows when numbers and cells that were found before may belong to other series, or when the follower changes. */
  epoch = 0;
  #follower: Follower | undefined;
  readonly #idle: IdleSeries | undefined;
  #exemplars: Exemplars | undefined;
  readonly #table: AttributeTable;
  /** When each series began, in milliseconds. */
  readonly #started = new Rows([0]);
  readonly #isProcessed: boolean;
  readonly #deltaReaders: readonly ReaderPort[];
  readonly #createdAt: HrTime;
  /** Everything up to the last collection, where somebody asks for it and a delta reader empties the tallies. */
  #totals: Tallies | undefined;
  /** What each delta reader has not collected yet. Absent where there is but one reader. */
  #pending: readonly Tallies[] | undefined;

  constructor(options: StreamOptions) {
    super(options);
    const { aggregation, descriptor, cardinalityLimit, processors, readers, time, idleTimeoutMs } = options;
    this.tallies = makeTallies(aggregation);
    this.#isProcessed = processors.length > 0;
    this.#deltaReaders = readers.filter((reader) => this.temporalityFor(reader) === DELTA);
    this.#createdAt = time.now();
    this.#idle = idleTimeoutMs === undefined ? undefined : new IdleSeries(idleTimeoutMs);
    this.#follower = this.#idle;
    this.#table = new AttributeTable(descriptor.name, cardinalityLimit, (series) => {
      this.#started.open(series);
      this.#started.page(series)[this.#started.start(series)] = time.nowMs();
      for (const tallies of this.#allTallies()) if (tallies.open(series)) this.epoch += 1;
    });
    if (this.#deltaReaders.length > 0 && readers.length > 1) this.#distributeFromNow();
    if (this.#deltaReaders.length > 0 && this.#deltaReaders.length < readers.length) this.#keepTotals();
    this.#followTraces();
  }

  /** Is told of everything that is recorded, after it was. */
  get follower(): Follower | undefined {
    return this.#follower;
  }

  /** Numbers of series are smaller than this; see {@link has}. */
  get end(): number {
    return this.#table.end;
  }

  /** The series a measurement with these attributes belongs to. The context is looked at only for processors. */
  find(attributes: Attributes | null | undefined, context: Context | undefined): number {
    return this.#table.find(this.#isProcessed ? this.#process(attributes, context) : attributes);
  }

  /** Whether there is such a series, be it that nothing was recorded into it. */
  has(series: number): boolean {
    return this.#table.has(series);
  }

  attributesOf(series: number): Attributes {
    return this.#table.attributesOf(series);
  }

  /** What belongs to these attributes so far, read without any reader: no collection is changed by it. */
  summary(series: number): TallySummary {
    if (this.#deltaReaders.length > 0) this.#keepTotals();
    const current = this.tallies.summary(series);
    const before = this.#totals?.summary(series);
    if (before === undefined) return current;
    if (this.options.aggregation.kind === 'lastValue') return current.count > 0 ? current : before;
    return { count: current.count + before.count, sum: current.sum + before.sum };
  }

  /** As {@link find}, where there is one. */
  known(attributes: Attributes | null | undefined): number | undefined {
    try {
      return this.#table.known(this.#process(attributes, undefined));
    } catch {
      // What cannot be read has no series of its own.
      return undefined;
    }
  }

  /** Forgets the series of these attributes with all it holds. Tells whether there was one. */
  remove(attributes: Attributes | null | undefined): boolean {
    const series = this.known(attributes);
    return series !== undefined && this.removeSeries(series);
  }

  removeSeries(series: number): boolean {
    if (!this.#table.remove(series)) return false;
    this.epoch += 1;
    for (const tallies of this.#allTallies()) tallies.clear(series);
    this.#follower?.removed(series);
    return true;
  }

  collect(reader: ReaderPort, endTime: HrTime): MetricData | undefined {
    this.#prepare();
    const position = this.#deltaReaders.indexOf(reader);
    const points =
      position === -1 ? this.#collectTotals(endTime) : this.#collectDelta(position, reader, endTime);
    return metricDataOf(this.descriptor, this.options.aggregation, this.temporalityFor(reader), points);
  }

  /** What cumulative readers are given, up to now. */
  cumulativeTallies(): Tallies {
    this.#prepare();
    return this.#totals ?? this.tallies;
  }

  /** Of one series, since some time in milliseconds or ever. */
  exemplarsOf(series: number, sinceMs = 0): readonly PointExemplar[] {
    return this.#exemplars?.collect(series, sinceMs) ?? NO_EXEMPLARS;
  }

  /** Before each collection, whoever collects. */
  #prepare(): void {
    if (this.#pending !== undefined) this.#distribute(this.#pending);
    this.#followTraces();
    if (this.#idle !== undefined) this.#removeIdle(this.#idle);
  }

  /** A tracer may be registered, or be gone, at any time. */
  #followTraces(): void {
    const { gate, aggregation } = this.options;
    const isTraced = gate?.isOpen() === true;
    if (gate === undefined || isTraced === (this.#exemplars !== undefined)) return;
    const attributesOf = (series: number) => this.attributesOf(series);
    this.#exemplars = isTraced ? new Exemplars({ gate, aggregation, attributesOf }) : undefined;
    this.#follower = bothOf(this.#idle, this.#exemplars);
    this.epoch += 1;
  }

  /** What a delta reader has not collected stays for it. */
  #removeIdle(idle: IdleSeries): void {
    const waiting = this.#pending ?? (this.#deltaReaders.length > 0 ? [this.tallies] : []);
    const now = this.options.time.nowMs();
    for (let series = 0; series < this.end; series++) {
      if (!this.has(series) || !idle.isOver(series, now)) continue;
      if (!waiting.some((tallies) => tallies.hasRecords(series))) this.removeSeries(series);
    }
  }

  #collectTotals(endTime: HrTime): Point[] {
    const tallies = this.#totals ?? this.tallies;
    const points: Point[] = [];
    let [startMs, startTime] = [Number.NaN, endTime];
    for (let series = 0; series < this.end; series++) {
      if (!tallies.hasRecords(series)) continue;
      // Series that began together share the array.
      const ms = this.#started.page(series)[this.#started.start(series)]!;
      if (ms !== startMs) [startMs, startTime] = [ms, hrTimeOf(ms)];
      points.push(this.#point(series, startTime, endTime, tallies.value(series)));
    }
    return points;
  }

  #collectDelta(position: number, reader: ReaderPort, endTime: HrTime): Point[] {
    const tallies = this.#pending?.[position] ?? this.tallies;
    const startTime = reader.lastCollection ?? this.#createdAt;
    const points: Point[] = [];
    for (let series = 0; series < this.end; series++) {
      if (!tallies.hasRecords(series)) continue;
      points.push(this.#point(series, startTime, endTime, tallies.value(series), msOf(startTime)));
      tallies.clear(series);
    }
    return points;
  }

  #point(series: number, startTime: HrTime, endTime: HrTime, value: PointValue, sinceMs?: number): Point {
    const point = { attributes: this.attributesOf(series), startTime, endTime, value };
    if (this.#exemplars === undefined) return point;
    const exemplars = this.exemplarsOf(series, sinceMs);
    return exemplars.length === 0 ? point : { ...point, exemplars };
  }

  #distribute(pending: readonly Tallies[]): void {
    for (let series = 0; series < this.end; series++) {
      if (!this.tallies.hasRecords(series)) continue;
      this.#totals?.absorb(series, this.tallies);
      for (const tallies of pending) tallies.absorb(series, this.tallies);
      this.tallies.clear(series);
    }
  }

  /** From now on collections leave what they take to others, too. */
  #distributeFromNow(): void {
    this.#pending ??= this.#deltaReaders.map(() => this.#makeTallies());
  }

  #keepTotals(): void {
    if (this.#totals !== undefined) return;
    this.#distributeFromNow();
    this.#totals = this.#makeTallies();
  }

  /** With room for the series there are. */
  #makeTallies(): Tallies {
    const tallies = makeTallies(this.options.aggregation);
    for (let series = 0; series < this.end; series++) tallies.open(series);
    return tallies;
  }

  *#allTallies(): Generator<Tallies> {
    yield this.tallies;
    if (this.#totals !== undefined) yield this.#totals;
    yield* this.#pending ?? [];
  }

  #process(attributes: Attributes | null | undefined, context: Context | undefined): Attributes {
    if (!this.#isProcessed) return attributes ?? {};
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

const NO_EXEMPLARS: readonly PointExemplar[] = [];
