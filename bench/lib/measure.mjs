import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Whatever a case returns lands here, so that V8 cannot drop the work as unused. */
export const sink = { kept: undefined };

/** First guess of the calls in a batch; it grows until a batch is long enough. */
const FIRST_CALLS = 10;
/** A call that does so much that fewer fill a batch is not asked for its bytes: the collector runs within it. */
const MIN_CALLS_FOR_BYTES = 50;
const MAX_CALLS = 2e8;

/** Small against the young generation, so that few windows see a collection. */
const GROWTH_WINDOW_BYTES = 64 * 1024;
/** Many windows, so that what happens rarely but allocates much, a table that grows, gets its fair share. */
const GROWTH_WINDOWS = 100;

let loops = 0;

/**
 * One case, ready to be measured: its function, a loop nobody else uses, and how many calls fill a batch.
 *
 * The unit is CPU time of the whole process, user and system, of all its threads: a busy machine stretches wall time
 * at random but hardly changes CPU time, and the collector's threads are paid by the case that makes garbage.
 */
export class Meter {
  #call;
  #loop;
  #isAwaited;
  #calls = FIRST_CALLS;

  static async of(call, isAwaited) {
    loops += 1;
    const { repeat, repeatAwaited } = await import(`./loop.mjs?case=${loops}`);
    return new Meter(call, isAwaited ? repeatAwaited : repeat, isAwaited);
  }

  constructor(call, loop, isAwaited) {
    this.#call = call;
    this.#loop = loop;
    this.#isAwaited = isAwaited;
  }

  /** Runs growing batches until one takes `batchMs`, which also warms the code up. */
  async calibrate(batchMs) {
    for (;;) {
      const batchNs = (await this.batch()) * this.#calls;
      if (batchNs >= batchMs * 1e6 || this.#calls >= MAX_CALLS) return;
      const growth = (batchMs * 1.2e6) / Math.max(batchNs, 1e5);
      this.#calls = Math.ceil(this.#calls * Math.min(20, Math.max(1.5, growth)));
    }
  }

  /** Compiled code is faster than the code that was calibrated: fits the batch to what a call costs by now. */
  fit(ns, batchMs) {
    this.#calls = Math.min(MAX_CALLS, Math.max(1, Math.ceil((batchMs * 1e6) / Math.max(ns, 0.01))));
  }

  /** Nanoseconds of CPU time per call. */
  async batch() {
    // The garbage of the case before is not ours to pay for.
    collectGarbage({ type: 'minor' });
    const before = process.cpuUsage();
    await this.#run(this.#calls);
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1000) / this.#calls;
  }

  /**
   * Bytes a call allocates on the JavaScript heap; whether they are soon free again is not asked. `null` for a call that
   * is a small program of its own.
   */
  async allocatedBytes() {
    if (this.#calls < MIN_CALLS_FOR_BYTES) return null;
    collectGarbage();
    const overhead = await this.#growth(0, 10);
    const estimate = (await this.#growth(50, 10)) / 50;
    const calls = Math.min(2000, Math.max(50, Math.floor(GROWTH_WINDOW_BYTES / Math.max(estimate, 1))));
    const growth = await this.#growth(calls, GROWTH_WINDOWS);
    return Math.max(0, Math.round((growth - overhead) / calls));
  }

  /** How much the heap grows during so many calls: the mean of several windows, without those that were collected in. */
  async #growth(calls, windows) {
    const growths = [];
    for (let i = 0; i < windows; i++) {
      const before = process.memoryUsage().heapUsed;
      await this.#run(calls);
      const growth = process.memoryUsage().heapUsed - before;
      if (growth >= 0) growths.push(growth);
    }
    return growths.reduce((sum, growth) => sum + growth, 0) / Math.max(1, growths.length);
  }

  #run(calls) {
    return this.#isAwaited ? this.#loop(this.#call, calls, sink) : void this.#loop(this.#call, calls, sink);
  }
}

/** The value below which a share of the samples lies, interpolated. */
export function quantile(samples, share) {
  const sorted = samples.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  return below + (above - below) * (position - Math.floor(position));
}

const collectGarbage = globalThis.gc ?? exposeGc();

function exposeGc() {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
}
