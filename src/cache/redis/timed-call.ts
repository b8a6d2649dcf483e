import { TimedWait } from '../../async/deadlines.js';
import type { Clock } from '../../clock.js';
import type { RemoteMetrics, RemoteOperation } from '../remote-metrics.js';
import type { RedisClient } from './redis-client.js';
import { RedisCallError, toCallError } from './redis-failure.js';

/** Who hears of the calls. */
export interface CallHost {
  readonly clock: Clock;
  readonly metrics: RemoteMetrics;
  /** Redis does not answer, or says that it serves nobody now. */
  onUnable(error: RedisCallError): void;
  /** An answer arrived that nobody waited for any more. */
  onSignOfLife(): void;
}

/** A call of Redis that is waited for, so long and no longer. */
export abstract class TimedCall<T> extends TimedWait<T> {
  readonly operation: RemoteOperation;
  readonly #host: CallHost;

  constructor(host: CallHost, operation: RemoteOperation) {
    super();
    this.#host = host;
    this.operation = operation;
  }

  /** One of the two is called, once; `now` of the monotonic clock. */
  abstract onAnswer(answer: T, now: number): void;
  abstract onFailure(error: unknown): void;

  protected override onValue(answer: T): void {
    const now = this.#host.clock.now();
    this.#host.metrics.succeeded(this.operation, (now - this.startedAt) / 1000);
    this.onAnswer(answer, now);
  }

  protected override onError(thrown: unknown): void {
    const error = toCallError(this.operation, thrown);
    const seconds = (this.#host.clock.now() - this.startedAt) / 1000;
    this.#host.metrics.failed(this.operation, seconds, error.kind);
    if (error.isUnable) this.#host.onUnable(error);
    this.onFailure(error);
  }

  protected override onExpired(): void {
    const seconds = Math.round(this.until - this.startedAt) / 1000;
    this.onError(new RedisCallError('timeout', `${this.operation} got no answer within ${seconds} s`));
  }

  protected override onLate(): void {
    this.#host.onSignOfLife();
  }
}

/** A call that settles a promise. */
export class PromisedCall<T> extends TimedCall<T> {
  readonly #resolve: (answer: T) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    host: CallHost,
    operation: RemoteOperation,
    resolve: (answer: T) => void,
    reject: (error: unknown) => void,
  ) {
    super(host, operation);
    this.#resolve = resolve;
    this.#reject = reject;
  }

  override onAnswer(answer: T): void {
    this.#resolve(answer);
  }

  override onFailure(error: unknown): void {
    this.#reject(error);
  }
}

/** A call that knows what to send. */
export abstract class SendableCall<T> extends TimedCall<T> {
  abstract send(client: RedisClient): Promise<T>;
}
