import type { RejectionReason } from '../../errors.js';
import * as catalogue from '../../telemetry/catalogue.js';
import type { BoundCounter, BoundHistogram, Histogram, Instruments } from '../../telemetry/instruments.js';
import type { AttributesOf } from '../../telemetry/definition.js';

export type TaskOutcome = (typeof catalogue.TASK_OUTCOMES)[number];

interface Observed {
  readonly active: number;
  readonly limit: number;
  readonly queued: number;
  readonly oldestWait: number;
}

/** Reports what waits and what runs, of one limiter or task manager. */
export class LeaseMetrics {
  /** Tasks nobody waits for any more that still run. */
  zombies = 0;
  readonly #where: { readonly 'perf.task.queue': string };
  readonly #instruments: Instruments;
  readonly #durations: Histogram<AttributesOf<typeof catalogue.taskDuration>>;
  readonly #waits: BoundHistogram;
  readonly #abandoned: BoundCounter;
  readonly #succeeded: BoundHistogram;
  readonly #stops: (() => void)[] = [];

  constructor(name: string, instruments: Instruments) {
    const where = { 'perf.task.queue': name };
    this.#where = where;
    this.#instruments = instruments;
    this.#durations = instruments.histogram(catalogue.taskDuration);
    this.#waits = instruments.histogram(catalogue.taskWaitTime).bind(where);
    this.#abandoned = instruments.counter(catalogue.taskAbandoned).bind(where);
    this.#succeeded = this.#durations.bind({ ...where, 'perf.task.outcome': 'succeeded' });
  }

  /** Reports them until {@link LeaseMetrics.stop}. */
  watch(kernel: Observed): void {
    const where = this.#where;
    const instruments = this.#instruments;
    this.#stops.push(
      instruments.observe(catalogue.taskActive, kernel, ({ active }, report) => report(active, where)),
      instruments.observe(catalogue.taskLimit, kernel, ({ limit }, report) => report(limit, where)),
      instruments.observe(catalogue.taskQueued, kernel, ({ queued }, report) => report(queued, where)),
      instruments.observe(catalogue.taskOldestAge, kernel, ({ oldestWait }, report) =>
        report(oldestWait, where),
      ),
      instruments.observe(catalogue.taskZombies, this, ({ zombies }, report) => report(zombies, where)),
    );
  }

  waited(seconds: number): void {
    this.#waits.record(seconds);
  }

  ended(outcome: TaskOutcome, seconds: number): void {
    if (outcome === 'succeeded') this.#succeeded.record(seconds);
    else this.#durations.record(seconds, { ...this.#where, 'perf.task.outcome': outcome });
  }

  rejected(reason: RejectionReason): void {
    this.#instruments.counter(catalogue.taskRejected).add(1, { ...this.#where, 'perf.task.reason': reason });
  }

  abandoned(): void {
    this.#abandoned.add(1);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }
}
