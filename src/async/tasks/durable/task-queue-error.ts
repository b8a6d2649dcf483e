import { PerformanceError } from '../../../errors.js';

/**
 * Redis did not do what a queue of tasks asked. Trying again is safe: a task that was taken after all, by a server that
 * answers too late, is the same when it has the same idempotency key.
 */
export class TaskQueueError extends PerformanceError {
  /** Name of the manager. */
  readonly queue: string;

  /** The text never holds a URL, a payload or the server's own words, which may quote them. */
  constructor(queue: string, message: string) {
    super('PERF_QUEUE_FAILED', `tasks "${queue}": ${message}`);
    this.queue = queue;
  }
}

/** What is safe to say of an error of Redis or of its client: the word that opens a reply, or a code. */
export function codeOf(thrown: unknown): string {
  const { name, message, code } = (thrown ?? {}) as Partial<Record<'name' | 'message' | 'code', unknown>>;
  const word = typeof message === 'string' ? /^[A-Z]{2,}\b/.exec(message)?.[0] : undefined;
  if (name === 'ReplyError' && word !== undefined) return word;
  return typeof code === 'string' ? code : 'connection lost';
}

/** Whether Redis said no; otherwise it said nothing. */
export function isReply(thrown: unknown): boolean {
  return (thrown as { name?: unknown } | null)?.name === 'ReplyError';
}

/** Whether the connection is to blame, as ioredis has it; otherwise the call was wrong. */
export function isLoss(thrown: unknown): boolean {
  const { message, code } = (thrown ?? {}) as Partial<Record<'message' | 'code', unknown>>;
  return typeof code === 'string' || /connection|stream|max retries/i.test(String(message));
}
