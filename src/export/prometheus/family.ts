import type { PointExemplar, WalkedMetric } from '../../telemetry/provider/walk-series.js';
import type { MetricLabels } from './label-texts.js';
import type { LineBlocks } from './line-blocks.js';
import type { LineBytes } from './line-bytes.js';
import { writeHead, type Sample } from './line-head.js';
import type { LabelPair, LabelStyle } from './labels.js';

export type FamilyType = 'counter' | 'gauge' | 'histogram';

/** Everything under one name of Prometheus. */
export interface Family {
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  /** As it closes the name; absent where it does not. */
  readonly unit: string | undefined;
  readonly parts: readonly FamilyPart[];
}

export type SeriesValue = ReturnType<WalkedMetric['value']>;

/** Series that have labels of their own: no two of a family are written with the same. */
export interface FamilyPart {
  readonly size: number;
  /** Labels that all of them have, as text; empty where there are none. */
  readonly extraText: string;
  labelText(position: number): string;
  /** Everything before the number of a series that is one. */
  writeHead(page: LineBytes, sample: Sample, position: number): void;
  /** All labels. */
  labelPairs(position: number): readonly LabelPair[];
  value(position: number): SeriesValue;
  exemplars(position: number): readonly PointExemplar[];
  /** Whole lines, where they are kept. */
  lines?(sample: Sample): LineBlocks | undefined;
}

/** The series of one metric, written as they are. */
export class MetricPart implements FamilyPart {
  readonly extraText: string;
  readonly size: number;
  readonly #metric: WalkedMetric;
  readonly #labels: MetricLabels;
  readonly #extra: readonly LabelPair[];
  readonly #style: LabelStyle;
  readonly #isHistogram: boolean;

  constructor(
    { metric, labels, isHistogram }: PartSource,
    size: number,
    extra: readonly LabelPair[],
    style: LabelStyle,
  ) {
    this.size = size;
    this.extraText = style.textOfPairs(extra);
    this.#metric = metric;
    this.#labels = labels;
    this.#extra = extra;
    this.#style = style;
    this.#isHistogram = isHistogram;
  }

  labelText(position: number): string {
    return this.#labels.text(position);
  }

  writeHead(page: LineBytes, sample: Sample, position: number): void {
    writeHead(page, this.#style, sample, this.#metric.attributes(position) ?? {});
  }

  labelPairs(position: number): LabelPair[] {
    return [
      ...this.#style.pairsOf(this.#metric.attributes(position) ?? {}, this.#isHistogram),
      ...this.#extra,
    ];
  }

  value(position: number): SeriesValue {
    return this.#metric.value(position);
  }

  exemplars(position: number): readonly PointExemplar[] {
    return this.#metric.exemplars?.(position) ?? NONE;
  }

  lines(sample: Sample): LineBlocks | undefined {
    return this.#labels.lines?.(sample);
  }
}

/** A metric of a family, before it is known whether its labels are its own. */
export interface PartSource {
  readonly metric: WalkedMetric;
  readonly labels: MetricLabels;
  readonly isHistogram: boolean;
}

const NONE: readonly PointExemplar[] = [];
