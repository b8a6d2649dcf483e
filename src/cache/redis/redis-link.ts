import { CircuitBreaker } from '../../async/circuit-breaker.js';
import { Deadlines } from '../../async/deadlines.js';
import type { Cancel, Clock } from '../../clock.js';
import { TierError } from '../../errors.js';
import { PromisedCall, type CallHost, type SendableCall } from './timed-call.js';
import { codeOf } from '../error-code.js';
import { RedisCallError } from './redis-failure.js';
import { greet, type Greeting } from './greeting.js';
import type { RedisClient } from './redis-client.js';
import type { RemoteOperation } from '../remote-metrics.js';
import type { RedisLinkOptions } from './redis-link-options.js';
import { ServerClock } from './server-clock.js';

/** Seconds between probes at most. A Redis that came and went waits so long for what failed: others read the old values. */
const MAX_WINDOW_SECONDS = 0.5;
/** Seconds after which a connection of ours that answers no probe is made again. */
const MUTE_SECONDS = 15;

/**
 * Calls to Redis that cost a bounded time, whatever Redis does.
 *
 * The first call without an answer opens a breaker, and from then on calls fail at once. Nobody's call is used to find
 * out whether Redis is back: that is done by probes of our own, when the window is over, when the connection stands
 * again, or when an answer arrives that nobody waits for any more. A probe asks what must be known of a server anyway:
 * its time, and what it can do.
 */
export class RedisLink {
  readonly serverClock: ServerClock;
  /** Who hears of calls that are made here. */
  readonly calls: CallHost;
  readonly clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #options: RedisLinkOptions;
  readonly #breaker: CircuitBreaker;
  readonly #onUp = new Set<(greeting: Greeting) => void>();
  readonly #firstGreeting: Promise<void>;
  #client: RedisClient | undefined;
  #endFirstGreeting: () => void = () => {};
  #isUp = false;
  #downSince = 0;
  #wasUp = false;
  #isClosed = false;
  #isProbing = false;
  #cancelProbe: Cancel | undefined;
  #greeting: Greeting | undefined;
  #lastError = 'not connected yet';

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.#deadlines = new Deadlines(options.clock);
    const { clock, metrics } = options;
    const [onUnable, onSignOfLife] = [this.#fail.bind(this), this.#onSignOfLife.bind(this)];
    this.calls = { clock, metrics, onUnable, onSignOfLife };
    this.serverClock = new ServerClock(options.clock);
    this.#breaker = new CircuitBreaker({ clock: options.clock, maxWindow: MAX_WINDOW_SECONDS });
    this.#firstGreeting = new Promise((resolve) => (this.#endFirstGreeting = resolve));
    void this.#begin();
  }

  /** Whether calls are made. */
  get isUp(): boolean {
    return this.#isUp;
  }

  get breakerState(): CircuitBreaker['state'] {
    return this.#breaker.state;
  }

  get client(): RedisClient | undefined {
    return this.#client;
  }

  /** What the server can do, as far as it was asked. */
  get greeting(): Greeting | undefined {
    return this.#greeting;
  }

