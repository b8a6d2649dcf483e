import * as catalogue from '../../telemetry/catalogue.js';
import { addToSpan, describeSpan } from '../../telemetry/active-span.js';
import { errorTypeOf } from '../../telemetry/error-type.js';
import { instrumentsOf, type BoundCounter } from '../../telemetry/instruments.js';
import { noticeOnce } from '../../telemetry/notice.js';
import { RetryBudget } from './retry-budget.js';
import type { ComingRetry } from './retry-options.js';

const OUTCOMES = catalogue.retries.attributes['perf.retry.outcome'];
export type RetryOutcome = (typeof OUTCOMES)[number];

/** Somebody puts ids into names; from here on all share one record, as they share a series. */
const MAX_NAMES = 1000;
const OVERFLOW = 'overflow';

const records = new Map<string, RetryRecord>();

/** The record of a name, made on first use. */
export function retryRecordOf(name: string): RetryRecord {
  const known = records.get(name);
  if (known !== undefined) return known;
  if (records.size >= MAX_NAMES && name !== OVERFLOW) {
    noticeOnce(
      'retry names',
      `more than ${MAX_NAMES} names of retries, "${name}" among them, share one budget`,
    );
    return retryRecordOf(OVERFLOW);
  }
  const made = new RetryRecord(name);
  records.set(name, made);
  return made;
}

/** What the calls of one name have in common: their budget and their counters. */
export class RetryRecord {
  readonly #instruments = instrumentsOf();
  readonly #name: string;
  readonly #watched = new WeakSet<RetryBudget>();
  #budget: RetryBudget | undefined;
  readonly #first: BoundCounter;
  readonly #again: BoundCounter;
  readonly #outcomes: Readonly<Record<RetryOutcome, BoundCounter>>;

  constructor(name: string) {
    const named = { 'perf.retry.name': name };
    const attempts = this.#instruments.counter(catalogue.retryAttempts);
    const retries = this.#instruments.counter(catalogue.retries);
    this.#name = name;
    this.#first = attempts.bind({ ...named, 'perf.retry.attempt': 'first' });
    this.#again = attempts.bind({ ...named, 'perf.retry.attempt': 'again' });
    const bound = OUTCOMES.map((outcome) => [
      outcome,
      retries.bind({ ...named, 'perf.retry.outcome': outcome }),
    ]);
    this.#outcomes = Object.fromEntries(bound) as Record<RetryOutcome, BoundCounter>;
  }

  /** The given budget, or the one of this name; either is reported from now on. */
  budgetOr(given: RetryBudget | undefined): RetryBudget {
    const budget = given ?? (this.#budget ??= new RetryBudget());
    if (this.#watched.has(budget)) return budget;
    this.#watched.add(budget);
    const named = { 'perf.retry.name': this.#name };
    this.#instruments.observe(catalogue.retryBudget, budget, ({ balance }, report) => report(balance, named));
    return budget;
  }

  begin(attempt: number): void {
    (attempt === 1 ? this.#first : this.#again).add(1);
  }

  /** The call is over, after more than one attempt or with an error. */
  end(outcome: RetryOutcome, attempts: number): void {
    this.#outcomes[outcome].add(1);
    if (attempts > 1) describeSpan({ 'perf.retry.attempts': attempts });
  }

  noteRetry(error: unknown, { attempt, delay }: ComingRetry): void {
    addToSpan('retry', {
      'perf.retry.name': this.#name,
      'perf.retry.attempt': attempt + 1,
      'perf.retry.delay': delay,
      'error.type': errorTypeOf(error),
    });
  }
}
