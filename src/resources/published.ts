import type { AttributesOf } from '../telemetry/definition.js';
import type { Instruments } from '../telemetry/instruments.js';
import type { Sample } from './sample.js';

export type ObservableDefinition = Parameters<Instruments['observe']>[0];

/** A value may be missing: then nothing is reported. */
export type Report<A> = (value: number | undefined, attributes?: A) => void;

/** An instrument, and what of a sample it shows. */
export interface Published {
  readonly definition: ObservableDefinition;
  readonly read: (sample: Sample, report: Report<Readonly<Record<string, string>>>) => void;
}

/** Keeps attributes and definition together, so that a value the catalogue does not list cannot be reported. */
export function published<D extends ObservableDefinition>(
  definition: D,
  read: (sample: Sample, report: Report<AttributesOf<D>>) => void,
): Published {
  return { definition, read: read as unknown as Published['read'] };
}

/** The entries of a record, with their names kept narrow. */
export function entriesOf<Name extends string, Value>(
  record: Readonly<Partial<Record<Name, Value>>>,
): [Name, Value][] {
  return Object.entries(record) as [Name, Value][];
}
