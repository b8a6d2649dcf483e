import { expect } from 'chai';
import { publishSamples } from '../../src/resources/publish.js';
import type { Sample } from '../../src/resources/sampler.js';
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

  it('leaves out disks and networks where the system tells nothing about them', async () => {
    const { instruments, telemetry } = capturing();
    publishSamples(instruments, { lastSample: { ...sampleOf(), io: undefined } });

    const collected = await telemetry.collect();

    expect(seriesOf(collected, 'system.disk.io')).to.deep.equal([]);
    expect(seriesOf(collected, 'system.network.io')).to.deep.equal([]);
  });

  it('publishes one source at a time, and the next when that one ends', async () => {
    const { instruments, telemetry } = capturing();
    const stopFirst = publishSamples(instruments, { lastSample: sampleOf({ heapLimitBytes: 1000 }) });
    const stopSecond = publishSamples(instruments, { lastSample: sampleOf({ heapLimitBytes: 2000 }) });

    const limits = [valueOf(await telemetry.collect(), 'perf.heap.limit')];
    stopFirst();
    stopFirst();
    limits.push(valueOf(await telemetry.collect(), 'perf.heap.limit'));
    stopSecond();
    const last = instruments.read().filter(({ name }) => name === 'perf.heap.limit');

    expect(limits).to.deep.equal([1000, 2000]);
    expect(last).to.deep.equal([]);
  });

  it('can begin again after it ended', async () => {
    const { instruments, telemetry } = capturing();
    const source = { lastSample: sampleOf() };
    publishSamples(instruments, source)();

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

function sampleOf(changes: Partial<Sample> = {}): Sample {
  return {
    snapshot: { memoryPercent: 25, eventLoopUtilization: 0.5 } as Sample['snapshot'],
    host: {
      systemCpuSeconds: { user: 10, system: 5, idle: 80, interrupt: 3, nice: 2 },
      processCpuSeconds: { user: 3, system: 1 },
      memoryUsedBytes: 250,
      memoryFreeBytes: 750,
      processMemoryBytes: 300,
    },
    io: { diskReadBytes: 1, diskWriteBytes: 2, networkSentBytes: 3, networkReceivedBytes: 4 },
    cpuShares: { user: 0.1, system: 0.05, idle: 0.8, interrupt: 0.03, nice: 0.02 },
    processCpuShares: { user: 0.3, system: 0.1 },
    heapSpaces: [
      { name: 'old_space', usedBytes: 70 },
      { name: 'new_space', usedBytes: 30 },
    ],
    heapLimitBytes: 1000,
    ...changes,
  };
}
