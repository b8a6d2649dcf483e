import { checkFunction } from '../../checks.js';
import type { Cancel } from '../../clock.js';
import { noticeOnce } from '../../telemetry/notice.js';

/** Frees memory when asked to, and may return how many entries left. */
export type Cleanup = () => unknown;

/** What the application has registered to free memory with. */
export class Cleanups {
  readonly #cleanups = new Set<Cleanup>();
  #running: Promise<number> | undefined;

  get size(): number {
    return this.#cleanups.size;
  }

  add(cleanup: Cleanup): Cancel {
    checkFunction('cleanup', cleanup);
    this.#cleanups.add(cleanup);
    return () => void this.#cleanups.delete(cleanup);
  }

  /**
   * Runs them, and adds up the entries they report. Who asks while they run waits for the same run: a cleanup need not
   * stand being called twice at once. One that fails is said once and does not keep the others from running.
   */
  run(): Promise<number> {
    return (this.#running ??= this.#runEach().finally(() => (this.#running = undefined)));
  }

  async #runEach(): Promise<number> {
    let removed = 0;
    // A copy: one that registers itself anew must not run again and again.
    for (const cleanup of Array.from(this.#cleanups)) {
      try {
        const result: unknown = await cleanup();
        if (typeof result === 'number' && Number.isFinite(result)) removed += result;
      } catch (error) {
        noticeOnce('cleanup', `a registered cleanup failed: ${String(error)}`);
      }
    }
    return removed;
  }
}
