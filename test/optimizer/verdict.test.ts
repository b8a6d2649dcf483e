import { expect } from 'chai';
import { effectOf, notMeasured, verdictOf } from '../../src/optimizer/verdict.js';
import { randomFrom } from '../fakes/random.js';

describe('effectOf', () => {
  it('is the change between the windows, whatever the level of the model is', () => {
    for (const level of [0, 0.3, -0.3]) {
      const before = [0.01, -0.01, 0.02, -0.02, 0].map((residual) => residual + level);
      const after = before.map((residual) => residual + Math.log(0.9));

      const effect = effectOf(before, after)!;

      expect(effect.change).to.be.closeTo(-0.1, 1e-9);
      expect(effect.low).to.be.below(-0.1).and.above(-0.15);
      expect(effect.high).to.be.above(-0.1).and.below(-0.05);
    }
  });

  it('is known exactly where nothing varies', () => {
    expect(effectOf([0, 0, 0], [0, 0, 0])).to.deep.equal({ change: 0, low: 0, high: 0 });
  });

  it('is unknown with less than three windows on a side', () => {
    const few = [0, 0.1];
    const enough = [0, 0.1, 0.2];

    expect(effectOf(few, enough)).to.equal(undefined);
    expect(effectOf(enough, few)).to.equal(undefined);
    expect(effectOf([], [])).to.equal(undefined);
  });

  it('is less sure the more alike neighbours are: traffic that became another one halfway is no effect', () => {
    const steady = Array.from({ length: 10 }, (_, i) => 0.01 * (i % 2));
    const mixed = [0, 0.3, 0.01, 0.31, 0, 0.3, 0.01, 0.31, 0, 0.3];
    const halfway = mixed.toSorted((a, b) => a - b);

    const [unordered, ordered] = [mixed, halfway].map((after) => effectOf(steady, after)!);

    expect(unordered!.low).to.be.above(0);
    expect(ordered!.low).to.be.below(0);
    expect(ordered!.change).to.be.closeTo(unordered!.change, 1e-9);
  });

  it('claims something about one time in twenty when nothing was changed', () => {
    const random = randomFrom(7);
    const noise = () => Array.from({ length: 10 }, () => random() + random() + random() - 1.5);
    let claims = 0;

    for (let trial = 0; trial < 1000; trial++) {
      const { low, high } = effectOf(noise(), noise())!;
      if (low > 0 || high < 0) claims += 1;
    }

    expect(claims).to.be.within(25, 80);
  });
});

describe('verdictOf', () => {
  const cases = [
    { effect: { change: -0.1, low: -0.15, high: -0.05 }, kind: 'improved', percent: 10, interval: [5, 15] },
    { effect: { change: 0.1, low: 0.05, high: 0.15 }, kind: 'worse', percent: -10, interval: [-15, -5] },
    {
      effect: { change: -0.1, low: -0.25, high: 0.05 },
      kind: 'no measurable change',
      percent: 10,
      interval: [-5, 25],
    },
    { effect: { change: 0, low: 0, high: 0 }, kind: 'no measurable change', percent: -0, interval: [-0, -0] },
  ] as const;
  for (const { effect, kind, percent, interval } of cases) {
    it(`is "${kind}" for ${effect.low} to ${effect.high}, with the percentage and its interval`, () => {
      const verdict = verdictOf(effect, '');

      expect(verdict).to.deep.include({
        kind,
        improvementPercent: percent,
        improvementInterval: interval,
      });
      expect(verdict.explanation).to.include(`${interval[0].toFixed(1)} to ${interval[1].toFixed(1)} %`);
    });
  }

  it('has no percentage where nothing was measured', () => {
    expect(verdictOf(undefined, 'too few windows')).to.deep.equal(notMeasured('too few windows'));
    expect(notMeasured('why')).to.deep.equal({ kind: 'not measured', explanation: 'why' });
  });
});
