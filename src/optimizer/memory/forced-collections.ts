import { nodeV8, nodeVm } from '../../built-ins.js';
import type { Clock } from '../../clock.js';

/** What collecting garbage on request cost, and what it told. */
export interface ForcedGc {
  readonly collections: number;
  /** How long they stopped the process, all together. */
  readonly pauseSeconds: number;
  /** How much smaller the live heap was after the last one than after the first; absent when there were less than two. */
  readonly freedBytes?: number;
  /** Why garbage could not be collected. */
  readonly problem?: string;
}

type CollectGarbage = () => void;

const IMPOSSIBLE = 'garbage cannot be collected on request in this process: start Node with --expose-gc';

/** Full garbage collections on request. Each stops the process, about 0.7 ms for each live megabyte. */
export class ForcedCollections {
  readonly #clock: Clock;
  readonly #liveBytes: number[] = [];
  #pauseSeconds = 0;
  #problem: string | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Where that is not possible, `report` says so. */
  collect(): void {
    const collectGarbage = this.#problem === undefined ? findCollector() : undefined;
    if (collectGarbage === undefined) {
      this.#problem = IMPOSSIBLE;
      return;
    }
    const start = this.#clock.now();
    collectGarbage();
    this.#pauseSeconds += (this.#clock.now() - start) / 1000;
    this.#liveBytes.push(nodeV8().getHeapStatistics().used_heap_size);
  }

  report(): ForcedGc {
    const collections = this.#liveBytes.length;
    return {
      collections,
      pauseSeconds: this.#pauseSeconds,
      ...(collections > 1 && { freedBytes: this.#liveBytes[0]! - this.#liveBytes.at(-1)! }),
      ...(this.#problem !== undefined && { problem: this.#problem }),
    };
  }
}

function findCollector(): CollectGarbage | undefined {
  const exposed: unknown = (globalThis as { readonly gc?: unknown }).gc;
  if (typeof exposed === 'function') return exposed as CollectGarbage;
  try {
    // A new context gets the function; the one of the application stays as it is.
    nodeV8().setFlagsFromString('--expose-gc');
    const found: unknown = nodeVm().runInNewContext('gc');
    return typeof found === 'function' ? (found as CollectGarbage) : undefined;
  } catch {
    return undefined;
  }
}
