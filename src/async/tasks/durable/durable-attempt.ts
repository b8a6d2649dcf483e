import { checkRatio } from '../../../checks.js';
import { systemClock } from '../../../clock.js';
import { TimeoutError } from '../../../errors.js';
import { setAlarm, type Alarm } from '../../alarm.js';
import type { TaskHandler } from '../define-task.js';
import type { TaskContext } from '../task-options.js';
import type { BullJob } from './bullmq.js';

/** Why nobody wants the result of an attempt. `released`: it shall be done elsewhere, this process ends. */
export type GivenUp = 'timed_out' | 'cancelled' | 'released';

/** How an attempt ended. `abandoned`: it has not, but nobody waits for that. */
export type AttemptOutcome =
  | { readonly kind: 'succeeded'; readonly value: unknown }
  | { readonly kind: 'failed' | GivenUp; readonly error: unknown }
  | { readonly kind: 'abandoned' };

export interface AttemptOptions {
  readonly job: BullJob;
  /** For messages. */
  readonly what: string;
  readonly idempotencyKey: string;
  /** Told once, when its time is up or somebody ends it; its work may go on. */
  readonly onGivenUp: (kind: GivenUp, error: unknown) => void;
}

/** What it does, and for how long at most, in milliseconds. */
export interface AttemptWork {
  readonly handler: TaskHandler<unknown, unknown>;
  readonly payload: unknown;
  readonly attempt: number;
  readonly timeoutMs: number;
}

/**
 * One attempt of a task, in the process that runs it. It keeps its place until its work has settled, whatever became of
 * it meanwhile: otherwise there would be more at work than the limit allows.
 */
export class DurableAttempt implements TaskContext {
  attempt = 0;
  readonly idempotencyKey: string;
  readonly #options: AttemptOptions;
  #startedAt: number | undefined;
  #controller: AbortController | undefined;
  #givenUp: { readonly kind: GivenUp; readonly error: unknown } | undefined;
  #resolve: ((outcome: AttemptOutcome) => void) | undefined;
  #alarm: Alarm | undefined;
  #progress: number | undefined;
  #isReporting = false;

  constructor(options: AttemptOptions) {
    this.#options = options;
    this.idempotencyKey = options.idempotencyKey;
  }

  /** Its work has been begun, at least. */
  get hasBegun(): boolean {
    return this.#startedAt !== undefined;
  }

  get ranMs(): number {
    return this.#startedAt === undefined ? 0 : systemClock.now() - this.#startedAt;
  }

  /** Made when somebody asks for it. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#givenUp !== undefined) this.#controller.abort(this.#givenUp.error);
    return this.#controller.signal;
  }

  get progress(): (ratio: number) => void {
    return (ratio) => {
      this.#progress = checkRatio('progress', ratio);
      void this.#report();
    };
  }

  /** Never rejects. Its work is not begun when it was given up before. */
  run({ handler, payload, attempt, timeoutMs }: AttemptWork): Promise<AttemptOutcome> {
    if (this.#givenUp !== undefined) return Promise.resolve(this.#givenUp);
    this.attempt = attempt;
    const startedAt = (this.#startedAt = systemClock.now());
    return new Promise((resolve) => {
      this.#resolve = resolve;
      if (timeoutMs !== Infinity)
        this.#alarm = setAlarm(systemClock, startedAt, timeoutMs, () => this.#expire(timeoutMs / 1000));
      Promise.resolve()
        .then(() => handler(payload, this))
        .then(
          (value) => this.#settle({ kind: 'succeeded', value }),
          (error: unknown) => this.#settle({ kind: 'failed', error }),
        );
    });
  }

  /** Tells its work to end. What it ends with does not count, unless it was released and has done its work after all. */
  giveUp(kind: GivenUp, error: unknown): void {
    if (this.#givenUp !== undefined) return;
    this.#givenUp = { kind, error };
    this.#alarm?.cancel();
    this.#options.onGivenUp(kind, error);
    this.#controller?.abort(error);
  }

  /** Nobody waits for its work any more. */
  abandon(): void {
    this.#resolve?.({ kind: 'abandoned' });
  }

  #expire(seconds: number): void {
    const message = `${this.#options.what}: work took longer than ${seconds} s`;
    this.giveUp('timed_out', new TimeoutError(message, seconds));
  }

  #settle(outcome: AttemptOutcome): void {
    this.#alarm?.cancel();
    const givenUp = this.#givenUp;
    const isDone = outcome.kind === 'succeeded' && givenUp?.kind === 'released';
    this.#resolve?.(givenUp === undefined || isDone ? outcome : givenUp);
  }

  /** One report is under way at most; the last word counts. */
  async #report(): Promise<void> {
    if (this.#isReporting) return;
    this.#isReporting = true;
    while (this.#progress !== undefined) {
      const ratio = this.#progress;
      this.#progress = undefined;
      await this.#options.job.updateProgress(ratio).catch(() => undefined);
    }
    this.#isReporting = false;
  }
}
