import { expect } from 'chai';
import { CostTrial, WINDOWS_AFTER } from '../../../src/optimizer/budget/cost-trial.js';
import { TrafficWindow } from '../../../src/optimizer/budget/traffic-windows.js';
import { FakeCurve } from '../../fakes/fake-budget.js';

const OLD = 100;
const NEW = 50;
const CURVE = new FakeCurve();

describe('CostTrial', () => {
  it('is complete after so many windows, and not asked before', () => {
    const trial = new CostTrial(windows(10, 100), OLD);
    const states = Array.from({ length: WINDOWS_AFTER }, () => {
      const isComplete = trial.isComplete;
      trial.add(windowOf(100));
      return isComplete;
    });

    expect(states).to.deep.equal(Array(WINDOWS_AFTER).fill(false));
    expect(trial.isComplete).to.equal(true);
  });

  it('sees no change where traffic got harder for the old bytes just as much', () => {
    const trial = trialOf({ before: windows(10, 100), after: windows(10, 200) });

    expect(trial.verdict().kind).to.equal('no measurable change');
    expect(trial.verdict().improvementPercent).to.be.closeTo(0, 0.5);
  });

  it('sees a gain of 5 % through traffic that doubles', () => {
    const verdict = trialOf({ before: windows(10, 1000), after: windows(10, 2000, 0.95) }).verdict();

    expect(verdict.kind).to.equal('improved');
    expect(verdict.improvementPercent).to.be.closeTo(5, 0.5);
    expect(verdict.improvementInterval?.[0]).to.be.above(0);
  });

  it('takes the misses that no memory helps against for no merit of the policy', () => {
    // A cold start: at first nearly all misses are for new keys. Of the others the policy saves a half, as it always did.
    const share = ({ cold, sized }: { cold: number; sized: number }) =>
      Array.from({ length: 10 }, () => windowOf(cold + sized, cold + sized / 2, cold + sized, 1000, cold));

    const verdict = trialOf({
      before: share({ cold: 900, sized: 200 }),
      after: share({ cold: 100, sized: 1000 }),
    }).verdict();

    expect(verdict.improvementPercent).to.be.closeTo(0, 1e-9);
  });

  it('does not judge without three windows before', () => {
    const verdict = trialOf({ before: windows(2, 100), after: windows(10, 100) }).verdict();

    expect(verdict.kind).to.equal('not measured');
  });

  it('leaves windows out of which nothing can be told', () => {
    const verdict = trialOf({
      before: [...windows(5, 100), windowOf(0, 0)],
      after: windows(10, 100),
    }).verdict();

    expect(verdict.kind).to.equal('no measurable change');
  });

  it('says nothing about a cache its curve has hardly followed', () => {
    const [before, after] = [1000, 500].map((predicted) =>
      Array.from({ length: 10 }, () => windowOf(predicted, 1000, predicted, 49)),
    );

    const verdict = trialOf({ before: before!, after: after! }).verdict();

    expect(verdict.improvementPercent).to.be.closeTo(0, 1e-9);
  });

  describe('is regretted', () => {
    const cases = [
      {
        when: 'it cost 20 % more and the old bytes would have cost less',
        share: 1.2,
        newMisses: 1.2,
        yes: true,
      },
      {
        when: 'it cost 20 % more, but the model sees no better in the old bytes',
        share: 1.2,
        newMisses: 0.9,
        yes: false,
      },
      { when: 'it cost 2 % more', share: 1.02, newMisses: 1.02, yes: false },
      { when: 'it cost less', share: 0.8, newMisses: 1.2, yes: false },
    ];
    for (const { when, share, newMisses, yes } of cases) {
      it(`${yes ? 'when' : 'not when'} ${when}`, () => {
        const trial = trialOf({ before: windows(10, 1000), after: windows(10, 1000, share, newMisses) });

        expect(trial.isRegretted).to.equal(yes);
      });
    }

    it('not when traffic got lighter meanwhile: nobody pays more', () => {
      const trial = trialOf({ before: windows(10, 1000), after: windows(10, 500, 1.2, 1.2) });

      expect(trial.isRegretted).to.equal(false);
    });
  });
});

function trialOf({ before, after }: Record<'before' | 'after', readonly TrafficWindow[]>): CostTrial {
  const trial = new CostTrial(before, OLD);
  for (const window of after) trial.add(window);
  return trial;
}

/** Each a little different. */
function windows(count: number, misses: number, share = 1, newShare = 1): TrafficWindow[] {
  return Array.from({ length: count }, (_, i) => {
    const wobble = 1 + 0.002 * ((i * 7) % 5);
    return windowOf(misses, misses * share * wobble, newShare * misses);
  });
}

/** 10,000 lookups; `predicted` misses with the old bytes. */
function windowOf(
  predicted: number,
  real = predicted,
  predictedNew = predicted,
  followed = 1000,
  cold = 0,
): TrafficWindow {
  return new TrafficWindow(
    [
      {
        name: 'users',
        curve: CURVE,
        lookups: 10_000,
        misses: real,
        followed,
        missCost: 0.01,
        size: NEW,
        isPinned: false,
        predicted: {
          lookups: 10_000,
          missesAt: (size) => (size === OLD ? predicted : size === Infinity ? cold : predictedNew),
        },
      },
    ],
    NEW,
  );
}
