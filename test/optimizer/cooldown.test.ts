import { expect } from 'chai';
import { Cooldown } from '../../src/optimizer/cooldown.js';

describe('Cooldown', () => {
  it('is over at first, and lasts one window after a change', () => {
    const cooldown = new Cooldown();
    const atFirst = cooldown.isOver(0);

    cooldown.start(1000, 500);

    expect(atFirst).to.equal(true);
    expect([1000, 1499, 1500].map((now) => cooldown.isOver(now))).to.deep.equal([false, false, true]);
    expect([1000, 1400, 2000].map((now) => cooldown.secondsLeft(now))).to.deep.equal([0.5, 0.1, 0]);
  });

  it('doubles with each change that is undone, up to 16 windows', () => {
    const cooldown = new Cooldown();

    const windows = Array.from({ length: 6 }, () => {
      cooldown.lengthen(0, 1000);
      return cooldown.secondsLeft(0);
    });

    expect(windows).to.deep.equal([2, 4, 8, 16, 16, 16]);
  });

  it('gets half as long with each change that proves itself, down to one window', () => {
    const cooldown = new Cooldown();
    for (let i = 0; i < 3; i++) cooldown.lengthen(0, 1000);

    const windows = Array.from({ length: 4 }, () => {
      cooldown.shorten();
      cooldown.start(0, 1000);
      return cooldown.secondsLeft(0);
    });

    expect(windows).to.deep.equal([4, 2, 1, 1]);
  });
});
