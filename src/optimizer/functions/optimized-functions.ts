import type { Clock } from '../../clock.js';
import { noticeOnce } from '../../telemetry/notice.js';
import type { Thresholds } from '../action.js';
import {
  OptimizedFunction,
  reportOn,
  type FunctionReport,
  type FunctionToOptimize,
} from './optimized-function.js';

/** How close memory and CPU are to their limits, 0 to 1. */
export interface Pressures {
  readonly memory: number;
  readonly cpu: number;
}

/** What the registry needs of the optimizer. */
export interface FunctionHost {
  readonly clock: Clock;
  readonly thresholds: () => Thresholds;
  readonly pressures: () => Pressures;
  /** Starts a pass with these thresholds. */
  readonly startPass: (thresholds: Thresholds) => Promise<unknown>;
}

/** Between two looks at the pressure: a look takes some microseconds, and pressure does not come faster. */
const CHECK_INTERVAL_MS = 1000;
/** Between two passes that functions start: pressure that stays is a matter of the passes of the optimizer itself. */
const PASS_INTERVAL_MS = 30_000;

/** The registered functions. One that runs while a resource is over its threshold makes the optimizer look at once. */
export class OptimizedFunctions {
  readonly #host: FunctionHost;
  readonly #functions = new Set<OptimizedFunction>();
  #passedAt = -Infinity;

  constructor(host: FunctionHost) {
    this.#host = host;
  }

  add(definition: FunctionToOptimize): OptimizedFunction {
    const registered = new OptimizedFunction(definition, (ran) => this.#check(ran));
    this.#functions.add(registered);
    return registered;
  }

  /** The most time-consuming first. */
  report(): FunctionReport[] {
    if (this.#functions.size === 0) return [];
    const pressures = this.#host.pressures();
    const all = [...this.#functions].toSorted((a, b) => b.seconds - a.seconds);
    const seconds = all.reduce((sum, registered) => sum + registered.seconds, 0);
    return all.map((registered) =>
      reportOn(registered, seconds, isOver(pressures, this.#thresholdsOf(registered))),
    );
  }

  #check(ran: OptimizedFunction): void {
    const now = this.#host.clock.now();
    if (now - ran.checkedAt < CHECK_INTERVAL_MS || now - this.#passedAt < PASS_INTERVAL_MS) return;
    ran.checkedAt = now;
    const thresholds = this.#thresholdsOf(ran);
    if (!isOver(this.#host.pressures(), thresholds)) return;
    this.#passedAt = now;
    ran.passes += 1;
    this.#host.startPass(thresholds).catch((error: unknown) => {
      noticeOnce(
        'function pass',
        `a pass of the optimizer for "${ran.definition.name}" failed: ${String(error)}`,
      );
    });
  }

  #thresholdsOf({ definition }: OptimizedFunction): Thresholds {
    const { memoryThreshold, cpuThreshold } = this.#host.thresholds();
    return {
      memoryThreshold: definition.memoryThreshold ?? memoryThreshold,
      cpuThreshold: definition.cpuThreshold ?? cpuThreshold,
    };
  }
}

function isOver({ memory, cpu }: Pressures, { memoryThreshold, cpuThreshold }: Thresholds): boolean {
  return memory >= memoryThreshold || cpu >= cpuThreshold;
}
