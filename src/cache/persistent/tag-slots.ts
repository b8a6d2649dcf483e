import { fs, nodeCrypto } from '../../built-ins.js';
import type { TagStore } from '../tier.js';
import { isAbsent } from './system-error.js';

const SLOTS = 65_536;
const VERSION_BYTES = 16;

/**
 * Versions of tags in one file of 1 MiB at most, whatever the number of tags: a tag's digest chooses one of 65,536
 * slots, and an invalidation writes a random version there. Tags that share a slot are invalidated together, which
 * costs a load too many now and then and never serves anything old. No process keeps versions in memory, so all agree.
 */
export class TagSlots implements TagStore {
  readonly #file: string;
  readonly #isFlushed: boolean;

  constructor(file: string, { isFlushed }: { readonly isFlushed: boolean }) {
    this.#file = file;
    this.#isFlushed = isFlushed;
  }

  readVersions(tags: readonly string[]): readonly string[] {
    if (tags.length === 0) return [];
    let descriptor: number;
    try {
      descriptor = fs.openSync(this.#file, 'r');
    } catch (cause) {
      if (isAbsent(cause)) return tags.map(() => '');
      throw cause;
    }
    try {
      return tags.map((tag) => readVersion(descriptor, slotOf(tag)));
    } finally {
      fs.closeSync(descriptor);
    }
  }

  invalidate(tags: readonly string[]): readonly string[] {
    if (tags.length === 0) return [];
    const slots = tags.map(slotOf);
    const versions = new Map(slots.map((slot) => [slot, nodeCrypto().randomBytes(VERSION_BYTES)]));
    const descriptor = fs.openSync(this.#file, fs.constants.O_RDWR | fs.constants.O_CREAT);
    try {
      for (const [slot, version] of versions)
        fs.writeSync(descriptor, version, 0, VERSION_BYTES, slot * VERSION_BYTES);
      if (this.#isFlushed) fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    return slots.map((slot) => versions.get(slot)!.toString('base64url'));
  }
}

function readVersion(descriptor: number, slot: number): string {
  const version = Buffer.alloc(VERSION_BYTES);
  fs.readSync(descriptor, version, 0, VERSION_BYTES, slot * VERSION_BYTES);
  return version.every((byte) => byte === 0) ? '' : version.toString('base64url');
}

function slotOf(tag: string): number {
  return nodeCrypto().hash('sha256', tag, 'buffer').readUInt32LE(0) % SLOTS;
}
