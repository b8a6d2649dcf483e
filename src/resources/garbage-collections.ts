import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { nodeV8 } from '../built-ins.js';

export const GC_TYPES = ['minor', 'major', 'incremental', 'weakcb'] as const;
export type GcType = (typeof GC_TYPES)[number];

export type CollectionListener = (type: GcType, seconds: number) => void;

const TYPES: Readonly<Record<number, GcType>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

/** Listens to the garbage collector of this thread: about 2 microseconds a collection. */
export class GarbageCollections {
  readonly #observer: PerformanceObserver;
  #seconds = 0;
  #liveBytes: number | undefined;

  constructor(listener: CollectionListener) {
    this.#observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) this.#note(entry, listener);
    });
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /** How long collections have stopped JavaScript since this listens. */
  get seconds(): number {
    return this.#seconds;
  }

  /**
   * The heap in use right after the last major collection: what is really needed. In between, the heap in use says
   * little, as garbage is part of it. `undefined` before the first.
   */
  get liveBytes(): number | undefined {
    return this.#liveBytes;
  }

  close(): void {
    this.#observer.disconnect();
  }

  #note(entry: PerformanceEntry & { readonly detail?: unknown }, listener: CollectionListener): void {
    const { kind } = entry.detail as { readonly kind: number };
    // Node has no constant for the minor collection by marking, which a flag of V8 chooses.
    const type = TYPES[kind] ?? 'minor';
    const seconds = entry.duration / 1000;
    this.#seconds += seconds;
    if (type === 'major') this.#liveBytes = nodeV8().getHeapStatistics().used_heap_size;
    listener(type, seconds);
  }
}
