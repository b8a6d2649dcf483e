import type { Reading } from '../telemetry/reading.js';

/** Readings by the value of an attribute; those beyond the limit of series have none and belong to nothing. */
export function byAttribute(
  readings: readonly Reading[],
  attribute: string,
): ReadonlyMap<string, readonly Reading[]> {
  const known = readings.filter(({ attributes }) => attributes[attribute] !== undefined);
  return grouped(known, ({ attributes }) => String(attributes[attribute]));
}

export function grouped(
  readings: readonly Reading[],
  keyOf: (reading: Reading) => string,
): ReadonlyMap<string, readonly Reading[]> {
  const groups = new Map<string, Reading[]>();
  for (const reading of readings) {
    const key = keyOf(reading);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [reading]);
    else group.push(reading);
  }
  return groups;
}

export type AttributeFilter = (attributes: Reading['attributes']) => boolean;

/** `undefined` where there is no reading at all. */
export function sumOf(
  readings: readonly Reading[] | undefined,
  filter: AttributeFilter = () => true,
): number | undefined {
  const chosen = (readings ?? []).filter(({ attributes }) => filter(attributes));
  return chosen.length === 0 ? undefined : chosen.reduce((sum, { value }) => sum + value, 0);
}

/** How many values histograms got. */
export function countOf(
  readings: readonly Reading[] | undefined,
  filter: AttributeFilter = () => true,
): number {
  return (readings ?? []).reduce(
    (sum, { attributes, count = 0 }) => (filter(attributes) ? sum + count : sum),
    0,
  );
}

/** Of the values histograms got; `undefined` without any. */
export function meanOf(readings: readonly Reading[] | undefined): number | undefined {
  const count = countOf(readings);
  return count === 0 ? undefined : sumOf(readings)! / count;
}

/** `0` without a divisor. */
export function per(amount: number | undefined, seconds: number): number {
  return seconds > 0 ? (amount ?? 0) / seconds : 0;
}
