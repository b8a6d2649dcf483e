import { expect } from 'chai';
import { hostObservers } from '../../src/resources/host-observers.js';

describe('hostObservers', () => {
  it('are opened once for everybody', () => {
    expect(hostObservers()).to.equal(hostObservers());
  });

  it('leave out the times of the machine for who has them from elsewhere', async () => {
    const sample = await hostObservers({ machineCpu: false });

    const { systemCpuSeconds, processCpuSeconds, memoryUsedBytes } = await sample();

    expect(systemCpuSeconds).to.deep.equal({});
    expect(processCpuSeconds.user).to.be.above(0);
    expect(memoryUsedBytes).to.be.above(0);
  });

  it('report times that only grow, and memory that is there', async () => {
    const sample = await hostObservers();

    const [first, second] = [await sample(), await sample()];

    for (const mode of ['user', 'system', 'idle'] as const)
      expect(second.systemCpuSeconds[mode], mode).to.be.at.least(first.systemCpuSeconds[mode]!);
    expect(first.systemCpuSeconds.idle! + first.systemCpuSeconds.user!).to.be.above(0);
    for (const mode of ['user', 'system'] as const)
      expect(second.processCpuSeconds[mode], mode).to.be.at.least(first.processCpuSeconds[mode]);
    expect(first.processMemoryBytes).to.be.above(1024 * 1024);
    expect(first.memoryUsedBytes).to.be.above(first.processMemoryBytes / 2);
    expect(first.memoryFreeBytes).to.be.above(0);
  });
});
