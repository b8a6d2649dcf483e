import { context as contexts, trace, TraceFlags, type Attributes, type Context } from '@opentelemetry/api';
import type { KeptAggregation } from './aggregation.js';
import { hrTimeOf, msOf } from './collection-time.js';
import type { ExemplarGate } from './exemplar-gate.js';
import { reservoirOf, type ExemplarReservoir } from './exemplar-reservoir.js';
import type { Follower } from './follower.js';
import type { PointExemplar } from './walk-series.js';

export interface ExemplarsOptions {
  readonly gate: ExemplarGate;
  readonly aggregation: KeptAggregation;
  readonly attributesOf: (series: number) => Attributes;
}

/** Measurements of one stream that were made within a sampled span, some for each series. */
export class Exemplars implements Follower {
  readonly #options: ExemplarsOptions;
  readonly #gate: ExemplarGate;
  /** The tick in which each series was let through last. */
  readonly #lastTick: number[] = [];
  readonly #reservoirs: (ExemplarReservoir | undefined)[] = [];

  constructor(options: ExemplarsOptions) {
    this.#options = options;
    this.#gate = options.gate;
  }

  recorded(
    series: number,
    value: number,
    attributes: Attributes | null | undefined,
    context: Context | undefined,
  ): void {
    if (this.#lastTick[series] !== this.#gate.tick) this.#look(series, value, attributes, context);
  }

  removed(series: number): void {
    this.#reservoirs[series] = undefined;
  }

  /** Those of one series since some time, in milliseconds. */
  collect(series: number, sinceMs: number): readonly PointExemplar[] {
    const kept = this.#reservoirs[series]?.collect() ?? NONE;
    return kept.filter(({ timestamp }) => msOf(timestamp) >= sinceMs);
  }

  /** Once in a tick, whether or not it finds a span: that is what costs. */
  #look(
    series: number,
    value: number,
    attributes: Attributes | null | undefined,
    context: Context | undefined,
  ): void {
    this.#lastTick[series] = this.#gate.tick;
    const span = trace.getSpanContext(context ?? contexts.active());
    if (span === undefined || (span.traceFlags & TraceFlags.SAMPLED) === 0) return;
    const { traceId, spanId } = span;
    const filteredAttributes = this.#without(this.#options.attributesOf(series), attributes);
    const timestamp = hrTimeOf(this.#gate.now);
    const reservoir = (this.#reservoirs[series] ??= reservoirOf(this.#options.aggregation));
    reservoir.offer({ value, timestamp, traceId, spanId, filteredAttributes });
  }

  /** What a measurement has and its series has not. */
  #without(kept: Attributes, given: Attributes | null | undefined): Attributes | undefined {
    try {
      const filtered = Object.entries(given ?? {}).filter(([name]) => !(name in kept));
      return filtered.length === 0 ? undefined : Object.fromEntries(filtered);
    } catch {
      // What cannot be read was said when it was recorded.
      return undefined;
    }
  }
}

const NONE: readonly PointExemplar[] = [];
