import { expect } from 'chai';
import { averagesOf, type ResourceSnapshot } from '../../src/resources/snapshot.js';

const SNAPSHOT: ResourceSnapshot = {
  timestamp: 1000,
  cpuPercent: 10,
  processCpuPercent: 5,
  cpuLimitCores: 2,
  containerCpuPercent: 6,
  cpuThrottledPercent: 1,
  memoryPercent: 50,
  memoryUsedMb: 500,
  memoryAvailableMb: 500,
  containerMemoryMb: 200,
  containerMemoryLimitMb: 400,
  containerMemoryPercent: 50,
  processMemoryMb: 100,
  heapUsedMb: 50,
  heapPercent: 5,
  heapLiveMb: 40,
  heapLivePercent: 10,
  gcPercent: 2,
  eventLoopUtilization: 0.1,
  eventLoopLagP99Ms: 3,
  eventLoopLagMaxMs: 20,
  cpuPressurePercent: 4,
  memoryPressurePercent: 0,
  ioPressurePercent: 0.5,
  diskIoReadMb: 1,
  diskIoWriteMb: 2,
  processDiskReadMb: 0.5,
  processDiskWriteMb: 0.25,
  networkSentMb: 3,
  networkRecvMb: 4,
  openFiles: 30,
  maxOpenFiles: 1024,
  loadAverage: [1, 2, 3],
};

describe('averagesOf', () => {
  it('is undefined without samples', () => {
    expect(averagesOf([])).to.equal(undefined);
  });

  it('is the sample itself when there is one, without what has no mean', () => {
    const { timestamp: _, loadAverage: __, ...averaged } = SNAPSHOT;

    expect(averagesOf([SNAPSHOT])).to.deep.equal({ ...averaged, samples: 1 });
  });

  it('is the mean of every field', () => {
    const other = { ...SNAPSHOT, cpuPercent: 30, eventLoopUtilization: 0.5, networkRecvMb: 0 };

    const averages = averagesOf([SNAPSHOT, other]);

    expect(averages).to.deep.include({
      cpuPercent: 20,
      eventLoopUtilization: 0.3,
      networkRecvMb: 2,
      samples: 2,
    });
  });

  it('is the mean of the samples that have the field, and nothing where none has it', () => {
    const silent = { ...SNAPSHOT, diskIoReadMb: undefined, heapLiveMb: undefined };
    const before = { ...SNAPSHOT, heapLiveMb: undefined };

    const averages = averagesOf([before, silent]);

    expect(averages?.diskIoReadMb).to.equal(1);
    expect(averages?.heapLiveMb).to.equal(undefined);
  });
});
