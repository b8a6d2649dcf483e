import { createRequire } from 'node:module';
import type * as Api from '@opentelemetry/api';

// What modules here import from `@opentelemetry/api`, as Node gets it in the published package (`imports` in package.json):
// required, which saves the third of the time that an import takes to find out the names in 44 files of CommonJS. Bundlers
// get the package itself. It is the same object for everybody.
const api = createRequire(import.meta.url)('@opentelemetry/api') as typeof Api & {
  /** Since 1.10. */
  readonly logs?: unknown;
};

export const {
  context,
  createContextKey,
  createNoopMeter,
  diag,
  DiagConsoleLogger,
  DiagLogLevel,
  INVALID_TRACEID,
  metrics,
  ProxyTracerProvider,
  SpanStatusCode,
  trace,
  TraceFlags,
  ValueType,
} = api;

export const logs: unknown = api.logs;
