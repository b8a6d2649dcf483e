import { expect } from 'chai';
import { Rush } from '../../examples/storefront/rush.js';

describe('storefront rush', () => {
  it('comes in the middle of the story, ends before it, and comes again with the next', () => {
    let now = 500;
    const rush = new Rush({ periodSeconds: 40, now: () => now });

    const isOn = [0, 19.9, 20, 29.9, 30, 60].map((seconds) => {
      now = 500 + seconds * 1000;
      return rush.isOn;
    });

    expect(isOn).to.deep.equal([false, false, true, true, false, true]);
    expect(rush.description).to.include('rush');
    expect(rush.plan).to.equal('other ones are popular from 20 s to 30 s of every 40 s');
  });
});
