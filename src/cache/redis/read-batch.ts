import { isCluster } from './redis-client.js';
import type { RemoteOperation } from '../remote-metrics.js';
import { keySlot } from './key-slot.js';
import type { RedisLink } from './redis-link.js';

export type Replies = readonly (Buffer | null)[];

/** Keys in one MGET: Redis serves nobody else meanwhile, 256 values of 1 KiB keep it busy for a tenth of a millisecond. */
const MAX_KEYS = 256;

interface Reader {
  readonly position: number;
  readonly take: (data: Buffer | null) => void;
  readonly fail: (error: unknown) => void;
}

/** From so many keys on a batch remembers where each is; below, to look at all of them is faster. */
const FEW = 8;

/** Keys that are asked for together, and who wants them. */
class Batch {
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

  distribute(replies: Replies): void {
    for (const { position, take, fail } of this.readers) {
      try {
        take(replies[position]!);
      } catch (error) {
        fail(error);
      }
    }
  }

  fail(error: unknown): void {
    for (const { fail } of this.readers) fail(error);
  }
}

/**
 * Reads that begin in the same turn of the event loop share one MGET, so 1,000 concurrent readers cost a handful of
 * round trips; a key that several of them want is asked for once. On Cluster keys share a command when they share a slot.
 */
export class ReadBatches {
  readonly #link: RedisLink;
  readonly #operation: RemoteOperation;
  /** Batches that were not sent yet, by slot; without Cluster there is one slot. */
  readonly #open = new Map<number, Batch>();

  constructor(link: RedisLink, operation: RemoteOperation) {
    this.#link = link;
    this.#operation = operation;
  }

  /** What `take` makes of the value of a key, or of the `null` when there is none; at once when it arrives. */
  read<T>(key: string, take: (data: Buffer | null) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const batch = this.#batchFor(this.#slotOf(key));
      const position = batch.positionOf(key);
      batch.readers.push({ position, take: (data) => resolve(take(data)), fail: reject });
    });
  }

  /** The values of many keys, in their order. */
  async readMany(keys: readonly string[]): Promise<Replies> {
    if (this.#isCluster()) return Promise.all(keys.map((key) => this.read(key, asItIs)));
    const chunks: Promise<Replies>[] = [];
    for (let i = 0; i < keys.length; i += MAX_KEYS) chunks.push(this.#ask(keys.slice(i, i + MAX_KEYS)));
    return (await Promise.all(chunks)).flat();
  }

  #batchFor(slot: number): Batch {
    const open = this.#open.get(slot);
    if (open !== undefined && open.keys.length < MAX_KEYS) return open;
    const batch = new Batch();
    this.#open.set(slot, batch);
    // After the microtasks: whoever is about to read gets on.
    process.nextTick(() => {
      if (this.#open.get(slot) === batch) this.#open.delete(slot);
      this.#send(batch);
    });
    return batch;
  }

  #send(batch: Batch): void {
    this.#link.readFor(
      this.#operation,
      (client) => client.mgetBuffer(batch.keys),
      (replies) => batch.distribute(replies),
      (error) => batch.fail(error),
    );
  }

  #ask(keys: readonly string[]): Promise<Replies> {
    // For one key too: where GET fails because somebody keeps a list there, MGET finds nothing.
    return this.#link.read(this.#operation, (client) => client.mgetBuffer(keys as string[]));
  }

  #slotOf(key: string): number {
    return this.#isCluster() ? keySlot(key) : 0;
  }

  #isCluster(): boolean {
    const { client } = this.#link;
    return client !== undefined && isCluster(client);
  }
}

function asItIs(data: Buffer | null): Buffer | null {
  return data;
}
