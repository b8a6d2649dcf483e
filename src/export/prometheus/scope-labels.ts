import type { WalkedMetric } from '../../telemetry/provider/walk-series.js';
import { valueText, type ExtraLabels } from './labels.js';

type Scope = WalkedMetric['scope'];

/**
 * What tells the scopes of a family's metrics apart. Unless everything about them is wanted, that is nothing for a single
 * metric, and otherwise only what differs.
 */
export function scopeLabels(scopes: readonly Scope[], hasAll: boolean): ExtraLabels[] {
  const described = scopes.map(labelsOf);
  if (hasAll) return described;
  const names = [...new Set(described.flatMap((labels) => Object.keys(labels)))];
  const differing = names.filter((name) => new Set(described.map((labels) => labels[name])).size > 1);
  return described.map((labels) =>
    Object.fromEntries(differing.filter((name) => name in labels).map((name) => [name, labels[name]!])),
  );
}

function labelsOf({ name, version, schemaUrl, ...rest }: Scope): ExtraLabels {
  const { attributes } = rest as { attributes?: Readonly<Record<string, unknown>> };
  const labels: Record<string, string> = {};
  for (const [key, value] of Object.entries(attributes ?? {})) labels[`otel_scope_${key}`] = valueText(value);
  const own = { otel_scope_name: name, otel_scope_version: version, otel_scope_schema_url: schemaUrl };
  for (const [key, value] of Object.entries(own))
    if (value !== undefined && value !== '') labels[key] = value;
  return labels;
}
