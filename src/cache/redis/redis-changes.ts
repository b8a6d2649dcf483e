import { Deadlines } from '../../async/deadlines.js';
import { nodeCrypto } from '../../built-ins.js';
import type { Cancel } from '../../clock.js';
import { noticeOnce } from '../../telemetry/notice.js';
import type { TierChange } from '../tier.js';
import { RecentKeys } from './recent-keys.js';
import { codeOf } from '../error-code.js';
import { makeListener, type RedisClient } from './redis-client.js';
import type { Greeting } from './greeting.js';
import type { RedisLink } from './redis-link.js';
import type { RemoteMetrics } from '../remote-metrics.js';

export interface RedisKeys {
  /** Opens the keys of entries. */
  readonly entries: string;
  /** Opens the keys of tags. */
  readonly tags: string;
  /** Channel of messages where Redis cannot track. */
  readonly bus: string;
}

/** What is said where Redis does not track. `at`: by the server's clock, in milliseconds. */
interface BusMessage {
  readonly from: string;
  readonly at: number;
  readonly keys: readonly string[] | 'everything';
}

export type ChangeListener = (change: TierChange) => void;

const INVALIDATE = '__redis__:invalidate';
/** Seconds between two looks whether the listening connection lives: nothing arrives on a dead one, and nobody says so. */
const HEARTBEAT_SECONDS = 5;
const ANSWER_SECONDS = 2;
/** About a megabyte of keys. */
const REMEMBERED_KEYS = 10_000;

/**
 * What others change. Redis tracks the keys under our prefixes and tells a second connection about each write, by
 * whatever program, each expiry and FLUSHALL; what we write ourselves it leaves out.
 *
 * Where it cannot (Cluster, servers before 6) those that write say so on a channel; expiry and other programs are not
 * heard of then, and entries leave memory when their time is over. Either way, messages sent while one of the two
 * connections was away are lost, so when both stand again everything is suspect.
 */
export class RedisChanges {
  /** What other programs did to the keys of entries that were not read since: perhaps an EXPIRE. */
  readonly touched = new RecentKeys(REMEMBERED_KEYS);
  readonly #link: RedisLink;
  readonly #keys: RedisKeys;
  readonly #metrics: RemoteMetrics;
  readonly #ownName = nodeCrypto().randomUUID();
  readonly #deadlines: Deadlines;
  readonly #listeners = new Set<ChangeListener>();
  #listening: RedisClient | undefined;
  #greeting: Greeting | undefined;
  /** The id of the connection that has subscribed. */
  #subscriber: number | undefined;
  #cancels: Cancel[] = [];

  constructor(link: RedisLink, keys: RedisKeys, metrics: RemoteMetrics) {
    this.#link = link;
    this.#keys = keys;
    this.#metrics = metrics;
    this.#deadlines = new Deadlines(link.clock);
  }

