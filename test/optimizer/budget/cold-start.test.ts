import { expect } from 'chai';
import { CacheBudget } from '../../../src/cache/budget/cache-budget.js';
import { MemoryCache } from '../../../src/cache/memory-cache.js';
import { BudgetTraffic } from '../../../src/optimizer/budget/budget-traffic.js';
import { MIN_WINDOWS } from '../../../src/optimizer/verdict.js';
import { randomFrom } from '../../fakes/random.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { zipfKeys } from '../../cache/policy/zipf-keys.js';

const MB = 1024 * 1024;

/** Caches that start empty and are asked at once, as after a deployment. */
function freshCaches(seed: number) {
  const clock = new FakeClock();
  const budget = new CacheBudget({ maxBytes: 2 * MB, clock, random: randomFrom(seed) });
  const members = [
    { name: 'products', keys: 4000, bytes: 900, loadSeconds: 0.004, lookups: 4000 },
    { name: 'sessions', keys: 12_000, bytes: 1000, loadSeconds: 0.002, lookups: 700 },
    { name: 'pages', keys: 4000, bytes: 1200, loadSeconds: 0.011, lookups: 900 },
  ].map((member, i) => {
    const cache = new MemoryCache({ name: member.name, budget, curve: { samples: 16_384 }, clock });
    const { bytes, loadSeconds, lookups } = member;
    return { cache, bytes, loadSeconds, lookups, keys: zipfKeys(member.keys, 60 * lookups, seed * 10 + i) };
  });
  let pass = 0;
  const serve = () => {
    for (const { cache, keys, lookups, bytes, loadSeconds } of members) {
      for (const key of keys.slice(pass * lookups, (pass + 1) * lookups)) {
        if (cache.get(`k${key}`) !== undefined) continue;
        cache.setEntry(`k${key}`, { value: 'x'.repeat(bytes), grace: 0, loadSeconds });
      }
    }
    pass += 1;
  };
  return { budget, serve };
}

describe('the verdict about a change that was none, right after a cold start', () => {
  for (const seed of [1, 2, 3]) {
    it(`is that it did next to nothing (${seed})`, () => {
      const { budget, serve } = freshCaches(seed);
      const traffic = new BudgetTraffic(budget);
      while (traffic.windowsBefore < MIN_WINDOWS) {
        serve();
        traffic.endWindow();
      }

      const trial = traffic.startTrial();
      while (!trial.isComplete) {
        serve();
        traffic.endWindow();
      }

      // Without leaving first lookups of keys out of the comparison it would be ten to thirty percent.
      expect(trial.verdict().improvementPercent).to.be.within(-5, 5);
    });
  }
});
