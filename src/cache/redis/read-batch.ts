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

interface Batch {
  /** Where each key is in the replies. */
  readonly positions: Map<string, number>;
  readonly readers: Reader[];
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
      const { positions, readers } = this.#batchFor(this.#slotOf(key));
      let position = positions.get(key);
      if (position === undefined) positions.set(key, (position = positions.size));
      readers.push({ position, take: (data) => resolve(take(data)), fail: reject });
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
    if (open !== undefined && open.positions.size < MAX_KEYS) return open;
    const batch: Batch = { positions: new Map(), readers: [] };
    this.#open.set(slot, batch);
    // After the microtasks: whoever is about to read gets on.
    process.nextTick(() => {
      if (this.#open.get(slot) === batch) this.#open.delete(slot);
      this.#send(batch);
    });
    return batch;
  }

  #send({ positions, readers }: Batch): void {
    this.#ask([...positions.keys()]).then(
      (replies) => {
        for (const { position, take, fail } of readers) {
          try {
            take(replies[position]!);
          } catch (error) {
            fail(error);
          }
        }
      },
      (error: unknown) => {
        for (const { fail } of readers) fail(error);
      },
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
