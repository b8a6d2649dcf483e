import { TierError } from '../../errors.js';
import { codeOf } from '../error-code.js';
import type { FailureKind } from '../remote-metrics.js';

/** Answers that mean "nobody is served now": they open the breaker as silence does. */
const UNABLE = new Set(['LOADING', 'BUSY', 'MASTERDOWN', 'CLUSTERDOWN', 'NOAUTH', 'WRONGPASS']);

/** A failed call of Redis. Its text never holds a URL, a key, a value or the server's own words, which quote them. */
export class RedisCallError extends TierError {
  readonly kind: FailureKind;
  readonly isUnable: boolean;

  constructor(kind: FailureKind, message: string, code?: string) {
    super('redis', message);
    this.kind = kind;
    this.isUnable = kind !== 'refused' || UNABLE.has(code ?? '');
  }
}

/** What ioredis threw, as an error of ours. The cause is not kept: ioredis hangs the arguments of the command on it. */
export function toCallError(operation: string, thrown: unknown): RedisCallError {
  if (thrown instanceof RedisCallError) return thrown;
  const code = codeOf(thrown);
  if (isReply(thrown)) return new RedisCallError('refused', `${operation} was refused (${code})`, code);
  return new RedisCallError('connection', `${operation} failed, the connection is lost (${code})`, code);
}

/** Whether a server said no that becomes a replica, or the master, just now: soon it may say yes. Scripts quote the word. */
export function isReadOnly({ message }: Error): boolean {
  return /\bREADONLY\b/.test(message);
}

/** Whether Redis said no; otherwise it said nothing. */
export function isReply(thrown: unknown): boolean {
  return (thrown as { name?: unknown } | null)?.name === 'ReplyError';
}
