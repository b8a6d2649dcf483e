import { checkKnownOptions, checkText } from '../../checks.js';
import { InvalidOptionError } from '../../errors.js';
import type { AlertingRule, RecordingRule, RuleFile } from './rule-file.js';

/** A promise about a service: so much of what it does goes well. */
export interface SloOptions {
  /** Names it in the label `slo` of all its series: `checkout-availability`. */
  readonly name: string;
  /** Share of what is to go well, between 0 and 1: 0.999. */
  readonly objective: number;
  /** Counter of everything: `http_requests_total{job="shop"}`, or a histogram's `_count`. */
  readonly total: string;
  /** Counter of what went wrong: `http_requests_total{job="shop",code=~"5.."}`. Either this or `good`. */
  readonly errors?: string;
  /**
   * Counter of what went well. For a promise about time it is the histogram's bucket of the longest time that is good:
   * `http_request_duration_seconds_bucket{le="0.5"}`.
   */
  readonly good?: string;
  /** Labels that tell apart services with a budget of their own. @default ['job'] */
  readonly by?: readonly string[];
  /** Labels that every alert gets besides `severity`, such as a team. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Where it says what to do; a link in the alerts. */
  readonly runbookUrl?: string;
  /** A link in the alerts. */
  readonly dashboardUrl?: string;
}

const KNOWN = [
  'name',
  'objective',
  'total',
  'errors',
  'good',
  'by',
  'labels',
  'runbookUrl',
  'dashboardUrl',
] as const;

/**
 * How fast the budget of 30 days may burn before somebody is told: with the factor, the budget lasts 30 days / factor. Both
 * windows must show it: the long one that it matters, the short one that it still goes on. (Google, "The Site Reliability
 * Workbook", chapter 5, table 5-8.)
 */
const BURN_RATES = [
  { severity: 'critical', factor: 14.4, long: '1h', short: '5m', for: '2m', spent: '2 %' },
  { severity: 'critical', factor: 6, long: '6h', short: '30m', for: '15m', spent: '5 %' },
  { severity: 'warning', factor: 3, long: '1d', short: '2h', for: '1h', spent: '10 %' },
  { severity: 'warning', factor: 1, long: '3d', short: '6h', for: '3h', spent: '10 %' },
] as const;

const WINDOWS = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const;
const PERIOD = '30d';

/**
 * Recording rules and alerts for a promise about a service, as a rule file of Prometheus 2.42 or later: the share of errors
 * over each window (`slo:errors:ratio_rate5m` ...), what is left of the budget of 30 days (`slo:error_budget:remaining`, 1
 * when untouched, below 0 when overspent), and four alerts about how fast it burns.
 *
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { sloRules, toYaml } from '@gary-zero/performance';
 *
 * const rules = sloRules({
 *   name: 'checkout-availability',
 *   objective: 0.999,
 *   total: 'perf_operation_duration_seconds_count{perf_operation_name="checkout"}',
 *   errors: 'perf_operation_duration_seconds_count{perf_operation_name="checkout",error_type!=""}',
 * });
 * writeFileSync('checkout.rules.yml', toYaml(rules));
 * ```
 *
 * Without traffic in a window there is no ratio, and no alert.
 *
 * @throws {InvalidOptionError}
 */
export function sloRules(options: SloOptions): RuleFile {
  checkKnownOptions('sloRules', options, KNOWN);
  const slo = new Slo(options);
  return {
    groups: [
      { name: `slo-${slo.name}-ratios`, rules: [...WINDOWS, PERIOD].map((window) => slo.ratio(window)) },
      { name: `slo-${slo.name}-budget`, rules: slo.budget() },
      { name: `slo-${slo.name}-alerts`, rules: BURN_RATES.map((rate) => slo.alert(rate)) },
    ],
  };
}

class Slo {
  readonly name: string;
  readonly #objective: number;
  readonly #total: string;
  readonly #part: string;
  readonly #isGood: boolean;
  readonly #by: string;
  readonly #options: SloOptions;

