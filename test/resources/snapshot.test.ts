import { expect } from 'chai';
import { averagesOf, type ResourceSnapshot } from '../../src/resources/snapshot.js';

const SNAPSHOT: ResourceSnapshot = {
  timestamp: 1000,
  cpuPercent: 10,
  processCpuPercent: 5,
  memoryPercent: 50,
  memoryUsedMb: 500,
  memoryAvailableMb: 500,
  processMemoryMb: 100,
  heapUsedMb: 50,
  heapPercent: 5,
  eventLoopUtilization: 0.1,
  diskIoReadMb: 1,
  diskIoWriteMb: 2,
  networkSentMb: 3,
  networkRecvMb: 4,
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

  it('counts what the system does not tell as nothing', () => {
    const silent = { ...SNAPSHOT, diskIoReadMb: undefined };

    expect(averagesOf([SNAPSHOT, silent])?.diskIoReadMb).to.equal(0.5);
  });
});
