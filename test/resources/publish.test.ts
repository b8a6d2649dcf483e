import { expect } from 'chai';
import { publishSamples } from '../../src/resources/publish.js';
import type { Sample } from '../../src/resources/sample.js';
import { resourceCatalogue } from '../../src/telemetry/resource-catalogue.js';
import { containerCatalogue } from '../../src/telemetry/container-catalogue.js';
import { runtimeCatalogue } from '../../src/telemetry/runtime-catalogue.js';
import { Instruments } from '../../src/telemetry/instruments.js';
import { captureMetrics, seriesOf, valueOf, type CollectedSeries } from '../fakes/captured-telemetry.js';

describe('publishSamples', () => {
  it('shows the last sample under the names of the conventions', async () => {
    const { instruments, telemetry } = capturing();
    const source = { lastSample: sampleOf() };
    publishSamples(instruments, source);

    const collected = await telemetry.collect();

    expect(byAttributes(collected, 'process.cpu.time')).to.deep.equal({ user: 3, system: 1 });
    expect(byAttributes(collected, 'process.cpu.utilization')).to.deep.equal({ user: 0.3, system: 0.1 });
    expect(valueOf(collected, 'process.memory.usage')).to.equal(300);
    expect(valueOf(collected, 'process.uptime')).to.be.above(0);
    expect(byAttributes(collected, 'system.cpu.time')).to.include({ user: 10, idle: 80 });
    expect(byAttributes(collected, 'system.cpu.utilization')).to.include({ user: 0.1, idle: 0.8 });
    expect(byAttributes(collected, 'system.memory.usage')).to.deep.equal({ used: 250, free: 750 });
    expect(byAttributes(collected, 'system.memory.utilization')).to.deep.equal({ used: 0.25, free: 0.75 });
    expect(byAttributes(collected, 'system.disk.io')).to.deep.equal({ read: 1, write: 2 });
    expect(byAttributes(collected, 'system.network.io')).to.deep.equal({ transmit: 3, receive: 4 });
    expect(valueOf(collected, 'nodejs.eventloop.utilization')).to.equal(0.5);
    expect(byAttributes(collected, 'v8js.memory.heap.used')).to.deep.equal({ old_space: 70, new_space: 30 });
    expect(valueOf(collected, 'perf.heap.limit')).to.equal(1000);
    expect(byAttributes(collected, 'process.disk.io')).to.deep.equal({ read: 5, write: 6 });
    expect(valueOf(collected, 'process.unix.file_descriptor.count')).to.equal(30);
    expect(valueOf(collected, 'perf.process.file_descriptor.limit')).to.equal(1024);
    expect(byAttributes(collected, 'process.context_switches')).to.deep.equal({
      voluntary: 7,
      involuntary: 8,
    });
    expect(byAttributes(collected, 'process.paging.faults')).to.deep.equal({ minor: 9, major: 1 });
    expect(byAttributes(collected, 'nodejs.eventloop.time')).to.deep.equal({ active: 1.5, idle: 4 });
    expect(byAttributes(collected, 'v8js.memory.heap.space.size')).to.include({ old_space: 80 });
    expect(valueOf(collected, 'perf.heap.live')).to.equal(60);
    expect(valueOf(collected, 'perf.gc.share')).to.equal(0.02);
    expect(valueOf(collected, 'system.cpu.load_average.15m')).to.equal(0.75);
  });

  it('shows what the container uses, may use, and waits for', async () => {
    const { instruments, telemetry } = capturing();
    const source = { lastSample: sampleOf() };
    publishSamples(instruments, source);

    const collected = await telemetry.collect();

    expect(valueOf(collected, 'container.cpu.time')).to.equal(50);
    expect(valueOf(collected, 'container.cpu.usage')).to.equal(0.25);
    expect(valueOf(collected, 'perf.container.cpu.limit')).to.equal(0.5);
    expect(valueOf(collected, 'perf.container.cpu.periods')).to.equal(200);
    expect(valueOf(collected, 'perf.container.cpu.throttled_periods')).to.equal(20);
    expect(valueOf(collected, 'perf.container.cpu.throttled_time')).to.equal(1.5);
    expect(valueOf(collected, 'container.memory.usage')).to.equal(500);
    expect(valueOf(collected, 'container.memory.working_set')).to.equal(400);
    expect(valueOf(collected, 'container.memory.available')).to.equal(100);
    expect(valueOf(collected, 'perf.container.memory.limit')).to.equal(500);
    expect(byAttributes(collected, 'perf.container.memory.events')).to.deep.equal({ high: 3, oom_kill: 1 });
    const stalls = (name: string) =>
      seriesOf(collected, name).map(({ attributes, value }) =>
        Object.values(attributes).concat(value as number),
      );
    expect(stalls('perf.pressure.time')).to.deep.equal([
      ['cpu', 'some', 'machine', 12],
      ['memory', 'some', 'cgroup', 10],
      ['memory', 'full', 'cgroup', 5],
    ]);
    expect(stalls('perf.pressure.share')).to.deep.equal([
      ['cpu', 'some', 'machine', 0.5],
      ['memory', 'some', 'cgroup', 0.25],
      ['memory', 'full', 'cgroup', 0.125],
    ]);
  });

  it('shows everything the catalogue lists that is asked for, with its unit', async () => {
    const { instruments, telemetry } = capturing();
    const source = { lastSample: sampleOf() };
    publishSamples(instruments, source);

    const units = new Map((await telemetry.collect()).map(({ name, unit }) => [name, unit]));

    const listed = [...resourceCatalogue, ...containerCatalogue, ...runtimeCatalogue];
    for (const { name, kind, unit } of listed) {
      if (kind !== 'histogram') expect(units.get(name), name).to.equal(unit);
    }
  });

  it('shows every reader the same', async () => {
    const telemetry = captureMetrics({ readers: ['cumulative', 'cumulative'] });
    publishSamples(new Instruments({ meterProvider: telemetry.provider }), { lastSample: sampleOf() });

    const [first, second] = [await telemetry.collect(0), await telemetry.collect(1)];

    expect(byAttributes(second, 'process.cpu.utilization')).to.deep.equal({ user: 0.3, system: 0.1 });
    expect(byAttributes(first, 'process.cpu.utilization')).to.deep.equal({ user: 0.3, system: 0.1 });
  });

  it('shows nothing before the first sample', async () => {
    const { instruments, telemetry } = capturing();
    publishSamples(instruments, { lastSample: undefined });

    const names = (await telemetry.collect()).map(({ name }) => name);

    expect(names).to.deep.equal(['perf.telemetry.series']);
  });

  it('leaves out what the system tells nothing about', async () => {
    const { instruments, telemetry } = capturing();
    const silent = { disks: undefined, network: undefined, processDisks: undefined, openFiles: undefined };
    const source = { lastSample: sampleOf({ ...silent, container: undefined, pressures: {} }) };
    publishSamples(instruments, source);

    const names = new Set((await telemetry.collect()).map(({ name }) => name));

    for (const name of ['system.disk.io', 'system.network.io', 'process.disk.io', 'perf.pressure.time'])
      expect(names, name).to.not.include(name);
    expect([...names].filter((name) => name.includes('container.memory'))).to.deep.equal([]);
    expect(names).to.not.include('process.unix.file_descriptor.count');
  });

  it('publishes one source at a time, and the next when that one ends', async () => {
    const { instruments, telemetry } = capturing();
    const sources = [1000, 2000].map((limitBytes) => ({
      lastSample: sampleOf({ heap: heapOf(limitBytes) }),
    }));
    const [first, second] = sources.map((source) => publishSamples(instruments, source));
    const shown = [first!.isShown, second!.isShown];

    const limits = [valueOf(await telemetry.collect(), 'perf.heap.limit')];
    first!.end();
    first!.end();
    limits.push(valueOf(await telemetry.collect(), 'perf.heap.limit'));
    shown.push(second!.isShown);
    second!.end();
    const last = instruments.read().filter(({ name }) => name === 'perf.heap.limit');

    expect(limits).to.deep.equal([1000, 2000]);
    expect(shown).to.deep.equal([true, false, true]);
    expect(last).to.deep.equal([]);
  });

  it('can begin again after it ended', async () => {
    const { instruments, telemetry } = capturing();
    const source = { lastSample: sampleOf() };
    publishSamples(instruments, source).end();

    publishSamples(instruments, source);

    expect(valueOf(await telemetry.collect(), 'perf.heap.limit')).to.equal(1000);
  });
});

