import type { CollectedPoint } from './points.js';
import { textOfAttributes } from './points.js';
import type { InstrumentSpec, MeterSpec, Program, ReaderSpec, ViewSpec } from './program.js';

/** An instrument, exported under a name because of a View or because of none. */
export interface Source {
  readonly instrument: InstrumentSpec;
  readonly position: number;
  readonly view: ViewSpec | undefined;
  readonly name: string;
}

/** What was observed of one exported series in one collection. */
interface Sighting {
  readonly reader: number;
  /** The sets of attributes before the View, by the instruments that observed them. */
  readonly origins: ReadonlyMap<string, readonly { readonly position: number; readonly value: number }[]>;
}

interface Collection {
  readonly reader: number;
  readonly step: number;
  readonly bySeries: ReadonlyMap<string, Sighting>;
}

/** What a program does, worked out without any provider: what the exceptions are decided by. */
export class Facts {
  readonly program: Program;
  /** For each collection the reader and, for each metric and exported set of attributes, what was observed. */
  readonly #sightings: Collection[] = [];
  readonly #setsByMetric = new Map<string, Set<string>>();

  constructor(program: Program) {
    this.program = program;
    this.#replay();
  }

  /** Whoever may have made this point, whether Views are matched as the specification says or as the SDK does. */
  sourcesOf(point: CollectedPoint): Source[] {
    return this.#sourcesOfMeter(point.meter).filter(
      ({ instrument, name }) =>
        name.toLowerCase() === point.name.toLowerCase() &&
        instrument.type === point.type &&
        instrument.unit === point.unit &&
        instrument.isInteger === point.isInteger,
    );
  }

  /** Of the same name in any case, whatever their type. */
  namesakesOf(point: CollectedPoint): Source[] {
    return this.#sourcesOfMeter(point.meter).filter(
      ({ name }) => name.toLowerCase() === point.name.toLowerCase(),
    );
  }

  /** Whether it depends on the reading of a View which Views apply to the instrument. */
  isDisputed(instrument: InstrumentSpec): boolean {
    const meter = this.meterOf(instrument);
    return this.program.views.some(
      (view) => matchesBySpecification(view, instrument, meter) !== matchesInStock(view, instrument, meter),
    );
  }

  meterOf({ meter }: InstrumentSpec): MeterSpec {
    return this.program.meters[meter]!;
  }

  readerOf(collection: number): ReaderSpec {
    return this.program.readers[this.#sightings[collection]!.reader]!;
  }

  readerPositionOf(collection: number): number {
    return this.#sightings[collection]!.reader;
  }

  /** The step that collects. */
  stepOf(collection: number): number {
    return this.#sightings[collection]!.step;
  }

  /** What was observed of a series, from the first collection to this one; absent where nothing was. */
  sightingsOf(point: CollectedPoint, collection: number): (Sighting | undefined)[] {
    return this.#sightings
      .slice(0, collection + 1)
      .map(({ bySeries }) => bySeries.get(seriesKey(point, point.attributes)));
  }

  /** How many different sets of attributes a metric gets over the whole program. */
  setsOf(point: CollectedPoint): number {
    return this.#setsByMetric.get(metricKey(point))?.size ?? 0;
  }

  #sourcesOfMeter(meter: string): Source[] {
    return this.program.instruments.flatMap((instrument, position) =>
      this.meterOf(instrument).name === meter ? this.#sourcesOfInstrument(instrument, position) : [],
    );
  }

  #sourcesOfInstrument(instrument: InstrumentSpec, position: number): Source[] {
    const meter = this.meterOf(instrument);
    const matching = [matchesBySpecification, matchesInStock].flatMap((matches) => {
      const views = this.program.views.filter((view) => matches(view, instrument, meter));
      return views.length === 0 ? [undefined] : views;
    });
    return [...new Set(matching)].map((view) => ({
      instrument,
      position,
      view,
      name: view?.name ?? instrument.name,
    }));
  }

  #replay(): void {
    const said = new Map<number, readonly (readonly [number, object])[]>();
    for (const [position, step] of this.program.steps.entries()) {
      if (step.do === 'observe') said.set(step.instrument, step.observations ?? []);
      else if (step.do === 'record') this.#noteSets(step.instrument, (step.attributes ?? {}) as never);
      else
        this.#sightings.push({
          reader: step.reader,
          step: position,
          bySeries: this.#seen(step.reader, said),
        });
    }
  }

  #noteSets(position: number, attributes: Record<string, never>): void {
    for (const source of this.#sourcesOfInstrument(this.program.instruments[position]!, position)) {
      const key = metricKey(pointLike(source, this.meterOf(source.instrument)));
      let sets = this.#setsByMetric.get(key);
      if (sets === undefined) this.#setsByMetric.set(key, (sets = new Set()));
      sets.add(textOfAttributes(filtered(attributes, source.view)));
    }
  }

  #seen(
    reader: number,
    said: ReadonlyMap<number, readonly (readonly [number, object])[]>,
  ): Map<string, Sighting> {
    const seen = new Map<
      string,
      { reader: number; origins: Map<string, { position: number; value: number }[]> }
    >();
    for (const [position, observations] of said) {
      for (const source of this.#sourcesOfInstrument(this.program.instruments[position]!, position)) {
        const like = pointLike(source, this.meterOf(source.instrument));
        for (const [value, given] of observations) {
          const attributes = given as Record<string, never>;
          this.#noteSets(position, attributes);
          const key = seriesKey(like, textOfAttributes(filtered(attributes, source.view)));
          if (!seen.has(key)) seen.set(key, { reader, origins: new Map() });
          const { origins } = seen.get(key)!;
          const origin = textOfAttributes(attributes);
          const of = (origins.get(origin) ?? []).filter((one) => one.position !== position);
          origins.set(origin, [...of, { position, value }]);
        }
      }
    }
    return seen;
  }
}

