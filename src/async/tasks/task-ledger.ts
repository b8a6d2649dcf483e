import { nodeCrypto } from '../../built-ins.js';
import type { Cancel, Clock } from '../../clock.js';
import * as catalogue from '../../telemetry/catalogue.js';
import type { Instruments } from '../../telemetry/instruments.js';
import { noticeOnce } from '../../telemetry/notice.js';
import { errorTypeOf } from '../../telemetry/error-type.js';
import { RecordTable } from './record-table.js';
import type { RecordKeeper, TaskRecord } from './task-record.js';
import type { EndState, TaskId, TaskState } from './task-status.js';

export interface TaskLedgerOptions {
  /** Of the manager, for messages. */
  readonly name: string;
  /** Ended tasks that are kept, at most. */
  readonly maxKept: number;
  /** For how long, in milliseconds. */
  readonly maxAgeMs: number;
  readonly clock: Clock;
}

/** How much older than allowed something may get while nobody asks, as a share of the age. */
const SWEEPS_PER_AGE = 4;
const MAX_SWEEP_MS = 60_000;
const ZERO = '0'.charCodeAt(0);

/** All tasks that are under way, and those that have ended, up to a number and an age. */
export class TaskLedger implements RecordKeeper {
  /** Of tasks that are delayed. */
  delayed = 0;
  readonly counts: Record<EndState, number> = {
    succeeded: 0,
    failed: 0,
    timed_out: 0,
    cancelled: 0,
    rejected: 0,
    expired: 0,
  };
  readonly #options: TaskLedgerOptions;
  /** By the number that ends their ids. */
  readonly #records = new RecordTable<TaskRecord>();
  /** Those with an idempotency key that are under way, by name and key. */
  readonly #keyed = new Map<string, TaskRecord>();
  /** Ids of other managers and other processes shall not be found here. */
  readonly #idPrefix = `${nodeCrypto().randomUUID().slice(0, 8)}-`;
  #last = 0;
  #firstEnded: TaskRecord | undefined;
  #lastEnded: TaskRecord | undefined;
  #kept = 0;
  #stopSweeping: Cancel | undefined;
  #onIdle: (() => void)[] = [];
  readonly #stops: (() => void)[] = [];

  constructor(options: TaskLedgerOptions) {
    this.#options = options;
  }

  /** Tasks that have ended and can still be asked about. */
  get kept(): number {
    return this.#kept;
  }

  /** Tasks that have not ended. */
  get open(): number {
    return this.#records.size - this.#kept;
  }

  /** The number of the next task. */
  nextNumber(): number {
    this.#last += 1;
    return this.#last;
  }

  idOf(number: number): TaskId {
    return this.#idPrefix + number;
  }

  add(record: TaskRecord): void {
    this.#records.add(record);
    if (record.key !== undefined) this.#keyed.set(keyOf(record.name, record.key), record);
  }

  find(id: TaskId): TaskRecord | undefined {
    const record = this.#records.get(this.#numberOf(id));
    if (record?.hasEnded !== true) return record;
    return record.since < this.now() - this.#options.maxAgeMs ? undefined : record;
  }

  /** The one of this name and key that can still have a result. */
  findKeyed(name: string, key: string): TaskRecord | undefined {
    const found = this.#keyed.get(keyOf(name, key));
    return found?.isPending === true ? found : undefined;
  }

  records(): readonly TaskRecord[] {
    this.#forget(this.now() - this.#options.maxAgeMs);
    return this.#records.values();
  }

  /** Resolves when all have ended. */
  idle(): Promise<void> {
    if (this.open === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  now(): number {
    return this.#options.clock.now();
  }

  moved(from: TaskState, to: TaskState): void {
    if (from === 'delayed') this.delayed -= 1;
    if (to === 'delayed') this.delayed += 1;
  }

  ended(record: TaskRecord): void {
    const { maxKept, maxAgeMs, clock } = this.#options;
    const state = record.state as EndState;
    this.counts[state] += 1;
    this.#dropKey(record);
    if (this.#lastEnded === undefined) this.#firstEnded = record;
    else this.#lastEnded.nextEnded = record;
    this.#lastEnded = record;
    this.#kept += 1;
    if (this.#kept > maxKept) this.#forgetFirst();
    this.#stopSweeping ??= clock.every(Math.min(MAX_SWEEP_MS, maxAgeMs / SWEEPS_PER_AGE), () =>
      this.#forget(clock.now() - maxAgeMs),
    );
    if (!record.isAwaited && (state === 'failed' || state === 'timed_out')) this.#lookAfter(record);
    if (this.#onIdle.length > 0 && this.open === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** Reports how many there are, until {@link TaskLedger.close}. */
  watch(instruments: Instruments): void {
    const where = { 'perf.task.queue': this.#options.name };
    this.#stops.push(
      instruments.observe(catalogue.taskDelayed, this, ({ delayed }, report) => report(delayed, where)),
      instruments.observe(catalogue.taskKept, this, ({ kept }, report) => report(kept, where)),
    );
  }

  /** Keeps no timer; what has ended can still be asked about. */
  close(): void {
    for (const stop of this.#stops) stop();
    this.#endSweeping();
  }

  #numberOf(id: TaskId): number {
    if (typeof id !== 'string' || !id.startsWith(this.#idPrefix)) return Number.NaN;
    let number = 0;
    for (let i = this.#idPrefix.length; i < id.length; i += 1) number = number * 10 + id.charCodeAt(i) - ZERO;
    return number;
  }

  /** Whoever submitted it may be just about to ask for the result. */
  #lookAfter(record: TaskRecord): void {
    setImmediate(() => {
      if (record.isAwaited) return;
      record.lane.unobserved.add(1);
      const { id, name, error } = record.status();
      noticeOnce(
        `task ${this.#options.name} ${name}`,
        `task "${name}" (${id}) failed and nobody waits for it: ${describe(error)}; further ones are only counted`,
        'error',
      );
    });
  }

  #dropKey(record: TaskRecord): void {
    const { name, key } = record;
    if (key === undefined) return;
    const full = keyOf(name, key);
    if (this.#keyed.get(full) === record) this.#keyed.delete(full);
  }

  #forget(before: number): void {
    while (this.#firstEnded !== undefined && this.#firstEnded.since < before) this.#forgetFirst();
    if (this.#kept === 0) this.#endSweeping();
  }

  #endSweeping(): void {
    this.#stopSweeping?.();
    this.#stopSweeping = undefined;
  }

  #forgetFirst(): void {
    const first = this.#firstEnded!;
    this.#firstEnded = first.nextEnded;
    // Otherwise a forgotten one that the collector has taken for long-lived would hold on to all that came after it.
    first.nextEnded = undefined;
    if (this.#firstEnded === undefined) this.#lastEnded = undefined;
    this.#records.delete(first.number);
    this.#kept -= 1;
  }
}

function keyOf(name: string, key: string): string {
  return `${name.length} ${name}${key}`;
}

function describe(error: unknown): string {
  return error instanceof Error ? `${errorTypeOf(error)}: ${error.message}` : errorTypeOf(error);
}
