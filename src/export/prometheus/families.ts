import { noticeOnce } from '../../telemetry/notice.js';
import {
  EXPONENTIAL_HISTOGRAM_POINTS,
  GAUGE_POINTS,
  HISTOGRAM_POINTS,
} from '../../telemetry/provider/sdk-constants.js';
import type { WalkedMetric } from '../../telemetry/provider/walk-series.js';
import { escapeName, isPlainMetricName, type EscapingScheme } from './escaping.js';
import { MetricPart, type Family, type FamilyType, type PartSource } from './family.js';
import { LabelShape } from './label-shape.js';
import type { LabelTexts } from './label-texts.js';
import type { ExtraLabels, LabelStyle } from './labels.js';
import { MergedPart } from './merged-part.js';
import type { NameKind, Namer } from './names.js';
import { scopeLabels } from './scope-labels.js';

export interface FamilyOptions {
  readonly namer: Namer;
  readonly escaping: EscapingScheme;
  readonly style: LabelStyle;
  readonly texts: LabelTexts;
  /** Whether every series says which library it is of. */
  readonly hasScopeLabels: boolean;
  /** Labels of every series, by the names of attributes. */
  readonly constantLabels: ExtraLabels;
}

/** A family whose series have not been looked at yet. */
export interface PlannedFamily {
  readonly name: string;
  readonly type: FamilyType;
  help: string;
  readonly unit: string | undefined;
  readonly metrics: WalkedMetric[];
}

/** Series that are looked at in one go, between two looks at the clock. */
const LOOKED_AT_ONCE = 512;

/** Metrics by their names of Prometheus. What cannot share a name with what came before is left out, and said once. */
export function planFamilies(
  metrics: readonly WalkedMetric[],
  { namer, escaping }: Pick<FamilyOptions, 'namer' | 'escaping'>,
): PlannedFamily[] {
  const families = new Map<string, PlannedFamily>();
  const takenBy = new Map(['target_info', 'target'].map((name) => [name, 'the resource']));
  for (const metric of metrics) {
    const { descriptor } = metric;
    const type = typeOf(metric);
    const kind = nameKindOf(metric, type);
    const name = escapeName(
      namer.metric(descriptor.name, descriptor.unit, kind),
      isPlainMetricName,
      escaping,
    );
    const known = families.get(name);
    if (known?.type === type) {
      known.help ||= descriptor.description;
      known.metrics.push(metric);
      continue;
    }
    const taken = samplesOf(name, type).find((sample) => takenBy.has(sample));
    if (taken !== undefined) {
      const owner = takenBy.get(taken)!;
      noticeOnce(
        `family ${name} ${type}`,
        `"${descriptor.name}" (${type}) would be written as ${name}, which is taken by ${owner}; it is left out of /metrics`,
      );
      continue;
    }
    for (const sample of samplesOf(name, type)) takenBy.set(sample, `the ${type} ${name}`);
    const unit = unitOf(
      name,
      type,
      kind === 'gauge' && descriptor.unit === '1' ? 'ratio' : namer.unit(descriptor.unit),
    );
    families.set(name, { name, type, help: descriptor.description, unit, metrics: [metric] });
  }
  return [...families.values()];
}

/**
 * Looks at the labels of all series and returns what can be written: yields often, so that somebody can look at the clock.
 */
export function* prepareFamily(planned: PlannedFamily, options: FamilyOptions): Generator<undefined, Family> {
  const { name, type, help, unit, metrics } = planned;
  const { style, texts, constantLabels } = options;
  const isHistogram = type === 'histogram';
  const sources: PartSource[] = metrics.map((metric) => {
    return { metric, isHistogram, labels: texts.of(metric, isHistogram) };
  });
  const sizes: number[] = [];
  for (const { metric, labels } of sources) {
    let looked = 0;
    const size = metric.size;
    while (looked < size) {
      looked = labels.look(looked, Math.min(LOOKED_AT_ONCE, size - looked));
      yield undefined;
    }
    sizes.push(size);
  }
  const extras = scopeLabels(
    metrics.map(({ scope }) => scope),
    options.hasScopeLabels,
  ).map((scope) => extraLabels(constantLabels, scope));
  if (!isAmbiguous(sources, extras, style, isHistogram)) {
    const parts = sources.map((source, i) => {
      return new MetricPart(source, sizes[i]!, style.pairsOf(extras[i]!, isHistogram), style);
    });
    return { name, type, help, unit, parts };
  }
  const merged = new MergedPart(name, style, isHistogram);
  for (const [i, metric] of metrics.entries()) {
    for (let position = 0; position < sizes[i]!; position++) {
      merged.add(metric, position, extras[i]!);
      if (position % LOOKED_AT_ONCE === 0) yield undefined;
    }
  }
  return { name, type, help, unit, parts: [merged] };
}

function extraLabels(constant: ExtraLabels, scope: ExtraLabels): ExtraLabels {
  return { ...constant, ...scope };
}

function isAmbiguous(
  sources: readonly PartSource[],
  extras: readonly ExtraLabels[],
  style: LabelStyle,
  isHistogram: boolean,
): boolean {
  // Metrics whose scopes are written alike may have series in common.
  if (new Set(extras.map((extra) => JSON.stringify(extra))).size < sources.length) return true;
  const all = new LabelShape(style, isHistogram);
  for (const extra of extras) all.addNames(extra);
  for (const { labels } of sources) all.absorb(labels.shape);
  return all.isAmbiguous;
}

function typeOf({ dataPointType, isMonotonic }: WalkedMetric): FamilyType {
  if (dataPointType === HISTOGRAM_POINTS || dataPointType === EXPONENTIAL_HISTOGRAM_POINTS)
    return 'histogram';
  return dataPointType === GAUGE_POINTS || !isMonotonic ? 'gauge' : 'counter';
}

function nameKindOf({ dataPointType }: WalkedMetric, type: FamilyType): NameKind {
  if (type === 'counter') return 'counter';
  return dataPointType === GAUGE_POINTS ? 'gauge' : 'other';
}

/** The names of its lines in any format, and its own. */
function samplesOf(name: string, type: FamilyType): string[] {
  if (type === 'histogram') return [name, `${name}_bucket`, `${name}_sum`, `${name}_count`];
  return type === 'counter' && name.endsWith('_total') ? [name, openMetricsName(name, type)] : [name];
}

/** OpenMetrics names the family of a counter without what its lines end in. */
export function openMetricsName(name: string, type: FamilyType): string {
  return type === 'counter' && name.endsWith('_total') ? name.slice(0, -'_total'.length) : name;
}

function unitOf(name: string, type: FamilyType, unit: string): string | undefined {
  return unit !== '' && openMetricsName(name, type).endsWith(`_${unit}`) ? unit : undefined;
}
