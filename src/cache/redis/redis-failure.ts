import { TierError } from '../../errors.js';

/**
 * Why a call failed: no answer in time, no connection, or an answer that says no. The first two, and answers of a server
 * that is not able to work at all, open the breaker.
 */
export type FailureKind = 'timeout' | 'connection' | 'refused';

/** Answers that mean "nobody is served now". */
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

/** A word that is safe to show: `ECONNREFUSED`, `WRONGPASS`. */
export function codeOf(thrown: unknown): string {
  const { code, message, name } = (thrown ?? {}) as { code?: unknown; message?: unknown; name?: unknown };
  if (typeof code === 'string' && code !== '') return code;
  const word = typeof message === 'string' ? /^[A-Z]{2,20}\b/.exec(message)?.[0] : undefined;
  return word ?? (typeof name === 'string' ? name : 'unknown');
}

function isReply(thrown: unknown): boolean {
  return (thrown as { name?: unknown } | null)?.name === 'ReplyError';
}
