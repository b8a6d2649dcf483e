import type { Attributes, Context } from '@opentelemetry/api';
import type { InstrumentDescriptor } from './descriptor.js';
import { keepAttributes, NO_ATTRIBUTES } from './kept-attributes.js';
import type { RecordedStream } from './recorded-stream.js';
import type { TallySummary } from './tally/tally.js';

/** What an instrument records into: nearly always one stream, none where it is dropped. */
export interface Recorder {
  readonly descriptor: InstrumentDescriptor;
  readonly streams: readonly RecordedStream[];
}

/** Records where there is no stream, or more than one: Views that export it twice, readers that disagree. */
export function recordToAll(
  { streams }: Recorder,
  value: number,
  attributes: Attributes | null | undefined,
  context: Context | undefined,
): void {
  for (const stream of streams) {
    const series = stream.find(attributes, context);
    stream.tallies.record(series, value);
    stream.follower?.recorded(series, value, attributes, context);
  }
}

/** Forgets the series of these attributes in every stream. Tells whether there was one. */
export function removeFromAll({ streams }: Recorder, attributes: Attributes | null | undefined): boolean {
  return streams.map((stream) => stream.remove(attributes)).includes(true);
}

/** Where the series of some attributes is in one stream, looked up once. */
export class Place {
  readonly stream: RecordedStream;
  readonly attributes: Attributes;
  #series: number;
  #epoch: number;

  constructor(stream: RecordedStream, attributes: Attributes | undefined) {
    this.stream = stream;
    this.#series = stream.find(attributes, undefined);
    this.#epoch = stream.epoch;
    this.attributes = copyOf(attributes);
  }

  /** Its number now: another one after it was removed. */
  get series(): number {
    if (this.#epoch !== this.stream.epoch) {
      this.#series = this.stream.find(this.attributes, undefined);
      this.#epoch = this.stream.epoch;
    }
    return this.#series;
  }

  /** What belongs to it so far; makes no series. */
  summary(): TallySummary {
    const isCurrent = this.#epoch === this.stream.epoch;
    const series = isCurrent ? this.#series : this.stream.known(this.attributes);
    return series === undefined ? { count: 0, sum: 0 } : this.stream.summary(series);
  }

  record(value: number): void {
    const { series, stream } = this;
    stream.tallies.record(series, value);
    stream.follower?.recorded(series, value, this.attributes, undefined);
  }
}

/** What cannot be read was found under no attributes, and said there. */
function copyOf(attributes: unknown): Attributes {
  try {
    const isObject = typeof attributes === 'object' && attributes !== null;
    return isObject ? keepAttributes(attributes as Attributes) : NO_ATTRIBUTES;
  } catch {
    return NO_ATTRIBUTES;
  }
}