  /** Runs `listener` whenever the server can be used again, and now if it can be used. */
  onUp(listener: (greeting: Greeting) => void): Cancel {
    this.#onUp.add(listener);
    if (this.#isUp && this.#greeting) listener(this.#greeting);
    return () => this.#onUp.delete(listener);
  }

  /** Resolves when Redis was reached for the first time. @throws {TierError} when it is not within so many seconds. */
  async ready(seconds: number): Promise<void> {
    const expired = () => new TierError('redis', `no connection within ${seconds} s (${this.#lastError})`);
    return this.#deadlines.within(this.#firstGreeting, { seconds, expired });
  }

  read<T>(operation: RemoteOperation, send: (client: RedisClient) => Promise<T>): Promise<T> {
    return this.call(operation, this.#options.readTimeout, send);
  }

  /** As `read`, with one object for all of the call. */
  sendRead<T>(call: SendableCall<T>): void {
    const client = this.#client;
    if (!this.#isUp || client?.status !== 'ready') {
      const sent = this.read(call.operation, (connected) => call.send(connected));
      return void sent.then(
        (answer) => call.onAnswer(answer, this.clock.now()),
        (error: unknown) => call.onFailure(error),
      );
    }
    this.#deadlines.watch(call.send(client), call, this.#options.readTimeout);
    this.#keepTime(client, call.startedAt);
  }

  write<T>(operation: RemoteOperation, send: (client: RedisClient) => Promise<T>): Promise<T> {
    return this.call(operation, this.#options.writeTimeout, send);
  }

  /** @throws {RedisCallError} at once while Redis cannot be used, and after `seconds` at the latest. */
  call<T>(
    operation: RemoteOperation,
    seconds: number,
    send: (client: RedisClient) => Promise<T>,
  ): Promise<T> {
    if (this.#isUp) return this.#send(operation, seconds, send);
    // Once, at the start, a call waits for the connection to be made.
    if (!this.#wasUp && this.#breaker.state === 'closed' && !this.#isClosed) {
      return this.#sendFirst(operation, seconds, send);
    }
    return Promise.reject(
      new RedisCallError('connection', `${operation} was not tried (${this.#lastError})`),
    );
  }

  /** Ends all calls. A client that was given stays open. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const wasUp = this.#isUp;
    this.#isUp = false;
    this.#lastError = 'closed';
    this.#cancelProbe?.();
    this.#onUp.clear();
    const client = this.#client;
    if (client === undefined) return;
    for (const [event, listener] of this.#listeners()) client.off(event, listener);
    if (!this.#options.isOwn) return;
    client.on('error', () => {});
    // Writes under way get the time that writes have.
    const seconds = this.#options.writeTimeout;
    const expired = () => new TierError('redis', 'closing took too long');
    if (wasUp) await this.#deadlines.within(client.quit(), { seconds, expired }).catch(() => {});
    client.disconnect();
  }

  async #begin(): Promise<void> {
    try {
      const client = await this.#options.connect();
      if (this.#isClosed) return this.#options.isOwn ? client.disconnect() : undefined;
      this.#client = client;
      for (const [event, listener] of this.#listeners()) client.on(event, listener);
      if (client.status === 'wait') void client.connect().catch(() => {});
      else if (client.status === 'ready') void this.#probe();
    } catch (error) {
      this.#lastError = codeOf(error);
      this.#fail();
    }
  }

  #listeners() {
    return [
      ['ready', this.#onReady],
      ['close', this.#onClose],
      ['end', this.#onClose],
      ['error', this.#onError],
    ] as const;
  }

  readonly #onReady = (): void => {
    this.#breaker.hasten();
    this.#schedule();
  };

  readonly #onClose = (): void => this.#fail();

  readonly #onError = (error: unknown): void => {
    this.#lastError = codeOf(error);
  };

  #send<T>(
    operation: RemoteOperation,
    seconds: number,
    send: (client: RedisClient) => Promise<T>,
  ): Promise<T> {
    if (this.#client?.status !== 'ready') {
      return Promise.reject(
        new RedisCallError('connection', `${operation} was not tried (${this.#lastError})`),
      );
    }
    this.#keepTime(this.#client, this.clock.now());
    return this.#timed(operation, seconds, send(this.#client));
  }

  async #sendFirst<T>(
    operation: RemoteOperation,
    seconds: number,
    send: (client: RedisClient) => Promise<T>,
  ): Promise<T> {
    let isWanted = true;
    const sent = this.#firstGreeting.then(() => {
      // What was given up must not be sent later: a newer write may have been sent by then.
      if (isWanted && this.#client?.status === 'ready') return send(this.#client);
      throw new RedisCallError('connection', `${operation} was not tried (${this.#lastError})`);
    });
    try {
      return await this.#timed(operation, seconds, sent);
    } finally {
      isWanted = false;
    }
  }

  /** Asks the server for its time now and then. */
  #keepTime(client: RedisClient, now: number): void {
    if (this.serverClock.isDueAt(now)) void this.#askTime(client).catch(() => {});
  }

  #timed<T>(operation: RemoteOperation, seconds: number, call: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) =>
      this.#deadlines.watch(call, new PromisedCall(this.calls, operation, resolve, reject), seconds),
    );
  }

  #onSignOfLife(): void {
    if (this.#isUp || this.#isClosed) return;
    this.#breaker.hasten();
    this.#schedule();
  }

  #fail(error?: RedisCallError): void {
    if (this.#isClosed) return;
    if (error !== undefined)
      this.#lastError = error.kind === 'timeout' ? 'it does not answer' : error.message;
    if (this.#isUp || !this.#wasUp) this.#downSince = this.clock.now();
    // A write has more time than a read: it must not use that up when a read has shown that nothing is answered.
    if (this.#isUp && error?.kind === 'timeout') this.#deadlines.expireAll();
    this.#isUp = false;
    if (this.#isProbing) return;
    this.#breaker.failed();
    this.#schedule();
  }

  /** Without a connection there is nothing to probe: its return does. */
  #schedule(): void {
    this.#cancelProbe?.();
    if (this.#isClosed || this.#isProbing || this.#client?.status !== 'ready') return;
    // The timer must not keep the process alive, an open connection does that.
    this.#cancelProbe = this.clock.every(Math.max(1, this.#breaker.retryInMs), () => {
      this.#cancelProbe?.();
      void this.#probe();
    });
  }

  async #probe(): Promise<void> {
    const client = this.#client;
    if (client === undefined || this.#isClosed || this.#isProbing) return;
    if (!this.#breaker.tryEnter()) return this.#schedule();
    this.#isProbing = true;
    try {
      const seconds = this.#wasUp ? this.#options.readTimeout : this.#options.writeTimeout;
      this.#greeting = await this.#timed('probe', seconds, this.#greet(client));
      this.#isProbing = false;
      if (this.#isClosed) return;
      if (client.status !== 'ready') return this.#giveUpProbe();
      this.#breaker.succeeded();
      this.#isUp = this.#wasUp = true;
      this.#endFirstGreeting();
      for (const listener of this.#onUp) listener(this.#greeting);
    } catch {
      this.#isProbing = false;
      this.#giveUpProbe();
    }
  }

  #giveUpProbe(): void {
    this.#breaker.failed();
    // A connection may be dead without anybody saying so; only a new one can tell.
    const isMute = this.clock.now() - this.#downSince > MUTE_SECONDS * 1000;
    if (isMute && this.#options.isOwn && this.#client?.status === 'ready') {
      this.#downSince = this.clock.now();
      this.#client.disconnect(true);
    }
    this.#schedule();
  }

  async #greet(client: RedisClient): Promise<Greeting> {
    const [greeting] = await Promise.all([greet(client), this.#askTime(client)]);
    return greeting;
  }

  async #askTime(client: RedisClient): Promise<void> {
    const sentAt = this.clock.now();
    this.serverClock.sync(await client.time(), sentAt);
  }
}
