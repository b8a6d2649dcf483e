import type { Attributes, Context } from '@opentelemetry/api';
import type { AggregationOption, IAttributesProcessor, ViewOptions } from '@opentelemetry/sdk-metrics';
import { InvalidOptionError } from '../../errors.js';
import { isAggregation } from './aggregation.js';
import type { InstrumentDescriptor } from './descriptor.js';

/** Which meter made an instrument. */
export interface MeterScope {
  readonly name: string;
  readonly version: string;
  readonly schemaUrl: string | undefined;
}

const SELECTORS = [
  'instrumentName',
  'instrumentType',
  'instrumentUnit',
  'meterName',
  'meterVersion',
  'meterSchemaUrl',
] as const;

/** Selects instruments and says how their measurements are exported. */
export class View {
  readonly aggregation: AggregationOption | undefined;
  readonly cardinalityLimit: number | undefined;
  readonly processors: readonly IAttributesProcessor[];
  readonly #options: ViewOptions;
  readonly #name: RegExp | undefined;

  /** @throws {InvalidOptionError} where the SDK's own provider refuses it too. */
  constructor(options: ViewOptions) {
    checkView(options);
    this.#options = options;
    this.aggregation = options.aggregation;
    this.cardinalityLimit = options.aggregationCardinalityLimit;
    this.processors = options.attributesProcessors ?? [];
    this.#name = options.instrumentName === undefined ? undefined : patternOf(options.instrumentName);
  }

  matches(instrument: InstrumentDescriptor, meter: MeterScope): boolean {
    const { instrumentType, instrumentUnit, meterName, meterVersion, meterSchemaUrl } = this.#options;
    return (
      (this.#name?.test(instrument.name) ?? true) &&
      (instrumentType === undefined || (instrumentType as string) === instrument.type) &&
      (instrumentUnit === undefined || instrumentUnit === instrument.unit) &&
      (meterName === undefined || meterName === meter.name) &&
      (meterVersion === undefined || meterVersion === meter.version) &&
      (meterSchemaUrl === undefined || meterSchemaUrl === meter.schemaUrl)
    );
  }

  describe(instrument: InstrumentDescriptor): InstrumentDescriptor {
    const { name = instrument.name, description = instrument.description } = this.#options;
    return { ...instrument, name, description };
  }
}

/** All processors of a View, one after the other. */
export function processAttributes(
  processors: readonly IAttributesProcessor[],
  attributes: Attributes,
  context?: Context,
): Attributes {
  let processed = attributes;
  for (const processor of processors) processed = processor.process(processed, context);
  return processed;
}

function checkView(options: ViewOptions): void {
  if (SELECTORS.every((name) => options[name] === undefined)) {
    throw new InvalidOptionError('view', `to select something by ${SELECTORS.join(', ')}`, options);
  }
  const { name, instrumentName, aggregation } = options;
  if (name !== undefined && (instrumentName === undefined || /[*?]/.test(instrumentName))) {
    const expected = 'one name without * and ?, as the view renames';
    throw new InvalidOptionError('view.instrumentName', expected, instrumentName);
  }
  if (aggregation !== undefined && !isAggregation(aggregation)) {
    throw new InvalidOptionError('view.aggregation', 'an aggregation of the OpenTelemetry SDK', aggregation);
  }
}

/** `*` stands for any text, also none, and `?` for one character. */
function patternOf(text: string): RegExp {
  const escaped = text.replaceAll(/[\^$\\.+()[\]{}|]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}
