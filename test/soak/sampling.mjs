import { setTimeout as sleep } from 'node:timers/promises';
import { get } from './load.mjs';
import { seriesOf } from './verdict.mjs';

/** Takes a sample every so many milliseconds, until it is stopped. */
export class Sampling {
  #samples = [];
  #isRunning = true;
  #loop;
  #everyMs;

  constructor(running, everyMs) {
    this.#everyMs = everyMs;
    this.#loop = this.#run(running);
  }

  async stop() {
    this.#isRunning = false;
    await this.#loop;
    return this.#samples;
  }

  async #run(running) {
    while (this.#isRunning) {
      const sample = await running.ask('sample');
      const { text } = await get(running.urls.metrics);
      this.#samples.push({ ...sample, series: seriesOf(text) });
      for (const end = performance.now() + this.#everyMs; this.#isRunning && performance.now() < end;)
        await sleep(100);
    }
  }
}
