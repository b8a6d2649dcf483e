import type { PointExemplar } from '../../telemetry/provider/walk-series.js';
import { exemplarPairs, exemplarsByBucket, exemplarSeconds } from './exemplars.js';
import type { Family, FamilyPart, FamilyType } from './family.js';
import { isClassic, toClassicHistogram, type ExponentialPoint, type HistogramPoint } from './histogram.js';
import type { LabelPair } from './labels.js';
import { toNativeHistogram, type NativeBuckets, type NativeHistogram } from './native-histogram.js';
import { ProtobufEncoder } from './protobuf.js';

/** From this length on a message ends, and its family goes on in the next. */
const MESSAGE_BYTES = 64 * 1024;

/** `io.prometheus.client.MetricType` */
const TYPES: Readonly<Record<FamilyType, number>> = { counter: 0, gauge: 1, histogram: 4 };

/**
 * Writes `io.prometheus.client.MetricFamily` messages, each with its length in front (metrics.proto of Prometheus'
 * client_model; the numbers below are its field numbers). A length must be known before the message is sent, so a large
 * family is sent as several messages of the same name: Prometheus reads one message after the other.
 *
 * Exponential histograms become native ones.
 */
export class ProtobufWriter {
  readonly #message = new ProtobufEncoder(2 * MESSAGE_BYTES);
  readonly #length = new ProtobufEncoder(16);

  *family({ name, type, help, unit, parts }: Family): Generator<Buffer> {
    const message = this.#message;
    const open = () => {
      message.clear();
      message.text(1, name);
      if (help !== '') message.text(2, help);
      message.unsigned(3, TYPES[type]);
      if (unit !== undefined) message.text(5, unit);
      return message.length;
    };
    let empty = open();
    for (const part of parts) {
      for (let i = 0; i < part.size; i++) {
        if (part.value(i) === undefined) continue;
        message.message(4, () => this.#metric(type, part, i));
        if (message.length < MESSAGE_BYTES) continue;
        yield this.#delimited();
        empty = open();
      }
    }
    if (message.length > empty) yield this.#delimited();
  }

  /** The resource, as a metric. */
  end(pairs: readonly LabelPair[]): Buffer {
    if (pairs.length === 0) return Buffer.alloc(0);
    const message = this.#message;
    message.clear();
    message.text(1, 'target_info');
    message.text(2, 'Target metadata');
    message.unsigned(3, TYPES.gauge);
    message.message(4, () => {
      this.#labels(1, pairs);
      message.message(2, () => message.double(1, 1));
    });
    return this.#delimited();
  }

  /** A copy: the buffer is used for the next message. */
  #delimited(): Buffer {
    this.#length.clear();
    this.#length.varint(this.#message.length);
    return Buffer.concat([this.#length.view(), this.#message.view()]);
  }

  #metric(type: FamilyType, part: FamilyPart, position: number): void {
    const message = this.#message;
    this.#labels(1, part.labelPairs(position));
    const value = part.value(position)!;
    if (typeof value !== 'number') {
      message.message(7, () => this.#histogram(value, part.exemplars(position)));
    } else if (type === 'gauge') {
      message.message(2, () => message.double(1, value));
    } else {
      message.message(3, () => {
        message.double(1, value);
        const exemplar = part.exemplars(position).at(-1);
        if (exemplar !== undefined) this.#exemplar(2, exemplar);
      });
    }
  }

  #histogram(point: HistogramPoint | ExponentialPoint, exemplars: readonly PointExemplar[]): void {
    this.#message.unsigned(1, point.count);
    if (point.sum !== undefined) this.#message.double(2, point.sum);
    const native = isClassic(point) ? undefined : toNativeHistogram(point);
    if (native !== undefined) this.#native(native, exemplars);
    else this.#classic(isClassic(point) ? point : toClassicHistogram(point), exemplars);
  }

  #classic({ buckets: { boundaries, counts } }: HistogramPoint, exemplars: readonly PointExemplar[]): void {
    const message = this.#message;
    const byBucket = exemplars.length === 0 ? undefined : exemplarsByBucket(exemplars, boundaries);
    let cumulative = 0;
    for (const [i, count] of counts.entries()) {
      cumulative += count;
      message.message(3, () => {
        message.unsigned(1, cumulative);
        message.double(2, boundaries[i] ?? Infinity);
        const exemplar = byBucket?.get(i);
        if (exemplar !== undefined) this.#exemplar(3, exemplar);
      });
    }
  }

  #native(native: NativeHistogram, exemplars: readonly PointExemplar[]): void {
    const message = this.#message;
    message.signed(5, native.schema);
    message.double(6, native.zeroThreshold);
    message.unsigned(7, native.zeroCount);
    this.#spans(9, 10, native.negative);
    this.#spans(12, 13, native.positive);
    // By an empty span Prometheus tells a native histogram without observations from a classic one.
    if (native.positive.spans.length === 0) this.#span(12, 0, 0);
    for (const exemplar of exemplars)
      if (exemplarSeconds(exemplar) !== undefined) this.#exemplar(16, exemplar);
  }

  #spans(spanField: number, deltaField: number, { spans, deltas }: NativeBuckets): void {
    for (const { offset, length } of spans) this.#span(spanField, offset, length);
    this.#message.packedSigned(deltaField, deltas);
  }

  #span(field: number, offset: number, length: number): void {
    const message = this.#message;
    message.message(field, () => {
      message.signed(1, offset);
      message.unsigned(2, length);
    });
  }

  #exemplar(field: number, exemplar: PointExemplar): void {
    const message = this.#message;
    message.message(field, () => {
      this.#labels(1, exemplarPairs(exemplar));
      message.double(2, exemplar.value);
      const { timestamp } = exemplar;
      if (exemplarSeconds(exemplar) === undefined) return;
      message.message(3, () => {
        message.unsigned(1, timestamp[0]);
        message.unsigned(2, Math.trunc(timestamp[1]));
      });
    });
  }

  #labels(field: number, pairs: readonly LabelPair[]): void {
    const message = this.#message;
    for (const [name, value] of pairs) {
      message.message(field, () => {
        message.text(1, name);
        message.text(2, value);
      });
    }
  }
}
