import type { Follower } from './follower.js';

/** In use since the last look. */
const USED = 0;

/** Knows since when nothing was recorded into each series of a stream, give or take the time between two looks. */
export class IdleSeries implements Follower {
  readonly #timeoutMs: number;
  /** When the first look came after which nothing was recorded. */
  readonly #idleSince: number[] = [];

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  recorded(series: number): void {
    this.#idleSince[series] = USED;
  }

  removed(series: number): void {
    this.#idleSince[series] = USED;
  }

  /** Looks at one series. Whether its time is over. */
  isOver(series: number, nowMs: number): boolean {
    const since = this.#idleSince[series] ?? USED;
    if (since === USED) this.#idleSince[series] = nowMs;
    return since !== USED && nowMs - since >= this.#timeoutMs;
  }
}
