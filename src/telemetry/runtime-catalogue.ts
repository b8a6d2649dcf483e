import { define, type InstrumentDefinition } from './definition.js';

/** What JavaScript itself does with its time and its memory. */

export const eventLoopUtilization = define({
  name: 'nodejs.eventloop.utilization',
  kind: 'observableGauge',
  unit: '1',
  description: 'Share of the time since the last sample in which the event loop was busy.',
  attributes: {},
});

export const eventLoopTime = define({
  name: 'nodejs.eventloop.time',
  kind: 'observableCounter',
  unit: 's',
  description: 'Time the event loop was busy, and waited for something to do.',
  attributes: { 'nodejs.eventloop.state': ['active', 'idle'] },
});

/** The conventions have gauges by this name with an ending such as `.p99`, which cannot be added up over processes. */
export const eventLoopDelay = define({
  name: 'nodejs.eventloop.delay',
  kind: 'histogram',
  unit: 's',
  description: 'How late the event loop ran a timer that fires every 20 ms, without these 20 ms.',
  attributes: {},
});

export const heapUsed = define({
  name: 'v8js.memory.heap.used',
  kind: 'observableUpDownCounter',
  unit: 'By',
  description: 'JavaScript heap in use, garbage that is not collected yet included.',
  attributes: { 'v8js.heap.space.name': 'open' },
});

export const heapSpaceSize = define({
  name: 'v8js.memory.heap.space.size',
  kind: 'observableUpDownCounter',
  unit: 'By',
  description: 'JavaScript heap that is set aside, in use or not.',
  attributes: { 'v8js.heap.space.name': 'open' },
});

export const heapLimit = define({
  name: 'perf.heap.limit',
  kind: 'observableUpDownCounter',
  unit: 'By',
  description: 'JavaScript heap at which Node ends the process.',
  attributes: {},
});

export const heapLive = define({
  name: 'perf.heap.live',
  kind: 'observableUpDownCounter',
  unit: 'By',
  description: 'JavaScript heap in use right after the last major garbage collection.',
  attributes: {},
});

export const gcDuration = define({
  name: 'v8js.gc.duration',
  kind: 'histogram',
  unit: 's',
  description: 'How long garbage collections stopped JavaScript.',
  attributes: { 'v8js.gc.type': ['minor', 'major', 'incremental', 'weakcb'] },
});

export const gcShare = define({
  name: 'perf.gc.share',
  kind: 'observableGauge',
  unit: '1',
  description: 'Share of the time since the last sample that garbage collections took.',
  attributes: {},
});

export const runtimeCatalogue: readonly InstrumentDefinition[] = [
  eventLoopUtilization,
  eventLoopTime,
  eventLoopDelay,
  heapUsed,
  heapSpaceSize,
  heapLimit,
  heapLive,
  gcDuration,
  gcShare,
];
