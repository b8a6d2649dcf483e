import { types } from 'node:util';
import type { Clock } from '../clock.js';

// oxlint-disable-next-line typescript/no-explicit-any -- a wrapper must accept every function
export type AnyFunction = (this: any, ...args: any[]) => any;

/** Where the outcome of timed calls goes. Neither method throws. */
export interface CallRecorder {
  readonly clock: Clock;
  succeeded(seconds: number): void;
  failed(seconds: number, error: unknown): void;
}

/** A running measurement. Ends once; further ends are ignored. */
export interface RunningTimer extends Disposable {
  /** Records the time since the start and returns it, in seconds. After the first end: that first result. */
  end(): number;
  /** As `end`, but the operation counts as failed, with the type of this error. */
  fail(error: unknown): number;
}

export function startTimer(recorder: CallRecorder): RunningTimer {
  return new Stopwatch(recorder);
}

class Stopwatch implements RunningTimer {
  readonly #recorder: CallRecorder;
  readonly #start: number;
  #seconds = -1;

  constructor(recorder: CallRecorder) {
    this.#recorder = recorder;
    this.#start = recorder.clock.now();
  }

  end(): number {
    if (this.#seconds >= 0) return this.#seconds;
    this.#seconds = (this.#recorder.clock.now() - this.#start) / 1000;
    this.#recorder.succeeded(this.#seconds);
    return this.#seconds;
  }

  fail(error: unknown): number {
    if (this.#seconds >= 0) return this.#seconds;
    this.#seconds = (this.#recorder.clock.now() - this.#start) / 1000;
    this.#recorder.failed(this.#seconds, error);
    return this.#seconds;
  }

  [Symbol.dispose](): void {
    this.end();
  }
}

/**
 * Runs a function and records how long it took: until it returned or threw, until its promise settled, or until its
 * generator was finished or closed. The result and the error are the function's own, unchanged.
 */
export function timeCall<R>(recorder: CallRecorder, run: () => R): R {
  const start = recorder.clock.now();
  let result: R;
  try {
    result = run();
  } catch (error) {
    recorder.failed((recorder.clock.now() - start) / 1000, error);
    throw error;
  }
  return recordOutcome(recorder, start, result);
}

/** As {@link timeCall} for every call of a function. Without a recorder the call is a plain call. */
export function timedFunction(fn: AnyFunction, recorderNow: () => CallRecorder | undefined): AnyFunction {
  // Of an async generator, Node says that it is an async function.
  const isAsync = types.isAsyncFunction(fn) && !types.isGeneratorFunction(fn);
  if (isAsync) return timedAsyncFunction(fn, recorderNow);
  return function timed(this: unknown, ...args: unknown[]): unknown {
    const recorder = recorderNow();
    if (recorder === undefined) return fn.apply(this, args);
    const start = recorder.clock.now();
    let result: unknown;
    try {
      result = fn.apply(this, args);
    } catch (error) {
      recorder.failed((recorder.clock.now() - start) / 1000, error);
      throw error;
    }
    return recordOutcome(recorder, start, result);
  };
}

/** What an async function returns is a promise without properties of its own, and it throws nothing: no need to look. */
function timedAsyncFunction(fn: AnyFunction, recorderNow: () => CallRecorder | undefined): AnyFunction {
  return function timed(this: unknown, ...args: unknown[]): unknown {
    const recorder = recorderNow();
    if (recorder === undefined) return fn.apply(this, args);
    const start = recorder.clock.now();
    return follow(recorder, start, fn.apply(this, args) as Promise<unknown>);
  };
}

function recordOutcome<R>(recorder: CallRecorder, start: number, result: R): R {
  if (typeof result !== 'object' || result === null) {
    recorder.succeeded((recorder.clock.now() - start) / 1000);
    return result;
  }
  if (result instanceof Promise) return recordPromise(recorder, start, result);
  const elapsed = () => (recorder.clock.now() - start) / 1000;
  const tag = tagOf(result);
  if (tag === 'Generator' || tag === 'AsyncGenerator') return timedGenerator(recorder, elapsed, result);
  if (!observeThenable(recorder, elapsed, result)) recorder.succeeded(elapsed());
  return result;
}

/** Without a list of their names, which would be made anew for each promise. */
function hasOwnFields(result: object): boolean {
  for (const name in result) if (Object.hasOwn(result, name)) return true;
  return false;
}

/**
 * The promise handed on settles as the function's own does. It is a follower of it (of the same class), so that a
 * rejection nobody handles is still reported as unhandled; a promise with properties of its own (`kill`, `cancel`) is
 * handed on itself.
 */
function recordPromise<R extends Promise<unknown>>(recorder: CallRecorder, start: number, promise: R): R {
  let follower: Promise<unknown>;
  try {
    follower = follow(recorder, start, promise);
  } catch {
    // A class whose constructor takes something else than an executor cannot be followed.
    recorder.succeeded((recorder.clock.now() - start) / 1000);
    return promise;
  }
  if (!hasOwnFields(promise)) return follower as R;
  follower.catch(() => {});
  return promise;
}

function follow(recorder: CallRecorder, start: number, promise: Promise<unknown>): Promise<unknown> {
  const call = settledCalls.pop() ?? new PendingCall();
  call.recorder = recorder;
  call.start = start;
  return promise.then(call.fulfilled, call.rejected);
}

/** Calls that are over, for the next ones: functions made for each call cost an eighth of its whole measurement. */
const settledCalls: PendingCall[] = [];
/** As many wait at most; of more calls at once, the others are left to the collector. */
const MOST_SETTLED_CALLS = 256;

class PendingCall {
  recorder: CallRecorder | undefined;
  start = 0;

  readonly fulfilled = (value: unknown): unknown => {
    const recorder = this.#end();
    recorder?.succeeded((recorder.clock.now() - this.start) / 1000);
    return value;
  };

  readonly rejected = (error: unknown): never => {
    const recorder = this.#end();
    recorder?.failed((recorder.clock.now() - this.start) / 1000, error);
    throw error;
  };

  /** A promise settles once, but a class of its own may have a `then` that forgets it. */
  #end(): CallRecorder | undefined {
    const { recorder } = this;
    this.recorder = undefined;
    if (recorder !== undefined && settledCalls.length < MOST_SETTLED_CALLS) settledCalls.push(this);
    return recorder;
  }
}

function tagOf(result: object): unknown {
  try {
    return (result as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  } catch {
    return undefined;
  }
}

/**
 * Query builders are thenables that start their work when `then` is called, so calling it here would run the query
 * twice. Instead the first `then` of somebody else is listened to. False when the object does not let us.
 */
function observeThenable(recorder: CallRecorder, elapsed: () => number, result: object): boolean {
  try {
    const { then } = result as { then?: unknown };
    if (typeof then !== 'function') return false;
    let isRecorded = false;
    const value = function observed(
      this: unknown,
      onFulfilled?: unknown,
      onRejected?: unknown,
      ...rest: unknown[]
    ) {
      const record = (outcome: () => void) => {
        if (!isRecorded) outcome();
        isRecorded = true;
      };
      const succeeded = (settled: unknown): unknown => {
        record(() => recorder.succeeded(elapsed()));
        return typeof onFulfilled === 'function' ? (onFulfilled as AnyFunction)(settled) : settled;
      };
      const failed = (error: unknown): unknown => {
        record(() => recorder.failed(elapsed(), error));
        if (typeof onRejected === 'function') return (onRejected as AnyFunction)(error);
        throw error;
      };
      return (then as AnyFunction).call(this, succeeded, failed, ...rest);
    };
    // oxlint-disable-next-line unicorn/no-thenable -- it is one already
    return Reflect.defineProperty(result, 'then', {
      value,
      configurable: true,
      writable: true,
      enumerable: false,
    });
  } catch {
    return false;
  }
}

const STEPS = ['next', 'return', 'throw'] as const;

/** An object with the generator's prototype whose steps go to the generator; records at its end, once. */
function timedGenerator<R extends object>(recorder: CallRecorder, elapsed: () => number, generator: R): R {
  const steps = generator as unknown as Record<(typeof STEPS)[number], AnyFunction>;
  const timed = Object.create(Object.getPrototypeOf(generator) as object) as R;
  let isRecorded = false;
  const ended = (outcome: () => void) => {
    if (!isRecorded) outcome();
    isRecorded = true;
  };
  const failed = (error: unknown): never => {
    ended(() => recorder.failed(elapsed(), error));
    throw error;
  };
  const stepped = (step: { done?: boolean }) => {
    if (step.done === true) ended(() => recorder.succeeded(elapsed()));
    return step;
  };
  for (const name of STEPS) {
    const value = (...args: unknown[]): unknown => {
      let step: unknown;
      try {
        step = steps[name](...args);
      } catch (error) {
        return failed(error);
      }
      return step instanceof Promise ? step.then(stepped, failed) : stepped(step as { done?: boolean });
    };
    Object.defineProperty(timed, name, { value, configurable: true, writable: true });
  }
  return timed;
}
