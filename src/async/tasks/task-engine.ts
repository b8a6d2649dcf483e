import type { TaskCapabilities } from './task-capabilities.js';
import type { DefinedTask } from './define-task.js';
import type { EndOptions, SubmitOptions, WaitOptions } from './task-options.js';
import type { DrainReport, ResultOf, TaskFilter, TaskId, TaskStats, TaskStatus } from './task-status.js';

/**
 * Where defined tasks run. All engines pass the same tests, so that an application can begin with the one in its process
 * and move to threads or to Redis later. Those in the process answer at once, the others by a promise.
 */
export interface TaskEngine {
  readonly capabilities: TaskCapabilities;
  /** @throws {InvalidUseError} when a task needs what the engine cannot do, or another one has its name. */
  register(...tasks: readonly DefinedTask<never, unknown>[]): void;
  submit<Payload, Result>(
    task: DefinedTask<Payload, Result>,
    payload: Payload,
    options?: SubmitOptions,
  ): TaskId<Result> | Promise<TaskId<Result>>;
  wait<Id extends TaskId>(id: Id, options?: WaitOptions): Promise<ResultOf<Id>>;
  getTaskStatus(id: TaskId): TaskStatus | undefined | Promise<TaskStatus | undefined>;
  cancel(id: TaskId, reason?: unknown): boolean | Promise<boolean>;
  list(filter?: TaskFilter): readonly TaskStatus[] | Promise<readonly TaskStatus[]>;
  stats(): TaskStats | Promise<TaskStats>;
  drain(options?: EndOptions): Promise<DrainReport>;
  shutdown(options?: EndOptions): Promise<DrainReport>;
}
