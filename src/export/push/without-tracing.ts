import { context, createContextKey } from '@opentelemetry/api';

/** The key the OpenTelemetry SDK and its instrumentations look at. Keys of one text are the same. */
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** Runs something of which no spans are made: a push is no request of the application. */
export function withoutTracing<T>(run: () => T): T {
  return context.with(context.active().setValue(SUPPRESS_TRACING, true), run);
}
