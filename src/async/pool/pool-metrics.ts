import type { RejectionReason } from '../../errors.js';
import * as catalogue from '../../telemetry/catalogue.js';
import type { Attributes, AttributeNames, InstrumentDefinition } from '../../telemetry/definition.js';
import type { BoundCounter, BoundHistogram, Instruments } from '../../telemetry/instruments.js';

export type DestroyReason = (typeof catalogue.DESTROY_REASONS)[number];
export type PoolCall = (typeof catalogue.POOL_CALLS)[number];

type Gauge = InstrumentDefinition<AttributeNames, 'observableUpDownCounter'>;
type Histogram = InstrumentDefinition<AttributeNames, 'histogram'>;

/** What databases and others report alike. */
interface Shape {
  readonly resources: Gauge;
  readonly stateAttribute: string;
  readonly idleMax: Gauge;
  readonly idleMin: Gauge;
  readonly max: Gauge;
  readonly pending: Gauge;
  readonly timeouts: InstrumentDefinition<AttributeNames, 'counter'>;
  readonly createTime: Histogram;
  readonly waitTime: Histogram;
  readonly useTime: Histogram;
}

const DATABASE: Shape = {
  resources: catalogue.dbConnections,
  stateAttribute: 'db.client.connection.state',
  idleMax: catalogue.dbConnectionsIdleMax,
  idleMin: catalogue.dbConnectionsIdleMin,
  max: catalogue.dbConnectionsMax,
  pending: catalogue.dbConnectionPendingRequests,
  timeouts: catalogue.dbConnectionTimeouts,
  createTime: catalogue.dbConnectionCreateTime,
  waitTime: catalogue.dbConnectionWaitTime,
  useTime: catalogue.dbConnectionUseTime,
};

const OTHER: Shape = {
  resources: catalogue.poolResources,
  stateAttribute: 'perf.pool.state',
  idleMax: catalogue.poolResourcesIdleMax,
  idleMin: catalogue.poolResourcesIdleMin,
  max: catalogue.poolResourcesMax,
  pending: catalogue.poolPendingRequests,
  timeouts: catalogue.poolTimeouts,
  createTime: catalogue.poolCreateTime,
  waitTime: catalogue.poolWaitTime,
  useTime: catalogue.poolUseTime,
};

interface Observed {
  stats(): {
    readonly size: number;
    readonly idle: number;
    readonly pending: number;
    readonly maxSize: number;
    readonly minSize: number;
  };
}

type Stats = ReturnType<Observed['stats']>;

/** Reports one pool. */
export class PoolMetrics {
  readonly #instruments: Instruments;
  readonly #shape: Shape;
  readonly #where: Attributes;
  readonly #named: { readonly 'perf.pool.name': string };
  readonly #timeouts: BoundCounter;
  readonly #creations: BoundHistogram;
  readonly #waits: BoundHistogram;
  readonly #uses: BoundHistogram;
  readonly #leaked: BoundCounter;
  #stops: (() => void)[] = [];

  /** `system`: of the database it connects to, if it is a pool of connections to one. */
  constructor(name: string, system: string | undefined, instruments: Instruments) {
    const shape = system === undefined ? OTHER : DATABASE;
    const named = { 'perf.pool.name': name };
    const where: Attributes =
      system === undefined ? named : { 'db.client.connection.pool.name': name, 'db.system.name': system };
    this.#instruments = instruments;
    this.#shape = shape;
    this.#where = where;
    this.#named = named;
    this.#timeouts = instruments.counter(shape.timeouts).bind(where as Record<string, string>);
    this.#creations = instruments.histogram(shape.createTime).bind(where as Record<string, string>);
    this.#waits = instruments.histogram(shape.waitTime).bind(where as Record<string, string>);
    this.#uses = instruments.histogram(shape.useTime).bind(where as Record<string, string>);
    this.#leaked = instruments.counter(catalogue.poolLeaked).bind(named);
  }

  /** Reports its state until {@link PoolMetrics.stop}. */
  watch(pool: Observed): void {
    const { resources, stateAttribute, idleMax, idleMin, max, pending } = this.#shape;
    const where = this.#where as Record<string, string>;
    const idle = { ...where, [stateAttribute]: 'idle' };
    const used = { ...where, [stateAttribute]: 'used' };
    const observe = (definition: Gauge, valueOf: (stats: Stats) => number) =>
      this.#instruments.observe(definition, pool, (one, report) => report(valueOf(one.stats()), where));
    this.#stops = [
      this.#instruments.observe(resources, pool, (one, report) => {
        const stats = one.stats();
        report(stats.idle, idle);
        report(stats.size - stats.idle, used);
      }),
      observe(idleMax, ({ maxSize }) => maxSize),
      observe(idleMin, ({ minSize }) => minSize),
      observe(max, ({ maxSize }) => maxSize),
      observe(pending, (stats) => stats.pending),
    ];
  }

  waited(seconds: number): void {
    this.#waits.record(seconds);
  }

  used(seconds: number): void {
    this.#uses.record(seconds);
  }

  created(seconds: number): void {
    this.#creations.record(seconds);
  }

  timedOut(): void {
    this.#timeouts.add(1);
  }

  destroyed(reason: DestroyReason): void {
    this.#instruments.counter(catalogue.poolDestroyed).add(1, { ...this.#named, 'perf.pool.reason': reason });
  }

  failed(call: PoolCall): void {
    this.#instruments.counter(catalogue.poolFailures).add(1, { ...this.#named, 'perf.pool.call': call });
  }

  rejected(reason: RejectionReason): void {
    this.#instruments.counter(catalogue.poolRejected).add(1, { ...this.#named, 'perf.pool.reason': reason });
  }

  leaked(): void {
    this.#leaked.add(1);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }
}
