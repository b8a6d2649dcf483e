import type {
  Attributes,
  BatchObservableCallback,
  BatchObservableResult,
  Observable as ApiObservable,
  ObservableCallback,
  ObservableResult,
} from '@opentelemetry/api';
import type { Clock } from '../../clock.js';
import { TimeoutError } from '../../errors.js';
import { noticeOnce } from '../notice.js';
import { Observable, Observations, type Callbacks } from './observable.js';
import type { ReaderPort } from './reader-port.js';

/** For readers that name no timeout, such as those who are scraped. */
const CALLBACK_TIMEOUT_MS = 30_000;

interface Registration {
  readonly callback: unknown;
  readonly observables: ReadonlySet<Observable>;
  readonly run: (observe: Observations['observe']) => unknown;
  /** Readers for which it was started and has not come to an end. */
  readonly running: Set<ReaderPort>;
}

export interface Round {
  readonly observations: Observations;
  /** What callbacks threw, and a TimeoutError for each that took too long. */
  readonly errors: readonly unknown[];
}

/** The callbacks of one meter. */
export class CallbackRegistry implements Callbacks {
  readonly #clock: Clock;
  readonly #single: Registration[] = [];
  readonly #batch: Registration[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(callback: ObservableCallback, observable: Observable): void {
    const run = (observe: Observations['observe']) => {
      const result: ObservableResult = {
        observe: (value: number, attributes?: Attributes) => observe(observable, value, attributes),
      };
      return callback(result);
    };
    register(this.#single, { callback, observables: new Set([observable]), run, running: new Set() });
  }

  remove(callback: ObservableCallback, observable: Observable): void {
    unregister(this.#single, callback, new Set([observable]));
  }

  addBatch(callback: BatchObservableCallback, given: readonly ApiObservable[]): void {
    const observables = ownOf(given);
    if (observables.size === 0) {
      noticeOnce(
        'batch callback',
        'a batch callback was given no observable of this provider; it is never called',
      );
      return;
    }
    const run = (observe: Observations['observe']) => {
      const result: BatchObservableResult = {
        observe: (metric: ApiObservable, value: number, attributes?: Attributes) => {
          if (metric instanceof Observable && observables.has(metric)) observe(metric, value, attributes);
        },
      };
      return callback(result);
    };
    register(this.#batch, { callback, observables, run, running: new Set() });
  }

  removeBatch(callback: BatchObservableCallback, given: readonly ApiObservable[]): void {
    unregister(this.#batch, callback, ownOf(given));
  }

  /** Calls every callback for one reader. What a callback observed counts only if it comes to a good end in time. */
  async observe(reader: ReaderPort, timeoutMs: number = CALLBACK_TIMEOUT_MS): Promise<Round> {
    const observations = new Observations();
    const errors: unknown[] = [];
    const registered = [...this.#single, ...this.#batch];
    const results = await Promise.allSettled(registered.map((one) => this.#run(one, reader, timeoutMs)));
    for (const result of results) {
      if (result.status === 'fulfilled') observations.absorb(result.value);
      else errors.push(result.reason);
    }
    return { observations, errors };
  }

  async #run(registration: Registration, reader: ReaderPort, timeoutMs: number): Promise<Observations> {
    const { observables, run, running } = registration;
    if (running.has(reader)) {
      const message = `${subject(observables)} still runs from an earlier collection`;
      throw new TimeoutError(message, timeoutMs / 1000);
    }
    const observations = new Observations();
    let isOpen = true;
    const observe: Observations['observe'] = (...observation) => {
      if (isOpen) observations.observe(...observation);
    };
    try {
      const returned = run(observe);
      if (isThenable(returned)) {
        running.add(reader);
        const ended = Promise.resolve(returned).finally(() => running.delete(reader));
        await this.#within(timeoutMs, ended, observables);
      }
    } finally {
      isOpen = false;
    }
    return observations;
  }

  async #within(
    timeoutMs: number,
    work: Promise<unknown>,
    observables: ReadonlySet<Observable>,
  ): Promise<void> {
    let cancel = () => {};
    const overdue = new Promise((_, reject) => {
      cancel = this.#clock.after(timeoutMs, () => {
        const timeout = timeoutMs / 1000;
        reject(new TimeoutError(`${subject(observables)} took longer than ${timeout} s`, timeout));
      });
    });
    try {
      await Promise.race([work, overdue]);
    } finally {
      cancel();
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}

function register(list: Registration[], registration: Registration): void {
  if (positionOf(list, registration.callback, registration.observables) === -1) list.push(registration);
}

function unregister(list: Registration[], callback: unknown, observables: ReadonlySet<Observable>): void {
  const position = positionOf(list, callback, observables);
  if (position !== -1) list.splice(position, 1);
}

function positionOf(
  list: readonly Registration[],
  callback: unknown,
  observables: ReadonlySet<Observable>,
): number {
  return list.findIndex(
    (one) =>
      one.callback === callback &&
      one.observables.size === observables.size &&
      [...one.observables].every((observable) => observables.has(observable)),
  );
}

function ownOf(given: readonly ApiObservable[]): Set<Observable> {
  return new Set(given.filter((one): one is Observable => one instanceof Observable));
}

function subject(observables: ReadonlySet<Observable>): string {
  return `the callback of ${[...observables].map(({ descriptor }) => descriptor.name).join(', ')}`;
}
