/**
 * - `queued`: waits for a place. `delayed`: waits for its time, or to be tried again.
 * - `running`. `cancelling`: was told to end, and has not yet.
 * - `succeeded`, `failed`, `timed_out`, `cancelled`: ended.
 * - `rejected`: not begun, as nothing more is taken. `expired`: not begun, as it had waited for too long.
 */
export type TaskState = OpenState | EndState;

export type OpenState = 'queued' | 'delayed' | 'running' | 'cancelling';
export type EndState = 'succeeded' | 'failed' | 'timed_out' | 'cancelled' | 'rejected' | 'expired';

declare const RESULT: unique symbol;

/** Names one task, and knows the type of its result. Any text is one to the compiler; what is none names no task. */
export type TaskId<T = unknown> = string & { readonly [RESULT]?: T };

/** What the task of an id results in. */
export type ResultOf<Id> = Id extends TaskId<infer T> ? T : never;

/** What can be told of a task. Times in seconds, of a clock that never jumps. */
export interface TaskStatus {
  readonly id: TaskId;
  readonly name: string;
  readonly status: TaskState;
  /** How long it waited for a place, all attempts together; of one that still waits: until now. */
  readonly queuedFor: number;
  /** How long it ran, all attempts together; of one that still runs: until now. */
  readonly duration: number;
  /** How often it was begun. */
  readonly attempts: number;
  /** What its work reported last, from 0 to 1; `undefined` when it never did. */
  readonly progress: number | undefined;
  /** What `wait` rejects with; `undefined` unless it ended without success. */
  readonly error: unknown;
}

/** Which tasks are listed. Default: all that are known. */
export interface TaskFilter {
  readonly name?: string;
  readonly status?: TaskState | readonly TaskState[];
}

/** How many tasks there are in each state now. */
export interface TaskStats {
  /** Tasks that may run at the same time. */
  readonly limit: number;
  readonly active: number;
  readonly queued: number;
  readonly delayed: number;
  /** Of those active: given up, but not at their end. */
  readonly zombies: number;
  /** Seconds the one that came first has been waiting; 0 when none waits. */
  readonly oldestWait: number;
  /** Tasks that have ended and can still be asked about. */
  readonly kept: number;
  /** Of all there ever were, by how they ended. */
  readonly ended: Readonly<Record<EndState, number>>;
}

/** What became of the tasks that had not ended by the time that was given. */
export interface DrainReport {
  /** Tasks that were told to end, or not begun any more. */
  readonly givenUp: number;
  /** Tasks that still ran at last, whatever they were told. */
  readonly abandoned: readonly TaskStatus[];
}
