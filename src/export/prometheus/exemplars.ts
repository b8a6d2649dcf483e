import type { PointExemplar } from '../../telemetry/provider/walk-series.js';
import type { LabelPair } from './labels.js';
import { valueText } from './labels.js';

/** OpenMetrics: characters of all names and values of one exemplar. */
const LONGEST = 128;

/** The labels of an exemplar: the span, and the attributes that still fit. */
export function exemplarPairs({ traceId, spanId, filteredAttributes }: PointExemplar): LabelPair[] {
  const pairs: LabelPair[] = [];
  let left = LONGEST;
  const add = (name: string, value: string) => {
    const length = Array.from(name).length + Array.from(value).length;
    if (length > left || pairs.some(([known]) => known === name)) return;
    left -= length;
    pairs.push([name, value]);
  };
  if (traceId !== undefined) add('trace_id', traceId);
  if (spanId !== undefined) add('span_id', spanId);
  for (const [attribute, value] of Object.entries(filteredAttributes ?? {})) {
    const name = attribute.replaceAll(/[^A-Za-z0-9_]/g, '_');
    if (/^[A-Za-z]/.test(name)) add(name, valueText(value));
  }
  return pairs;
}

/** Since 1970; `undefined` where nobody noted it. */
export function exemplarSeconds({ timestamp }: PointExemplar): number | undefined {
  const [seconds, nanos] = timestamp ?? [0, 0];
  return seconds > 0 ? seconds + nanos / 1e9 : undefined;
}

/** For each bucket the exemplar with the largest value in it. `bounds` are its upper ends, without the last, infinite one. */
export function exemplarsByBucket(
  exemplars: readonly PointExemplar[],
  bounds: readonly number[],
): ReadonlyMap<number, PointExemplar> {
  const largest = new Map<number, PointExemplar>();
  for (const exemplar of exemplars) {
    const found = bounds.findIndex((bound) => exemplar.value <= bound);
    const bucket = found === -1 ? bounds.length : found;
    const known = largest.get(bucket);
    if (known === undefined || exemplar.value >= known.value) largest.set(bucket, exemplar);
  }
  return largest;
}
