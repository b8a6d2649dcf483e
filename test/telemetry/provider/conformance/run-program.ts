import {
  ValueType,
  type Attributes,
  type Meter,
  type MeterProvider,
  type Observable,
} from '@opentelemetry/api';
import {
  AggregationTemporality,
  AggregationType,
  createAllowListAttributesProcessor,
  createDenyListAttributesProcessor,
  MeterProvider as StockMeterProvider,
  MetricReader,
  type CollectionResult,
  type ViewOptions,
} from '@opentelemetry/sdk-metrics';
import { CellMeterProvider } from '../../../../src/telemetry/provider/cell-meter-provider.js';
import { FakeClock } from '../../../fakes/fake-clock.js';
import type { InstrumentSpec, Observation, Program, ReaderSpec, ViewSpec } from './program.js';

/** What the steps that collect got, in order. */
export type Collected = readonly CollectionResult[];

/** Runs a program on the provider of the SDK. */
export function runOnStock(program: Program): Promise<Collected> {
  return run(
    program,
    'stock',
    (readers, views) => new StockMeterProvider({ readers, views }),
    () => {},
  );
}

/** Runs it on ours, whose clock moves by one second a step. */
export function runOnOurs(program: Program): Promise<Collected> {
  const clock = new FakeClock();
  const make = (readers: ProgramReader[], views: ViewOptions[]) =>
    new CellMeterProvider({ readers, views, clock });
  return run(program, 'ours', make, () => clock.advance(1));
}

/** Its selectors are asked by the provider, as those of any reader of the SDK. */
class ProgramReader extends MetricReader {
  constructor({ delta, aggregations, cardinalityLimit }: ReaderSpec) {
    super({
      aggregationTemporalitySelector: (type) =>
        delta.includes(type) ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
      aggregationSelector: (type) => aggregations[type] ?? { type: AggregationType.DEFAULT },
      ...(cardinalityLimit === undefined ? {} : { cardinalitySelector: () => cardinalityLimit }),
    });
  }

  protected override async onShutdown(): Promise<void> {}

  protected override async onForceFlush(): Promise<void> {}
}

type Record = (value: number, attributes: Attributes | null) => void;

async function run(
  program: Program,
  side: 'stock' | 'ours',
  make: (readers: ProgramReader[], views: ViewOptions[]) => MeterProvider,
  tick: () => void,
): Promise<Collected> {
  const readers = program.readers.map((spec) => new ProgramReader(spec));
  const provider = make(readers, program.views.map(viewOptionsOf));
  const meters = program.meters.map(({ name, version, schemaUrl }) =>
    provider.getMeter(name, version, schemaUrl === undefined ? {} : { schemaUrl }),
  );
  const said = new Map<number, readonly Observation[] | undefined>();
  const recorders = program.instruments.map((spec, position) => {
    said.set(position, []);
    return makeInstrument(meters[spec.meter]!, spec, () => said.get(position));
  });

  const collected: CollectionResult[] = [];
  for (const step of program.steps) {
    tick();
    if (step.do === 'collect') collected.push(await readers[step.reader]!.collect());
    else if (step.do === 'observe') said.set(step.instrument, step.observations);
    else if (side === 'ours') recordOnOurs(recorders[step.instrument]!, step);
    else if (!step.isOursOnly) recorders[step.instrument]!(step.value, { ...step.attributes });
  }
  return collected;
}

function recordOnOurs(
  record: Record,
  { value, attributes, isSpoilt }: { value: number; attributes: Attributes | null; isSpoilt: boolean },
): void {
  if (attributes === null || !isSpoilt) return record(value, attributes);
  const changing = structuredClone(attributes);
  record(value, changing);
  for (const one of Object.values(changing)) if (Array.isArray(one)) one.push('spoilt' as never);
  changing['spoilt'] = true;
}

function makeInstrument(
  meter: Meter,
  spec: InstrumentSpec,
  ask: () => readonly Observation[] | undefined,
): Record {
  const { name, type, unit, description, isInteger, boundaries } = spec;
  const options = {
    unit,
    description,
    valueType: isInteger ? ValueType.INT : ValueType.DOUBLE,
    ...(boundaries === undefined ? {} : { advice: { explicitBucketBoundaries: [...boundaries] } }),
  };
  const observed = (observable: Observable): Record => {
    observeBy(meter, observable, spec, ask);
    return () => {};
  };
  switch (type) {
    case 'COUNTER': {
      const counter = meter.createCounter(name, options);
      return (value, attributes) => counter.add(value, attributes as Attributes);
    }
    case 'UP_DOWN_COUNTER': {
      const counter = meter.createUpDownCounter(name, options);
      return (value, attributes) => counter.add(value, attributes as Attributes);
    }
    case 'HISTOGRAM': {
      const histogram = meter.createHistogram(name, options);
      return (value, attributes) => histogram.record(value, attributes as Attributes);
    }
    case 'GAUGE': {
      const gauge = meter.createGauge(name, options);
      return (value, attributes) => gauge.record(value, attributes as Attributes);
    }
    case 'OBSERVABLE_COUNTER':
      return observed(meter.createObservableCounter(name, options));
    case 'OBSERVABLE_UP_DOWN_COUNTER':
      return observed(meter.createObservableUpDownCounter(name, options));
    default:
      return observed(meter.createObservableGauge(name, options));
  }
}

function observeBy(
  meter: Meter,
  observable: Observable,
  { isBatch }: InstrumentSpec,
  ask: () => readonly Observation[] | undefined,
): void {
  const tell = (observe: (value: number, attributes: Attributes) => void) => {
    const observations = ask();
    if (observations === undefined) throw new Error('the callback failed');
    for (const [value, attributes] of observations) observe(value, attributes);
  };
  if (isBatch) {
    meter.addBatchObservableCallback(
      (result) => tell((value, attributes) => result.observe(observable, value, attributes)),
      [observable],
    );
  } else {
    observable.addCallback((result) => tell((value, attributes) => result.observe(value, attributes)));
  }
}

function viewOptionsOf({ keptNames, deniedNames, ...options }: ViewSpec): ViewOptions {
  const attributesProcessors = [
    ...(keptNames === undefined ? [] : [createAllowListAttributesProcessor([...keptNames])]),
    ...(deniedNames === undefined ? [] : [createDenyListAttributesProcessor([...deniedNames])]),
  ];
  const hasProcessors = attributesProcessors.length > 0;
  return { ...options, ...(hasProcessors ? { attributesProcessors } : {}) } as ViewOptions;
}
