/**
 * Pauses of work in the background. They do not keep the process alive: what is left is left to the next time. But
 * whoever closes waits for the work, so closing must end its pause, or the process would end before it was closed.
 */
export class Pause {
  readonly #ms: number;
  #end = () => {};

  constructor(ms: number) {
    this.#ms = ms;
  }

  take(): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, this.#ms).unref();
      this.#end = resolve;
    });
  }

  end(): void {
    this.#end();
  }
}
