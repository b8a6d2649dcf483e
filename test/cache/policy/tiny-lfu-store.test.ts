import { expect } from 'chai';
import { LruStore } from '../../../src/cache/policy/lru-store.js';
import type { PolicyStore, PolicyStoreOptions } from '../../../src/cache/policy/policy-store.js';
import { TinyLfuStore } from '../../../src/cache/policy/tiny-lfu-store.js';
import { randomFrom } from '../../fakes/random.js';
import { zipfKeys } from './zipf-keys.js';

function tinyLfu(options: PolicyStoreOptions<true>): TinyLfuStore<true> {
  return new TinyLfuStore({ random: randomFrom(1), ...options });
}

function hitRatio(store: PolicyStore<true>, keys: readonly string[], sizeOf?: (key: string) => number) {
  let hits = 0;
  for (const key of keys) {
    if (store.get(key) === true) hits += 1;
    else store.set(key, true, sizeOf?.(key));
  }
  return hits / keys.length;
}

const popular = (requests: number, seed = 1) => zipfKeys(5000, requests, seed).map((n) => `popular:${n}`);

/** Popular keys, and now and then a row of keys that nobody asks for again. */
function popularWithScans(requests: number): string[] {
  return popular(requests).flatMap((key, i) =>
    i % 1000 === 0 ? [key].concat(Array.from({ length: 400 }, (_, j) => `scan:${i}:${j}`)) : [key],
  );
}

/** Each key three times, soon after another, and then never again. */
function recent(requests: number): string[] {
  const random = randomFrom(5);
  return Array.from({ length: requests }, (_, i) => `recent:${Math.floor(i / 3 - random() * 150)}`);
}

describe('TinyLfuStore', () => {
  it('answers more requests than LRU where some keys are popular', () => {
    const keys = popular(60_000);

    const gain = hitRatio(tinyLfu({ max: 200 }), keys) - hitRatio(new LruStore({ max: 200 }), keys);

    expect(gain).to.be.above(0.05);
  });

  it('lets a scan pass without losing what is popular', () => {
    const store = tinyLfu({ max: 200 });
    hitRatio(store, popularWithScans(40_000));
    const before = new Set(store.keys().filter((key) => key.startsWith('popular')));

    for (let i = 0; i < 2000; i++) store.set(`scan:${i}`, true);

    const kept = store.keys().filter((key) => before.has(key)).length;
    expect(kept).to.be.above(0.7 * before.size);
    expect(store.windowShare).to.be.below(0.5);
  });

  it('stays LRU where what was used last is used next', () => {
    const keys = recent(60_000);
    const store = tinyLfu({ max: 200 });

    const loss = hitRatio(new LruStore({ max: 200 }), keys) - hitRatio(store, keys);

    expect(loss).to.be.below(0.005);
    expect(store.windowShare).to.be.at.least(0.4);
  });

  it('follows a load that changes, both ways', () => {
    const store = tinyLfu({ max: 200 });
    const shares = [popularWithScans(40_000), recent(120_000), popularWithScans(120_000)].map((keys) => {
      hitRatio(store, keys);
      return store.windowShare;
    });

    expect(shares[0]).to.be.below(0.5);
    expect(shares[1]).to.be.above(shares[0]!);
    expect(shares[2]).to.be.below(shares[1]!);
  });

  it('follows the hit ratio of its new size after a resize', () => {
    const keys = popular(60_000);
    const store = tinyLfu({ max: 800 });
    hitRatio(store, keys);

    store.resize(200);
    const resized = hitRatio(store, keys);

    expect(resized).to.be.above(hitRatio(tinyLfu({ max: 200 }), keys) - 0.01);
  });

  it('answers more requests than LRU where sizes differ', () => {
    const keys = popularWithScans(60_000);
    const sizeOf = (key: string) => 10 + ((key.length * 7919 + Number(key.split(':')[1])) % 500);
    const room = { max: 100_000, maxBytes: 60_000 };

    const gain = hitRatio(tinyLfu(room), keys, sizeOf) - hitRatio(new LruStore(room), keys, sizeOf);

    expect(gain).to.be.above(0.05);
  });

  it('rejects a big entry that is less asked for than all that would have to leave for it', () => {
    const left: string[] = [];
    const store = tinyLfu({
      max: 1000,
      maxBytes: 1000,
      onEvict: (key, _, reason) => left.push(`${key} ${reason}`),
    });
    hitRatio(store, popularWithScans(40_000), () => 10);
    for (let i = 0; i < 3; i++) for (const key of store.keys()) store.get(key);
    left.length = 0;

    for (let i = 0; i < 3; i++) store.set('big', true, 600);
    for (let i = 0; i < 20; i++) store.set(`small:${i}`, true, 10);

    expect(left).to.include('big rejected');
    expect(store.size).to.be.above(80);
  });

  it('works with a bound on bytes alone, however many entries it may hold', () => {
    const store = tinyLfu({ max: 1e9, maxBytes: 50_000 });

    hitRatio(store, popularWithScans(40_000), () => 100);

    expect(store.size).to.equal(500);
    expect(store.windowShare).to.be.below(0.5);
  });
});
