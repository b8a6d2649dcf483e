import type { TaskId, TaskState, TaskStatus } from '../task-status.js';
import { errorOf, type ErrorRecord } from './error-record.js';
import { READ_FIELDS } from './task-scripts.js';

/** How a task ended other than well. */
export interface TaskEnd {
  readonly state: 'failed' | 'timed_out' | 'cancelled' | 'rejected' | 'expired';
  readonly error: ErrorRecord;
  /** Its work has not let go of its place yet. */
  readonly early?: boolean | undefined;
}

type Field = (typeof READ_FIELDS)[number];

/** What Redis knows of a task at one moment. */
export class TaskView {
  readonly id: TaskId;
  readonly state: TaskState;
  /** What it failed with; `undefined` as long as it can have a result. */
  readonly failure: { readonly error: unknown } | undefined;
  /** Milliseconds since 1970. */
  readonly submittedAt: number;
  readonly endedAt: number | undefined;
  /** Why it was told to end. */
  readonly cancelled: ErrorRecord | undefined;
  readonly #fields: Readonly<Record<Field, string | null>>;
  readonly #place: string;
  readonly #result: string;
  /** Since when it waits for its first attempt; 0 when that is not told. */
  readonly #dueAt: number;
  readonly #now: number;

  /** @param raw as the script READ tells it. @param now milliseconds since 1970. */
  constructor(id: TaskId, raw: readonly (string | null)[], now: number) {
    const fields = READ_FIELDS.map((field, i) => [field, raw[i] ?? null] as const);
    const [place, dueAt, patience, result] = raw.slice(READ_FIELDS.length);
    this.id = id;
    this.#fields = Object.fromEntries(fields) as Record<Field, string | null>;
    // A worker has it, but has not begun.
    const isTaken =
      place === 'active' && (this.#fields['t:due'] !== null || this.#fields['t:begun'] === null);
    this.#place = isTaken ? 'waiting' : (place ?? '');
    this.#result = result ?? '';
    this.#dueAt = Number(dueAt ?? '');
    this.#now = now;
    this.submittedAt = this.#number('timestamp') ?? 0;
    this.endedAt = this.#number('finishedOn');
    this.cancelled = this.#json<ErrorRecord>('t:cancel');
    const end = this.#end(patience === undefined || patience === '' ? Infinity : Number(patience));
    this.failure = end === undefined ? undefined : { error: errorOf(end.error) };
    this.state = this.#stateWith(end);
  }

  get name(): string {
    return this.#fields.name ?? '';
  }

  /** Whether whoever waits for it need not wait any longer. */
  get isSettled(): boolean {
    return this.failure !== undefined || this.state === 'succeeded';
  }

  /** Its result, when that was asked for. @throws what it failed with. */
  result(): unknown {
    if (this.failure !== undefined) throw this.failure.error;
    return this.#result === '' ? undefined : (JSON.parse(this.#result) as unknown);
  }

  status(): TaskStatus {
    const { state, id, name, failure } = this;
    const progress = this.#json<unknown>('progress');
    return {
      id,
      name,
      status: state,
      queuedFor: Math.max(0, (this.#number('t:queued') ?? 0) + this.#waitingMs()) / 1000,
      duration: Math.max(0, (this.#number('t:ran') ?? 0) + this.#runningMs()) / 1000,
      attempts: this.#number('t:begun') ?? 0,
      progress: typeof progress === 'number' ? progress : undefined,
      error: failure?.error,
    };
  }

  /** What stands already, and what will come of it when a worker looks at it. */
  #end(patienceMs: number): TaskEnd | undefined {
    const { cancelled } = this;
    const end = this.#json<TaskEnd>('t:end');
    if (this.#place === 'done') return undefined;
    if (end !== undefined && (this.#place === 'failed' || end.early === true)) return end;
    if (cancelled !== undefined) return { state: 'cancelled', error: cancelled };
    if (this.#place === 'failed') return { state: 'failed', error: this.#reason() };
    if (this.#waitingMs() <= patienceMs) return undefined;
    const rejected = [`task "${this.name}"`, 'waited_too_long'] as const;
    return { state: 'expired', error: { name: 'RejectedError', message: '', rejected } };
  }

  #stateWith(end: TaskEnd | undefined): TaskState {
    if (end !== undefined)
      return end.state === 'cancelled' && this.#place === 'active' ? 'cancelling' : end.state;
    if (this.#place === 'done') return 'succeeded';
    if (this.#place === 'delayed') return 'delayed';
    return this.#place === 'active' ? 'running' : 'queued';
  }

  /** bullmq ends a task by itself when it was taken from too many processes that died. */
  #reason(): ErrorRecord {
    return { name: 'Error', message: this.#fields.failedReason ?? 'it failed' };
  }

  #waitingMs(): number {
    if (this.#place !== 'waiting') return 0;
    const due = this.#number('t:due');
    if (due !== undefined) return this.#now - due;
    const isFresh = this.#fields['t:begun'] === null && this.#dueAt > 0;
    return isFresh ? this.#now - this.#dueAt : 0;
  }

  /** Of the attempt that is under way, or that ended well: others are added up in `t:ran`. */
  #runningMs(): number {
    const began = this.#number('processedOn');
    if (began === undefined) return 0;
    if (this.#place === 'active') return this.#now - began;
    return this.#place === 'done' ? (this.endedAt ?? began) - began : 0;
  }

  #number(field: Field): number | undefined {
    const text = this.#fields[field];
    return text === null || text === '' ? undefined : Number(text);
  }

  #json<T>(field: Field): T | undefined {
    const text = this.#fields[field];
    return text === null || text === '' ? undefined : (JSON.parse(text) as T);
  }
}
