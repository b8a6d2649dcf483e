import { InvalidUseError, RejectedError, TimeoutError, type RejectionReason } from '../../../errors.js';
import { errorField } from '../../retry/error-field.js';

/** What travels of whatever was thrown. */
export interface ErrorRecord {
  readonly name?: string | undefined;
  readonly message: string;
  readonly code?: string | number | undefined;
  readonly stack?: string | undefined;
  /** Of what is no error: the value itself, as JSON has it. */
  readonly value?: unknown;
  /** Of a {@link TimeoutError}. */
  readonly timeout?: number | undefined;
  /** Of a {@link RejectedError}, with what was not begun. */
  readonly rejected?: readonly [what: string, reason: RejectionReason] | undefined;
}

export function recordOf(thrown: unknown, what: string): ErrorRecord {
  if (!(thrown instanceof Error)) return recordOfValue(thrown);
  const [code, stack] = [errorField(thrown, 'code'), errorField(thrown, 'stack')];
  return {
    name: String(errorField(thrown, 'name')),
    message: String(errorField(thrown, 'message')),
    code: typeof code === 'string' || typeof code === 'number' ? code : undefined,
    stack: typeof stack === 'string' ? stack : undefined,
    timeout: thrown instanceof TimeoutError ? thrown.timeout : undefined,
    rejected: thrown instanceof RejectedError ? [what, thrown.reason] : undefined,
  };
}

/** An error that says the same. Its class is that of the original for those of this package only. */
export function errorOf(record: ErrorRecord): unknown {
  const { name, message, code, stack, timeout, rejected } = record;
  if (name === undefined) return record.value;
  if (rejected !== undefined) return new RejectedError(...rejected);
  if (name === 'AbortError') return new DOMException(message, name);
  const error = make(name, message, timeout);
  if (stack !== undefined) error.stack = stack;
  return code === undefined ? error : Object.assign(error, { code });
}

function make(name: string, message: string, timeout: number | undefined): Error {
  if (timeout !== undefined) return new TimeoutError(message, timeout);
  if (name === 'InvalidUseError') return new InvalidUseError(message);
  const error = new Error(message);
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  return error;
}

function recordOfValue(value: unknown): ErrorRecord {
  try {
    const json = JSON.stringify(value);
    return { message: json ?? String(value), value: json === undefined ? undefined : value };
  } catch {
    return { message: 'a value that does not survive JSON' };
  }
}
