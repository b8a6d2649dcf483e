import type { Clock } from '../../clock.js';
import { RejectedError, type RejectionReason } from '../../errors.js';
import * as catalogue from '../../telemetry/catalogue.js';
import type { AttributesOf } from '../../telemetry/definition.js';
import type { BoundCounter, BoundHistogram, Histogram, Instruments } from '../../telemetry/instruments.js';
import { noticeOnce } from '../../telemetry/notice.js';
import { FairLane } from '../lease/fair-queue.js';
import type { LeaseKernel } from '../lease/lease-kernel.js';
import type { LeaseMetrics, TaskOutcome } from '../lease/lease-metrics.js';
import type { CallHost, CallMetrics } from '../lease/leased-call.js';
import type { TaskStatus } from './task-status.js';

/** What the lanes of one manager have in common. */
export interface LaneHome {
  readonly name: string;
  readonly clock: Clock;
  readonly kernel: LeaseKernel;
  readonly metrics: LeaseMetrics;
  readonly instruments: Instruments;
  /** Attempts that still run though nobody waits for them any more. */
  readonly lingering: Set<{ status(): TaskStatus }>;
}

/** Somebody puts ids into names; from here on all share one lane, as they share a series. */
const MAX_NAMES = 1000;
const OVERFLOW = 'overflow';

/** The lanes of all names. */
export class TaskLanes {
  readonly #home: LaneHome;
  readonly #lanes = new Map<string, TaskLane>();

  constructor(home: LaneHome) {
    this.#home = home;
  }

  of(name: string): TaskLane {
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    if (this.#lanes.size >= MAX_NAMES && name !== OVERFLOW) {
      const message = `more than ${MAX_NAMES} names of tasks, "${name}" among them, are treated as one`;
      noticeOnce(`task names ${this.#home.name}`, message);
      return this.of(OVERFLOW);
    }
    const made = new TaskLane(name, this.#home);
    this.#lanes.set(name, made);
    return made;
  }
}

/** What the tasks of one name have in common: their share of the places, and their counters. */
export class TaskLane extends FairLane {
  readonly home: LaneHome;
  readonly host: CallHost;
  readonly joined: BoundCounter;
  readonly unobserved: BoundCounter;

  constructor(name: string, home: LaneHome) {
    super();
    this.home = home;
    const { name: queue, clock, kernel, metrics, instruments } = home;
    const named = { 'perf.task.queue': queue, 'perf.task.name': name };
    this.host = {
      what: `task "${name}"`,
      clock,
      kernel,
      metrics: new LaneMetrics(this, named, metrics, instruments),
    };
    this.joined = instruments.counter(catalogue.taskJoined).bind(named);
    this.unobserved = instruments.counter(catalogue.taskUnobserved).bind(named);
  }

  /** The error for a task that is not begun, which is counted. */
  refusal(reason: RejectionReason): RejectedError {
    const { metrics, kernel } = this.home;
    metrics.rejected(reason);
    const isFull = reason === 'queue_full';
    return new RejectedError(this.host.what, reason, isFull ? kernel.retryAfterMs : undefined);
  }
}

interface LaneNames {
  readonly 'perf.task.queue': string;
  readonly 'perf.task.name': string;
}

class LaneMetrics implements CallMetrics {
  readonly #lane: FairLane;
  readonly #shared: LeaseMetrics;
  readonly #named: LaneNames;
  readonly #durations: Histogram<AttributesOf<typeof catalogue.taskDuration>>;
  readonly #succeeded: BoundHistogram;

  constructor(lane: FairLane, named: LaneNames, shared: LeaseMetrics, instruments: Instruments) {
    this.#lane = lane;
    this.#named = named;
    this.#shared = shared;
    this.#durations = instruments.histogram(catalogue.taskDuration);
    this.#succeeded = this.#durations.bind({ ...named, 'perf.task.outcome': 'succeeded' });
  }

  get zombies(): number {
    return this.#shared.zombies;
  }

  set zombies(count: number) {
    this.#shared.zombies = count;
  }

  ended(outcome: TaskOutcome, seconds: number): void {
    if (outcome === 'succeeded') this.#succeeded.record(seconds);
    else this.#durations.record(seconds, { ...this.#named, 'perf.task.outcome': outcome });
    // Of none that was not begun.
    if (seconds > 0) this.#lane.noteCost(seconds * 1000);
  }

  abandoned(): void {
    this.#shared.abandoned();
  }
}