  constructor(options: SloOptions) {
    const { name, objective, errors, good, by = ['job'] } = options;
    this.name = checkText('name', name);
    if (typeof objective !== 'number' || !(objective > 0 && objective < 1))
      throw new InvalidOptionError('objective', 'a number between 0 and 1, such as 0.999', objective);
    if ((errors === undefined) === (good === undefined))
      throw new InvalidOptionError('errors', 'a counter of errors, or else one of what is good', errors);
    this.#objective = objective;
    this.#total = checkSelector('total', options.total);
    this.#isGood = good !== undefined;
    this.#part = checkSelector(this.#isGood ? 'good' : 'errors', good ?? errors);
    this.#by = by.map((label) => checkLabel(label)).join(', ');
    this.#options = options;
  }

  ratio(window: string): RecordingRule {
    const total = this.#rate(this.#total, window);
    const part = this.#rate(this.#part, window);
    // A counter of errors may not exist until the first one. Rates of two series are estimates: their difference may be below 0.
    const errors = this.#isGood ? `clamp_min(${total} - ${part}, 0)` : `(${part} or 0 * ${total})`;
    return { record: this.#ratioName(window), expr: `${errors}\n/\n(${total} > 0)`, labels: this.#labels };
  }

  budget(): RecordingRule[] {
    const spent = `${this.#ratioName(PERIOD)}{slo=${JSON.stringify(this.name)}} / ${this.#allowed}`;
    return [
      { record: 'slo:objective:ratio', expr: `vector(${this.#objective})`, labels: this.#labels },
      { record: 'slo:error_budget:remaining', expr: `1 - ${spent}`, labels: this.#labels },
    ];
  }

  alert({ severity, factor, long, short, for: pending, spent }: (typeof BURN_RATES)[number]): AlertingRule {
    const limit = `${factor} * ${this.#allowed}`;
    const over = (window: string) =>
      `${this.#ratioName(window)}{slo=${JSON.stringify(this.name)}} > ${limit}`;
    const { labels, runbookUrl, dashboardUrl } = this.#options;
    return {
      alert: 'SloErrorBudgetBurn',
      expr: `(${over(long)})\nand\n(${over(short)})`,
      for: pending,
      labels: { ...labels, severity, slo: this.name, window: long },
      annotations: {
        summary: `${this.name} burns its error budget ${factor} times faster than it may`,
        description:
          `{{ $value | humanizePercentage }} of the last ${long} went wrong. The objective of ${this.#objective * 100} % ` +
          `allows ${this.#percentAllowed} over ${PERIOD}; at this rate ${spent} of that are spent in ${long}.`,
        ...(runbookUrl !== undefined && { runbook_url: runbookUrl }),
        ...(dashboardUrl !== undefined && { dashboard_url: dashboardUrl }),
      },
    };
  }

  get #labels(): Readonly<Record<string, string>> {
    return { slo: this.name };
  }

  /** Share of errors that is allowed, without the noise of binary fractions. */
  get #allowed(): number {
    return Number((1 - this.#objective).toPrecision(12));
  }

  get #percentAllowed(): string {
    return `${Number((this.#allowed * 100).toPrecision(6))} %`;
  }

  #ratioName(window: string): string {
    return `slo:errors:ratio_rate${window}`;
  }

  #rate(selector: string, window: string): string {
    return `sum by (${this.#by}) (rate(${selector}[${window}]))`;
  }
}

/** A metric's name with or without `{...}`: windows and functions are added around it. */
function checkSelector(option: string, value: unknown): string {
  const text = checkText(option, value).trim();
  if (!SELECTOR.test(text))
    throw new InvalidOptionError(option, 'a counter such as `requests_total{code="500"}`', value);
  return text;
}

const MATCHER = /[a-zA-Z_]\w*\s*(?:=~|!~|!=|=)\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)/.source;
const SELECTOR = new RegExp(
  `^[a-zA-Z_:][\\w:]*\\s*(?:\\{\\s*(?:${MATCHER}\\s*(?:,\\s*|(?=\\})))*\\})?$`,
  's',
);

function checkLabel(label: unknown): string {
  const text = checkText('by', label);
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(text)) throw new InvalidOptionError('by', 'names of labels', label);
  return text;
}
