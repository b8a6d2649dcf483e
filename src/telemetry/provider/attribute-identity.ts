import type { Attributes } from '@opentelemetry/api';

/** The same text for equal attributes in any order. Costs microseconds: for what happens at collection only. */
export function attributesIdentity(attributes: Attributes): string {
  const names = Object.keys(attributes).toSorted();
  return JSON.stringify(names.map((name) => [name, attributes[name]]));
}
