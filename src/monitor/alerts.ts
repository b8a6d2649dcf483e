import { checkKnownOptions } from '../checks.js';
import { InvalidOptionError } from '../errors.js';
import type { OperationMetrics, ResourceUsage } from './summary.js';

/** Limits above which a summary raises an alert. `Infinity` turns one off. */
export interface AlertThresholds {
  /** CPU of the machine in percent. @default 90 */
  readonly cpuPercent: number;
  /** Memory of the machine or container in percent. @default 90 */
  readonly memoryPercent: number;
  /** JavaScript heap in percent of its limit. @default 90 */
  readonly heapPercent: number;
  /** Share of time the event loop is busy, 0 to 1. @default 0.9 */
  readonly eventLoopUtilization: number;
  /** Share of failed calls of an operation, 0 to 1, from 20 calls on. @default 0.05 */
  readonly errorRatio: number;
  /** 95th percentile of an operation in seconds, from 20 calls on. @default Infinity */
  readonly p95Duration: number;
}

/** A threshold that was passed in the time of a summary. */
export interface Alert {
  readonly severity: 'warning' | 'critical';
  /** The threshold that was passed. */
  readonly name: keyof AlertThresholds;
  /** The operation concerned, if it is about one. */
  readonly operation?: string;
  readonly value: number;
  readonly threshold: number;
  readonly message: string;
}

const ALERT_DEFAULTS: AlertThresholds = {
  cpuPercent: 90,
  memoryPercent: 90,
  heapPercent: 90,
  eventLoopUtilization: 0.9,
  errorRatio: 0.05,
  p95Duration: Infinity,
};

const MIN_SAMPLES = 3;
/** Below this many calls one failure would be an alert. */
const MIN_CALLS = 20;

export function checkThresholds(given: Partial<AlertThresholds> | undefined): AlertThresholds {
  const names = Object.keys(ALERT_DEFAULTS) as (keyof AlertThresholds)[];
  checkKnownOptions('alerts', given, names);
  const thresholds = { ...ALERT_DEFAULTS };
  for (const name of names) {
    const value: unknown = given?.[name];
    if (value === undefined) continue;
    if (typeof value !== 'number' || !(value > 0))
      throw new InvalidOptionError(`alerts.${name}`, 'a number above 0', value);
    Object.assign(thresholds, { [name]: value });
  }
  return thresholds;
}

export function alertsFor(
  thresholds: AlertThresholds,
  usage: ResourceUsage,
  operations: Readonly<Record<string, OperationMetrics>>,
): Alert[] {
  const alerts: Alert[] = [];
  // The first samples hold the start of the process, which is always busy.
  const average = (usage.average?.samples ?? 0) >= MIN_SAMPLES ? usage.average : undefined;
  const raise = (
    name: keyof AlertThresholds,
    value: number | undefined,
    text: string,
    operation?: string,
  ) => {
    const threshold = thresholds[name];
    if (value === undefined || !(value > threshold)) return;
    const severity = name === 'cpuPercent' || name === 'p95Duration' ? 'warning' : 'critical';
    const message = `${text} is ${round(value)}, above ${round(threshold)}`;
    alerts.push({
      severity,
      name,
      value,
      threshold,
      message,
      ...(operation === undefined ? {} : { operation }),
    });
  };
  raise('cpuPercent', average?.cpuPercent, 'CPU usage (percent)');
  raise('memoryPercent', average?.memoryPercent, 'memory usage (percent)');
  raise('heapPercent', average?.heapPercent, 'heap usage (percent of its limit)');
  raise('eventLoopUtilization', average?.eventLoopUtilization, 'event loop utilization');
  for (const [operation, metrics] of Object.entries(operations)) {
    if (metrics.count < MIN_CALLS) continue;
    raise('errorRatio', metrics.errors / metrics.count, `error ratio of ${operation}`, operation);
    raise('p95Duration', metrics.p95, `95th percentile of ${operation} (seconds)`, operation);
  }
  return alerts;
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
