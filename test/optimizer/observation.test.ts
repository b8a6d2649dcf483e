import { expect } from 'chai';
import { cpuPressureOf, NOTHING_OBSERVED, observationFrom } from '../../src/optimizer/observation.js';
import * as catalogue from '../../src/telemetry/catalogue.js';
import type { InstrumentDefinition } from '../../src/telemetry/definition.js';
import type { Reading } from '../../src/telemetry/reading.js';
import { OVERFLOW } from '../../src/telemetry/series.js';

describe('observationFrom', () => {
  it('knows nothing about what nobody measures', () => {
    expect(observationFrom({ seconds: 5, readings: [] })).to.deep.equal({ ...NOTHING_OBSERVED, seconds: 5 });
  });

  it('puts the readings of machine, container, process, heap and event loop together', () => {
    const observation = observationFrom({
      seconds: 60,
      readings: [
        reading(catalogue.systemMemoryUsage, 7000, { 'system.memory.state': 'used' }),
        reading(catalogue.systemMemoryUsage, 3000, { 'system.memory.state': 'free' }),
        reading(catalogue.containerMemoryWorkingSet, 400),
        reading(catalogue.containerMemoryLimit, 800),
        stall('memory', 'some', 'cgroup', 0.25),
        stall('memory', 'full', 'cgroup', 0.125),
        stall('cpu', 'some', 'cgroup', 0.5),
        reading(catalogue.gcShare, 0.0625),
        reading(catalogue.heapLive, 120),
        reading(catalogue.heapUsed, 150, { 'v8js.heap.space.name': 'old_space' }),
        reading(catalogue.heapUsed, 50, { 'v8js.heap.space.name': 'new_space' }),
        reading(catalogue.heapLimit, 1000),
        reading(catalogue.systemCpuUtilization, 0.25, { 'cpu.mode': 'user' }),
        reading(catalogue.systemCpuUtilization, 0.5, { 'cpu.mode': 'idle' }),
        reading(catalogue.systemCpuUtilization, 0.25, { 'cpu.mode': 'iowait' }),
        reading(catalogue.processCpuUtilization, 0.25, { 'cpu.mode': 'user' }),
        reading(catalogue.processCpuUtilization, 0.125, { 'cpu.mode': 'system' }),
        reading(catalogue.eventLoopUtilization, 0.5),
      ],
    });

    expect(observation.memory).to.deep.equal({
      heapUsedBytes: 200,
      heapLimitBytes: 1000,
      heapLiveBytes: 120,
      containerUsedBytes: 400,
      containerLimitBytes: 800,
      machineUsedBytes: 7000,
      machineBytes: 10_000,
      stallShare: 0.25,
      gcShare: 0.0625,
    });
    expect(observation).to.include({
      cpuShare: 0.25,
      processCpuShare: 0.375,
      eventLoopUtilization: 0.5,
    });
  });

  it('adds up what garbage collection did', () => {
    const { runtime } = observationFrom({
      seconds: 10,
      readings: [
        reading(catalogue.gcDuration, 1.5, { 'v8js.gc.type': 'minor' }),
        reading(catalogue.gcDuration, 0.5, { 'v8js.gc.type': 'major' }),
        reading(catalogue.heapSpaceSize, 32, { 'v8js.heap.space.name': 'new_space' }),
        reading(catalogue.heapSpaceSize, 99, { 'v8js.heap.space.name': 'old_space' }),
        reading(catalogue.processMemoryUsage, 200),
      ],
    });

    expect(runtime).to.deep.equal({
      collectionSeconds: 2,
      minorSeconds: 1.5,
      newSpaceBytes: 32,
      residentBytes: 200,
    });
  });

  it('leaves stalls of the whole machine out: others may wait there', () => {
    const { memory } = observationFrom({ seconds: 1, readings: [stall('memory', 'some', 'machine', 0.9)] });

    expect(memory.stallShare).to.equal(undefined);
  });

  it('puts the readings of each cache together', () => {
    const of = (name: string, more: Record<string, string> = {}) => ({ 'perf.cache.name': name, ...more });
    const { caches } = observationFrom({
      seconds: 60,
      readings: [
        lookups('users', 'memory', 'hit', 60),
        lookups('users', 'redis', 'hit', 15),
        lookups('users', 'redis', 'miss', 25),
        lookups('idle', 'memory', 'hit', 0),
        reading(
          catalogue.cacheEvictions,
          7,
          of('users', { 'perf.cache.tier': 'memory', 'perf.cache.reason': 'capacity' }),
        ),
        reading(
          catalogue.cacheEvictions,
          9,
          of('users', { 'perf.cache.tier': 'memory', 'perf.cache.reason': 'expired' }),
        ),
        reading(
          catalogue.cacheEvictions,
          5,
          of('users', { 'perf.cache.tier': 'persistent', 'perf.cache.reason': 'capacity' }),
        ),
        reading(catalogue.cacheEntries, 90, of('users', { 'perf.cache.tier': 'memory' })),
        reading(catalogue.cacheEntries, 5000, of('users', { 'perf.cache.tier': 'persistent' })),
        reading(catalogue.cacheEntriesLimit, 100, of('users', { 'perf.cache.tier': 'memory' })),
        reading(catalogue.cacheLoadDuration, 1.5, of('users'), 20),
        reading(catalogue.cacheLoadDuration, 0.5, of('users', { 'error.type': 'TypeError' }), 5),
      ],
    });

    expect(caches).to.deep.equal([
      {
        name: 'users',
        lookups: 100,
        hits: 75,
        hitRatio: 0.75,
        evictions: 7,
        expirations: 9,
        entries: 90,
        limit: 100,
        loadSeconds: 2,
      },
      {
        name: 'idle',
        lookups: 0,
        hits: 0,
        hitRatio: 0,
        evictions: 0,
        expirations: 0,
        entries: 0,
        limit: 0,
        loadSeconds: 0,
      },
    ]);
  });

  it('puts the readings of each operation together, the most time-consuming first', () => {
    const of = (name: string, more: Record<string, string> = {}) => ({
      'perf.operation.name': name,
      ...more,
    });
    const { operations } = observationFrom({
      seconds: 60,
      readings: [
        reading(catalogue.operationDuration, 1, of('lookup', { table: 'users' }), 10),
        reading(catalogue.operationDuration, 2, of('lookup', { table: 'orders' }), 20),
        reading(catalogue.operationDuration, 0.5, of('lookup', { 'error.type': 'TypeError' }), 4),
        reading(catalogue.operationDuration, 30, of('render'), 3),
      ],
    });

    expect(operations).to.deep.equal([
      { name: 'render', calls: 3, errors: 0, seconds: 30 },
      { name: 'lookup', calls: 34, errors: 4, seconds: 3.5 },
    ]);
  });

  it('makes no cache and no operation of the series beyond the limit', () => {
    const { caches, operations } = observationFrom({
      seconds: 60,
      readings: [
        reading(catalogue.cacheLookups, 500, OVERFLOW),
        reading(catalogue.operationDuration, 500, OVERFLOW, 500),
      ],
    });

    expect([caches, operations]).to.deep.equal([[], []]);
  });
});

describe('cpuPressureOf', () => {
  it('is that of the resource closest to its limit', () => {
    for (const name of ['cpuShare', 'processCpuShare', 'eventLoopUtilization'] as const)
      expect(cpuPressureOf({ ...NOTHING_OBSERVED, cpuShare: 0.1, [name]: 0.9 }), name).to.equal(0.9);
  });

  it('is zero where nobody measures', () => {
    expect(cpuPressureOf(NOTHING_OBSERVED)).to.equal(0);
  });
});

function reading(
  { name, kind, unit }: InstrumentDefinition,
  value: number,
  attributes: Reading['attributes'] = {},
  count?: number,
): Reading {
  return { name, kind, unit, attributes, value, ...(count === undefined ? {} : { count }) };
}

function lookups(name: string, tier: string, result: string, count: number): Reading {
  const attributes = { 'perf.cache.name': name, 'perf.cache.tier': tier, 'perf.cache.result': result };
  return reading(catalogue.cacheLookups, count, attributes);
}

function stall(resource: string, kind: string, scope: string, share: number): Reading {
  return reading(catalogue.pressureShare, share, {
    'perf.pressure.resource': resource,
    'perf.pressure.kind': kind,
    'perf.pressure.scope': scope,
  });
}
