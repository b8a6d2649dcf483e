import { CircuitBreaker } from '../../async/circuit-breaker.js';
import { Deadlines } from '../../async/deadlines.js';
import type { Cancel, Clock } from '../../clock.js';
import { TierError } from '../../errors.js';
import { codeOf } from '../error-code.js';
import type { RemoteMetrics, RemoteOperation } from '../remote-metrics.js';
import type { KeyvPort } from './keyv-port.js';

export interface KeyvLinkOptions {
  readonly port: KeyvPort;
  /** A key that is asked for to see whether the store answers. */
  readonly probeKey: string;
  /** Seconds a read may take; also what a probe may take. */
  readonly readTimeout: number;
  readonly writeTimeout: number;
  readonly clock: Clock;
  readonly metrics: RemoteMetrics;
  /** Called when the store can be used again. */
  readonly onUp: () => void;
}

/**
 * Calls to a store that cost a bounded time, whatever the store does.
 *
 * A call without an answer opens a breaker, and from then on calls fail at once. A call that was answered by an error may
 * have failed for its own value only, so a probe decides. Probes also find out when the store is back: nobody's call is
 * used for that.
 *
 * Keyv and its adapters tell many errors by their event `error` only and answer as if there were nothing. So a call during
 * which that event came counts as failed.
 */
export class KeyvLink {
  readonly #options: KeyvLinkOptions;
  readonly #deadlines: Deadlines;
  readonly #breaker: CircuitBreaker;
  #lastError: { readonly error: unknown } | undefined;
  #isProbing = false;
  #isClosed = false;
  #cancelProbe: Cancel | undefined;

  constructor(options: KeyvLinkOptions) {
    const { clock, port, metrics } = options;
    this.#options = options;
    this.#deadlines = new Deadlines(clock);
    this.#breaker = new CircuitBreaker({ clock });
    // Never taken back: without a listener a late error would end the process.
    port.onError((error) => {
      // Keyv 6 tells in this way that it cannot decode an entry.
      if (error instanceof SyntaxError) metrics.countUnusable('damaged');
      else this.#lastError = { error };
    });
  }

  get isUp(): boolean {
    return this.#breaker.state === 'closed' && !this.#isClosed;
  }

  get breakerState(): CircuitBreaker['state'] {
    return this.#breaker.state;
  }

  read<T>(operation: RemoteOperation, send: (port: KeyvPort) => Promise<T>): Promise<T> {
    return this.#call(operation, this.#options.readTimeout, send);
  }

  write<T>(operation: RemoteOperation, send: (port: KeyvPort) => Promise<T>): Promise<T> {
    return this.#call(operation, this.#options.writeTimeout, send);
  }

  /** Ends all calls, and the connection too if the store is ours to disconnect. Never rejects. */
  async close(disconnects: boolean): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelProbe?.();
    if (!disconnects) return;
    const seconds = this.#options.writeTimeout;
    const expired = () => new TierError('keyv', 'closing took too long');
    await this.#deadlines.within(this.#options.port.disconnect(), { seconds, expired }).catch(() => {});
  }

  async #call<T>(
    operation: RemoteOperation,
    seconds: number,
    send: (port: KeyvPort) => Promise<T>,
  ): Promise<T> {
    if (this.#isClosed) throw new TierError('keyv', `${operation} was not tried (closed)`);
    if (!this.isUp) throw new TierError('keyv', `${operation} was not tried (the store does not answer)`);
    return this.#timed(operation, seconds, send);
  }

  /** @throws {TierError} */
  async #timed<T>(
    operation: RemoteOperation,
    seconds: number,
    send: (port: KeyvPort) => Promise<T>,
  ): Promise<T> {
    const { clock, metrics, port } = this.#options;
    const startedAt = clock.now();
    const elapsed = () => (clock.now() - startedAt) / 1000;
    const errorBefore = this.#lastError;
    let isOver = false;
    const expired = () => {
      isOver = true;
      return new TierError('keyv', `${operation} got no answer within ${seconds} s`);
    };
    try {
      const late = this.#onSignOfLife;
      const answer = await this.#deadlines.within(send(port), { seconds, expired, late });
      if (this.#lastError !== undefined && this.#lastError !== errorBefore) throw this.#lastError.error;
      metrics.succeeded(operation, elapsed());
      return answer;
    } catch (thrown) {
      metrics.failed(operation, elapsed(), isOver ? 'timeout' : 'connection');
      if (isOver) this.#open();
      else void this.#verify();
      if (thrown instanceof TierError) throw thrown;
      // The cause is not kept: clients hang the arguments of a command on it, and so values.
      throw new TierError('keyv', `${operation} failed (${codeOf(thrown)})`);
    }
  }

  #open(): void {
    if (this.#isClosed || this.#isProbing) return;
    this.#breaker.failed();
    this.#schedule();
  }

  /** Whether what failed was the store or only the call. */
  async #verify(): Promise<void> {
    if (this.#isProbing || !this.isUp) return;
    if (!(await this.#answers())) this.#open();
  }

  #schedule(): void {
    this.#cancelProbe?.();
    if (this.#isClosed) return;
    this.#cancelProbe = this.#options.clock.every(Math.max(1, this.#breaker.retryInMs), () => {
      this.#cancelProbe?.();
      void this.#probe();
    });
  }

  async #probe(): Promise<void> {
    if (this.#isClosed || this.#isProbing) return;
    if (!this.#breaker.tryEnter()) return this.#schedule();
    if (!(await this.#answers())) return this.#open();
    this.#breaker.succeeded();
    if (!this.#isClosed) this.#options.onUp();
  }

  async #answers(): Promise<boolean> {
    const { readTimeout, probeKey } = this.#options;
    this.#isProbing = true;
    try {
      await this.#timed('probe', readTimeout, (port) => port.read([probeKey]));
      return true;
    } catch {
      return false;
    } finally {
      this.#isProbing = false;
    }
  }

  /** An answer that nobody waits for any more. */
  readonly #onSignOfLife = (): void => {
    if (this.#isClosed || this.#breaker.state !== 'open') return;
    this.#breaker.hasten();
    this.#schedule();
  };
}
