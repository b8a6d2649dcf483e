import { closeSync, openSync, readSync } from 'node:fs';

/** Milliseconds of the machine's monotonic clock: the same in all processes. */
export function monotonicMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * How long the machine let a process wait for a processor, and when: what a busy machine adds to a call, apart from what
 * we add to it. Linux counts it for the main thread of each process; elsewhere it is 0, and nothing is excused.
 */
export class StolenTime {
  #times = [];
  #totals = [];
  #file;
  #timer;

  constructor(pid = 'self') {
    this.#file = openSchedstat(pid);
  }

  start() {
    this.mark();
    this.#timer = setInterval(() => this.mark(), 1);
  }

  stop() {
    clearInterval(this.#timer);
    if (this.#file !== undefined) closeSync(this.#file);
  }

  /** Looks now, and returns the time. */
  mark() {
    const now = monotonicMs();
    this.#times.push(now);
    this.#totals.push(waitedMs(this.#file));
    return now;
  }

  /** Milliseconds that were stolen between two times, by the last marks before them. */
  between(start, end) {
    return this.#totalAt(end) - this.#totalAt(start);
  }

  #totalAt(time) {
    let [low, high] = [0, this.#times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#times[middle] <= time) low = middle + 1;
      else high = middle;
    }
    return this.#totals[Math.max(0, low - 1)];
  }
}

function openSchedstat(pid) {
  try {
    return openSync(`/proc/${pid}/schedstat`, 'r');
  } catch {
    return undefined;
  }
}

const buffer = Buffer.alloc(128);

function waitedMs(file) {
  if (file === undefined) return 0;
  const text = buffer.latin1Slice(0, readSync(file, buffer, 0, buffer.length, 0));
  return Number(text.split(' ')[1]) / 1e6;
}
