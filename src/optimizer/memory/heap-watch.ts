import { nodeV8 } from '../../built-ins.js';
import type { Clock } from '../../clock.js';
import { GarbageCollections } from '../../resources/garbage-collections.js';

/** The JavaScript heap as it is now. */
export interface HeapState {
  /** Garbage included. */
  readonly usedBytes: number;
  /** At which Node ends the process. */
  readonly limitBytes: number;
  /** In use right after the last major collection; `undefined` before the first one that was watched. */
  readonly liveBytes: number | undefined;
  /** Major collections watched so far; `undefined` while nobody watches. */
  readonly majors: number | undefined;
  /** Share of the last seconds that major collections took; `undefined` while too little has been watched. */
  readonly majorShare: number | undefined;
}

/** Tells of the heap, and when its live set is known anew. */
export interface HeapSource {
  read(): HeapState;
  /** Calls `onMajor` soon after each major collection until `stop`. */
  start(onMajor: () => void): void;
  stop(): void;
}

/** Long against one collection, so that a single one does not look like a flood. */
const SHARE_WINDOW_MS = 10_000;

/** Watches the heap of this thread: about 2 microseconds a collection, and no timer. */
export class HeapWatch implements HeapSource {
  readonly #clock: Clock;
  #collections: GarbageCollections | undefined;
  #majors = 0;
  #liveBytes: number | undefined;
  #pauses: { readonly at: number; readonly seconds: number }[] = [];
  #since = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(onMajor: () => void): void {
    if (this.#collections !== undefined) return;
    this.#since = this.#clock.now();
    this.#collections = new GarbageCollections((type, seconds) => {
      // What is left for minor ones does not depend on what caches hold.
      if (type !== 'minor') this.#pauses.push({ at: this.#clock.now(), seconds });
      if (type !== 'major') return;
      this.#majors += 1;
      this.#liveBytes = nodeV8().getHeapStatistics().used_heap_size;
      onMajor();
    });
  }

  stop(): void {
    this.#collections?.close();
    this.#collections = undefined;
    this.#pauses = [];
  }

  read(): HeapState {
    const { used_heap_size: usedBytes, heap_size_limit: limitBytes } = nodeV8().getHeapStatistics();
    const isWatching = this.#collections !== undefined;
    return {
      usedBytes,
      limitBytes,
      liveBytes: isWatching ? this.#liveBytes : undefined,
      majors: isWatching ? this.#majors : undefined,
      majorShare: isWatching ? this.#majorShare() : undefined,
    };
  }

  #majorShare(): number | undefined {
    const now = this.#clock.now();
    const from = now - SHARE_WINDOW_MS;
    this.#pauses = this.#pauses.filter(({ at }) => at >= from);
    if (this.#since > from) return undefined;
    return this.#pauses.reduce((sum, { seconds }) => sum + seconds, 0) / (SHARE_WINDOW_MS / 1000);
  }
}
