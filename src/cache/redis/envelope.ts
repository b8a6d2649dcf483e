import { nodeZlib } from '../../built-ins.js';
import { TierError } from '../../errors.js';
import { jsonSerializer } from '../serializer/json.js';
import { UnserializableError, type Serializer } from '../serializer/serializer.js';
import type { EntryToKeep, TagVersions, TierEntry } from '../tier.js';
import type { Unusable } from '../remote-metrics.js';
import { readHeader, type EntryHeader } from './entry-header.js';

/** An entry without what depends on the moment it is sent. */
export interface EncodedEntry {
  readonly body: Uint8Array | string;
  readonly bytes: number;
  readonly isCompressed: boolean;
  readonly ttl: number;
  readonly grace: number;
  readonly tags: TagVersions | undefined;
  readonly loadSeconds: number | undefined;
}

/** Opens every value of ours; the digit changes with the layout. Values of another layout are misses. */
export const MAGIC = 'P1';
const DEFAULT_SERIALIZER = 'json';
const [MAGIC_0, MAGIC_1] = Buffer.from(MAGIC) as unknown as [number, number];

/**
 * The value of a key in Redis: `P1`, one line of JSON about the entry, and the body. So one GET is enough to know what
 * an entry is worth, and a person with redis-cli can read it.
 */
export class Envelope {
  readonly #serializer: Serializer;
  readonly #isJson: boolean;
  readonly #compressAbove: number;

  /** `compressAbove`: bytes; `Infinity` for never. */
  constructor(serializer: Serializer, compressAbove: number) {
    this.#serializer = serializer;
    this.#isJson = serializer === jsonSerializer;
    this.#compressAbove = compressAbove;
  }

  /** @throws {TierError} when the serializer cannot carry the value. */
  encode(entry: EntryToKeep, defaultTtl: number): EncodedEntry {
    const { value, ttl = defaultTtl, grace, tags, loadSeconds } = entry;
    const body = this.#serialize(value);
    const bytes = Buffer.byteLength(body);
    const about = { ttl, grace, tags, loadSeconds };
    if (bytes < this.#compressAbove) return { body, bytes, isCompressed: false, ...about };
    const packed = nodeZlib().gzipSync(body, { level: 1 });
    return { body: packed, bytes: packed.length, isCompressed: true, ...about };
  }

  /** What is sent to Redis. `writtenAt`: by the server's clock. */
  seal(encoded: EncodedEntry, writtenAt: number): string | Buffer {
    const { body, ttl, grace, tags, loadSeconds, isCompressed } = encoded;
    const header: EntryHeader = {
      w: writtenAt,
      ...(Number.isFinite(ttl) && { t: rounded(ttl) }),
      ...(grace > 0 && { g: rounded(grace) }),
      ...(loadSeconds !== undefined && { l: rounded(loadSeconds) }),
      ...(tags !== undefined && { v: tags }),
      ...(this.#serializer.name !== DEFAULT_SERIALIZER && { s: this.#serializer.name }),
      ...(isCompressed && { z: 1 as const }),
    };
    const head = `${MAGIC}${JSON.stringify(header)}\n`;
    return typeof body === 'string' ? head + body : Buffer.concat([Buffer.from(head), body]);
  }

  /** The entry in a value of Redis; its time may be over. `now`: by the server's clock. */
  open(data: Buffer, now: number): TierEntry | Unusable {
    if (data[0] !== MAGIC_0 || data[1] !== MAGIC_1) return 'foreign';
    try {
      const found = readHeader(data, MAGIC.length);
      if (found === undefined) return 'damaged';
      const { w, t, g, l, v, s = DEFAULT_SERIALIZER, z } = found.header;
      if (s !== this.#serializer.name) return 'foreign';
      // Clocks are right to some milliseconds only: never more than what was given.
      const ttl = t === undefined ? Infinity : Math.min(t, t - (now - w) / 1000);
      return entryOf(this.#decode(data, found.end + 1, z === 1), ttl, g ?? 0, v, l);
    } catch {
      return 'damaged';
    }
  }

  /** An entry that was never sent, as a reader would find it `age` seconds later. */
  reopen(encoded: EncodedEntry, age: number): TierEntry {
    const { body, isCompressed, ttl, grace, tags, loadSeconds } = encoded;
    return entryOf(this.#decode(Buffer.from(body), 0, isCompressed), ttl - age, grace, tags, loadSeconds);
  }

  #decode(data: Buffer, start: number, isCompressed: boolean): unknown {
    if (isCompressed) return this.#serializer.decode(nodeZlib().gunzipSync(data.subarray(start)));
    if (this.#isJson) return JSON.parse(data.toString('utf8', start));
    // A copy: what is decoded may be views of the bytes, and would keep all that arrived with them.
    return this.#serializer.decode(Buffer.from(data.subarray(start)));
  }

  #serialize(value: unknown): Uint8Array | string {
    try {
      return this.#serializer.encode(value);
    } catch (cause) {
      // The words of other serializers may hold what was to be cached.
      const isOurs = cause instanceof UnserializableError;
      const message = isOurs ? cause.message : `${this.#serializer.name} cannot carry the value`;
      throw new TierError('redis', message, { cause });
    }
  }
}

function entryOf(
  value: unknown,
  ttl: number,
  grace: number,
  tags: TagVersions | undefined,
  loadSeconds: number | undefined,
): TierEntry {
  if (value === undefined) throw new TypeError('an entry is never undefined');
  if (tags === undefined && loadSeconds === undefined) return { value, ttl, grace };
  return { value, ttl, grace, ...(tags && { tags }), ...(loadSeconds !== undefined && { loadSeconds }) };
}

/** To microseconds: what is measured has digits that say nothing, and cost space and time. */
function rounded(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
