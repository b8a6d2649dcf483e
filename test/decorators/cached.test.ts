import { expect } from 'chai';
import { cached } from '../../src/decorators/cached.js';
import { forgetDefaults, getCacheManager } from '../../src/defaults.js';

describe('@cached', () => {
  beforeEach(forgetDefaults);
  afterEach(forgetDefaults);

  it('looks up the cache when the function is called, not when it is decorated', async () => {
    let calls = 0;
    const load = cached({ ttl: 60 })(async (id: number) => ({ id, call: ++calls }));
    await load(1);
    await load(1);
    forgetDefaults();

    await load(1);

    expect(calls).to.equal(2);
    expect(getCacheManager().stats().misses).to.equal(1);
  });

  it('keeps what it holds for as long as it is told', () => {
    const square = cached({ ttl: '1h', keyFunc: (n: number) => `square:${n}` })((n: number) => n * n);

    square(4);

    expect(getCacheManager().getIfPresent('square:4')).to.equal(16);
  });
});
