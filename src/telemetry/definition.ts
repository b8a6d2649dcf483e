import { bucketsFor } from './buckets.js';

export type InstrumentKind =
  | 'counter'
  | 'upDownCounter'
  | 'gauge'
  | 'histogram'
  | 'observableCounter'
  | 'observableUpDownCounter'
  | 'observableGauge';

/** What there is to say about an instrument before anything is recorded. */
export interface InstrumentDefinition<
  Names extends AttributeNames = AttributeNames,
  Kind extends InstrumentKind = InstrumentKind,
> {
  /** Dotted, lower case, without unit and without `total`: exporters add those. */
  readonly name: string;
  readonly kind: Kind;
  /** UCUM: `s`, `By`, `1`, or an annotation such as `{lookup}`. Empty for "nobody said". */
  readonly unit: string;
  /** One sentence; it becomes the HELP line. */
  readonly description: string;
  /** Each attribute with its closed list of values, `open` where the application names things, or `number`. */
  readonly attributes: Names;
  /** Upper bounds of a histogram, ascending. Default: those that fit the unit. */
  readonly buckets?: readonly number[];
}

export type AttributeNames = Readonly<Record<string, readonly string[] | 'open' | 'number'>>;

/** The attributes a definition allows: closed lists as unions, so that a wrong value does not compile. */
export type AttributesOf<Definition extends InstrumentDefinition> = {
  readonly [
    Name in keyof Definition['attributes']
  ]?: Definition['attributes'][Name] extends readonly (infer Value)[]
    ? Value
    : Definition['attributes'][Name] extends 'number'
      ? number
      : string;
};

/** Values an attribute may have. Others are dropped (see {@link Attributes}). */
export type AttributeValue = string | number | boolean;

/**
 * What distinguishes the series of one instrument: few keys, few values each. `null` and `undefined` values are
 * left out, values that are no text, number or boolean are left out and reported once; the measurement counts anyway.
 */
export type Attributes = Readonly<Record<string, AttributeValue | null | undefined>>;

/** Makes a definition with its types kept narrow. */
export function define<const Names extends AttributeNames, Kind extends InstrumentKind>(
  definition: InstrumentDefinition<Names, Kind>,
): InstrumentDefinition<Names, Kind> {
  return Object.freeze(definition);
}

export function boundariesOf(definition: InstrumentDefinition): readonly number[] {
  return definition.buckets ?? bucketsFor(definition.unit);
}
