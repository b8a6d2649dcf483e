import { checkKnownOptions } from '../checks.js';
import { InvalidOptionError } from '../errors.js';
import type { Attributes, InstrumentDefinition } from '../telemetry/definition.js';
import type { Counter, Gauge, Histogram, Instruments } from '../telemetry/instruments.js';
import { noticeOnce } from '../telemetry/notice.js';
import type { History } from './history.js';
import { metricName } from './metric-name.js';
import type { MetricsCollector } from './metrics-collector.js';

/** What exporters say about a metric of the application. Given on first use of the name. */
export interface MetricDescription {
  /** UCUM: `s` for seconds, `By` for bytes, `1` for shares. It decides the suffix in Prometheus and the default buckets. */
  readonly unit?: string;
  /** One sentence. */
  readonly description?: string;
  /** Upper bounds of a histogram, ascending. */
  readonly buckets?: readonly number[];
}

type UserKind = 'counter' | 'gauge' | 'histogram';

/** One metric of the application: the instrument for exporters and the history for questions, recorded together. */
interface UserMetric {
  readonly kind: UserKind;
  record(value: number, tags?: Attributes): void;
  bind(tags?: Attributes): (value: number) => void;
}

const MAX_NAMES = 1000;

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
  find(given: unknown, kind: UserKind, description?: MetricDescription): UserMetric | undefined {
    const metric = this.#byName.get(given) ?? this.#make(given, kind, description);
    if (metric === undefined || metric.kind === kind) return metric;
    this.#instruments.reject('kind_conflict');
    noticeOnce(
      `kind ${String(given)} ${kind}`,
      `"${String(given)}" is a ${metric.kind} already; recording it as a ${kind} is dropped`,
    );
    return undefined;
  }

  counter(name: string | undefined, description?: MetricDescription): Counter {
    const metric = name === undefined ? undefined : this.find(name, 'counter', description);
    return {
      add: (value, tags) => metric?.record(value, tags),
      bind: (tags) => {
        const record = metric?.bind(tags) ?? ignore;
        return { add: (value = 1) => record(value) };
      },
    };
  }

  gauge(name: string | undefined, description?: MetricDescription): Gauge {
    return this.#recording(name === undefined ? undefined : this.find(name, 'gauge', description));
  }

  histogram(name: string | undefined, description?: MetricDescription): Histogram {
    return this.#recording(name === undefined ? undefined : this.find(name, 'histogram', description));
  }

  #recording(metric: UserMetric | undefined): Gauge & Histogram {
    return {
      record: (value, tags) => metric?.record(value, tags),
      bind: (tags) => ({ record: metric?.bind(tags) ?? ignore }),
    };
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
    const history = this.#collector.historyOf(name, kind);
    if (kind === 'counter') {
      const counter = this.#instruments.counter({ ...base, kind }) as Counter;
      return {
        kind,
        record: (value, tags) => {
          counter.add(value, tags);
          remember(history, value, true);
        },
        bind: (tags) => {
          const bound = counter.bind(tags);
          return (value) => {
            bound.add(value);
            remember(history, value, true);
          };
        },
      };
    }
    const definition: InstrumentDefinition = { ...base, kind, ...(buckets === undefined ? {} : { buckets }) };
    const instrument = (
      kind === 'gauge'
        ? this.#instruments.gauge({ ...definition, kind })
        : this.#instruments.histogram({ ...definition, kind })
    ) as Gauge;
    const isNegativeRefused = kind === 'histogram';
    return {
      kind,
      record: (value, tags) => {
        instrument.record(value, tags);
        remember(history, value, isNegativeRefused);
      },
      bind: (tags) => {
        const bound = instrument.bind(tags);
        return (value) => {
          bound.record(value);
          remember(history, value, isNegativeRefused);
        };
      },
    };
  }
}

function ignore(): void {}

/** Keeps out of the history what the instrument refuses. */
function remember(history: History | undefined, value: number, isNegativeRefused: boolean): void {
  if (history !== undefined && Number.isFinite(value) && !(isNegativeRefused && value < 0))
    history.record(value);
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