function matchesBySpecification(view: ViewSpec, instrument: InstrumentSpec, meter: MeterSpec): boolean {
  const pattern = (view.instrumentName ?? '*').replaceAll('.', String.raw`\.`);
  const name = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
  return (
    matchesPlainly(view, instrument, meter) &&
    name.test(instrument.name) &&
    (view.meterSchemaUrl === undefined || view.meterSchemaUrl === meter.schemaUrl)
  );
}

/** The SDK takes `?` for itself, only the first `*` for a wildcard, and a meter without schema for one of any. */
function matchesInStock(view: ViewSpec, instrument: InstrumentSpec, meter: MeterSpec): boolean {
  const pattern = (view.instrumentName ?? '*').replaceAll(/[.?]/g, String.raw`\$&`);
  return (
    matchesPlainly(view, instrument, meter) &&
    (pattern === '*' || new RegExp(`^${pattern.replace('*', '.*')}$`).test(instrument.name)) &&
    (view.meterSchemaUrl === undefined ||
      meter.schemaUrl === undefined ||
      view.meterSchemaUrl === meter.schemaUrl)
  );
}

function matchesPlainly(view: ViewSpec, instrument: InstrumentSpec, meter: MeterSpec): boolean {
  return (
    (view.instrumentType ?? instrument.type) === instrument.type &&
    (view.instrumentUnit ?? instrument.unit) === instrument.unit &&
    (view.meterName ?? meter.name) === meter.name &&
    (view.meterVersion ?? meter.version ?? '') === (meter.version ?? '')
  );
}

function filtered(attributes: Record<string, never>, view: ViewSpec | undefined): Record<string, never> {
  const kept = Object.entries(attributes).filter(
    ([name]) =>
      (view?.keptNames?.includes(name) ?? true) &&
      (view?.deniedNames === undefined || !view.deniedNames.includes(name)),
  );
  return Object.fromEntries(kept);
}

type Identified = Pick<CollectedPoint, 'meter' | 'name' | 'type' | 'unit' | 'isInteger'>;

function pointLike({ instrument, name }: Source, meter: MeterSpec): Identified {
  const { type, unit, isInteger } = instrument;
  return { meter: meter.name, name, type, unit, isInteger };
}

function metricKey({ meter, name, type, unit, isInteger }: Identified): string {
  return JSON.stringify([meter, name.toLowerCase(), type, unit, isInteger]);
}

function seriesKey(like: Identified, attributes: string): string {
  return `${metricKey(like)} ${attributes}`;
}
