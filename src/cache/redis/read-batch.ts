import { isCluster, type RedisClient } from './redis-client.js';
import type { RemoteOperation } from '../remote-metrics.js';
import { keySlot } from './key-slot.js';
import type { RedisLink } from './redis-link.js';
import { SendableCall } from './timed-call.js';

export type Replies = readonly (Buffer | null)[];

/** Keys in one MGET: Redis serves nobody else meanwhile, 256 values of 1 KiB keep it busy for a tenth of a millisecond. */
const MAX_KEYS = 256;

/** Makes something of the value of a key, or of the `null` when there is none; `now` of the monotonic clock. */
type Take<T> = (key: string, data: Buffer | null, now: number) => T;

interface Reader {
  readonly position: number;
  readonly take: Take<unknown>;
  readonly resolve: (taken: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** From so many keys on a batch remembers where each is; below, to look at all of them is faster. */
const FEW = 8;

/** Keys that are asked for together, and who wants them. */
class Batch extends SendableCall<Replies> {
  readonly keys: string[] = [];
  readonly readers: Reader[] = [];
  #positions: Map<string, number> | undefined;

  /** Where the key is in the replies. */
  positionOf(key: string): number {
    const { keys } = this;
    const known = this.#positions === undefined ? keys.indexOf(key) : (this.#positions.get(key) ?? -1);
    if (known >= 0) return known;
    const position = keys.push(key) - 1;
    if (this.#positions !== undefined) this.#positions.set(key, position);
    else if (keys.length === FEW) this.#positions = new Map(keys.map((each, i) => [each, i]));
    return position;
  }

  override send(client: RedisClient): Promise<Replies> {
    // For one key too: where GET fails because somebody keeps a list there, MGET finds nothing.
    return client.mgetBuffer(this.keys);
  }

  override onAnswer(replies: Replies, now: number): void {
    for (const { position, take, resolve, reject } of this.readers) {
      try {
        resolve(take(this.keys[position]!, replies[position]!, now));
      } catch (error) {
        reject(error);
      }
    }
  }

  override onFailure(error: unknown): void {
    for (const { reject } of this.readers) reject(error);
  }
}

/**
 * Reads that begin in the same turn of the event loop share one MGET, so 1,000 concurrent readers cost a handful of
 * round trips; a key that several of them want is asked for once. On Cluster keys share a command when they share a slot.
 */
export class ReadBatches {
  readonly #link: RedisLink;
  readonly #operation: RemoteOperation;
  /** The batch that was not sent yet; on Cluster there is one for each slot. */
  #open: Batch | undefined;
  readonly #openBySlot = new Map<number, Batch>();

  constructor(link: RedisLink, operation: RemoteOperation) {
    this.#link = link;
    this.#operation = operation;
  }

  /** What `take` makes of the value of a key, or of the `null` when there is none; at once when it arrives. */
  read<T>(key: string, take: Take<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const batch = this.#isCluster() ? this.#batchOfSlot(keySlot(key)) : this.#batch();
      const position = batch.positionOf(key);
      batch.readers.push({ position, take, resolve: resolve as Reader['resolve'], reject });
    });
  }

  /** The values of many keys, in their order. */
  async readMany(keys: readonly string[]): Promise<Replies> {
    if (this.#isCluster()) return Promise.all(keys.map((key) => this.read(key, asItIs)));
    const chunks: Promise<Replies>[] = [];
    for (let i = 0; i < keys.length; i += MAX_KEYS) chunks.push(this.#ask(keys.slice(i, i + MAX_KEYS)));
    return (await Promise.all(chunks)).flat();
  }

  #batch(): Batch {
    if (this.#open !== undefined && this.#open.keys.length < MAX_KEYS) return this.#open;
    const batch = new Batch(this.#link.calls, this.#operation);
    this.#open = batch;
    // After the microtasks: whoever is about to read gets on.
    process.nextTick(() => {
      if (this.#open === batch) this.#open = undefined;
      this.#link.sendRead(batch);
    });
    return batch;
  }

  #batchOfSlot(slot: number): Batch {
    const open = this.#openBySlot.get(slot);
    if (open !== undefined && open.keys.length < MAX_KEYS) return open;
    const batch = new Batch(this.#link.calls, this.#operation);
    this.#openBySlot.set(slot, batch);
    process.nextTick(() => {
      if (this.#openBySlot.get(slot) === batch) this.#openBySlot.delete(slot);
      this.#link.sendRead(batch);
    });
    return batch;
  }

  #ask(keys: readonly string[]): Promise<Replies> {
    return this.#link.read(this.#operation, (client) => client.mgetBuffer(keys as string[]));
  }

  #isCluster(): boolean {
    const { client } = this.#link;
    return client !== undefined && isCluster(client);
  }
}

function asItIs(_key: string, data: Buffer | null): Buffer | null {
  return data;
}
