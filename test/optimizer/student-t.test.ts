import { expect } from 'chai';
import { studentT95 } from '../../src/optimizer/student-t.js';

describe('studentT95', () => {
  // From tables of the two-sided 95 % point.
  const table = [
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [10, 2.228],
    [30, 2.042],
    [1e6, 1.96],
  ] as const;

  for (const [degrees, expected] of table) {
    it(`is within 1 % of the table for ${degrees} degrees of freedom`, () => {
      expect(studentT95(degrees)).to.be.closeTo(expected, 0.01 * expected);
    });
  }

  it('falls with more degrees, fractions among them', () => {
    expect(studentT95(4.5)).to.be.within(studentT95(5), studentT95(4));
  });
});