  subscribe(listener: ChangeListener): Cancel {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#start();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.stop();
    };
  }

  /** Tells the others where Redis does not do it. */
  announce(keys: readonly string[] | 'everything'): void {
    const { client, greeting, isUp } = this.#link;
    if (client === undefined || greeting === undefined || !isUp || greeting.canTrack || keys.length === 0)
      return;
    const message = JSON.stringify({ from: this.#ownName, at: this.#link.serverClock.now(), keys });
    client.publish(this.#keys.bus, message).catch(() => {});
  }

  stop(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels = [];
    const { client } = this.#link;
    if (this.#listening !== undefined && this.#greeting?.canTrack && client?.status === 'ready') {
      client.call('CLIENT', 'TRACKING', 'OFF').catch(() => {});
    }
    this.#listening?.disconnect();
    this.#listening = undefined;
    this.#subscriber = undefined;
    this.#greeting = undefined;
  }

  #start(): void {
    this.#cancels.push(
      this.#link.onUp((greeting) => {
        this.#greeting = greeting;
        if (this.#listening === undefined) return this.#open();
        void this.#follow();
        // The other connection may still be with a server that we have left because it hangs.
        void this.#beat();
      }),
      this.#link.clock.every(HEARTBEAT_SECONDS * 1000, () => void this.#beat()),
    );
  }

  #open(): void {
    const listening = makeListener(this.#link.client!);
    this.#listening = listening;
    listening.on('error', () => {});
    listening.on('close', () => (this.#subscriber = undefined));
    listening.on('ready', () => void this.#attempt(() => this.#subscribeWith(listening)));
    listening.on('messageBuffer', (channel: Buffer, message: unknown) =>
      this.#receive(channel.toString(), message),
    );
    listening.connect().catch(() => {});
  }

  async #subscribeWith(listening: RedisClient): Promise<void> {
    if (!this.#greeting!.canTrack) {
      await this.#answered(listening.subscribe(this.#keys.bus));
      return this.#heardAgain();
    }
    // First, because in RESP2 a connection that has subscribed may not ask any more.
    const id = Number(await this.#answered(listening.call('CLIENT', 'ID')));
    await this.#answered(listening.subscribe(INVALIDATE));
    this.#subscriber = id;
    await this.#follow();
  }

  /** Lets the connection that reads and writes be tracked, unless it still is. */
  async #follow(): Promise<void> {
    const { client } = this.#link;
    const subscriber = this.#subscriber;
    if (subscriber === undefined || client?.status !== 'ready' || !this.#greeting?.canTrack) return;
    if (this.#greeting.tracksFor === subscriber) return;
    await this.#attempt(async () => {
      const prefixes = [this.#keys.entries, this.#keys.tags].flatMap((prefix) => ['PREFIX', prefix]);
      const tracking = ['ON', 'REDIRECT', String(subscriber), 'BCAST', ...prefixes, 'NOLOOP'];
      // Off first: prefixes that are tracked already cannot be given again.
      const off = client.call('CLIENT', 'TRACKING', 'OFF');
      const on = client.call('CLIENT', 'TRACKING', ...tracking);
      await this.#answered(Promise.all([off, on]));
      if (this.#subscriber === subscriber) this.#heardAgain();
    });
  }

  /** The first time too: memory may hold what was read before. */
  #heardAgain(): void {
    this.#emit('everything');
    void this.#beat();
  }

  async #attempt(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      // A connection that went away comes back and begins anew.
      if (this.#listening?.status !== 'ready' || this.#link.client?.status !== 'ready') return;
      noticeOnce(
        'redis tracking',
        `redis does not tell what others change (${codeOf(error)}): entries in memory may be old until their time is over`,
      );
    }
  }

  /** A connection that does not answer is made again. */
  async #beat(): Promise<void> {
    const listening = this.#listening;
    if (listening?.status !== 'ready') return;
    const sentAt = this.#link.clock.now();
    try {
      await this.#answered(listening.ping());
      // Its answer waits in line behind the messages.
      this.#metrics.arrived((this.#link.clock.now() - sentAt) / 1000);
    } catch {
      listening.disconnect(true);
    }
  }

  #answered<T>(promise: Promise<T>): Promise<T> {
    const expired = () => new Error('no answer');
    return this.#deadlines.within(promise, { seconds: ANSWER_SECONDS, expired });
  }

  #receive(channel: string, message: unknown): void {
    if (channel === this.#keys.bus) return this.#receiveFromBus(String(message));
    if (channel !== INVALIDATE) return;
    // FLUSHALL and FLUSHDB name no keys.
    if (!Array.isArray(message)) return this.#emit('everything');
    const keys = message.map(String);
    for (const key of keys) if (key.startsWith(this.#keys.entries)) this.touched.note(key);
    this.#emitKeys(keys);
  }

  #receiveFromBus(message: string): void {
    try {
      const { from, at, keys } = JSON.parse(message) as BusMessage;
      if (from === this.#ownName) return;
      this.#metrics.arrived(Math.max(0, this.#link.serverClock.now() - at) / 1000);
      if (keys === 'everything') this.#emit('everything');
      else this.#emitKeys(keys);
    } catch {
      // Somebody else's message.
    }
  }

  #emitKeys(found: readonly string[]): void {
    const { entries, tags } = this.#keys;
    const under = (prefix: string) =>
      found.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
    const changed = { keys: under(entries), tags: under(tags) };
    if (changed.tags.length > 0) this.#emit({ tags: changed.tags });
    if (changed.keys.length > 0) this.#emit({ keys: changed.keys });
  }

  #emit(change: TierChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
