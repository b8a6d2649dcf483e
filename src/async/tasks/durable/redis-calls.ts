import type { Redis, RedisOptions } from 'ioredis';
import { systemClock } from '../../../clock.js';
import { Deadlines } from '../../deadlines.js';
import { loadIoRedis } from './bullmq.js';
import { codeOf, isLoss, isReply, TaskQueueError } from './task-queue-error.js';

export interface RedisCallsOptions {
  /** Of the manager, for messages. */
  readonly name: string;
  readonly url: string | undefined;
  /** Connections are made like this one. */
  readonly client: Redis | undefined;
  /** Seconds a call may take, waiting for a connection included. */
  readonly timeout: number;
}

/** The longest pause between two tries to connect. */
const MAX_RECONNECT_MS = 250;
/** Between a connection that was lost under a call and the next try of that call. */
const RESEND_MS = 20;

const ALWAYS = {
  protocol: 2,
  lazyConnect: false,
  connectTimeout: 2000,
  // A server that hangs does not close its side of a connection that is to be made again.
  disconnectTimeout: 100,
  maxLoadingRetryTime: 100,
} as const satisfies RedisOptions;

/** Nothing may wait in ioredis itself: what a caller has given up must not be sent afterwards. */
const IMPATIENT = {
  ...ALWAYS,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
} as const satisfies RedisOptions;

/** What a worker has done must reach Redis, however long that takes. */
const PATIENT = {
  ...ALWAYS,
  enableOfflineQueue: true,
  autoResendUnfulfilledCommands: true,
  // Done by those who subscribe: when it is refused, ioredis leaves an unhandled rejection behind.
  autoResubscribe: false,
  maxRetriesPerRequest: null,
} as const satisfies RedisOptions;

/** All connections of one manager, and calls that cost a bounded time whatever Redis does. */
export class RedisCalls {
  /** For calls somebody waits for. */
  readonly client: Redis;
  readonly #options: RedisCallsOptions;
  readonly #all = new Set<Redis>();
  readonly #deadlines = new Deadlines(systemClock);
  #lastError = 'not connected yet';
  #isClosed = false;
  #nextReady: Promise<void> | undefined;

  constructor(options: RedisCallsOptions) {
    this.#options = options;
    this.client = this.#connect(IMPATIENT);
  }

  /** One more connection, which waits out whatever happens to Redis. */
  connectPatiently(): Redis {
    return this.#connect(PATIENT);
  }

  /**
   * Sends something that may be sent twice: it is sent again when the connection is lost meanwhile.
   *
   * @throws {TaskQueueError} when Redis refuses, or there is no answer in time.
   */
  async call<T>(operation: string, send: (client: Redis) => Promise<T>): Promise<T> {
    const { name, timeout } = this.#options;
    const until = systemClock.now() + timeout * 1000;
    for (;;) {
      const leftMs = until - systemClock.now();
      if (this.#isClosed || leftMs <= 0) throw this.#noAnswer(operation);
      const deadline = { seconds: leftMs / 1000, expired: () => this.#noAnswer(operation) };
      try {
        if (this.client.status === 'ready') return await this.#deadlines.within(send(this.client), deadline);
        await this.#deadlines.within(this.#ready(), deadline);
      } catch (error) {
        if (error instanceof TaskQueueError) throw error;
        if (isReply(error)) throw new TaskQueueError(name, `${operation} was refused (${codeOf(error)})`);
        if (!isLoss(error)) throw error;
        this.#lastError = codeOf(error);
        await pause(Math.min(RESEND_MS, leftMs));
      }
    }
  }

  /** Ends all connections at once, but those that are just being made, which end when that has failed. */
  close(): void {
    this.#isClosed = true;
    for (const client of this.#all) client.disconnect();
    this.#deadlines.expireAll();
  }

  #connect(options: typeof IMPATIENT | typeof PATIENT): Redis {
    const { url, client: given } = this.#options;
    const { Redis: RedisOfIoredis } = loadIoRedis();
    const retryStrategy = (tries: number) => (this.#isClosed ? null : reconnectMs(tries));
    const all = { ...options, retryStrategy };
    return this.#keep(given?.duplicate(all) ?? new RedisOfIoredis(url!, all));
  }

  /** bullmq makes copies for itself, and may not come to end them. */
  #keep(client: Redis): Redis {
    this.#all.add(client);
    client.on('error', (error) => void (this.#lastError = codeOf(error)));
    const duplicate = client.duplicate.bind(client);
    client.duplicate = (override) => this.#keep(duplicate(override));
    const disconnect = client.disconnect.bind(client);
    // Between two tries to connect ioredis would end without a word, and bullmq waits for that word when it closes.
    client.disconnect = (reconnect) => {
      if (reconnect !== true && client.status === 'reconnecting') client.once('connect', () => disconnect());
      else disconnect(reconnect);
    };
    return client;
  }

  /** One for all who wait. */
  #ready(): Promise<void> {
    return (this.#nextReady ??= new Promise((resolve) => {
      this.client.once('ready', () => {
        this.#nextReady = undefined;
        resolve();
      });
    }));
  }

  #noAnswer(operation: string): TaskQueueError {
    const { name, timeout } = this.#options;
    if (this.#isClosed) return new TaskQueueError(name, `${operation} was not tried, it is closed`);
    const why = this.client.status === 'ready' ? 'Redis does not answer' : this.#lastError;
    return new TaskQueueError(name, `${operation} got no answer within ${timeout} s (${why})`);
  }
}

function reconnectMs(tries: number): number {
  return Math.min(25 * 2 ** tries, MAX_RECONNECT_MS) * (0.8 + 0.2 * Math.random());
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void systemClock.after(ms, resolve));
}
