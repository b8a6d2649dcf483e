import { expect } from 'chai';
import { meansOf, quotientsOf, ratesOf, SERIES_STEPS, STEP_SECONDS } from '../../src/live/live-series.js';

const NOW = 1_000_000;

describe('the series of the live page', () => {
  it('spread what reaches over the border of two steps, and say nothing of the time before', () => {
    const rates = ratesOf([{ time: NOW - STEP_SECONDS / 2, seconds: STEP_SECONDS, amount: 12 }], NOW);

    expect(rates).to.have.length(SERIES_STEPS);
    expect(rates.slice(-3)).to.deep.equal([null, 2, 2]);
  });

  it('have steps in which nothing happened', () => {
    const amounts = [5, 0.5].map((steps) => ({ time: NOW - steps * STEP_SECONDS, seconds: 1, amount: 3 }));

    expect(ratesOf(amounts, NOW).slice(-6)).to.deep.equal([1, 0, 0, 0, 0, 1].map((rate) => rate));
  });

  it('leave out what is older than they are', () => {
    const old = { time: NOW - STEP_SECONDS * SERIES_STEPS - 1, seconds: 1, amount: 3 };

    expect(ratesOf([old], NOW).every((rate) => rate === null)).to.equal(true);
  });

  it('divide step by step', () => {
    const calls = [{ time: NOW, seconds: 1, amount: 4 }];
    const seconds = [{ time: NOW, seconds: 1, amount: 2 }];

    expect(quotientsOf(seconds, calls, NOW).slice(-2)).to.deep.equal([null, 0.5]);
  });

  it('are means of points where there are some', () => {
    const points = [
      { time: NOW - 0.1, value: 2 },
      { time: NOW - 0.2, value: 4 },
      { time: NOW - 0.3, value: undefined },
      { time: NOW - STEP_SECONDS, value: 1.234567 },
    ];

    expect(meansOf(points, NOW).slice(-3)).to.deep.equal([null, 1.235, 3]);
  });
});
