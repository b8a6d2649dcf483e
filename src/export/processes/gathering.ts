import type { MeterProvider } from '@opentelemetry/api';
import type { Cancel, Clock } from '../../clock.js';
import { workerReportAge, workers } from '../../telemetry/catalogue.js';
import { instrumentsOf } from '../../telemetry/instruments.js';
import { noticeOnce } from '../../telemetry/notice.js';
import type { WalkedMetric } from '../../telemetry/provider/walk-series.js';
import { inSlices } from '../prometheus/pacing.js';
import { OWN } from './merged-metric.js';
import { MergedMetrics } from './merged-metrics.js';
import type { FromWorker, ReportedMetric, ToWorker } from './messages.js';

export interface GatheringOptions {
  readonly clock: Clock;
  /** Where it is measured how workers answer. Default: the global provider. */
  readonly meterProvider?: MeterProvider | undefined;
  /** What all workers see alike, by the names of metrics. */
  readonly isShared: (name: string) => boolean;
}

/** Workers that do not answer hold up a scrape no longer than this, and only the first time. */
const LONGEST_WAIT_MS = 1000;
const WAIT_SHARE = 0.5;

interface Worker {
  /** What its gauges are labelled with: small numbers, given out again. */
  readonly number: number;
  readonly instance: string;
  readonly send: (message: ToWorker) => void;
  readonly parts: ReportedMetric[];
  /** It owes an answer. */
  isAsked: boolean;
  /** It was waited for in vain. It is not again before it has answered. */
  isLate: boolean;
  reportedAt: number | undefined;
}

/** Knows the workers, asks them for what they measured, and keeps the last answer of each. */
export class Gathering {
  readonly #options: GatheringOptions;
  readonly #merged: MergedMetrics;
  readonly #workers = new Map<string, Worker>();
  readonly #stopObserving: readonly Cancel[];
  #answered: () => void = () => {};
  #work: Promise<void> = Promise.resolve();

  constructor(options: GatheringOptions) {
    this.#options = options;
    this.#merged = new MergedMetrics(options.isShared);
    const instruments = instrumentsOf(options.meterProvider);
    this.#stopObserving = [
      instruments.observe(workers, this, (gathering, report) => {
        const all = [...gathering.#workers.values()];
        const late = all.filter(({ isLate }) => isLate).length;
        report(all.length - late, { 'perf.worker.state': 'answering' });
        report(late, { 'perf.worker.state': 'late' });
      }),
      instruments.observe(workerReportAge, this, (gathering, report) => report(gathering.#oldestAge)),
    ];
  }

  /** A message of a worker. `send` reaches it. */
  hear(key: string, send: Worker['send'], message: FromWorker): void {
    if (message.kind === 'hello') return this.#welcome(key, send, message.instance);
    const worker = this.#workers.get(key);
    if (worker === undefined) return;
    worker.parts.push(...message.metrics);
    if (!message.isLast) return;
    // Half a report would make sums fall.
    const report = worker.parts.splice(0);
    const answered = () => {
      worker.reportedAt = this.#options.clock.now();
      worker.isAsked = false;
      worker.isLate = false;
      this.#answered();
    };
    void this.#inTurn(() => this.#merged.apply(key, [report])).then(answered, answered);
    if (message.isFinal) this.gone(key);
  }

  /** A worker has ended: what it counted stays. */
  gone(key: string): void {
    if (!this.#workers.delete(key)) return;
    this.#inTurn(() => this.#merged.end(key)).catch(() => {});
    this.#answered();
  }

  /** Asks everybody and waits for those who answer, for part of the time there is. */
  async gather(timeoutMs: number): Promise<void> {
    const { clock } = this.#options;
    const waitMs = Math.min(LONGEST_WAIT_MS, timeoutMs * WAIT_SHARE);
    for (const worker of this.#workers.values()) {
      if (worker.isAsked) continue;
      worker.isAsked = true;
      worker.send({ kind: 'ask', timeoutMs: waitMs });
    }
    const isWaitedFor = ({ isAsked, isLate }: Worker) => isAsked && !isLate;
    const hasAll = () => ![...this.#workers.values()].some(isWaitedFor);
    if (hasAll()) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(waitMs, () => {
        for (const worker of this.#workers.values()) if (isWaitedFor(worker)) worker.isLate = true;
        resolve();
      });
      this.#answered = () => {
        if (!hasAll()) return;
        cancel();
        resolve();
      };
    });
    this.#answered = () => {};
  }

  /** Of all workers together with what this process has itself. */
  async walk(own: Iterable<readonly ReportedMetric[]>): Promise<WalkedMetric[]> {
    await this.#inTurn(() => this.#merged.apply(OWN, own));
    const numbers = new Map([...this.#workers].map(([key, { number }]) => [key, String(number)]));
    return this.#merged.walk((key) => numbers.get(key) ?? key);
  }

  close(): void {
    for (const stop of this.#stopObserving) stop();
    this.#workers.clear();
    this.#answered();
  }

  /** One piece of work after the other, each in slices: there may be many workers with many series. */
  #inTurn(steps: () => Iterable<void>): Promise<void> {
    const done = this.#work.then(() => inSlices(steps(), this.#options.clock));
    this.#work = done.catch((error: unknown) => {
      noticeOnce('gathering', `a report of a worker could not be added up: ${String(error)}`, 'error');
    });
    return done;
  }

  #welcome(key: string, send: Worker['send'], instance: string): void {
    if (this.#workers.get(key)?.instance === instance) return;
    // It started again within the same process: what it counted before is closed.
    this.gone(key);
    const taken = new Set([...this.#workers.values()].map(({ number }) => number));
    let number = 1;
    while (taken.has(number)) number += 1;
    const fresh = { isAsked: false, isLate: false, reportedAt: undefined };
    this.#workers.set(key, { number, instance, send, parts: [], ...fresh });
  }

  /** Seconds. */
  get #oldestAge(): number {
    const now = this.#options.clock.now();
    const ages = [...this.#workers.values()].map(({ reportedAt = now }) => now - reportedAt);
    return Math.max(0, ...ages) / 1000;
  }
}
