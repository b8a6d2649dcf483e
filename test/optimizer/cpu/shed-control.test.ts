import { expect } from 'chai';
import { shareFor, ShedControl } from '../../../src/optimizer/cpu/shed-control.js';

const busy = (lag: number) => ({ lag, utilization: 1 });

describe('ShedControl', () => {
  const make = () => new ShedControl({ maxLag: 0.07, minUtilization: 0.9 });

  it('refuses nothing while the loop is in time', () => {
    const control = make();
    for (let i = 0; i < 100; i += 1) control.note(busy(0.05));
    expect(control.share).to.equal(0);
  });

  it('refuses nothing when the loop was late and has idle time: one long task is no overload', () => {
    const control = make();
    for (let i = 0; i < 100; i += 1) control.note({ lag: 2, utilization: 0.6 });
    expect(control.share).to.equal(0);
  });

  it('refuses more the further the lag is over its limit', () => {
    const [slightly, far] = [make(), make()];
    slightly.note(busy(0.071));
    far.note(busy(1));
    expect(slightly.share).to.be.closeTo(0.05, 0.01);
    expect(far.share).to.be.closeTo(0.2, 0.01);
  });

  it('always lets some through, to learn whether it is over', () => {
    const control = make();
    for (let i = 0; i < 100; i += 1) control.note(busy(10));
    expect(control.share).to.equal(0.95);
  });

  it('keeps its share between half the limit and the limit', () => {
    const control = make();
    control.note(busy(1));
    const { share } = control;
    for (let i = 0; i < 100; i += 1) control.note(busy(0.05));
    expect(control.share).to.equal(share);
  });

  it('falls slower than it rises, and to nothing', () => {
    const control = make();
    for (let i = 0; i < 5; i += 1) control.note(busy(1));
    const rose = control.share;
    for (let i = 0; i < 5; i += 1) control.note(busy(0.01));
    expect(control.share).to.be.within(0.2 * rose, 0.5 * rose);
    for (let i = 0; i < 20; i += 1) control.note(busy(0.01));
    expect(control.share).to.equal(0);
  });

  it('falls when the loop has idle time, however late', () => {
    const control = make();
    for (let i = 0; i < 5; i += 1) control.note(busy(1));
    for (let i = 0; i < 30; i += 1) control.note({ lag: 0.2, utilization: 0.5 });
    expect(control.share).to.equal(0);
  });

  it('settles where a simulated server is just busy enough', () => {
    // It can do 1,000 a second and is offered 2,000; what it cannot do it is late with.
    const control = make();
    let backlog = 0;
    const lags: number[] = [];
    for (let i = 0; i < 400; i += 1) {
      backlog = Math.max(0, backlog + 0.5 * (2000 * (1 - control.share) - 1000));
      const lag = Math.min(2, backlog / 1000);
      control.note({ lag, utilization: control.share > 0.5 && backlog === 0 ? 0.85 : 1 });
      if (i > 100) lags.push(lag);
    }
    const mean = lags.reduce((sum, lag) => sum + lag, 0) / lags.length;
    expect(control.share).to.be.within(0.3, 0.8);
    expect(mean).to.be.below(0.5);
  });
});

describe('shareFor', () => {
  for (const [priority, share, expected] of [
    [-100, 0.2, 0.4],
    [-100, 0.6, 0.95],
    [0, 0.2, 0],
    [0, 0.5, 0.5],
    [0, 0.95, 0.95],
    [50, 0.5, 0.25],
    [100, 0.95, 0],
  ] as const) {
    it(`is ${expected} for priority ${priority} when ${share} of all is to be refused`, () => {
      expect(shareFor(priority, share)).to.be.closeTo(expected, 1e-9);
    });
  }
});
