import type { RejectionReason } from '../../../errors.js';
import { errorTypeOf } from '../../../telemetry/error-type.js';
import * as catalogue from '../../../telemetry/catalogue.js';
import type { Instruments } from '../../../telemetry/instruments.js';
import { noticeOnce } from '../../../telemetry/notice.js';
import { LeaseMetrics, type TaskOutcome } from '../../lease/lease-metrics.js';
import type { EndState } from '../task-status.js';
import type { QueueSample } from './task-store.js';

const NOTHING: QueueSample = { active: 0, queued: 0, delayed: 0, kept: 0, oldestWait: 0 };

/** Reports what one manager does, and, where it works, what the whole queue holds. */
export class DurableMetrics {
  active = 0;
  readonly limit: number;
  readonly shared: LeaseMetrics;
  readonly ended: Record<EndState, number> = {
    succeeded: 0,
    failed: 0,
    timed_out: 0,
    cancelled: 0,
    rejected: 0,
    expired: 0,
  };
  /** Of a few seconds ago at most. */
  #sample = NOTHING;
  readonly #name: string;
  readonly #instruments: Instruments;
  readonly #stops: (() => void)[] = [];

  constructor(name: string, limit: number, instruments: Instruments) {
    this.#name = name;
    this.limit = limit;
    this.#instruments = instruments;
    this.shared = new LeaseMetrics(name, instruments);
  }

  get queued(): number {
    return this.#sample.queued;
  }

  get oldestWait(): number {
    return this.#sample.oldestWait;
  }

  /** Reports until {@link DurableMetrics.stop}. */
  watch(): void {
    const where = { 'perf.task.queue': this.#name };
    this.shared.watch(this);
    this.#stops.push(
      this.#instruments.observe(catalogue.taskDelayed, this, (one, report) =>
        report(one.#sample.delayed, where),
      ),
      this.#instruments.observe(catalogue.taskKept, this, (one, report) => report(one.#sample.kept, where)),
    );
  }

  sampled(sample: QueueSample): void {
    this.#sample = sample;
  }

  attemptEnded(name: string, outcome: TaskOutcome, ms: number): void {
    this.#instruments
      .histogram(catalogue.taskDuration)
      .record(ms / 1000, { ...this.#named(name), 'perf.task.outcome': outcome });
  }

  joined(name: string): void {
    this.#instruments.counter(catalogue.taskJoined).add(1, this.#named(name));
  }

  rejected(reason: RejectionReason): void {
    this.shared.rejected(reason);
  }

  /** A task failed while nobody waited for it. */
  unobserved(name: string, id: string, error: unknown): void {
    this.#instruments.counter(catalogue.taskUnobserved).add(1, this.#named(name));
    noticeOnce(
      `task ${this.#name} ${name}`,
      `task "${name}" (${id}) failed and nobody waits for it: ${describe(error)}; further ones are only counted`,
      'error',
    );
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    this.shared.stop();
  }

  #named(name: string) {
    return { 'perf.task.queue': this.#name, 'perf.task.name': name };
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${errorTypeOf(error)}: ${error.message}` : errorTypeOf(error);
}
