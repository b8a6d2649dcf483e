import type { Cancel } from '../../clock.js';
import { InvalidOptionError } from '../../errors.js';
import type { Look, OptimizerAction, Proposal } from '../action.js';
import type { AdviceMode } from '../decision.js';
import { asMs, asPercent } from '../figures.js';
import { cpuPressureOf } from '../observation.js';

/** What lets so many calls run at the same time: a `Limiter` is one. */
export interface ReportedLimiter {
  readonly name: string;
  /** Whether it finds its limit itself. */
  readonly isAdaptive: boolean;
  stats(): LimiterState;
}

/** What the optimizer reads of a limiter. */
export interface LimiterState {
  readonly active: number;
  readonly queued: number;
  readonly limit: number;
  /** Seconds; 0 when nobody waits. */
  readonly oldestWait: number;
}

export interface ConcurrencySignal extends LimiterState {
  readonly target: string;
  readonly isAdaptive: boolean;
  readonly cpuPressure: number;
  /** Pressure from which more at the same time does not help, 0 to 1. */
  readonly threshold: number;
}

/**
 * Tells what registered limiters let run. One that adapts steers itself, many times a second and by what each call took:
 * its limit is reported and left alone, as two that steer the same thing would fight. A fixed one gets advice.
 */
export class ConcurrencyAdvice implements OptimizerAction<ConcurrencySignal> {
  readonly name = 'concurrency';
  readonly resource = 'cpu';
  readonly mode: AdviceMode;
  readonly #limiters = new Set<ReportedLimiter>();

  constructor(mode: AdviceMode) {
    this.mode = mode;
  }

  /** @throws {InvalidOptionError} */
  add(limiter: ReportedLimiter): Cancel {
    const { name, isAdaptive, stats } = (limiter ?? {}) as Partial<ReportedLimiter>;
    if (typeof name !== 'string' || typeof isAdaptive !== 'boolean' || typeof stats !== 'function')
      throw new InvalidOptionError('limiter', 'a Limiter', limiter);
    this.#limiters.add(limiter);
    return () => void this.#limiters.delete(limiter);
  }

  observe({ observation, thresholds }: Look): readonly ConcurrencySignal[] {
    const cpuPressure = cpuPressureOf(observation);
    return [...this.#limiters].map((limiter) => {
      const { active, queued, limit, oldestWait } = limiter.stats();
      const { name: target, isAdaptive } = limiter;
      const threshold = thresholds.cpuThreshold;
      return { target, active, queued, limit, oldestWait, isAdaptive, cpuPressure, threshold };
    });
  }

  propose(signal: ConcurrencySignal): Proposal {
    return adviseConcurrency(signal);
  }
}

/** Pure. */
export function adviseConcurrency(signal: ConcurrencySignal): Proposal {
  const { target, active, queued, limit, oldestWait, isAdaptive, cpuPressure, threshold } = signal;
  const rest = { target, numbers: { active, queued, limit, oldestWait }, setting: limit };
  const state = `${active} of ${limit} run, ${queued} wait`;
  if (isAdaptive) {
    const explanation = `"${target}" finds its limit itself and is left alone: ${state}`;
    return { ...rest, reason: 'steers_itself', explanation };
  }
  if (queued === 0) return { ...rest, reason: 'within_limits', explanation: `nobody waits: ${state}` };
  if (cpuPressure >= threshold) {
    const explanation = `${state}, but CPU pressure is ${asPercent(cpuPressure)}: with more at the same time each would take longer`;
    return { ...rest, reason: 'cpu', explanation };
  }
  const explanation = `${state}, the first for ${asMs(oldestWait)}, and CPU pressure is ${asPercent(cpuPressure)}`;
  const recommendation = `Raise the limit of "${target}" (now ${limit}), or let it adapt: ${explanation}`;
  return { ...rest, reason: 'queue_stands', explanation, recommendation };
}
