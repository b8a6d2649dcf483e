import type { Attributes, Context } from '@opentelemetry/api';
import type { InstrumentDescriptor } from './descriptor.js';
import type { RecordedStream } from './recorded-stream.js';
import type { Tally } from './tally/tally.js';

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
  for (const stream of streams) stream.find(attributes, context).record(value);
}

/** The series of these attributes in every stream. */
export function talliesOf({ streams }: Recorder, attributes: Attributes | null | undefined): Tally[] {
  return streams.map((stream) => stream.find(attributes, undefined));
}
