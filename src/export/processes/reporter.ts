import { nodeCrypto } from '../../built-ins.js';
import type { Clock } from '../../clock.js';
import { noticeOnce } from '../../telemetry/notice.js';
import { walkSource, type MetricSource } from '../prometheus/metric-source.js';
import type { FromWorker, ReportedMetric, ToWorker } from './messages.js';
import { partsOf } from './report.js';

/** The last report may not hold up an end for longer. */
const FINAL_TIMEOUT_MS = 1000;

/** A worker that is asked for what it measured. Sending resolves when a message has left, or cannot. */
export class Reporter {
  readonly #source: MetricSource;
  readonly #clock: Clock;
  readonly #send: (message: FromWorker) => Promise<void>;
  readonly #instance = nodeCrypto().randomUUID();
  #reporting: Promise<void> | undefined;

  constructor(source: MetricSource, clock: Clock, send: (message: FromWorker) => Promise<void>) {
    this.#source = source;
    this.#clock = clock;
    this.#send = send;
    this.#greet();
  }

  hear(message: ToWorker): void {
    if (message.kind === 'who') this.#greet();
    // Who asks again while a report is on its way gets that one.
    else
      this.#reporting ??= this.#report(message.timeoutMs, false).finally(() => (this.#reporting = undefined));
  }

  /** Reports for the last time. Never rejects, and takes no longer than a second. */
  async end(): Promise<void> {
    const last = (async () => {
      await this.#reporting;
      await this.#report(FINAL_TIMEOUT_MS, true);
    })();
    let cancel = () => {};
    const late = new Promise<void>((resolve) => (cancel = this.#clock.after(FINAL_TIMEOUT_MS, resolve)));
    await Promise.race([last, late]).finally(() => cancel());
  }

  #greet(): void {
    void this.#send({ kind: 'hello', instance: this.#instance });
  }

  async #report(timeoutMillis: number, isFinal: boolean): Promise<void> {
    try {
      const parts = partsOf(await walkSource(this.#source, { timeoutMillis }));
      let part: readonly ReportedMetric[] | void = parts.next().value;
      while (part !== undefined) {
        const metrics = part;
        part = parts.next().value;
        // One after the other: between two of them others get their turn.
        await this.#send({ kind: 'part', metrics, isLast: part === undefined, isFinal });
      }
    } catch (error) {
      noticeOnce('report', `metrics could not be reported to the process that serves them: ${String(error)}`);
    }
  }
}
