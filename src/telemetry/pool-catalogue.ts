import { define, type InstrumentDefinition } from './definition.js';

/**
 * Pools of resources. Those of databases are reported by the names OpenTelemetry has for them (semantic conventions 1.44,
 * in development), all others by ours, of the same shape. What the conventions do not have is ours for both.
 */

export const POOL_REJECTIONS = ['queue_full', 'waited_too_long', 'draining', 'closed'] as const;
export const DESTROY_REASONS = [
  'idle',
  'max_age',
  'invalid',
  'released',
  'resized',
  'late',
  'closed',
] as const;
export const POOL_CALLS = ['create', 'validate', 'cleanup'] as const;

const DATABASE = { 'db.client.connection.pool.name': 'open', 'db.system.name': 'open' } as const;
const OTHER = { 'perf.pool.name': 'open' } as const;

export const dbConnections = define({
  name: 'db.client.connection.count',
  kind: 'observableUpDownCounter',
  unit: '{connection}',
  description: 'Connections that are open, in use or not.',
  attributes: { ...DATABASE, 'db.client.connection.state': ['idle', 'used'] },
});

export const dbConnectionsIdleMax = define({
  name: 'db.client.connection.idle.max',
  kind: 'observableUpDownCounter',
  unit: '{connection}',
  description: 'Connections that may be open without being in use.',
  attributes: DATABASE,
});

export const dbConnectionsIdleMin = define({
  name: 'db.client.connection.idle.min',
  kind: 'observableUpDownCounter',
  unit: '{connection}',
  description: 'Connections that are kept open, in use or not.',
  attributes: DATABASE,
});

export const dbConnectionsMax = define({
  name: 'db.client.connection.max',
  kind: 'observableUpDownCounter',
  unit: '{connection}',
  description: 'Connections that may be open at the same time.',
  attributes: DATABASE,
});

export const dbConnectionPendingRequests = define({
  name: 'db.client.connection.pending_requests',
  kind: 'observableUpDownCounter',
  unit: '{request}',
  description: 'Requests that wait for a connection.',
  attributes: DATABASE,
});

export const dbConnectionTimeouts = define({
  name: 'db.client.connection.timeouts',
  kind: 'counter',
  unit: '{timeout}',
  description: 'Requests that got no connection in time.',
  attributes: DATABASE,
});

export const dbConnectionCreateTime = define({
  name: 'db.client.connection.create_time',
  kind: 'histogram',
  unit: 's',
  description: 'How long it took to open a connection.',
  attributes: DATABASE,
});

export const dbConnectionWaitTime = define({
  name: 'db.client.connection.wait_time',
  kind: 'histogram',
  unit: 's',
  description: 'How long requests waited for a connection, those that did not have to left out.',
  attributes: DATABASE,
});

export const dbConnectionUseTime = define({
  name: 'db.client.connection.use_time',
  kind: 'histogram',
  unit: 's',
  description: 'How long connections were in use, from when they were given out until they came back.',
  attributes: DATABASE,
});

export const poolResources = define({
  name: 'perf.pool.resources',
  kind: 'observableUpDownCounter',
  unit: '{resource}',
  description: 'Resources a pool has, in use or not.',
  attributes: { ...OTHER, 'perf.pool.state': ['idle', 'used'] },
});

export const poolResourcesIdleMax = define({
  name: 'perf.pool.idle.max',
  kind: 'observableUpDownCounter',
  unit: '{resource}',
  description: 'Resources a pool may have without their being in use.',
  attributes: OTHER,
});

export const poolResourcesIdleMin = define({
  name: 'perf.pool.idle.min',
  kind: 'observableUpDownCounter',
  unit: '{resource}',
  description: 'Resources a pool keeps, in use or not.',
  attributes: OTHER,
});

export const poolResourcesMax = define({
  name: 'perf.pool.max',
  kind: 'observableUpDownCounter',
  unit: '{resource}',
  description: 'Resources a pool may have at the same time.',
  attributes: OTHER,
});

export const poolPendingRequests = define({
  name: 'perf.pool.pending_requests',
  kind: 'observableUpDownCounter',
  unit: '{request}',
  description: 'Requests that wait for a resource.',
  attributes: OTHER,
});

export const poolTimeouts = define({
  name: 'perf.pool.timeouts',
  kind: 'counter',
  unit: '{timeout}',
  description: 'Requests that got no resource in time.',
  attributes: OTHER,
});

export const poolCreateTime = define({
  name: 'perf.pool.create_time',
  kind: 'histogram',
  unit: 's',
  description: 'How long it took to make a resource.',
  attributes: OTHER,
});

export const poolWaitTime = define({
  name: 'perf.pool.wait_time',
  kind: 'histogram',
  unit: 's',
  description: 'How long requests waited for a resource, those that did not have to left out.',
  attributes: OTHER,
});

export const poolUseTime = define({
  name: 'perf.pool.use_time',
  kind: 'histogram',
  unit: 's',
  description: 'How long resources were in use, from when they were given out until they came back.',
  attributes: OTHER,
});

export const poolDestroyed = define({
  name: 'perf.pool.destroyed',
  kind: 'counter',
  unit: '{resource}',
  description: 'Resources that a pool has given up, by reason.',
  attributes: { ...OTHER, 'perf.pool.reason': DESTROY_REASONS },
});

export const poolFailures = define({
  name: 'perf.pool.failures',
  kind: 'counter',
  unit: '{call}',
  description: "Calls of a pool's factory, check or cleanup that failed or took too long.",
  attributes: { ...OTHER, 'perf.pool.call': POOL_CALLS },
});

export const poolRejected = define({
  name: 'perf.pool.rejected',
  kind: 'counter',
  unit: '{request}',
  description: 'Requests for a resource that were refused.',
  attributes: { ...OTHER, 'perf.pool.reason': POOL_REJECTIONS },
});

export const poolLeaked = define({
  name: 'perf.pool.leases.leaked',
  kind: 'counter',
  unit: '{lease}',
  description: 'Leases that were forgotten without being released, as the garbage collector found them.',
  attributes: OTHER,
});

export const poolCatalogue: readonly InstrumentDefinition[] = [
  dbConnections,
  dbConnectionsIdleMax,
  dbConnectionsIdleMin,
  dbConnectionsMax,
  dbConnectionPendingRequests,
  dbConnectionTimeouts,
  dbConnectionCreateTime,
  dbConnectionWaitTime,
  dbConnectionUseTime,
  poolResources,
  poolResourcesIdleMax,
  poolResourcesIdleMin,
  poolResourcesMax,
  poolPendingRequests,
  poolTimeouts,
  poolCreateTime,
  poolWaitTime,
  poolUseTime,
  poolDestroyed,
  poolFailures,
  poolRejected,
  poolLeaked,
];