function capturing() {
  const telemetry = captureMetrics();
  return { telemetry, instruments: new Instruments({ meterProvider: telemetry.provider }) };
}

/** The values of a name by their only attribute. */
function byAttributes(collected: readonly CollectedSeries[], name: string): Record<string, unknown> {
  return Object.fromEntries(
    seriesOf(collected, name).map(({ attributes, value }) => [Object.values(attributes)[0], value]),
  );
}

function heapOf(limitBytes: number): Sample['heap'] {
  const spaces = [
    { name: 'old_space', usedBytes: 70, sizeBytes: 80 },
    { name: 'new_space', usedBytes: 30, sizeBytes: 40 },
  ];
  return { usedBytes: 100, limitBytes, liveBytes: 60, spaces };
}

function sampleOf(changes: Partial<Sample> = {}): Sample {
  const machineCpuSeconds = { user: 10, system: 5, idle: 80, interrupt: 3, nice: 2 };
  const processCpuSeconds = { user: 3, system: 1 };
  return {
    snapshot: { memoryPercent: 25 } as Sample['snapshot'],
    timestamp: 1000,
    now: 5000,
    seconds: 5,
    host: {
      systemCpuSeconds: {},
      processCpuSeconds,
      memoryUsedBytes: 250,
      memoryFreeBytes: 750,
      processMemoryBytes: 300,
    },
    cores: 2,
    machineCpuSeconds,
    processCpuSeconds,
    cpuShares: { user: 0.1, system: 0.05, idle: 0.8, interrupt: 0.03, nice: 0.02 },
    processCpuShares: { user: 0.3, system: 0.1 },
    cpuLimitCores: 0.5,
    container: {
      versions: [2],
      memory: {
        usageBytes: 500,
        workingSetBytes: 400,
        limitBytes: 500,
        events: { high: 3, oom_kill: 1 },
      },
      cpu: {
        usedSeconds: 50,
        limitCores: 0.5,
        periods: 200,
        throttledPeriods: 20,
        throttledSeconds: 1.5,
      },
    },
    containerCpuCores: 0.25,
    throttledShare: 0.1,
    pressures: {
      cpu: { scope: 'machine', some: { share: 0.5, seconds: 12 }, full: undefined },
      memory: {
        scope: 'cgroup',
        some: { share: 0.25, seconds: 10 },
        full: { share: 0.125, seconds: 5 },
      },
    },
    disks: { readBytes: 1, writtenBytes: 2 },
    processDisks: { readBytes: 5, writtenBytes: 6 },
    network: { sentBytes: 3, receivedBytes: 4 },
    openFiles: { open: 30, limit: 1024 },
    counts: { voluntarySwitches: 7, involuntarySwitches: 8, minorFaults: 9, majorFaults: 1 },
    heap: heapOf(1000),
    gcSeconds: 0.1,
    gcShare: 0.02,
    loop: { active: 1500, idle: 4000, utilization: 0.27 },
    loopUtilization: 0.5,
    lag: undefined,
    loadAverage: [0.25, 0.5, 0.75],
    ...changes,
  };
}
