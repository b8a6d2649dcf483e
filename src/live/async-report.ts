import * as catalogue from '../telemetry/catalogue.js';
import type { LiveAsync, LivePool, LiveQueue } from './live-report.js';
import { byAttribute, countOf, meanOf, per, sumOf } from './reading-sums.js';
import type { WindowReadings } from './recent-readings.js';

export function asyncFrom(window: WindowReadings): LiveAsync {
  const states = byAttribute(window.of(catalogue.breakerState), 'perf.breaker.name');
  const shares = byAttribute(window.of(catalogue.sheddingShare), 'perf.shedding.name');
  return {
    queues: queuesFrom(window),
    pools: [...poolsFrom(window, OTHER_POOLS), ...poolsFrom(window, DATABASE_POOLS)],
    breakers: [...states].map(([name, readings]) => {
      const state = readings.find(({ value }) => value === 1)?.attributes['perf.breaker.state'];
      return { name, state: String(state ?? 'unknown') };
    }),
    shedders: [...shares].map(([name, readings]) => ({ name, share: sumOf(readings) ?? 0 })),
  };
}

function queuesFrom({ seconds, of }: WindowReadings): LiveQueue[] {
  const read = (definition: { readonly name: string }) => byAttribute(of(definition), 'perf.task.queue');
  const [limits, queued, ages, durations, rejected] = [
    read(catalogue.taskLimit),
    read(catalogue.taskQueued),
    read(catalogue.taskOldestAge),
    read(catalogue.taskDuration),
    read(catalogue.taskRejected),
  ];
  return [...read(catalogue.taskActive)].map(([name, active]) => ({
    name,
    active: sumOf(active) ?? 0,
    limit: sumOf(limits.get(name)),
    queued: sumOf(queued.get(name)) ?? 0,
    oldestAge: sumOf(ages.get(name)),
    rate: per(countOf(durations.get(name)), seconds),
    rejectedRate: per(sumOf(rejected.get(name)), seconds),
    meanDuration: meanOf(durations.get(name)),
  }));
}

const OTHER_POOLS = {
  name: 'perf.pool.name',
  state: 'perf.pool.state',
  resources: catalogue.poolResources,
  limit: catalogue.poolResourcesMax,
  waiting: catalogue.poolPendingRequests,
  timeouts: catalogue.poolTimeouts,
  waits: catalogue.poolWaitTime,
  uses: catalogue.poolUseTime,
} as const;
const DATABASE_POOLS = {
  name: 'db.client.connection.pool.name',
  state: 'db.client.connection.state',
  resources: catalogue.dbConnections,
  limit: catalogue.dbConnectionsMax,
  waiting: catalogue.dbConnectionPendingRequests,
  timeouts: catalogue.dbConnectionTimeouts,
  waits: catalogue.dbConnectionWaitTime,
  uses: catalogue.dbConnectionUseTime,
} as const;

function poolsFrom(
  { seconds, of }: WindowReadings,
  names: typeof OTHER_POOLS | typeof DATABASE_POOLS,
): LivePool[] {
  const read = (definition: { readonly name: string }) => byAttribute(of(definition), names.name);
  const [limits, waiting, timeouts, waits, uses] = [
    read(names.limit),
    read(names.waiting),
    read(names.timeouts),
    read(names.waits),
    read(names.uses),
  ];
  return [...read(names.resources)].map(([name, resources]) => ({
    name,
    used: sumOf(resources, (attributes) => attributes[names.state] === 'used') ?? 0,
    idle: sumOf(resources, (attributes) => attributes[names.state] === 'idle') ?? 0,
    limit: sumOf(limits.get(name)),
    waiting: sumOf(waiting.get(name)) ?? 0,
    timeoutRate: per(sumOf(timeouts.get(name)), seconds),
    meanWait: meanOf(waits.get(name)),
    meanUse: meanOf(uses.get(name)),
  }));
}
