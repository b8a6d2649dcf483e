import { trace, type Attributes } from '@opentelemetry/api';

/** Writes an event onto the span that is active where it is called, if there is one. */
export function addToSpan(event: string, attributes: Attributes): void {
  trace.getActiveSpan()?.addEvent(event, attributes);
}

/** Sets attributes of the span that is active where it is called, if there is one. */
export function describeSpan(attributes: Attributes): void {
  trace.getActiveSpan()?.setAttributes(attributes);
}
