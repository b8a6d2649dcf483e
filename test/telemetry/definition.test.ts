import { expect } from 'chai';
import { SECONDS_BUCKETS } from '../../src/telemetry/buckets.js';
import { boundariesOf, define } from '../../src/telemetry/definition.js';

const checkout = {
  name: 'shop.checkout',
  kind: 'histogram',
  unit: 's',
  description: 'How long checkouts took.',
  attributes: { country: 'open' },
} as const;

describe('define', () => {
  it('freezes the definition', () => {
    expect(Object.isFrozen(define(checkout))).to.equal(true);
  });
});

describe('boundariesOf', () => {
  it('are those that fit the unit, unless the definition brings its own', () => {
    expect(boundariesOf(define(checkout))).to.equal(SECONDS_BUCKETS);
    expect(boundariesOf(define({ ...checkout, buckets: [1, 2] }))).to.deep.equal([1, 2]);
  });
});
