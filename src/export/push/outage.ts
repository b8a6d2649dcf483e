import { diag } from '@opentelemetry/api';

/** Says once that pushes fail, and once that they work again, however many there are in between. */
export class Outage {
  readonly #target: string;
  #failures = 0;

  /** `target` is where pushes go, as it reads in a message. */
  constructor(target: string) {
    this.#target = target;
  }

  failed(error: unknown): void {
    this.#failures += 1;
    if (this.#failures > 1) return;
    const reason = error instanceof Error ? error.message : String(error);
    diag.warn(
      `@gary-zero/performance: pushing metrics to ${this.#target} fails: ${reason}; it is tried again with each interval, and said again when it works`,
    );
  }

  worked(): void {
    if (this.#failures > 0)
      diag.info(
        `@gary-zero/performance: pushing metrics to ${this.#target} works again, after ${this.#failures} that failed`,
      );
    this.#failures = 0;
  }
}
