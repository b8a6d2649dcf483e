import type { Awaitable } from '../../src/cache/tier.js';
import { tierContract, type TierUnderTest } from '../../src/testing.js';

/** Runs the contract of tiers as mocha tests: inside a `describe` of the tier. */
export function passesTheTierContract(open: () => Awaitable<TierUnderTest>): void {
  describe('as a cache tier', () => {
    for (const { title, run } of tierContract) it(title, () => run(open));
  });
}
