import { systemClock } from '../../../clock.js';
import { InvalidOptionError } from '../../../errors.js';
import { currentOrigin, type TaskOrigin } from '../../../telemetry/task-span.js';
import { checkRetryOptions, type RetryOptions, type RetryPolicy } from '../../retry/retry-options.js';
import type { DefinedTask } from '../define-task.js';
import type { SubmitOptions, TaskLimits } from '../task-options.js';

/** The numbers of a retry policy travel; its functions stay with the definition of the task. */
const FUNCTIONS = ['shouldRetry', 'onRetry', 'random', 'budget'] as const;
/** A worker of another version puts what it does not know back. */
const VERSION = 1;

/** What travels with a task, as the data of a job. Times in milliseconds. */
export interface TaskEnvelope {
  readonly version: typeof VERSION;
  readonly payload: unknown;
  readonly key?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly queueTimeoutMs?: number | undefined;
  /** Since when it waits for its place, milliseconds since 1970; of one with a delay. */
  readonly dueAt?: number | undefined;
  readonly retry?: Partial<RetryOptions> | undefined;
  /** W3C trace context of what submitted it. */
  readonly traceparent?: string | undefined;
}

/** @throws {InvalidOptionError} for what does not survive JSON. */
export function makeEnvelope(
  task: DefinedTask<never, unknown>,
  payload: unknown,
  { retry }: SubmitOptions,
  { call, key, delayMs }: TaskLimits,
  queueTimeout: number,
): TaskEnvelope {
  const { timeout, queueTimeout: patience = queueTimeout } = call;
  checkJson(payload);
  return {
    version: VERSION,
    payload,
    key,
    timeoutMs: timeout === undefined ? undefined : timeout * 1000,
    queueTimeoutMs: patience === Infinity ? undefined : patience * 1000,
    dueAt: delayMs === 0 ? undefined : systemClock.wallNow() + Math.ceil(delayMs),
    retry: retry === undefined ? undefined : travelling(retry, task.retry),
    traceparent: traceparentOf(currentOrigin()),
  };
}

/** `undefined` for a job that was not submitted by a manager of this version. */
export function readEnvelope(data: unknown): TaskEnvelope | undefined {
  return (data as Partial<TaskEnvelope> | null)?.version === VERSION ? (data as TaskEnvelope) : undefined;
}

/** The numbers of the submission, with the functions of the definition here. */
export function policyOf(
  task: DefinedTask<never, unknown>,
  { retry }: TaskEnvelope,
): RetryPolicy | undefined {
  if (retry === undefined) return undefined;
  const { shouldRetry, onRetry, random, budget } = task.retry ?? {};
  return checkRetryOptions({ ...retry, shouldRetry, onRetry, random, budget }, task.name);
}

export function originOf({ traceparent }: TaskEnvelope): TaskOrigin {
  const match = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/.exec(traceparent ?? '');
  if (match === null) return undefined;
  const [, traceId, spanId, flags] = match;
  return { traceId: traceId!, spanId: spanId!, traceFlags: Number.parseInt(flags!, 16), isRemote: true };
}

function traceparentOf(origin: TaskOrigin): string | undefined {
  if (origin === undefined) return undefined;
  const flags = (origin.traceFlags & 0xff).toString(16).padStart(2, '0');
  return `00-${origin.traceId}-${origin.spanId}-${flags}`;
}

function travelling(
  given: NonNullable<SubmitOptions['retry']>,
  defined: SubmitOptions['retry'],
): Partial<RetryOptions> {
  const { shouldRetry, onRetry, random, budget, ...rest } = given;
  const functions = { shouldRetry, onRetry, random, budget };
  const strange = given === defined ? undefined : FUNCTIONS.find((name) => functions[name] !== undefined);
  if (strange !== undefined) {
    const expected = 'given to defineTask, as it does not travel to where a durable task runs';
    throw new InvalidOptionError(`retry.${strange}`, expected, functions[strange]);
  }
  // JSON knows no Infinity, which is what is meant where nothing is said.
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== Infinity));
}

function checkJson(payload: unknown): void {
  try {
    JSON.stringify(payload);
  } catch {
    throw new InvalidOptionError('payload', 'something that survives JSON', payload);
  }
}
