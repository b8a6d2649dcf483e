import { join } from 'node:path';
import { fs } from '../built-ins.js';

/** Enough for the files of the kernel that are read here; what is longer is cut. */
const BUFFER_BYTES = 64 * 1024;

/** The kernel gives a list in pieces of whole lines, each a little less than a page: a shorter piece is the last. */
const MAY_GO_ON_BYTES = 2048;

/** A file that could not be read is tried again after so many reads: failing costs ten times a read. */
const READS_BEFORE_RETRY = 60;

interface Kept {
  descriptor: number | undefined;
  readsBeforeRetry: number;
}

/**
 * Reads small files of the kernel again and again by kept descriptors, 1 to 10 microseconds each. A file that is missing,
 * not allowed or gone reads as `undefined`, and is found when it comes (back) some 60 reads later.
 */
export class KeptFiles {
  readonly root: string;
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  readonly #kept = new Map<string, Kept>();

  /** `root`: what stands for `/`. */
  constructor(root = '/') {
    this.root = root;
  }

  read(path: string): string | undefined {
    let kept = this.#kept.get(path);
    if (kept === undefined) this.#kept.set(path, (kept = { descriptor: undefined, readsBeforeRetry: 0 }));
    if (kept.descriptor === undefined && kept.readsBeforeRetry-- > 0) return undefined;
    try {
      kept.descriptor ??= fs.openSync(join(this.root, path), 'r');
      return this.#text(kept.descriptor);
    } catch {
      close(kept);
      kept.readsBeforeRetry = READS_BEFORE_RETRY;
      return undefined;
    }
  }

  #text(descriptor: number): string {
    let length = 0;
    let read: number;
    do {
      read = fs.readSync(descriptor, this.#buffer, length, BUFFER_BYTES - length, length);
      length += read;
    } while (read >= MAY_GO_ON_BYTES && length < BUFFER_BYTES);
    return this.#buffer.toString('latin1', 0, length);
  }

  /** Lets go of every file. One that is read afterwards is opened again. */
  close(): void {
    for (const kept of this.#kept.values()) close(kept);
    this.#kept.clear();
  }
}

function close(kept: Kept): void {
  if (kept.descriptor === undefined) return;
  const { descriptor } = kept;
  kept.descriptor = undefined;
  fs.closeSync(descriptor);
}
