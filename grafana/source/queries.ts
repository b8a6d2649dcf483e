import { Namer } from '../../src/export/prometheus/names.js';
import type { InstrumentDefinition } from '../../src/telemetry/definition.js';

/**
 * PromQL made of the catalogue: a query can only name what the package has, by the name it has on /metrics. They use what
 * Prometheus 2.42 knows.
 */

const namer = new Namer();
const KIND_OF_NAME = {
  counter: 'counter',
  observableCounter: 'counter',
  upDownCounter: 'other',
  observableUpDownCounter: 'other',
  gauge: 'gauge',
  observableGauge: 'gauge',
  histogram: 'other',
} as const;

/** Which of a histogram's series. */
export type HistogramPart = 'bucket' | 'count' | 'sum';

/** Name of an instrument's series in Prometheus. */
export function seriesOf({ name, unit, kind }: InstrumentDefinition, part?: HistogramPart): string {
  if ((kind === 'histogram') !== (part !== undefined)) throw new Error(`${name}: which of its series?`);
  const family = namer.metric(name, unit, KIND_OF_NAME[kind]);
  return part === undefined ? family : `${family}_${part}`;
}

/** Label of an attribute. Throws where the instrument has no such attribute, or the attribute no such value. */
export function labelOf(definition: InstrumentDefinition, attribute: string, value?: string): string {
  const values = definition.attributes[attribute];
  if (values === undefined) throw new Error(`${definition.name} has no attribute ${attribute}`);
  if (value !== undefined && values !== 'open' && !values.includes(value))
    throw new Error(`${attribute} of ${definition.name} is never ${value}`);
  return namer.label(attribute);
}

/** Which series of an instrument: values its attributes have, by `=`, or by another operator in front of the value. */
export type Matchers = Readonly<Record<string, string>>;

export interface Scope {
  /** Matchers that stand in every selector: those of a dashboard's variables. */
  readonly matchers: readonly string[];
  /** Window of rates. */
  readonly window: string;
}

/** The queries of a dashboard, or of rules. */
export class Queries {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** A selector: `name{job=~"$job",...}`. */
  select(definition: InstrumentDefinition, matchers: Matchers = {}, part?: HistogramPart): string {
    const own = Object.entries(matchers).map(([attribute, value]) => matcherOf(definition, attribute, value));
    const all = [...this.#scope.matchers, ...own].join(',');
    return all === '' ? seriesOf(definition, part) : `${seriesOf(definition, part)}{${all}}`;
  }

  /** How much a counter, or a part of a histogram, grows in a second. */
  rate(definition: InstrumentDefinition, matchers?: Matchers, part?: HistogramPart): string {
    return `rate(${this.select(definition, matchers, part)}[${this.#scope.window}])`;
  }

  /**
   * How much a rare counter grew over a window. Unlike `increase` it sees the first time, with which a series begins: for
   * `increase` nothing has grown by then. One scrape that failed makes no series a new one.
   */
  growth(definition: InstrumentDefinition, matchers: Matchers, window = this.#scope.window): string {
    const series = this.select(definition, matchers);
    const isOld = `last_over_time(${series}[${window}] offset ${window})`;
    return `(${series} unless ${isOld} or increase(${series}[${window}]))`;
  }

  /** Sum of rates, by attributes. */
  rateBy(
    definition: InstrumentDefinition,
    by: readonly string[],
    matchers?: Matchers,
    part?: HistogramPart,
  ): string {
    return this.sum(this.rate(definition, matchers, part), definition, by);
  }

  /** Sum of a gauge or an up-down counter, by attributes. */
  sumBy(definition: InstrumentDefinition, by: readonly string[] = [], matchers?: Matchers): string {
    return this.sum(this.select(definition, matchers), definition, by);
  }

  maxBy(definition: InstrumentDefinition, by: readonly string[] = [], matchers?: Matchers): string {
    return `max${byClause(definition, by)} (${this.select(definition, matchers)})`;
  }

  quantile(
    q: number,
    definition: InstrumentDefinition,
    by: readonly string[] = [],
    matchers?: Matchers,
  ): string {
    const labels = ['le', ...by.map((attribute) => labelName(definition, attribute))].join(', ');
    return `histogram_quantile(${q}, sum by (${labels}) (${this.rate(definition, matchers, 'bucket')}))`;
  }

  mean(definition: InstrumentDefinition, by: readonly string[] = [], matchers?: Matchers): string {
    return `${this.rateBy(definition, by, matchers, 'sum')}\n/\n${this.rateBy(definition, by, matchers, 'count')}`;
  }

  sum(expr: string, definition: InstrumentDefinition, by: readonly string[]): string {
    return `sum${byClause(definition, by)} (${expr})`;
  }
}

/** Labels beside the attributes: of the target, and of a histogram's buckets. */
const TARGET_LABELS = new Set(['job', 'instance', 'le']);

function labelName(definition: InstrumentDefinition, attribute: string): string {
  return TARGET_LABELS.has(attribute) ? attribute : labelOf(definition, attribute);
}

function byClause(definition: InstrumentDefinition, by: readonly string[]): string {
  return by.length === 0 ? '' : ` by (${by.map((attribute) => labelName(definition, attribute)).join(', ')})`;
}

function matcherOf(definition: InstrumentDefinition, attribute: string, value: string): string {
  const [, operator = '=', text = ''] = /^(=~|!~|!=|=)?(.*)$/s.exec(value) ?? [];
  const isOneValue = (operator === '=' || operator === '!=') && text !== '' && !text.startsWith('$');
  const label = labelOf(definition, attribute, isOneValue ? text : undefined);
  return `${label}${operator}${JSON.stringify(text)}`;
}
