import { noticeOnce } from '../notice.js';
import { resolveAggregation, textOf, type Aggregation } from './aggregation.js';
import { isSameMetric, type InstrumentDescriptor } from './descriptor.js';
import { ObservedStream } from './observed-stream.js';
import type { ReaderPort } from './reader-port.js';
import { RecordedStream } from './recorded-stream.js';
import type { Stream, StreamOptions } from './stream.js';
import type { MeterScope, View } from './view.js';

export interface StreamRegistryOptions extends Pick<StreamOptions, 'time' | 'gate' | 'idleTimeoutMs'> {
  readonly scope: MeterScope;
  readonly views: readonly View[];
  readonly readers: readonly ReaderPort[];
}

type Plan = Pick<StreamOptions, 'aggregation' | 'cardinalityLimit'> & { readers: ReaderPort[] };

/** The streams of one meter. Instruments that mean the same metric get the same streams. */
export class StreamRegistry {
  readonly recorded: RecordedStream[] = [];
  readonly observed: ObservedStream[] = [];
  readonly #options: StreamRegistryOptions;

  constructor(options: StreamRegistryOptions) {
    this.#options = options;
  }

  /** What the instrument records into. Empty when all of it is dropped, or nobody reads. */
  recordedFor(instrument: InstrumentDescriptor): RecordedStream[] {
    return this.#streamsFor(instrument, this.recorded, (options) => new RecordedStream(options));
  }

  observedFor(instrument: InstrumentDescriptor): ObservedStream[] {
    return this.#streamsFor(instrument, this.observed, (options) => new ObservedStream(options));
  }

  #streamsFor<Kind extends Stream>(
    instrument: InstrumentDescriptor,
    known: Kind[],
    make: (options: StreamOptions) => Kind,
  ): Kind[] {
    // A Set, as two Views may ask for the very same.
    const streams = new Set<Kind>();
    for (const options of this.#optionsFor(instrument)) {
      let stream = known.find((one) => one.isLike(options));
      if (stream === undefined) {
        this.#noteCollisions(options);
        stream = make(options);
        known.push(stream);
      }
      keepLongerDescription(stream, options.descriptor);
      streams.add(stream);
    }
    return [...streams];
  }

  /** One for each View that applies and each group of readers that agree. */
  #optionsFor(instrument: InstrumentDescriptor): StreamOptions[] {
    const { time, gate, idleTimeoutMs } = this.#options;
    const views = this.#viewsFor(instrument);
    return (views.length === 0 ? [undefined] : views).flatMap((view) => {
      const descriptor = view?.describe(instrument) ?? instrument;
      const processors = view?.processors ?? [];
      return this.#plansFor(descriptor, view).map(({ aggregation, cardinalityLimit, readers }) => {
        return { descriptor, aggregation, cardinalityLimit, processors, readers, time, gate, idleTimeoutMs };
      });
    });
  }

  #viewsFor(instrument: InstrumentDescriptor): View[] {
    const { views, scope } = this.#options;
    return views.filter((view) => {
      if (!view.matches(instrument, scope)) return false;
      if (view.aggregation === undefined || resolveAggregation(view.aggregation, instrument) !== undefined)
        return true;
      noticeOnce(
        `view ${instrument.name}`,
        `${instrument.name}: what is observed cannot be made a histogram; the View that asks for it is not applied`,
      );
      return false;
    });
  }

  /** What is dropped is left out. */
  #plansFor(descriptor: InstrumentDescriptor, view: View | undefined): Plan[] {
    const plans = new Map<string, Plan>();
    for (const reader of this.#options.readers) {
      const aggregation = aggregationFor(reader, descriptor, view);
      const cardinalityLimit = view?.cardinalityLimit ?? reader.cardinalityLimitFor(descriptor.type);
      if (aggregation.kind === 'drop') continue;
      const text = `${cardinalityLimit} ${textOf(aggregation)}`;
      const plan = plans.get(text);
      if (plan === undefined) plans.set(text, { aggregation, cardinalityLimit, readers: [reader] });
      else plan.readers.push(reader);
    }
    return [...plans.values()];
  }

  #noteCollisions(options: StreamOptions): void {
    const { descriptor } = options;
    for (const stream of [...this.recorded, ...this.observed]) {
      const other = stream.descriptor;
      if (other.name.toLowerCase() !== descriptor.name.toLowerCase() || !stream.collidesWith(options))
        continue;
      noticeOnce(
        `conflict ${this.#options.scope.name} ${descriptor.name} ${descriptor.type} ${descriptor.unit}`,
        `metric "${descriptor.name}" of meter "${this.#options.scope.name}" exists twice ` +
          `(${difference(other, descriptor)}); both are exported. ${advice(other, descriptor)}`,
      );
    }
  }
}

function aggregationFor(
  reader: ReaderPort,
  descriptor: InstrumentDescriptor,
  view: View | undefined,
): Aggregation {
  const chosen = view?.aggregation && resolveAggregation(view.aggregation, descriptor);
  return chosen ?? reader.aggregationFor(descriptor);
}

function keepLongerDescription(stream: Stream, { name, description }: InstrumentDescriptor): void {
  const known = stream.descriptor.description;
  if (description === known) return;
  if (description.length > known.length) stream.descriptor = { ...stream.descriptor, description };
  noticeOnce(
    `description ${name}`,
    `metric "${name}" is described in two ways; the longer one is used: "${stream.descriptor.description}"`,
  );
}

function difference(one: InstrumentDescriptor, other: InstrumentDescriptor): string {
  if (isSameMetric(one, other)) return 'aggregated or filtered in two ways';
  const differing = (['type', 'unit', 'valueType'] as const).filter((field) => one[field] !== other[field]);
  return differing.map((field) => `${field} "${one[field]}" and "${other[field]}"`).join(', ');
}

function advice(one: InstrumentDescriptor, { name, type }: InstrumentDescriptor): string {
  if (one.type === type) return 'Use the same options wherever it is created, or another name';
  return `A View can rename one of them: { instrumentName: '${name}', instrumentType: '${type}', name: '...' }`;
}
