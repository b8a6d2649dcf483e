import { expect } from 'chai';
import { ResourceSampler } from '../../src/resources/sampler.js';
import { FakeClock } from '../fakes/fake-clock.js';

describe('ResourceSampler', () => {
  let clock: FakeClock;
  let sampler: ResourceSampler;

  beforeEach(() => {
    clock = new FakeClock();
    sampler = new ResourceSampler(clock);
  });

  afterEach(() => sampler.close());

  it('fills every field within its range, from the first sample on', async () => {
    for (let i = 0; i < 2; i++) {
      const { snapshot } = await sampler.take();
      clock.advance(1);

      for (const name of ['cpuPercent', 'processCpuPercent', 'memoryPercent', 'heapPercent'] as const)
        expect(snapshot[name], name).to.be.within(0, 100.000001);
      expect(snapshot.eventLoopUtilization).to.be.within(0, 1);
      for (const name of ['memoryUsedMb', 'memoryAvailableMb', 'processMemoryMb', 'heapUsedMb'] as const)
        expect(snapshot[name], name).to.be.within(1, 1e9);
      for (const name of ['diskIoReadMb', 'diskIoWriteMb', 'networkSentMb', 'networkRecvMb'] as const)
        expect(snapshot[name] ?? 0, name).to.be.within(0, 1e9);
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
    const other = new ResourceSampler(clock);

    const samples = await Promise.all([sampler.take(), other.take(), sampler.take(), other.take()]);
    other.close();

    for (const { snapshot } of samples) expect(snapshot.cpuPercent).to.be.within(0, 100.000001);
  });

  it('knows the heap by its spaces', async () => {
    const { heapSpaces, heapLimitBytes, snapshot } = await sampler.take();

    expect(heapSpaces.map(({ name }) => name)).to.include('old_space');
    expect(heapLimitBytes).to.be.above(snapshot.heapUsedMb * 1024 * 1024);
  });
});
