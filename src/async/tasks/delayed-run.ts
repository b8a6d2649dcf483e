import type { Cancel, Clock } from '../../clock.js';
import type { RejectedError } from '../../errors.js';
import type { TaskRecord, TaskRun } from './task-record.js';

/** A task whose time has not come. */
export class DelayedRun implements TaskRun {
  readonly #record: TaskRecord;
  readonly #clock: Clock;
  readonly #cancelTimer: Cancel;

  constructor(record: TaskRecord, delayMs: number, clock: Clock, begin: () => void) {
    this.#record = record;
    this.#clock = clock;
    record.moveTo('delayed', clock.now());
    this.#cancelTimer = clock.after(delayMs, () => {
      record.moveTo('queued', clock.now());
      begin();
    });
  }

  cancel(reason: unknown): void {
    this.#cancelTimer();
    this.#record.failed(reason, 'cancelled', this.#clock.now());
  }

  drop(reason: RejectedError['reason']): boolean {
    this.#cancelTimer();
    this.#record.failed(this.#record.lane.refusal(reason), 'rejected', this.#clock.now());
    return true;
  }
}
