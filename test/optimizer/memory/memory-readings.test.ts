import { expect } from 'chai';
import { pressuresOf } from '../../../src/optimizer/memory/memory-readings.js';
import { NOTHING_OBSERVED } from '../../../src/optimizer/observation.js';

const NOTHING = NOTHING_OBSERVED.memory;

describe('pressuresOf', () => {
  it('knows nothing where nobody measures', () => {
    expect(pressuresOf(NOTHING)).to.deep.equal([]);
    expect(pressuresOf({ ...NOTHING, heapUsedBytes: 10 })).to.deep.equal([]);
    expect(pressuresOf({ ...NOTHING, heapUsedBytes: 10, heapLimitBytes: 0 })).to.deep.equal([]);
  });

  it('counts the live set of the heap, as the rest in use is garbage', () => {
    const [pressure] = pressuresOf({
      ...NOTHING,
      heapUsedBytes: 90,
      heapLiveBytes: 40,
      heapLimitBytes: 100,
    });

    expect(pressure).to.deep.equal({ source: 'heap', usedBytes: 40, limitBytes: 100, share: 0.4 });
  });

  it('counts what is in use while the live set is unknown, or was more before', () => {
    for (const heapLiveBytes of [undefined, 50]) {
      const [pressure] = pressuresOf({ ...NOTHING, heapUsedBytes: 30, heapLiveBytes, heapLimitBytes: 100 });

      expect(pressure?.share).to.equal(0.3);
    }
  });

  it('holds the heap against the limit of the container where that is less', () => {
    const pressures = pressuresOf({
      ...NOTHING,
      heapUsedBytes: 40,
      heapLimitBytes: 100,
      containerUsedBytes: 48,
      containerLimitBytes: 50,
    });

    expect(pressures.map(({ source, share }) => [source, share])).to.deep.equal([
      ['container', 0.96],
      ['heap', 0.8],
    ]);
  });

  it('counts the machine only where the container has no limit', () => {
    const machine = { ...NOTHING, machineUsedBytes: 60, machineBytes: 100, containerUsedBytes: 5 };

    expect(pressuresOf(machine).map(({ source }) => source)).to.deep.equal(['machine']);
    expect(pressuresOf({ ...machine, containerLimitBytes: 10 }).map(({ source }) => source)).to.deep.equal([
      'container',
    ]);
  });
});
