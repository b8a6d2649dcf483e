import { createNoopMeter, metrics, type Meter, type MeterProvider } from '@opentelemetry/api';

export const SCOPE_NAME = '@gary-zero/performance';
export const VERSION = '0.1.0';

/**
 * The way to the MeterProvider that is in force now. The metrics API has no proxy: what is created before a provider
 * is registered records nothing, for ever. So a connection looks again until there is a provider, and again when it is
 * replaced, and tells its listener to make the instruments anew.
 */
export class MeterConnection {
  /** The meter of the provider in force; absent while there is none. */
  meter: Meter | undefined;
  readonly #fixed: MeterProvider | undefined;
  readonly #onChange: (meter: Meter | undefined) => void;
  #provider: MeterProvider | undefined;

  /** Without a provider it follows the global one. */
  constructor(fixed: MeterProvider | undefined, onChange: (meter: Meter | undefined) => void) {
    this.#fixed = fixed;
    this.#onChange = onChange;
  }

  /** Looks which provider is in force, about 20 ns when nothing changed. True when there is one. */
  refresh(): boolean {
    const provider = this.#fixed ?? metrics.getMeterProvider();
    if (provider !== this.#provider) {
      this.#provider = provider;
      const meter = provider.getMeter(SCOPE_NAME, VERSION);
      const isNoop = meter === createNoopMeter();
      this.meter = isNoop ? undefined : meter;
      this.#onChange(this.meter);
    }
    return this.meter !== undefined;
  }
}
