import type { CounterCell, GaugeCell, HistogramCell } from '../telemetry/cells.js';
import type { Attributes } from '../telemetry/definition.js';
import type {
  BoundCounter,
  BoundGauge,
  BoundHistogram,
  Counter,
  Gauge,
  Histogram,
} from '../telemetry/instruments.js';
import type { SeriesTable } from '../telemetry/series.js';
import type { History } from './history.js';

// What a cell accepts is kept for questions, too. One class for each kind, though they look alike: V8 then sees one kind of
// cells at each call and inlines it.

/** A counter of the application. */
export class UserCounter implements Counter {
  readonly kind = 'counter';
  readonly #series: SeriesTable<CounterCell>;
  readonly #history: History | undefined;

  constructor(series: SeriesTable<CounterCell>, history: History | undefined) {
    this.#series = series;
    this.#history = history;
  }

  add(value = 1, tags?: Attributes): void {
    if (this.#series.find(tags).add(value)) this.#history?.record(value);
  }

  bind(tags?: Attributes): BoundCounter {
    return new BoundUserCounter(this.#series.find(tags), this.#history);
  }
}

class BoundUserCounter implements BoundCounter {
  readonly #cell: CounterCell;
  readonly #history: History | undefined;

  constructor(cell: CounterCell, history: History | undefined) {
    this.#cell = cell;
    this.#history = history;
  }

  add(value = 1): void {
    if (this.#cell.add(value)) this.#history?.record(value);
  }
}

/** A gauge of the application. */
export class UserGauge implements Gauge {
  readonly kind = 'gauge';
  readonly #series: SeriesTable<GaugeCell>;
  readonly #history: History | undefined;

  constructor(series: SeriesTable<GaugeCell>, history: History | undefined) {
    this.#series = series;
    this.#history = history;
  }

  record(value: number, tags?: Attributes): void {
    if (this.#series.find(tags).record(value)) this.#history?.record(value);
  }

  bind(tags?: Attributes): BoundGauge {
    return new BoundUserGauge(this.#series.find(tags), this.#history);
  }
}

class BoundUserGauge implements BoundGauge {
  readonly #cell: GaugeCell;
  readonly #history: History | undefined;

  constructor(cell: GaugeCell, history: History | undefined) {
    this.#cell = cell;
    this.#history = history;
  }

  record(value: number): void {
    if (this.#cell.record(value)) this.#history?.record(value);
  }
}

/** A histogram of the application. */
export class UserHistogram implements Histogram {
  readonly kind = 'histogram';
  readonly #series: SeriesTable<HistogramCell>;
  readonly #history: History | undefined;

  constructor(series: SeriesTable<HistogramCell>, history: History | undefined) {
    this.#series = series;
    this.#history = history;
  }

  record(value: number, tags?: Attributes): void {
    if (this.#series.find(tags).record(value)) this.#history?.record(value);
  }

  bind(tags?: Attributes): BoundHistogram {
    return new BoundUserHistogram(this.#series.find(tags), this.#history);
  }
}

class BoundUserHistogram implements BoundHistogram {
  readonly #cell: HistogramCell;
  readonly #history: History | undefined;

  constructor(cell: HistogramCell, history: History | undefined) {
    this.#cell = cell;
    this.#history = history;
  }

  record(value: number): void {
    if (this.#cell.record(value)) this.#history?.record(value);
  }
}
