import {
  context,
  INVALID_TRACEID,
  ProxyTracerProvider,
  SpanStatusCode,
  trace,
  type Span,
  type SpanContext,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';
import { errorTypeOf } from './error-type.js';

/** The span a task comes from: that of the request that submitted it, say. */
export type TaskOrigin = SpanContext | undefined;

/** Of the span that is active where it is called. */
export function currentOrigin(): TaskOrigin {
  return trace.getActiveSpan()?.spanContext();
}

/** Runs something outside of the active span, which may have ended by the time it gets to work. */
export function withoutSpan<T>(work: () => T): T {
  const active = context.active();
  return trace.getSpan(active) === undefined ? work() : context.with(trace.deleteSpan(active), work);
}

/**
 * Runs work under a span of its own. It opens a new trace with a link to where it comes from: as a child it would
 * outlive its parent, and stretch a trace for as long as it is put off. Without a tracer there is no span, and hardly
 * a cost.
 */
export function startTaskSpan(
  { id, name, origin }: { readonly id: string; readonly name: string; readonly origin: TaskOrigin },
  attempt: number,
): TaskSpan | undefined {
  const current = tracer();
  if (current === undefined) return undefined;
  const links = origin === undefined ? [] : [{ context: origin }];
  const attributes = { 'perf.task.id': id, 'perf.task.attempt': attempt };
  const span = current.startSpan(`task ${name}`, { root: true, links, attributes });
  return span.spanContext().traceId === INVALID_TRACEID ? undefined : new TaskSpan(span);
}

export class TaskSpan {
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
  }

  run<T>(work: () => T): T {
    return context.with(trace.setSpan(context.active(), this.#span), work);
  }

  end(failed?: { readonly error: unknown }): void {
    if (failed !== undefined) {
      const { error } = failed;
      const type = errorTypeOf(error);
      this.#span.setAttribute('error.type', type);
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: type });
      if (error instanceof Error) this.#span.recordException(error);
    }
    this.#span.end();
  }
}

/** What stands in for a tracer provider as long as there is none. */
const NONE = new ProxyTracerProvider().getDelegate();
let provider: TracerProvider | undefined;
let known: Tracer | undefined;

/** Of the provider that is registered now. */
function tracer(): Tracer | undefined {
  const current = trace.getTracerProvider();
  if ('getDelegate' in current && (current as ProxyTracerProvider).getDelegate() === NONE) return undefined;
  if (known === undefined || provider !== current) {
    provider = current;
    known = current.getTracer('@gary-zero/performance');
  }
  return known;
}
