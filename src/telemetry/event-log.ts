import * as api from '@opentelemetry/api';
import { SCOPE_NAME, VERSION } from './connection.js';

/** Something that happened, as OpenTelemetry's events have it. */
export interface LoggedEvent {
  /** Dotted, lower case: `perf.optimizer.decision`. */
  readonly name: string;
  /** One sentence for people. */
  readonly body: string;
  readonly attributes: Record<string, string | number | boolean | number[]>;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** @default 'info' */
  readonly severity?: keyof typeof SEVERITIES;
}

/** By the logs data model, "Severity Fields". */
const SEVERITIES = { info: 9, warn: 13 } as const;

type Logs = Pick<typeof import('@opentelemetry/api-logs').logs, 'getLogger'>;

let loading: Promise<Logs | undefined> | undefined;

/** Since 1.10 logs are in the API itself, before they are in a package of its own, which may be absent. */
async function findLogs(): Promise<Logs | undefined> {
  const { logs } = api as unknown as { readonly logs?: Logs };
  if (logs !== undefined) return logs;
  try {
    return (await import('@opentelemetry/api-logs')).logs;
  } catch {
    return undefined;
  }
}

/**
 * Writes an event onto the active span, and into the logs of OpenTelemetry where its API has them and somebody has
 * registered a LoggerProvider. Never throws. Meant for what happens now and then, not for each call.
 */
export function logEvent({ name, body, attributes, time, severity = 'info' }: LoggedEvent): void {
  api.trace.getActiveSpan()?.addEvent(name, attributes, time);
  const active = api.context.active();
  loading ??= findLogs();
  void loading.then((logs) => {
    try {
      logs?.getLogger(SCOPE_NAME, VERSION).emit({
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
