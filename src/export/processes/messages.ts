import type { Attributes } from '@opentelemetry/api';
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { WalkedMetric } from '../../telemetry/provider/walk-series.js';
import type { MergeableValue } from './add-values.js';

/** What a worker measured of one instrument, as it goes to another process: nothing that JSON would lose. */
export interface ReportedMetric {
  readonly scope: ScopeMetrics['scope'];
  readonly descriptor: WalkedMetric['descriptor'];
  readonly dataPointType: WalkedMetric['dataPointType'];
  readonly isMonotonic: boolean;
  readonly points: readonly ReportedPoint[];
}

export interface ReportedPoint {
  readonly attributes: Attributes;
  readonly value: MergeableValue;
  readonly exemplars?: ReturnType<NonNullable<WalkedMetric['exemplars']>> | undefined;
}

/** To a worker: who is there, and what have you measured? */
export type ToWorker = { readonly kind: 'who' } | { readonly kind: 'ask'; readonly timeoutMs: number };

/**
 * From a worker: it is there, as another one after each start; a part of its report, and the last part; that it ends after this report. A report counts when
 * it is whole.
 */
export type FromWorker =
  | { readonly kind: 'hello'; readonly instance: string }
  | {
      readonly kind: 'part';
      readonly metrics: readonly ReportedMetric[];
      readonly isLast: boolean;
      readonly isFinal: boolean;
    };

/** The only key of our messages, among those of the application. */
const ENVELOPE = '@gary-zero/performance';

export function sealed(message: ToWorker | FromWorker): object {
  return { [ENVELOPE]: message };
}

/** What is in a message of ours; `undefined` for all others. */
export function opened<Message extends ToWorker | FromWorker>(message: unknown): Message | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  return (message as Record<string, Message | undefined>)[ENVELOPE];
}
