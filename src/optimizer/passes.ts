import type { Clock } from '../clock.js';
import { instrumentsOf, type BoundHistogram, type MeterProvider } from '../telemetry/instruments.js';
import { optimizerTickDuration } from '../telemetry/optimizer-catalogue.js';
import { ReadingFeed } from '../telemetry/reading-feed.js';
import type { Thresholds } from './action.js';
import type { Runner } from './action-runner.js';
import { DecisionLog } from './decision-log.js';
import type { MadeDecision, MadeVerdict } from './decision.js';
import { loggedDecisions } from './logged-decisions.js';
import { NOTHING_OBSERVED, observationFrom, type Observation } from './observation.js';

export const DEFAULT_THRESHOLDS: Thresholds = { memoryThreshold: 0.8, cpuThreshold: 0.8 };
export const DEFAULT_INTERVAL_SECONDS = 300;

/** What came out of one pass. */
export interface Looked {
  readonly decisions: readonly MadeDecision[];
  /** About changes of earlier passes. */
  readonly verdicts: readonly MadeVerdict[];
}

export interface LookOptions {
  readonly thresholds?: Thresholds;
  /** Time between two passes. */
  readonly intervalSeconds?: number;
}

/** Looks at everything that is measured, lets actions decide and act, and records what they decide. */
export class Passes {
  readonly log: DecisionLog;
  readonly #clock: Clock;
  readonly #feed: ReadingFeed;
  readonly #complete: (observation: Observation) => Observation;
  readonly #duration: BoundHistogram;
  #observation = NOTHING_OBSERVED;

  /** `complete`: adds to an observation what is in no meter, once a pass. */
  constructor(
    meterProvider: MeterProvider | undefined,
    clock: Clock,
    complete: (observation: Observation) => Observation,
  ) {
    const instruments = instrumentsOf(meterProvider);
    this.log = new DecisionLog(instruments, clock);
    this.log.listen(loggedDecisions());
    this.#clock = clock;
    this.#feed = new ReadingFeed(instruments, clock);
    this.#complete = complete;
    this.#duration = instruments.histogram(optimizerTickDuration).bind();
  }

  /** Of the last pass. */
  get observation(): Observation {
    return this.#observation;
  }

  /** What a pass would see now; the next one still sees all of it. */
  peek(): Observation {
    return observationFrom(this.#feed.peek());
  }

  async look(
    runners: readonly Runner[],
    { thresholds = DEFAULT_THRESHOLDS, intervalSeconds = DEFAULT_INTERVAL_SECONDS }: LookOptions = {},
  ): Promise<Looked> {
    const now = this.#clock.now();
    const observation = this.#complete(observationFrom(this.#feed.take()));
    this.#observation = observation;
    const verdicts: MadeVerdict[] = [];
    const stopListening = this.log.listen({ onVerdict: (verdict) => void verdicts.push(verdict) });
    const decisions: MadeDecision[] = [];
    try {
      for (const runner of runners)
        decisions.push(...(await runner.run({ now, observation, thresholds, intervalSeconds }, this.log)));
    } finally {
      stopListening();
    }
    this.#duration.record((this.#clock.now() - now) / 1000);
    return { decisions, verdicts };
  }
}
