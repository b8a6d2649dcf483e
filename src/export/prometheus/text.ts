import type { CollectionResult, MetricData } from '@opentelemetry/sdk-metrics';
import { noticeOnce } from '../../telemetry/notice.js';
import { toClassicHistogram, type ExponentialPoint, type HistogramPoint } from './histogram.js';
import { helpText, labelValue, prometheusLabel, prometheusName, type NameKind } from './names.js';

type ResourceMetrics = CollectionResult['resourceMetrics'];
type Value = number | HistogramPoint;

interface Part {
  readonly scope: string;
  readonly metric: MetricData;
}

interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly parts: Part[];
}

/** The SDK's enumerations, whose values are the same in all its versions; importing them would load the SDK. */
const HISTOGRAM = 0;
const EXPONENTIAL_HISTOGRAM = 1;
const GAUGE = 2;

/** Content type of the Prometheus text format. Prometheus 3 refuses a scrape that does not say it. */
export const TEXT_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Collected metrics in the Prometheus text format 0.0.4: one family to each name, no two lines with the same labels (a
 * single such pair makes Prometheus refuse the whole target).
 */
export function writeText({ resource, scopeMetrics }: ResourceMetrics): string {
  const families = new Map<string, Family>();
  for (const { scope, metrics } of scopeMetrics) {
    for (const metric of metrics) addToFamily(families, { scope: scope.name, metric });
  }
  return [...families.values()].map(writeFamily).join('') + writeTargetInfo(resource.attributes);
}

function addToFamily(families: Map<string, Family>, part: Part): void {
  const { descriptor } = part.metric;
  const type = typeOf(part.metric);
  const name = prometheusName(descriptor.name, descriptor.unit, nameKindOf(part.metric));
  const known = families.get(name);
  if (known === undefined) {
    families.set(name, { name, type, help: descriptor.description, parts: [part] });
  } else if (known.type === type) {
    known.parts.push(part);
  } else {
    noticeOnce(
      `family ${name} ${type}`,
      `"${descriptor.name}" (${type}) would be written as ${name}, which is a ${known.type} already; it is left out of /metrics`,
    );
  }
}

function typeOf(metric: MetricData): Family['type'] {
  const type = metric.dataPointType as number;
  if (type === HISTOGRAM || type === EXPONENTIAL_HISTOGRAM) return 'histogram';
  return type === GAUGE || !(metric as { isMonotonic?: boolean }).isMonotonic ? 'gauge' : 'counter';
}

function nameKindOf(metric: MetricData): NameKind {
  if (typeOf(metric) === 'counter') return 'counter';
  return (metric.dataPointType as number) === GAUGE ? 'gauge' : 'other';
}

function writeFamily({ name, type, help, parts }: Family): string {
  const samples = new Map<string, Value>();
  const scopes = new Set(parts.map(({ scope }) => scope));
  for (const { scope, metric } of parts) {
    // Two libraries with one metric name stay apart by their scope; a single one needs no further label.
    const scopeLabel = scopes.size > 1 ? { otel_scope_name: scope } : {};
    for (const { attributes, value } of metric.dataPoints) {
      const labels = labelsOf({ ...attributes, ...scopeLabel }, type === 'histogram');
      const sample = sampleOf(metric, value);
      const before = samples.get(labels);
      samples.set(labels, before === undefined ? sample : mergeSamples(name, type, before, sample));
    }
  }
  if (samples.size === 0) return '';
  let text = `${help === '' ? '' : `# HELP ${name} ${helpText(help)}\n`}# TYPE ${name} ${type}\n`;
  for (const [labels, value] of samples) {
    text += typeof value === 'number' ? line(name, labels, value) : writeHistogram(name, labels, value);
  }
  return text;
}

function sampleOf(metric: MetricData, value: unknown): Value {
  const type = metric.dataPointType as number;
  if (type === EXPONENTIAL_HISTOGRAM) return toClassicHistogram(value as ExponentialPoint);
  return value as Value;
}

/** Attribute sets that differ only in what labels cannot show become one line. */
function mergeSamples(name: string, type: Family['type'], a: Value, b: Value): Value {
  if (typeof a === 'number' || typeof b === 'number') return type === 'counter' ? Number(a) + Number(b) : b;
  const isSame = a.buckets.boundaries.join() === b.buckets.boundaries.join();
  if (!isSame) {
    noticeOnce(
      `buckets ${name}`,
      `${name} has series with equal labels and different buckets; only one is written`,
    );
    return a;
  }
  return {
    count: a.count + b.count,
    sum: a.sum === undefined || b.sum === undefined ? undefined : a.sum + b.sum,
    buckets: {
      boundaries: a.buckets.boundaries,
      counts: a.buckets.counts.map((n, i) => n + b.buckets.counts[i]!),
    },
  };
}

/** Names that become the same label are joined by `;` in the order of their names, as the specification says. */
function labelsOf(attributes: Readonly<Record<string, unknown>>, isHistogram: boolean): string {
  const values = new Map<string, string>();
  for (const name of Object.keys(attributes)) {
    const label = prometheusLabel(name);
    const free = isHistogram && label === 'le' ? 'exported_le' : label;
    if (values.has(free)) return labelsOfColliding(attributes, isHistogram);
    values.set(free, labelValue(attributes[name]));
  }
  return [...values].map(([label, value]) => `${label}="${value}"`).join(',');
}

function labelsOfColliding(attributes: Readonly<Record<string, unknown>>, isHistogram: boolean): string {
  const values = new Map<string, string[]>();
  for (const name of Object.keys(attributes).toSorted()) {
    const label = prometheusLabel(name);
    const free = isHistogram && label === 'le' ? 'exported_le' : label;
    const joined = values.get(free);
    if (joined === undefined) values.set(free, [labelValue(attributes[name])]);
    else joined.push(labelValue(attributes[name]));
  }
  return [...values].map(([label, joined]) => `${label}="${joined.join(';')}"`).join(',');
}

function writeHistogram(name: string, labels: string, { buckets, count, sum }: HistogramPoint): string {
  const open = labels === '' ? `${name}_bucket{le="` : `${name}_bucket{${labels},le="`;
  let text = '';
  let cumulative = 0;
  buckets.boundaries.forEach((bound, i) => {
    cumulative += buckets.counts[i]!;
    text += `${open}${numberText(bound)}"} ${cumulative}\n`;
  });
  text += `${open}+Inf"} ${count}\n`;
  if (sum !== undefined) text += line(`${name}_sum`, labels, sum);
  return text + line(`${name}_count`, labels, count);
}

function writeTargetInfo(attributes: Readonly<Record<string, unknown>>): string {
  const labels = labelsOf(attributes, false);
  if (labels === '') return '';
  return `# HELP target_info Target metadata\n# TYPE target_info gauge\ntarget_info{${labels}} 1\n`;
}

function line(name: string, labels: string, value: number): string {
  return labels === '' ? `${name} ${numberText(value)}\n` : `${name}{${labels}} ${numberText(value)}\n`;
}

function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
