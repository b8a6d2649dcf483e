import { ValueType, type Attributes } from '@opentelemetry/api';
import type { Follower } from './follower.js';
import { usableValue } from './measurement.js';
import { Place, type Recorder } from './recorder.js';
import type { Cell } from './tally/tallies.js';
import type { TallySummary } from './tally/tally.js';

/** An epoch no stream is ever in. */
const NEVER = -1;

/** What the fast way asks before it records; a stream is one. */
interface Epochs {
  readonly epoch: number;
}

/**
 * The series of one set of attributes, found once in every stream of an instrument. The fast way is for what nearly all
 * are, one stream: it records into the cell for as long as the epoch stays.
 */
export abstract class BoundSeries {
  protected cell: Cell | undefined;
  protected cellEpoch = NEVER;
  protected readonly epochs: Epochs;
  readonly #recorder: Recorder;
  readonly #places: readonly Place[];
  readonly #isNegativeAllowed: boolean;

  constructor(recorder: Recorder, attributes: Attributes | undefined, isNegativeAllowed: boolean) {
    this.#recorder = recorder;
    this.#places = recorder.streams.map((stream) => new Place(stream, attributes));
    this.#isNegativeAllowed = isNegativeAllowed;
    this.epochs = this.#places[0]?.stream ?? { epoch: 0 };
    this.#findCell();
  }

  /**
   * What was recorded into the series so far, by whomever, whatever readers took of it. Readers do not notice. `undefined`
   * where the instrument is dropped.
   */
  summary(): TallySummary | undefined {
    return this.#places[0]?.summary();
  }

  protected recordUnusual(value: number): void {
    const usable = usableValue(value, this.#recorder.descriptor, this.#isNegativeAllowed);
    if (usable === undefined) return;
    for (const place of this.#places) place.record(usable);
    if (this.cellEpoch !== this.epochs.epoch) this.#findCell();
  }

  #findCell(): void {
    const [place, ...others] = this.#places;
    const isInteger = this.#recorder.descriptor.valueType === ValueType.INT;
    if (place === undefined || others.length > 0 || isInteger) return;
    const { series, stream } = place;
    const cell = stream.tallies.cell(series);
    const { follower } = stream;
    this.cell = follower === undefined ? cell : new FollowedCell(cell, follower, place);
    this.cellEpoch = stream.epoch;
  }
}

/** Tells one who wants to hear of it, too. */
class FollowedCell implements Cell {
  readonly #cell: Cell;
  readonly #follower: Follower;
  readonly #series: number;
  readonly #attributes: Attributes;

  constructor(cell: Cell, follower: Follower, { series, attributes }: Place) {
    this.#cell = cell;
    this.#follower = follower;
    this.#series = series;
    this.#attributes = attributes;
  }

  record(value: number): void {
    this.#cell.record(value);
    this.#follower.recorded(this.#series, value, this.#attributes, undefined);
  }
}
