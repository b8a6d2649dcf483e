import { availableParallelism } from 'node:os';
import { expect } from 'chai';
import { ResourceSampler, type SampleListeners } from '../../src/resources/sampler.js';
import type { ResourceSnapshot } from '../../src/resources/snapshot.js';
import { sourcesOf } from '../../src/resources/sources.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { kernelFiles } from '../fakes/kernel-files.js';

const NOBODY: SampleListeners = { onCollection() {}, onLag() {} };
const MB = 1024 * 1024;

describe('ResourceSampler', () => {
  let clock: FakeClock;
  let sampler: ResourceSampler;

  beforeEach(() => {
    clock = new FakeClock();
    sampler = new ResourceSampler(clock, NOBODY);
  });

  afterEach(() => sampler.close());

  it('fills every field within its range, from the first sample on', async () => {
    for (let i = 0; i < 2; i++) {
      const { snapshot } = await sampler.take();
      clock.advance(1);

      const percents = Object.keys(snapshot).filter((name) => name.endsWith('Percent'));
      for (const name of percents as (keyof ResourceSnapshot)[]) {
        // What the kernel counts late may fall into a stretch of the fake clock that is shorter.
        if (name === 'containerCpuPercent' || name === 'gcPercent') continue;
        expect(snapshot[name] ?? 0, name).to.be.within(0, 100.000001);
      }
      expect(snapshot.eventLoopUtilization).to.be.within(0, 1);
      for (const [name, value] of Object.entries(snapshot)) {
        if (typeof value === 'number') expect(value, name).to.be.within(0, 1e13);
      }
      for (const name of ['memoryUsedMb', 'memoryAvailableMb', 'processMemoryMb', 'heapUsedMb'] as const)
        expect(snapshot[name], name).to.be.above(1);
      expect(snapshot.cpuLimitCores).to.be.within(0.001, availableParallelism());
      expect(snapshot.loadAverage).to.have.length(3);
    }
  });

  it('takes the time from the wall clock', async () => {
    const { snapshot } = await sampler.take();

    expect(snapshot.timestamp).to.equal(clock.wallNow() / 1000);
  });

  it('splits the time of the machine into shares that make one', async () => {
    const { cpuShares } = await sampler.take();

    const sum = Object.values(cpuShares).reduce((all, share) => all + share, 0);
    expect(sum).to.be.closeTo(1, 1e-9);
  });

  it('says nothing impossible when no time has passed, or the clock stands still', async () => {
    await sampler.take();

    const { snapshot, processCpuShares } = await sampler.take();

    expect(processCpuShares).to.deep.equal({ user: 0, system: 0 });
    for (const [name, value] of Object.entries(snapshot)) {
      if (typeof value === 'number') expect(Number.isFinite(value), name).to.equal(true);
    }
  });

  it('sees several samplers at once, none disturbing the other', async () => {
    const other = new ResourceSampler(clock, NOBODY);

    const samples = await Promise.all([sampler.take(), other.take(), sampler.take(), other.take()]);
    other.close();

    for (const { snapshot } of samples) expect(snapshot.cpuPercent).to.be.within(0, 100.000001);
  });

  it('knows the heap by its spaces', async () => {
    const { heap, snapshot } = await sampler.take();

    expect(heap.spaces.map(({ name }) => name)).to.include('old_space');
    expect(heap.limitBytes).to.be.above(snapshot.heapUsedMb * MB);
  });

  it('knows on Linux what the kernel tells', async function () {
    if (process.platform !== 'linux') this.skip();
    await sampler.take();
    clock.advance(1);

    const sample = await sampler.take();

    expect(sourcesOf(sample).machineCpu).to.equal('/proc/stat');
    for (const name of ['networkSentMb', 'diskIoReadMb', 'openFiles', 'maxOpenFiles'] as const)
      expect(sample.snapshot[name], name).to.be.a('number');
    expect(sample.snapshot.openFiles).to.be.above(2);
    expect(sample.counts.voluntarySwitches).to.be.above(0);
  });

  it('tells everything against the limits of the container', async () => {
    const machine = inContainer();
    const own = new ResourceSampler(clock, NOBODY, machine.root);
    await own.take();
    clock.advance(10);
    machine.write('/proc/stat', 'cpu  150 0 100 750 0 0 0 0\n');
    machine.write('/proc/self/io', `read_bytes: ${3 * MB}\nwrite_bytes: ${5 * MB}\n`);
    machine.write(
      '/sys/fs/cgroup/cpu.stat',
      'usage_usec 3000000\nnr_periods 200\nnr_throttled 25\nthrottled_usec 4000000\n',
    );

    const sample = await own.take();
    own.close();
    machine.remove();

    expect(sample.seconds).to.equal(10);
    expect(sample.cpuShares).to.include({ user: 0.15, system: 0.1, idle: 0.75 });
    expect(sample.snapshot).to.deep.include({
      cpuPercent: 25,
      cpuLimitCores: 0.5,
      // 2 s in 10 s are 0.2 of 0.5 cores.
      containerCpuPercent: 40,
      cpuThrottledPercent: 25,
      containerMemoryMb: 200,
      containerMemoryLimitMb: 250,
      containerMemoryPercent: 80,
      processDiskReadMb: 2,
      processDiskWriteMb: 4,
      memoryPressurePercent: 12.5,
      cpuPressurePercent: undefined,
      loadAverage: [0.5, 0.25, 0.125],
    });
    expect(sourcesOf(sample)).to.deep.include({ cgroups: [2], pressure: 'cgroup' });
    expect(sourcesOf(sample).missing).to.include.members(['cpuPressurePercent', 'networkSentMb']);
  });

  it('does with what Node knows where there are no files of a kernel', async () => {
    const machine = kernelFiles({});
    const own = new ResourceSampler(clock, NOBODY, machine.root);
    await own.take();
    clock.advance(1);

    const sample = await own.take();
    own.close();
    machine.remove();

    expect(sample.machineCpuSeconds.user).to.be.above(0);
    expect(sample.snapshot.cpuPercent).to.be.within(0, 100);
    expect(sample.snapshot.memoryPercent).to.be.within(0.01, 100);
    expect(sample.snapshot.cpuLimitCores).to.equal(availableParallelism());
    expect(sample.counts.minorFaults).to.be.above(0);
    const { missing, ...sources } = sourcesOf(sample);
    expect(sources).to.deep.equal({ machineCpu: 'host-metrics', cgroups: [], pressure: undefined });
    expect(missing).to.include.members([
      'containerCpuPercent',
      'containerMemoryPercent',
      'diskIoReadMb',
      'processDiskReadMb',
      'networkSentMb',
      'openFiles',
      'memoryPressurePercent',
    ]);
  });

  it('goes on when the files vanish between two samples', async () => {
    const machine = inContainer();
    const own = new ResourceSampler(clock, NOBODY, machine.root);
    await own.take();
    machine.delete('/sys');
    machine.write('/proc/self/cgroup', '');
    machine.write('/proc/stat', '\0\0');
    machine.write('/proc/loadavg', 'none\n');

    const { snapshot, container } = await own.take();
    own.close();
    machine.remove();

    expect(container).to.equal(undefined);
    expect(snapshot.containerMemoryMb).to.equal(undefined);
    expect(snapshot.cpuPercent).to.be.within(0, 100);
    expect(snapshot.loadAverage.every((load) => load >= 0)).to.equal(true);
  });
});

/** Half a core and 250 MB, on a kernel without everything else. */
function inContainer() {
  return kernelFiles({
    '/proc/stat': 'cpu  0 0 0 0 0 0 0 0\n',
    '/proc/loadavg': '0.5 0.25 0.125 1/100 4242\n',
    '/proc/self/io': `read_bytes: ${MB}\nwrite_bytes: ${MB}\n`,
    '/proc/self/cgroup': '0::/\n',
    '/proc/self/mountinfo': '30 23 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup ro\n',
    '/sys/fs/cgroup/memory.max': `${250 * MB}\n`,
    '/sys/fs/cgroup/memory.current': `${210 * MB}\n`,
    '/sys/fs/cgroup/memory.stat': `inactive_file ${10 * MB}\n`,
    '/sys/fs/cgroup/memory.pressure': 'some avg10=12.50 avg60=0 avg300=0 total=5\n',
    '/sys/fs/cgroup/cpu.max': '50000 100000\n',
    '/sys/fs/cgroup/cpu.stat': 'usage_usec 1000000\nnr_periods 100\nnr_throttled 0\nthrottled_usec 0\n',
  });
}
