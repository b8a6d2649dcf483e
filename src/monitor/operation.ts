import type { Clock } from '../clock.js';
import { operationDuration } from '../telemetry/catalogue.js';
import type { Attributes, AttributesOf } from '../telemetry/definition.js';
import { errorTypeOf } from '../telemetry/error-type.js';
import { CARDINALITY_LIMIT, type BoundHistogram, type Histogram } from '../telemetry/instruments.js';
import { SeriesTable, type KeptAttributes } from '../telemetry/series.js';
import type { CallRecorder } from '../telemetry/timer.js';
import type { History } from './history.js';

export type Durations = Histogram<AttributesOf<typeof operationDuration>>;

/** Everything recorded about one named operation: a recorder for each set of tags, one history for all of them. */
export class Operation {
  readonly #byTags: SeriesTable<CallRecorder>;

  constructor(name: string, durations: Durations, history: History | undefined, clock: Clock) {
    this.#byTags = new SeriesTable(
      `operation ${name}`,
      CARDINALITY_LIMIT,
      (tags) => new OperationRecorder({ ...tags, 'perf.operation.name': name }, durations, history, clock),
    );
  }

  recorder(tags?: Attributes): CallRecorder {
    return this.#byTags.find(tags);
  }
}

class OperationRecorder implements CallRecorder {
  readonly clock: Clock;
  readonly #attributes: KeptAttributes;
  readonly #durations: Durations;
  readonly #history: History | undefined;
  readonly #succeeded: BoundHistogram;

  constructor(attributes: KeptAttributes, durations: Durations, history: History | undefined, clock: Clock) {
    this.clock = clock;
    this.#attributes = attributes;
    this.#durations = durations;
    this.#history = history;
    this.#succeeded = durations.bind(attributes);
  }

  succeeded(seconds: number): void {
    this.#succeeded.record(seconds);
    this.#history?.record(seconds);
  }

  failed(seconds: number, error: unknown): void {
    this.#durations.record(seconds, { ...this.#attributes, 'error.type': errorTypeOf(error) });
    this.#history?.recordError(seconds);
  }
}
