import { ValueType, type MetricAdvice, type MetricOptions } from '@opentelemetry/api';
import type { MetricDescriptor } from '@opentelemetry/sdk-metrics';
import { noticeOnce } from '../notice.js';
import type { InstrumentType } from './sdk-constants.js';

/** What an instrument, or a stream a View made of it, is called and measures. */
export interface InstrumentDescriptor extends MetricDescriptor {
  readonly type: InstrumentType;
  readonly advice: MetricAdvice;
}

const VALID_NAME = /^[a-z][a-z0-9_.\-/]{0,254}$/i;

/** An invalid name is said once and used all the same. */
export function describeInstrument(
  name: unknown,
  type: InstrumentType,
  options: MetricOptions | null | undefined,
): InstrumentDescriptor {
  const text = typeof name === 'string' ? name : String(name);
  if (!VALID_NAME.test(text)) {
    noticeOnce(
      `metric name ${text}`,
      `"${text}" is no valid metric name: a letter, then up to 254 letters, digits, "_", ".", "-" or "/"`,
    );
  }
  return {
    name: text,
    type,
    description: options?.description ?? '',
    unit: options?.unit ?? '',
    valueType: options?.valueType ?? ValueType.DOUBLE,
    advice: checkedAdvice(text, options?.advice),
  };
}

export function isObservable(type: InstrumentType): boolean {
  return type.startsWith('OBSERVABLE_');
}

/** Kinds that may go down, whose histograms therefore have no sum. */
export function allowsNegative(type: InstrumentType): boolean {
  return type.endsWith('GAUGE') || type.endsWith('UP_DOWN_COUNTER');
}

/** Names are compared without case, as the specification says. */
export function isSameMetric(one: InstrumentDescriptor, other: InstrumentDescriptor): boolean {
  return (
    one.name.toLowerCase() === other.name.toLowerCase() &&
    one.unit === other.unit &&
    one.type === other.type &&
    one.valueType === other.valueType
  );
}

function checkedAdvice(name: string, advice: MetricAdvice | undefined): MetricAdvice {
  const boundaries: unknown = advice?.explicitBucketBoundaries;
  if (advice === undefined || boundaries === undefined || isBoundaries(boundaries)) return advice ?? {};
  noticeOnce(`advice ${name}`, `${name}: explicitBucketBoundaries must be numbers; the advice is not used`);
  return {};
}

export function isBoundaries(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'number' && !Number.isNaN(one));
}
