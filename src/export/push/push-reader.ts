import type { MeterProvider } from '@opentelemetry/api';
import type {
  AggregationOption,
  AggregationTemporality,
  CollectionResult,
  IMetricReader,
  MetricProducer,
  PushMetricExporter,
  ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { systemClock, type Cancel, type Clock } from '../../clock.js';
import { InvalidUseError, TimeoutError } from '../../errors.js';
import { pushDuration, type PUSH_EXPORTERS } from '../../telemetry/catalogue.js';
import { instrumentsOf } from '../../telemetry/instruments.js';
import { noticeOnce } from '../../telemetry/notice.js';
import {
  AGGREGATE_BY_DEFAULT,
  CUMULATIVE,
  DEFAULT_CARDINALITY_LIMIT,
} from '../../telemetry/provider/sdk-constants.js';
import { Outage } from './outage.js';
import { pushErrorOf } from './push-error.js';
import { withoutTracing } from './without-tracing.js';

export type PushComponent = (typeof PUSH_EXPORTERS)[number];

export interface PushReaderOptions {
  readonly exporter: PushMetricExporter;
  /** The exporter as the semantic conventions name it. */
  readonly component: PushComponent;
  /** Where it goes, for messages. */
  readonly target: string;
  readonly intervalMs: number;
  /** How long one push may take; never longer than the interval. */
  readonly timeoutMs: number;
  /** @default the machine's */
  readonly clock?: Clock;
}

/** How long to wait, in milliseconds; without it, for as long as a push may take. */
interface WaitOptions {
  readonly timeoutMillis?: number | undefined;
}

type InstrumentType = Parameters<IMetricReader['selectAggregation']>[0];
type ResultCode = Parameters<Parameters<PushMetricExporter['export']>[1]>[0]['code'];

/** An exporter that never answers holds what it was given: it gets no more than this often. */
const MOST_UNANSWERED = 3;
const SUCCESS: ResultCode = 0;

/**
 * Pushes what there is to an exporter, again and again, one push at a time. In the background nothing fails: what a push
 * could not deliver is in the next one where sums count from the start, and lost where they count from push to push.
 * `forceFlush` and `shutdown` reject when their push fails.
 *
 * As {@link PullReader} it is for providers of the SDK and for ours, and no class of the SDK.
 */
export class PushReader implements IMetricReader {
  readonly #options: PushReaderOptions;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #outage: Outage;
  #durations = instrumentsOf().histogram(pushDuration);
  #producer: MetricProducer | undefined;
  #cancelTimer: Cancel | undefined;
  #pushing: Promise<void> | undefined;
  #giveUp: (() => void) | undefined;
  #unanswered = 0;
  #isShutDown = false;

  constructor(options: PushReaderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#timeoutMs = Math.min(options.timeoutMs, options.intervalMs);
    this.#outage = new Outage(options.target);
  }

  /** Called by the provider; from then on it pushes. @throws {InvalidUseError} when another provider has it. */
  setMetricProducer(producer: MetricProducer): void {
    if (this.#producer !== undefined) throw new InvalidUseError('a reader belongs to one MeterProvider only');
    this.#producer = producer;
    this.#cancelTimer = this.#clock.every(this.#options.intervalMs, () => {
      // Who is late takes what came meanwhile with the next one. Failures are told by the outage.
      if (this.#pushing === undefined) this.#start().catch(() => {});
    });
  }

  /** Where pushes are measured. Default: the global provider. */
  measureInto(meterProvider: MeterProvider | undefined): void {
    this.#durations = instrumentsOf(meterProvider).histogram(pushDuration);
  }

  selectAggregation(type: InstrumentType): AggregationOption {
    return this.#options.exporter.selectAggregation?.(type) ?? { type: AGGREGATE_BY_DEFAULT };
  }

  selectAggregationTemporality(type: InstrumentType): AggregationTemporality {
    return this.#options.exporter.selectAggregationTemporality?.(type) ?? CUMULATIVE;
  }

  selectCardinalityLimit(): number {
    return DEFAULT_CARDINALITY_LIMIT;
  }

  async collect(options?: Parameters<IMetricReader['collect']>[0]): Promise<CollectionResult> {
    if (this.#producer === undefined) throw new InvalidUseError('the reader was given to no MeterProvider');
    return this.#producer.collect(options);
  }

  /** Pushes what there is now. Rejects when that fails, or takes longer than it may. */
  async forceFlush({ timeoutMillis }: WaitOptions = {}): Promise<void> {
    if (this.#isShutDown) return;
    await this.#within(timeoutMillis, this.#flush());
  }

  /** Pushes for the last time and ends the exporter. Rejects as {@link forceFlush} does, and has ended then as well. */
  async shutdown({ timeoutMillis }: WaitOptions = {}): Promise<void> {
    if (this.#isShutDown) return;
    this.#isShutDown = true;
    this.#cancelTimer?.();
    const { exporter } = this.#options;
    const last = this.#producer === undefined ? Promise.resolve() : this.#flush();
    const ended = last.finally(() => exporter.shutdown());
    try {
      await this.#within(timeoutMillis, ended);
    } finally {
      // Nothing may keep the process alive for the sake of a push that is given up.
      this.#giveUp?.();
    }
  }

  async #flush(): Promise<void> {
    // What is under way may have collected before what is to be flushed.
    await this.#pushing?.catch(() => {});
    await (this.#pushing ?? this.#start());
  }

  #start(): Promise<void> {
    const pushing = this.#push().finally(() => (this.#pushing = undefined));
    this.#pushing = pushing;
    return pushing;
  }

  async #push(): Promise<void> {
    const startedAt = this.#clock.now();
    const component = { 'otel.component.type': this.#options.component };
    const seconds = () => (this.#clock.now() - startedAt) / 1000;
    try {
      const { resourceMetrics, errors } = await this.collect({ timeoutMillis: this.#timeoutMs });
      for (const error of errors)
        noticeOnce(`collect ${String(error)}`, `while collecting metrics: ${String(error)}`);
      if (resourceMetrics.scopeMetrics.length === 0) return;
      await this.#export(resourceMetrics);
      this.#outage.worked();
      this.#durations.record(seconds(), component);
    } catch (error) {
      this.#outage.failed(error);
      this.#durations.record(seconds(), { ...component, 'error.type': pushErrorOf(error) });
      throw error;
    }
  }

  async #export(metrics: ResourceMetrics): Promise<void> {
    const { exporter, target } = this.#options;
    const { resource } = metrics;
    const timeout = () => new TimeoutError(`${target} did not answer`, this.#timeoutMs / 1000);
    if (this.#unanswered >= MOST_UNANSWERED) throw timeout();
    let cancel: Cancel = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        this.#giveUp = () => reject(timeout());
        cancel = this.#clock.after(this.#timeoutMs, this.#giveUp);
        const send = () => this.#send(exporter, metrics).then(resolve, reject);
        if (resource.asyncAttributesPending === true) resource.waitForAsyncAttributes?.().then(send, send);
        else void send();
      });
    } finally {
      cancel();
      this.#giveUp = undefined;
    }
  }

  async #send(exporter: PushMetricExporter, metrics: ResourceMetrics): Promise<void> {
    this.#unanswered += 1;
    try {
      await withoutTracing(
        () =>
          new Promise<void>((resolve, reject) => {
            exporter.export(metrics, ({ code, error }) => {
              if (code === SUCCESS) resolve();
              else reject(error ?? new Error('the exporter gives no reason'));
            });
          }),
      );
    } finally {
      this.#unanswered -= 1;
    }
  }

  async #within(timeoutMs: number | undefined, work: Promise<void>): Promise<void> {
    if (timeoutMs === undefined) return work;
    let cancel: Cancel = () => {};
    const late = new Promise<never>((_, reject) => {
      cancel = this.#clock.after(timeoutMs, () =>
        reject(new TimeoutError(`${this.#options.target} did not answer`, timeoutMs / 1000)),
      );
    });
    // Who loses may fail later; nobody waits for it any more.
    work.catch(() => {});
    await Promise.race([work, late]).finally(cancel);
  }
}
