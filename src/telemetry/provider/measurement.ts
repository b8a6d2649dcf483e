import { ValueType } from '@opentelemetry/api';
import { noticeOnce } from '../notice.js';
import type { InstrumentDescriptor } from './descriptor.js';

/**
 * The value as it may be kept, or `undefined` for one that must not be: a single NaN would spoil a series for ever. Said
 * once for each instrument. Only for values a quick look has found to be unusual.
 */
export function usableValue(
  value: unknown,
  { name, valueType }: InstrumentDescriptor,
  isNegativeAllowed: boolean,
): number | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    noticeOnce(`value ${name}`, `${name}: ${String(value)} is no finite number; it is not recorded`);
    return undefined;
  }
  if (value < 0 && !isNegativeAllowed) {
    noticeOnce(
      `negative ${name}`,
      `${name}: ${value} is negative, which this kind cannot be; it is not recorded`,
    );
    return undefined;
  }
  if (valueType !== ValueType.INT || Number.isInteger(value)) return value;
  noticeOnce(`integer ${name}`, `${name}: takes integers; the fraction of ${value} is cut off`);
  return Math.trunc(value);
}
