import { CollectedMetric } from '../../telemetry/provider/collected-metric.js';
import { CUMULATIVE, GAUGE_POINTS } from '../../telemetry/provider/sdk-constants.js';
import type { SeriesWalk } from '../../telemetry/provider/walk-series.js';
import { planFamilies, prepareFamily, type FamilyOptions } from './families.js';
import { MetricPart } from './family.js';
import { LabelTexts } from './label-texts.js';
import { LabelStyle } from './labels.js';
import { Namer } from './names.js';
import type { Piece } from './pacing.js';
import { ProtobufWriter } from './protobuf-writer.js';
import { TextWriter } from './text-writer.js';
import type { NegotiatedFormat } from './negotiation.js';

/**
 * Everything there is to read in one format, in pieces of some 64 KiB. `undefined` is a place to stop at, where others
 * may get their turn. What is recorded meanwhile may be in it; each series is of one moment.
 */
export function* writePage(
  { resource, metrics }: SeriesWalk,
  format: NegotiatedFormat['format'],
  options: FamilyOptions,
): Generator<Piece | undefined> {
  const planned = planFamilies(metrics, options);
  if (format === 'protobuf') {
    const writer = new ProtobufWriter();
    for (const family of planned) yield* writer.family(yield* prepareFamily(family, options));
    yield writer.end(options.style.pairsOf(resource.attributes, false));
    return;
  }
  const writer = new TextWriter(format === 'openmetrics', options.style);
  for (const family of planned) {
    const ready = yield* prepareFamily(family, options);
    yield* writer.family(ready);
    yield undefined;
  }
  yield writer.end(resource);
}

/**
 * Keeps one object of each class that the writing of a page is about, for as long as the owner lives. V8 forgets what it
 * compiled for objects of which a full collection finds none, and between two scrapes there would be none: each would be
 * three times as slow.
 */
export function keepCompiled(owner: object): void {
  lasting.set(owner, lastingObjects());
}

const lasting = new WeakMap<object, readonly object[]>();

function lastingObjects(): object[] {
  const style = new LabelStyle(new Namer(), 'underscores');
  const descriptor = { name: '', unit: '', description: '', valueType: 1 };
  const points = { dataPointType: GAUGE_POINTS, aggregationTemporality: CUMULATIVE, dataPoints: [] };
  const metric = new CollectedMetric({ name: '' }, { descriptor, ...points });
  const source = { metric, isHistogram: false, labels: new LabelTexts(style).of(metric, false) };
  return [source, new MetricPart(source, 0, [], style), new TextWriter(false, style)];
}
