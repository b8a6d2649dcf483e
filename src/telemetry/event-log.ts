import { context, trace, type Attributes } from '@opentelemetry/api';
import { SCOPE_NAME, VERSION } from './connection.js';

/** Something that happened, as OpenTelemetry's events have it. */
export interface LoggedEvent {
  /** Dotted, lower case: `perf.optimizer.decision`. */
  readonly name: string;
  /** One sentence for people. */
  readonly body: string;
  readonly attributes: Attributes;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** @default 'info' */
  readonly severity?: keyof typeof SEVERITIES;
}

/** By the logs data model, "Severity Fields". */
const SEVERITIES = { info: 9, warn: 13 } as const;

type LogsApi = typeof import('@opentelemetry/api-logs');

let loading: Promise<LogsApi | undefined> | undefined;

/**
 * Writes an event onto the active span, and into the logs of OpenTelemetry where `@opentelemetry/api-logs` is installed and
 * somebody has registered a LoggerProvider. Never throws. Meant for what happens now and then, not for each call.
 */
export function logEvent({ name, body, attributes, time, severity = 'info' }: LoggedEvent): void {
  trace.getActiveSpan()?.addEvent(name, attributes, time);
  const active = context.active();
  loading ??= import('@opentelemetry/api-logs').catch(() => undefined);
  void loading.then((api) => {
    try {
      api?.logs.getLogger(SCOPE_NAME, VERSION).emit({
        eventName: name,
        body,
        attributes,
        timestamp: time,
        severityNumber: SEVERITIES[severity],
        severityText: severity.toUpperCase(),
        context: active,
      });
    } catch {
      // A logger that fails is no reason for anything here to fail.
    }
  });
}

/** Resolves when the events so far have been handed on. */
export async function eventsAreLogged(): Promise<void> {
  await loading;
}
