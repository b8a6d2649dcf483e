import type { Cancel, Clock } from '../clock.js';
import type { AttributesOf } from '../telemetry/definition.js';
import type { Counter, Gauge, Instruments } from '../telemetry/instruments.js';
import { noticeOnce } from '../telemetry/notice.js';
import * as catalogue from '../telemetry/optimizer-catalogue.js';
import type {
  ActionName,
  Decision,
  DecisionListener,
  MadeDecision,
  MadeVerdict,
  Outcome,
} from './decision.js';
import type { Verdict, VerdictKind } from './verdict.js';

const KEPT = 200;

const VERDICT_VALUES: Readonly<Record<VerdictKind, (typeof catalogue.VERDICTS)[number]>> = {
  improved: 'improved',
  worse: 'worse',
  'no measurable change': 'no_measurable_change',
  'not measured': 'not_measured',
};

/** Every decision and verdict: kept for the report, counted in metrics, told to who listens. */
export class DecisionLog {
  readonly #clock: Clock;
  readonly #start: string;
  readonly #decided: Counter<AttributesOf<typeof catalogue.optimizerDecisions>>;
  readonly #judged: Counter<AttributesOf<typeof catalogue.optimizerVerdicts>>;
  readonly #effect: Gauge<AttributesOf<typeof catalogue.optimizerEffect>>;
  readonly #setting: Gauge<AttributesOf<typeof catalogue.optimizerSetting>>;
  readonly #listeners = new Set<DecisionListener>();
  readonly #decisions: MadeDecision[] = [];
  readonly #verdicts: MadeVerdict[] = [];
  readonly #counts: Record<Outcome, number> = { applied: 0, advised: 0, held: 0, rolled_back: 0 };
  #made = 0;

  constructor(instruments: Instruments, clock: Clock) {
    this.#clock = clock;
    // So that the decisions of two runs of a program are not mistaken for each other.
    this.#start = clock.wallNow().toString(36);
    this.#decided = instruments.counter(catalogue.optimizerDecisions);
    this.#judged = instruments.counter(catalogue.optimizerVerdicts);
    this.#effect = instruments.gauge(catalogue.optimizerEffect);
    this.#setting = instruments.gauge(catalogue.optimizerSetting);
  }

  /** The last 200, oldest first. */
  get decisions(): readonly MadeDecision[] {
    return this.#decisions;
  }

  get verdicts(): readonly MadeVerdict[] {
    return this.#verdicts;
  }

  /** Of all time. */
  get counts(): Readonly<Record<Outcome, number>> {
    return this.#counts;
  }

  listen(listener: DecisionListener): Cancel {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  record(decision: Decision): MadeDecision {
    const id = `${this.#start}-${++this.#made}`;
    const made: MadeDecision = { id, time: this.#clock.wallNow() / 1000, ...decision };
    const { action, target, outcome, reason } = decision;
    this.#counts[outcome] += 1;
    this.#decided.add(1, {
      'perf.optimizer.action': action,
      'perf.optimizer.target': target,
      'perf.optimizer.outcome': outcome,
      'perf.optimizer.reason': reason,
    });
    keep(this.#decisions, made);
    this.#tell((listener) => listener.onDecision?.(made));
    return made;
  }

  judge({ id, action, resource, target }: Omit<MadeVerdict, keyof Verdict | 'time'>, verdict: Verdict): void {
    const made: MadeVerdict = {
      id,
      action,
      resource,
      target,
      time: this.#clock.wallNow() / 1000,
      ...verdict,
    };
    const where = { 'perf.optimizer.action': action, 'perf.optimizer.target': target };
    this.#judged.add(1, { ...where, 'perf.optimizer.verdict': VERDICT_VALUES[verdict.kind] });
    if (verdict.improvementPercent !== undefined) {
      const change = -verdict.improvementPercent / 100;
      this.#effect.record(change, { ...where, 'perf.optimizer.effect.kind': 'measured' });
    }
    keep(this.#verdicts, made);
    this.#tell((listener) => listener.onVerdict?.(made));
  }

  /** What a change that is being made should do to the cost of misses: -0.05 is 5 % less. */
  predict(action: ActionName, target: string, change: number): void {
    this.#effect.record(change, {
      'perf.optimizer.action': action,
      'perf.optimizer.target': target,
      'perf.optimizer.effect.kind': 'predicted',
    });
  }

  /** What a target is set to now. */
  set(action: ActionName, target: string, value: number): void {
    this.#setting.record(value, { 'perf.optimizer.action': action, 'perf.optimizer.target': target });
  }

  #tell(tell: (listener: DecisionListener) => void): void {
    for (const listener of this.#listeners) {
      try {
        tell(listener);
      } catch (error) {
        noticeOnce('decision listener', `a listener of the optimizer failed: ${String(error)}`);
      }
    }
  }
}

function keep<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > KEPT) list.shift();
}
