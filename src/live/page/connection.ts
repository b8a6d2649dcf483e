import type { LiveReport } from '../live-report.js';

export type ConnectionState = 'waiting' | 'live' | 'lost' | 'paused';

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 5000;
/** Reports come each second: who is silent for so long is gone, whatever the connection says. */
const SILENCE_MS = 6000;

export interface ConnectionListeners {
  readonly onReport: (report: LiveReport) => void;
  readonly onState: (state: ConnectionState) => void;
}

/** Reports as they come, anew when the connection was lost. Nobody who does not look is sent any. */
export class Connection {
  readonly #listeners: ConnectionListeners;
  #source: EventSource | undefined;
  #retryMs = FIRST_RETRY_MS;
  #timer: number | undefined;
  #isPaused = false;

  constructor(listeners: ConnectionListeners) {
    this.#listeners = listeners;
    document.addEventListener('visibilitychange', () => {
      if (this.#isPaused) return;
      if (document.hidden) this.#close();
      else this.#open();
    });
    // A page that comes back from the history of the browser has none any more.
    window.addEventListener('pageshow', ({ persisted }) => {
      if (persisted && !this.#isPaused) this.#open();
    });
    this.#open();
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused) {
      this.#close();
      this.#listeners.onState('paused');
    } else {
      this.#listeners.onState('waiting');
      this.#open();
    }
  }

  #open(): void {
    this.#close();
    const source = new EventSource('/live');
    this.#source = source;
    source.addEventListener('message', ({ data }: MessageEvent<string>) => {
      this.#retryMs = FIRST_RETRY_MS;
      this.#listeners.onState('live');
      this.#listeners.onReport(JSON.parse(data) as LiveReport);
      this.#expect(SILENCE_MS, () => this.#lost());
    });
    source.addEventListener('error', () => this.#lost());
    this.#expect(SILENCE_MS, () => this.#lost());
  }

  /** What the browser would do by itself differs, and it gives up where the answer is an error. */
  #lost(): void {
    this.#close();
    this.#listeners.onState('lost');
    this.#expect(this.#retryMs, () => this.#open());
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 1.5);
  }

  #close(): void {
    this.#source?.close();
    this.#source = undefined;
    clearTimeout(this.#timer);
  }

  #expect(delayMs: number, act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(act, delayMs);
  }
}
