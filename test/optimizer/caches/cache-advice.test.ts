import { expect } from 'chai';
import { adviseCache } from '../../../src/optimizer/caches/cache-advice.js';
import type { CacheObservation } from '../../../src/optimizer/observation.js';

const CACHE: CacheObservation = {
  name: 'users',
  lookups: 1000,
  hits: 900,
  hitRatio: 0.9,
  evictions: 0,
  expirations: 0,
  entries: 50,
  limit: 100,
  loadSeconds: 1,
};

describe('adviseCache', () => {
  const full = { hitRatio: 0.5, evictions: 10, entries: 100 };
  const cases: readonly {
    readonly when: string;
    readonly cache: Partial<CacheObservation>;
    readonly reason: string;
    readonly recommendation?: RegExp;
  }[] = [
    { when: 'it does well', cache: {}, reason: 'within_limits' },
    { when: 'it was hardly used', cache: { lookups: 999, ...full }, reason: 'too_few_lookups' },
    {
      when: 'it is full and misses',
      cache: full,
      reason: 'full_and_missing',
      recommendation: /Raise maxSize of cache "users" \(now 100\)/,
    },
    { when: 'only a budget bounds it', cache: { ...full, limit: 0 }, reason: 'within_limits' },
    { when: 'it is full and hits', cache: { ...full, hitRatio: 0.8 }, reason: 'within_limits' },
    { when: 'it misses and has room', cache: { hitRatio: 0.5, entries: 50 }, reason: 'within_limits' },
    {
      when: 'nothing is asked for twice though it has room',
      cache: { hitRatio: 0.1 },
      reason: 'rarely_asked_again',
      recommendation: /Review keys and ttl/,
    },
  ];
  for (const { when, cache, reason, recommendation } of cases) {
    it(`is "${reason}" when ${when}`, () => {
      const proposal = adviseCache({ ...CACHE, ...cache });

      expect(proposal).to.include({ target: 'users', reason });
      if (recommendation === undefined) expect(proposal.recommendation).to.equal(undefined);
      else expect(proposal.recommendation).to.match(recommendation);
    });
  }

  it('explains with numbers', () => {
    expect(adviseCache({ ...CACHE, ...full }).explanation).to.equal(
      'cache "users" answered 50.0 % of 1000 lookups while evicting 10 entries to make room',
    );
  });
});
