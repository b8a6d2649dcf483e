import { ProxyTracerProvider, trace, type TracerProvider } from '@opentelemetry/api';
import type { Cancel, Clock } from '../../clock.js';

/** How often a series may get an exemplar. */
const TICK_MS = 100;

/** What stands in for a tracer while nobody has registered one. */
const NO_TRACING = new ProxyTracerProvider().getDelegate();

/**
 * Lets one measurement of each series through in a tenth of a second, while somebody traces: finding the active span costs
 * more than recording. Without a tracer there are no exemplars, and nothing of this costs anything.
 */
export class ExemplarGate {
  /** Grows with time; who was let through in this tick waits for the next. */
  tick = 1;
  readonly #clock: Clock;
  #cancel: Cancel | undefined;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Wall time in milliseconds. */
  get now(): number {
    return this.#clock.wallNow();
  }

  /** Looks whether somebody traces now. */
  isOpen(): boolean {
    const isOpen = !this.#isClosed && isTracing(trace.getTracerProvider());
    if (!isOpen) this.#stop();
    else this.#cancel ??= this.#clock.every(TICK_MS, () => (this.tick += 1));
    return isOpen;
  }

  /** For ever. */
  close(): void {
    this.#isClosed = true;
    this.#stop();
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

/** The API always hands out a proxy; what it stands for tells whether there is anything behind it. */
function isTracing(provider: TracerProvider): boolean {
  const { getDelegate } = provider as Partial<ProxyTracerProvider>;
  return getDelegate === undefined || getDelegate.call(provider as ProxyTracerProvider) !== NO_TRACING;
}
