import type { HeapSource, HeapState } from '../../src/optimizer/memory/heap-watch.js';

const MB = 1024 * 1024;

/** A heap the test fills. Sizes in megabytes, the limit is 100 of them. */
export class FakeHeap implements HeapSource {
  live: number | undefined;
  used = 0;
  majorShare: number | undefined;
  majors = 0;
  #onMajor: (() => void) | undefined;

  constructor(live?: number) {
    this.live = live;
    this.used = live ?? 0;
  }

  get isWatched(): boolean {
    return this.#onMajor !== undefined;
  }

  /** Garbage is collected: so much is left. */
  collect(live: number): void {
    this.live = this.used = live;
    this.majors += 1;
    this.#onMajor?.();
  }

  start(onMajor: () => void): void {
    this.#onMajor = onMajor;
  }

  stop(): void {
    this.#onMajor = undefined;
  }

  read(): HeapState {
    return {
      usedBytes: this.used * MB,
      limitBytes: 100 * MB,
      liveBytes: this.live === undefined ? undefined : this.live * MB,
      majors: this.majors,
      majorShare: this.majorShare,
    };
  }
}
