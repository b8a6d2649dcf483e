/** Stable identifiers of this package's errors: match on these, not on messages. */
export type PerformanceErrorCode =
  | 'PERF_INVALID_OPTION'
  | 'PERF_INVALID_ENVIRONMENT'
  | 'PERF_INVALID_USE'
  | 'PERF_LISTEN_FAILED'
  | 'PERF_TIER_FAILED'
  | 'PERF_UNSERIALIZABLE'
  | 'PERF_TIMEOUT'
  | 'PERF_CIRCUIT_OPEN'
  | 'PERF_REJECTED'
  | 'PERF_OVERLOADED'
  | 'PERF_QUEUE_FAILED'
  | 'PERF_CLOSED';

/** What every error of this package derives from. The application's own errors are never wrapped in it. */
export class PerformanceError extends Error {
  readonly code: PerformanceErrorCode;

  constructor(code: PerformanceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An option has the wrong type, range or name. Thrown where the option is given, never later. */
export class InvalidOptionError extends PerformanceError {
  /** Path of the option, for example `prometheus.port`. */
  readonly option: string;

  constructor(option: string, expected: string, actual: unknown) {
    super('PERF_INVALID_OPTION', `${option} must be ${expected}, got ${show(actual)}`);
    this.option = option;
  }
}

/** An environment variable holds something else than it should. */
export class InvalidEnvironmentError extends PerformanceError {
  readonly variable: string;

  constructor(variable: string, expected: string, actual: string, options?: ErrorOptions) {
    super('PERF_INVALID_ENVIRONMENT', `${variable} must be ${expected}, got ${show(actual)}`, options);
    this.variable = variable;
  }
}

/** A function or decorator is used where it cannot work. */
export class InvalidUseError extends PerformanceError {
  constructor(message: string, options?: ErrorOptions) {
    super('PERF_INVALID_USE', message, options);
  }
}

/** The metrics port could not be opened. The application runs on without it. */
export class ListenError extends PerformanceError {
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number, cause: NodeJS.ErrnoException) {
    const reason =
      cause.code === 'EADDRINUSE'
        ? `port ${port} on ${host} is already in use`
        : `port ${port} on ${host} cannot be opened (${cause.code ?? cause.message})`;
    super(
      'PERF_LISTEN_FAILED',
      `/metrics is not served: ${reason}. Choose another port, or 0 for any free one`,
      {
        cause,
      },
    );
    this.host = host;
    this.port = port;
  }
}

/** A cache tier could not do what it was asked. Readers of a cache never see it: to them it is a miss. */
export class TierError extends PerformanceError {
  readonly tier: string;

  constructor(tier: string, message: string, options?: ErrorOptions) {
    super('PERF_TIER_FAILED', `${tier} tier: ${message}`, options);
    this.tier = tier;
  }
}

/** Something took longer than it may. What was waited for goes on. */
export class TimeoutError extends PerformanceError {
  /** The time allowed, in seconds. */
  readonly timeout: number;

  constructor(message: string, timeout: number, options?: ErrorOptions) {
    super('PERF_TIMEOUT', message, options);
    this.timeout = timeout;
  }
}

/** A circuit breaker keeps calls away from something that has failed. */
export class CircuitOpenError extends PerformanceError {
  /** Name of the breaker. */
  readonly breaker: string;
  /** Until a call may try, in milliseconds; `retry` waits for it. */
  readonly retryAfterMs: number;

  constructor(breaker: string, retryAfterMs: number) {
    super('PERF_CIRCUIT_OPEN', `circuit breaker "${breaker}" is open, try again in ${retryAfterMs} ms`);
    this.breaker = breaker;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Why something was not begun. */
export type RejectionReason = 'queue_full' | 'waited_too_long' | 'draining' | 'closed';

const REJECTIONS: Readonly<Record<RejectionReason, string>> = {
  queue_full: 'too many wait already',
  waited_too_long: 'it has waited for too long',
  draining: 'it takes nothing more',
  closed: 'it is closed',
};

/** Something was not begun, because too much is going on or nothing more is taken. It may be tried again elsewhere or later. */
export class RejectedError extends PerformanceError {
  readonly reason: RejectionReason;
  /** When another try makes sense, in milliseconds: what belongs in a `Retry-After`. `undefined`: never. */
  readonly retryAfterMs: number | undefined;

  constructor(what: string, reason: RejectionReason, retryAfterMs?: number) {
    const hint = retryAfterMs === undefined ? '' : `; try again in ${retryAfterMs} ms`;
    super('PERF_REJECTED', `${what}: ${REJECTIONS[reason]}${hint}`);
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** This process has more to do than it can, and refused a call to answer others in time. It may be tried again later. */
export class OverloadedError extends PerformanceError {
  /** When another try makes sense, in milliseconds: what belongs in a `Retry-After`. */
  readonly retryAfterMs: number;

  constructor(what: string, retryAfterMs: number) {
    super('PERF_OVERLOADED', `${what}: the process is overloaded; try again in ${retryAfterMs} ms`);
    this.retryAfterMs = retryAfterMs;
  }
}

const SHOWN_LENGTH = 60;

/** A short text of any value for a message: strings quoted and cut, objects by their type only. */
export function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH)}…` : value);
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'bigint':
      return `${value}n`;
    case 'symbol':
      return 'a symbol';
    case 'function':
      return value.name === '' ? 'a function' : `function ${value.name}`;
    default:
      return value === null ? 'null' : describeObject(value as object);
  }
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  const constructor = (prototype as { constructor?: unknown } | null)?.constructor;
  const name = typeof constructor === 'function' ? constructor.name : '';
  return name === '' || name === 'Object' ? 'an object' : `a ${name}`;
}
