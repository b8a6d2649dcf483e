import { TimedWait } from '../../async/deadlines.js';
import type { Clock } from '../../clock.js';
import type { RemoteMetrics, RemoteOperation } from '../remote-metrics.js';
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

/** A call of Redis that is waited for. */
export class TimedCall<T> extends TimedWait<T> {
  readonly #host: CallHost;
  readonly #operation: RemoteOperation;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: RedisCallError) => void;

  constructor(
    host: CallHost,
    operation: RemoteOperation,
    seconds: number,
    resolve: (value: T) => void,
    reject: (error: RedisCallError) => void,
  ) {
    super(host.clock.now(), seconds);
    this.#host = host;
    this.#operation = operation;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  protected override onValue(value: T): void {
    this.#host.metrics.succeeded(this.#operation, this.#elapsed());
    this.#resolve(value);
  }

  protected override onError(thrown: unknown): void {
    const error = toCallError(this.#operation, thrown);
    this.#host.metrics.failed(this.#operation, this.#elapsed(), error.kind);
    if (error.isUnable) this.#host.onUnable(error);
    this.#reject(error);
  }

  protected override onExpired(): void {
    const seconds = Math.round(this.until - this.startedAt) / 1000;
    this.onError(new RedisCallError('timeout', `${this.#operation} got no answer within ${seconds} s`));
  }

  protected override onLate(): void {
    this.#host.onSignOfLife();
  }

  #elapsed(): number {
    return (this.#host.clock.now() - this.startedAt) / 1000;
  }
}
