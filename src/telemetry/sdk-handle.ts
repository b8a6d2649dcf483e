import type { MeterConnection } from './connection.js';
import type { InstrumentKind } from './definition.js';
import type { KeptAttributes } from './series.js';

/** A series of a provider that was looked up once. */
export interface BoundSeries {
  record(value: number): void;
  /** What was recorded into it so far, without any reader; where the provider can tell that: ours. */
  summary?(): { readonly count: number; readonly sum: number } | undefined;
}

/** What a cell sees of the SDK: the instrument of the provider in force, if there is one. */
export class SdkHandle {
  readonly kind: InstrumentKind;
  isLive = false;
  /** Another number for each provider. NaN, which equals nothing, without one: then every record looks again. */
  epoch = Number.NaN;
  add: ((value: number, attributes: KeptAttributes) => void) | undefined;
  record: ((value: number, attributes: KeptAttributes) => void) | undefined;
  /** Looks a series up, where the provider can do that: ours. */
  bind: ((attributes: KeptAttributes) => BoundSeries) | undefined;
  readonly #connection: MeterConnection | undefined;

  constructor(kind: InstrumentKind, connection: MeterConnection | undefined) {
    this.kind = kind;
    this.#connection = connection;
  }

  refresh(): void {
    this.#connection?.refresh();
  }
}
