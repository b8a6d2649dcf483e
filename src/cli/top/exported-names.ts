import { Namer } from '../../export/prometheus/names.js';
import type { InstrumentDefinition } from '../../telemetry/definition.js';

const namer = new Namer();

/** What an instrument of ours is called on a page of metrics. */
export function exportedName({
  name,
  unit,
  kind,
}: Pick<InstrumentDefinition, 'name' | 'unit' | 'kind'>): string {
  const isCounter = kind === 'counter' || kind === 'observableCounter';
  const isGauge = kind === 'gauge' || kind === 'observableGauge';
  return namer.metric(name, unit, isCounter ? 'counter' : isGauge ? 'gauge' : 'other');
}

/** What an attribute is called there. */
export function exportedLabel(attribute: string): string {
  return namer.label(attribute);
}
