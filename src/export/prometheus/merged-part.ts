import type { Attributes } from '@opentelemetry/api';
import { noticeOnce } from '../../telemetry/notice.js';
import { SUM_POINTS } from '../../telemetry/provider/sdk-constants.js';
import type { PointExemplar, WalkedMetric } from '../../telemetry/provider/walk-series.js';
import type { FamilyPart, SeriesValue } from './family.js';
import { isClassic } from './histogram.js';
import type { ExtraLabels, LabelPair, LabelStyle } from './labels.js';
import type { LineBytes } from './line-bytes.js';
import type { Sample } from './line-head.js';

interface Merged {
  readonly pairs: readonly LabelPair[];
  value: NonNullable<SeriesValue>;
  exemplars: readonly PointExemplar[];
}

/**
 * Series of a family in which different attributes may have the same labels: those that do become one. It holds them all,
 * which is why it is only made where it must be.
 */
export class MergedPart implements FamilyPart {
  readonly extraText = '';
  readonly #name: string;
  readonly #style: LabelStyle;
  readonly #isHistogram: boolean;
  readonly #positions = new Map<string, number>();
  readonly #series: Merged[] = [];

  constructor(name: string, style: LabelStyle, isHistogram: boolean) {
    this.#name = name;
    this.#style = style;
    this.#isHistogram = isHistogram;
  }

  add(metric: WalkedMetric, position: number, extra: ExtraLabels): void {
    const value = metric.value(position);
    if (value === undefined) return;
    const attributes: Attributes = { ...metric.attributes(position), ...extra };
    const pairs = this.#style
      .pairsOf(attributes, this.#isHistogram)
      .toSorted(([one], [other]) => (one < other ? -1 : 1));
    const text = this.#style.textOfPairs(pairs);
    const exemplars = metric.exemplars?.(position) ?? [];
    const known = this.#positions.get(text);
    if (known === undefined) {
      this.#positions.set(text, this.#series.length);
      // What is read is valid until the next is.
      this.#series.push({
        pairs,
        value: typeof value === 'number' ? value : structuredClone(value),
        exemplars,
      });
    } else {
      const merged = this.#series[known]!;
      merged.value = this.#join(merged.value, value, metric.dataPointType === SUM_POINTS);
      merged.exemplars = [...merged.exemplars, ...exemplars];
    }
  }

  get size(): number {
    return this.#series.length;
  }

  labelText(position: number): string {
    return this.#style.textOfPairs(this.#series[position]!.pairs);
  }

  writeHead(page: LineBytes, { open, bare, close }: Sample, position: number): void {
    const labels = this.labelText(position);
    page.text(labels === '' ? bare : open + labels + close);
  }

  labelPairs(position: number): readonly LabelPair[] {
    return this.#series[position]!.pairs;
  }

  value(position: number): SeriesValue {
    return this.#series[position]!.value;
  }

  exemplars(position: number): readonly PointExemplar[] {
    return this.#series[position]!.exemplars;
  }

  #join(one: Merged['value'], other: Merged['value'], isSum: boolean): Merged['value'] {
    if (typeof one === 'number' || typeof other === 'number') {
      return isSum ? Number(one) + Number(other) : other;
    }
    const hasSameBuckets =
      isClassic(one) && isClassic(other) && one.buckets.boundaries.join() === other.buckets.boundaries.join();
    if (!hasSameBuckets) {
      noticeOnce(
        `buckets ${this.#name}`,
        `${this.#name} has series with equal labels and different buckets; only one is written`,
      );
      return one;
    }
    return {
      count: one.count + other.count,
      ...(one.sum !== undefined && other.sum !== undefined && { sum: one.sum + other.sum }),
      buckets: {
        boundaries: one.buckets.boundaries,
        counts: one.buckets.counts.map((count, i) => count + other.buckets.counts[i]!),
      },
    };
  }
}
