import { checkKnownOptions } from '../checks.js';
import { InvalidOptionError } from '../errors.js';
import type { Counter, Gauge, Histogram, Instruments } from '../telemetry/instruments.js';
import { noticeOnce } from '../telemetry/notice.js';
import { metricName } from './metric-name.js';
import type { MetricsCollector } from './metrics-collector.js';
import { UserCounter, UserGauge, UserHistogram } from './user-metric.js';

/** What exporters say about a metric of the application. Given on first use of the name. */
export interface MetricDescription {
  /** UCUM: `s` for seconds, `By` for bytes, `1` for shares. It decides the suffix in Prometheus and the default buckets. */
  readonly unit?: string;
  /** One sentence. */
  readonly description?: string;
  /** Upper bounds of a histogram, ascending. */
  readonly buckets?: readonly number[];
}

/** What becomes of each kind. */
interface UserMetricOf {
  readonly counter: UserCounter;
  readonly gauge: UserGauge;
  readonly histogram: UserHistogram;
}

type UserKind = keyof UserMetricOf;
type UserMetric = UserMetricOf[UserKind];

const MAX_NAMES = 1000;

function drop(): void {}

const DROPPED_COUNTER: Counter = { add: drop, bind: () => ({ add: drop }) };
const DROPPED_VALUES: Gauge & Histogram = { record: drop, bind: () => ({ record: drop }) };

/** The metrics the application names itself. */
export class UserMetrics {
  readonly #instruments: Instruments;
  readonly #collector: MetricsCollector;
  readonly #byName = new Map<unknown, UserMetric>();

  constructor(instruments: Instruments, collector: MetricsCollector) {
    this.#instruments = instruments;
    this.#collector = collector;
  }

  /** `undefined` when the measurement must be dropped; the reason is counted and said once. */
  find<Kind extends UserKind>(
    given: unknown,
    kind: Kind,
    description?: MetricDescription,
  ): UserMetricOf[Kind] | undefined {
    const metric = this.#byName.get(given) ?? this.#make(given, kind, description);
    if (metric === undefined || metric.kind === kind) return metric as UserMetricOf[Kind] | undefined;
    this.#instruments.reject('kind_conflict');
    noticeOnce(
      `kind ${String(given)} ${kind}`,
      `"${String(given)}" is a ${metric.kind} already; recording it as a ${kind} is dropped`,
    );
    return undefined;
  }

  counter(name: string | undefined, description?: MetricDescription): Counter {
    return (name === undefined ? undefined : this.find(name, 'counter', description)) ?? DROPPED_COUNTER;
  }

  gauge(name: string | undefined, description?: MetricDescription): Gauge {
    return (name === undefined ? undefined : this.find(name, 'gauge', description)) ?? DROPPED_VALUES;
  }

  histogram(name: string | undefined, description?: MetricDescription): Histogram {
    return (name === undefined ? undefined : this.find(name, 'histogram', description)) ?? DROPPED_VALUES;
  }

  #make(given: unknown, kind: UserKind, description?: MetricDescription): UserMetric | undefined {
    checkDescription(description);
    const name = metricName(given);
    if (name === undefined) return this.#reject('invalid_name');
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    if (this.#byName.size >= MAX_NAMES) {
      noticeOnce(
        'too many names',
        `more than ${MAX_NAMES} metric names; put what varies into tags. "${name}" is not recorded`,
      );
      return this.#reject('too_many_names');
    }
    const taken = this.#instruments.kindOf(name);
    if (taken !== undefined && taken !== kind) {
      noticeOnce(
        `kind ${name} ${kind}`,
        `"${name}" is a ${taken} already; recording it as a ${kind} is dropped`,
      );
      return this.#reject('kind_conflict');
    }
    const metric = this.#build(name, kind, description ?? {});
    this.#byName.set(name, metric);
    // The name as given finds it at once from now on, unless names that need mending keep coming.
    if (given !== name && this.#byName.size < MAX_NAMES) this.#byName.set(given, metric);
    return metric;
  }

  #reject(reason: Parameters<Instruments['reject']>[0]): undefined {
    this.#instruments.reject(reason);
    return undefined;
  }

  #build(name: string, kind: UserKind, { unit = '', buckets, ...given }: MetricDescription): UserMetric {
    // promtool's check wants a HELP line for every family.
    const description = given.description ?? `The ${kind} ${name} of the application.`;
    const base = { name, unit, description, attributes: {} };
    const definition = { ...base, ...(buckets === undefined ? {} : { buckets }) };
    const history = this.#collector.historyOf(name, kind);
    switch (kind) {
      case 'counter':
        return new UserCounter(this.#instruments.counterSeries({ ...definition, kind }), history);
      case 'gauge':
        return new UserGauge(this.#instruments.gaugeSeries({ ...definition, kind }), history);
      default:
        return new UserHistogram(this.#instruments.histogramSeries({ ...definition, kind }), history);
    }
  }
}

function checkDescription(given: MetricDescription | undefined): void {
  if (given === undefined) return;
  checkKnownOptions('metric', given, ['unit', 'description', 'buckets']);
  const { unit, description, buckets } = given;
  if (unit !== undefined && typeof unit !== 'string') throw new InvalidOptionError('unit', 'a text', unit);
  if (description !== undefined && typeof description !== 'string') {
    throw new InvalidOptionError('description', 'a text', description);
  }
  if (buckets === undefined) return;
  const isAscending =
    Array.isArray(buckets) &&
    buckets.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > buckets[i - 1]));
  if (!isAscending || buckets.length === 0)
    throw new InvalidOptionError('buckets', 'numbers in ascending order', buckets);
}
