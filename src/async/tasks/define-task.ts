import { checkFunction, checkKnownOptions, checkText } from '../../checks.js';
import type { Duration } from '../../duration.js';
import { InvalidOptionError } from '../../errors.js';
import type { SubmitOptions, TaskContext } from './task-options.js';
import { CAPABILITIES, type TaskCapabilities } from './task-capabilities.js';

/** What a task does with its payload. */
export type TaskHandler<Payload, Result> = (
  payload: Payload,
  context: TaskContext,
) => Result | PromiseLike<Result>;

/** A task by its name: what it does, what it needs, how it is retried. */
export interface TaskDefinition<Payload, Result> {
  /** Says what is done: `resize image`. Value of the attribute `perf.task.name`. */
  readonly name: string;
  /**
   * What is done, or the URL of a module that exports it as `handler`, for engines that run it elsewhere. In a durable
   * engine it may be begun more than once: it must not matter.
   */
  readonly handler: TaskHandler<Payload, Result> | URL;
  readonly retry?: SubmitOptions['retry'];
  /** How long an attempt may run. Default: for ever. */
  readonly timeout?: Duration | undefined;
  /** Tells equal tasks by their payload; `undefined` for those that are always their own. */
  readonly idempotencyKey?: ((payload: Payload) => string | undefined) | undefined;
  /** What an engine must be able to do to run it. Default: nothing special. */
  readonly requires?: readonly (keyof TaskCapabilities)[] | undefined;
}

/** A task that has a name everywhere, and so can run where its submitter does not. Made by {@link defineTask}. */
export interface DefinedTask<Payload, Result> extends TaskDefinition<Payload, Result> {
  readonly requires: readonly (keyof TaskCapabilities)[];
}

const KNOWN = ['name', 'handler', 'retry', 'timeout', 'idempotencyKey', 'requires'] as const;

/**
 * Describes a task once, for every engine. Payloads and results have to survive JSON to run in all of them.
 *
 * ```ts
 * const greet = defineTask({ name: 'greet', handler: (name: string) => `Hello ${name}` });
 * tasks.register(greet);
 * const id = tasks.submit(greet, 'Ada');
 * ```
 *
 * @throws {InvalidOptionError}
 */
export function defineTask<Payload, Result>(
  definition: TaskDefinition<Payload, Result>,
): DefinedTask<Payload, Result> {
  checkKnownOptions('defineTask', definition, KNOWN);
  const { name, handler, idempotencyKey, requires = [] } = definition;
  checkText('name', name);
  if (!(handler instanceof URL)) checkFunction('handler', handler);
  if (idempotencyKey !== undefined) checkFunction('idempotencyKey', idempotencyKey);
  for (const capability of requires) {
    if (!CAPABILITIES.includes(capability))
      throw new InvalidOptionError('requires', `some of ${CAPABILITIES.join(', ')}`, capability);
  }
  return Object.freeze({ ...definition, requires });
}

/** Options of one submission over those of its task. */
export function submitOptionsOf<Payload>(
  { retry, timeout, idempotencyKey }: TaskDefinition<Payload, unknown>,
  payload: Payload,
  options: SubmitOptions | undefined,
): SubmitOptions {
  return { retry, timeout, idempotencyKey: idempotencyKey?.(payload), ...options };
}
