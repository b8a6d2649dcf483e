import { expect } from 'chai';
import type { Thresholds } from '../../../src/optimizer/action.js';
import { OptimizedFunctions } from '../../../src/optimizer/functions/optimized-functions.js';
import { captureNotices } from '../../fakes/captured-notices.js';
import { FakeClock } from '../../fakes/fake-clock.js';

function functionsWith({ fails = false } = {}) {
  const clock = new FakeClock();
  const pressures = { memory: 0, cpu: 0 };
  const passes: Thresholds[] = [];
  let looks = 0;
  const functions = new OptimizedFunctions({
    clock,
    thresholds: () => ({ memoryThreshold: 0.8, cpuThreshold: 0.8 }),
    pressures: () => {
      looks += 1;
      return pressures;
    },
    startPass: async (thresholds) => {
      passes.push(thresholds);
      if (fails) throw new Error('no meter');
    },
  });
  return { functions, clock, pressures, passes, looks: () => looks };
}

describe('OptimizedFunctions', () => {
  it('reports what each did, the most time-consuming first', () => {
    const { functions } = functionsWith();
    const small = functions.add({ name: 'small' });
    const large = functions.add({
      name: 'large',
      memoryThreshold: 0.5,
      cache: { stats: () => ({ hitRatio: 0.75 }) },
      lane: { stats: () => ({ active: 1, queued: 0, limit: 12, oldestWait: 0 }) },
    });
    small.calls += 1;
    small.ran(1);
    large.calls += 4;
    large.shed += 1;
    large.ran(2);
    large.ran(1, true);

    expect(functions.report()).to.deep.equal([
      {
        name: 'large',
        calls: 4,
        runs: 2,
        errors: 1,
        meanSeconds: 1.5,
        shareOfTime: 0.75,
        hitRatio: 0.75,
        laneLimit: 12,
        shed: 1,
        memoryThreshold: 0.5,
        isOverThreshold: false,
        passes: 0,
      },
      {
        name: 'small',
        calls: 1,
        runs: 1,
        errors: 0,
        meanSeconds: 1,
        shareOfTime: 0.25,
        shed: 0,
        isOverThreshold: false,
        passes: 0,
      },
    ]);
  });

  it('starts a pass when a function ends while a resource is over its threshold, not twice within 30 s', () => {
    const { functions, clock, pressures, passes } = functionsWith();
    const strict = functions.add({ name: 'strict', memoryThreshold: 0.5 });
    const patient = functions.add({ name: 'patient', memoryThreshold: 0.9 });
    pressures.memory = 0.6;

    patient.ran(1);
    strict.ran(1);
    clock.advance(29);
    strict.ran(1);

    expect(passes).to.deep.equal([{ memoryThreshold: 0.5, cpuThreshold: 0.8 }]);
    expect(
      functions
        .report()
        .map(({ name, isOverThreshold, passes: started }) => [name, isOverThreshold, started]),
    ).to.deep.equal([
      ['strict', true, 1],
      ['patient', false, 0],
    ]);
    clock.advance(1);
    strict.ran(1);
    expect(passes).to.have.lengthOf(2);
  });

  it('heeds the CPU as well, and takes the thresholds of the optimizer where a function has none', () => {
    const { functions, pressures, passes } = functionsWith();
    const plain = functions.add({ name: 'plain' });
    pressures.cpu = 0.8;

    plain.ran(1);

    expect(passes).to.deep.equal([{ memoryThreshold: 0.8, cpuThreshold: 0.8 }]);
  });

  it('looks at the pressure once a second at most, for each function', () => {
    const { functions, clock, looks } = functionsWith();
    const [one, other] = [functions.add({ name: 'one' }), functions.add({ name: 'other' })];

    for (let call = 0; call < 100; call++) one.ran(0.001);
    other.ran(0.001);
    clock.advance(1);
    one.ran(0.001);

    expect(looks()).to.equal(3);
  });

  it('says once that a pass failed, and never throws at the function', async () => {
    const notices = captureNotices();
    const { functions, pressures } = functionsWith({ fails: true });
    pressures.memory = 1;

    functions.add({ name: 'doomed' }).ran(1);
    await Promise.resolve();

    expect(notices.said.join()).to.include('a pass of the optimizer for "doomed" failed: Error: no meter');
    notices.release();
  });
});
