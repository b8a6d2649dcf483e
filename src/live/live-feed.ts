import type { ServerResponse } from 'node:http';
import type { Cancel, Clock } from '../clock.js';
import { noticeOnce } from '../telemetry/notice.js';

const INTERVAL_MS = 1000;
/** A report is the same for all; each more costs a copy of its text. */
export const MOST_WATCHERS = 8;
/** Who has taken nothing for so many updates is gone, whatever its connection says. */
const PATIENCE = 30;

/** Sends a report each second to who watches, as server-sent events. While nobody does it has no timer. */
export class LiveFeed {
  readonly #report: () => string;
  readonly #clock: Clock;
  readonly #onIdle: () => void;
  /** With the number of updates each has missed in a row. */
  readonly #watchers = new Map<ServerResponse, number>();
  #cancel: Cancel | undefined;

  /** `report`: one line of text. `onIdle`: the last one has gone. */
  constructor(report: () => string, clock: Clock, onIdle: () => void) {
    this.#report = report;
    this.#clock = clock;
    this.#onIdle = onIdle;
  }

  get isFull(): boolean {
    return this.#watchers.size >= MOST_WATCHERS;
  }

  /** Answers with events until the watcher goes away. Not to be called when full. Throws what the report throws, unanswered. */
  add(response: ServerResponse): void {
    if (response.destroyed) return;
    const first = event(this.#report());
    // For as long as it is read, which is no error when it ends.
    response.on('error', () => {});
    response.once('close', () => this.#remove(response));
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    this.#watchers.set(response, 0);
    this.#cancel ??= this.#clock.every(INTERVAL_MS, () => this.#update());
    response.write(first);
  }

  close(): void {
    for (const watcher of this.#watchers.keys()) watcher.destroy();
    this.#watchers.clear();
    this.#stop();
  }

  #update(): void {
    const waiting = [...this.#watchers.keys()].filter((watcher) => this.#isReady(watcher));
    if (waiting.length === 0) return;
    let text: string;
    try {
      text = event(this.#report());
    } catch (error) {
      // The next one may be well again, and a timer must not end the process.
      noticeOnce('live page', `the live page failed: ${String(error)}`, 'error');
      return;
    }
    for (const watcher of waiting) watcher.write(text);
  }

  /** Who still has the last update to read misses this one: what is old is not worth to be kept for anybody. */
  #isReady(watcher: ServerResponse): boolean {
    if (watcher.writableLength === 0) {
      this.#watchers.set(watcher, 0);
      return true;
    }
    const missed = this.#watchers.get(watcher)! + 1;
    this.#watchers.set(watcher, missed);
    if (missed > PATIENCE) watcher.destroy();
    return false;
  }

  #remove(response: ServerResponse): void {
    if (this.#watchers.delete(response) && this.#watchers.size === 0) this.#stop();
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#onIdle();
  }
}

function event(line: string): string {
  return `data: ${line}\n\n`;
}
