import { expect } from 'chai';
import { Keyv } from 'keyv';
import { EventEmitter } from 'node:events';
import { CacheManager } from '../../src/cache/cache-manager.js';
import { KeyvTier, type KeyvTierOptions } from '../../src/cache/keyv/keyv-tier.js';
import { MemoryCache } from '../../src/cache/memory-cache.js';
import type { EntryToKeep } from '../../src/cache/tier.js';
import { InvalidOptionError, TierError } from '../../src/errors.js';
import { turn } from '../fakes/cache-with.js';
import { captureMetrics, seriesOf, valueOf } from '../fakes/captured-telemetry.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { passesTheTierContract } from './tier-contract.js';

/** A storage adapter of Keyv 5 on a Map that hangs, fails or says so by its event only. */
class FakeStore extends EventEmitter {
  readonly entries = new Map<string, unknown>();
  readonly ttls = new Map<string, number | undefined>();
  readonly calls: string[] = [];
  mode: 'well' | 'hanging' | 'failing' | 'silent' = 'well';
  /** Fails for these keys only, when set. */
  failsFor: ((key: string) => boolean) | undefined;
  disconnects = 0;
  readonly #hung: (() => void)[] = [];

  async get(key: string): Promise<unknown> {
    return this.#enter(`get ${key}`, key, () => this.entries.get(key));
  }

  async set(key: string, value: unknown, ttl?: number): Promise<unknown> {
    return this.#enter(`set ${key}`, key, () => {
      this.entries.set(key, value);
      this.ttls.set(key, ttl);
      return true;
    });
  }

  async delete(key: string): Promise<unknown> {
    return this.#enter(`delete ${key}`, key, () => this.entries.delete(key));
  }

  async clear(): Promise<unknown> {
    return this.#enter('clear', '', () => this.entries.clear());
  }

  async disconnect(): Promise<void> {
    this.disconnects += 1;
  }

  /** What hung so far is answered. */
  thaw(): void {
    this.mode = 'well';
    for (const answer of this.#hung.splice(0)) answer();
  }

  /** What hung so far fails. */
  breakHung(): void {
    this.mode = 'failing';
    for (const answer of this.#hung.splice(0)) answer();
  }

  async #enter(call: string, key: string, act: () => unknown): Promise<unknown> {
    this.calls.push(call);
    if (this.mode === 'hanging') await new Promise<void>((resolve) => this.#hung.push(resolve));
    const fails = this.failsFor?.(key) ?? true;
    if (this.mode === 'failing' && fails) throw new Error('connect ECONNREFUSED secret:password');
    if (this.mode === 'silent' && fails) {
      this.emit('error', new Error('connect ECONNREFUSED'));
      return undefined;
    }
    return act();
  }
}

const ENTRY = { value: 1, ttl: 60, grace: 0 };

function tierOn(store: FakeStore, options: Partial<KeyvTierOptions> = {}) {
  const clock = new FakeClock();
  return { clock, store, tier: new KeyvTier({ store, clock, ...options }) };
}

/** What a call ends with, after the clock has moved on: its error or its value. */
async function outcomeAfter(clock: FakeClock, seconds: number, call: Promise<unknown>): Promise<unknown> {
  const outcome = call.catch((error: unknown) => error);
  await turn();
  clock.advance(seconds);
  return outcome;
}

/** Moves the clock on, so that probes run, until the condition holds; one that throws does not hold yet. */
async function advanceUntil(clock: FakeClock, condition: () => unknown): Promise<void> {
  for (let i = 0; i < 200; i++) {
    clock.advance(0.1);
    await turn();
    await turn();
    const holds = await Promise.resolve()
      .then(condition)
      .catch(() => false);
    if (holds === true) return;
  }
  throw new Error('it did not come within 20 s of the clock');
}

const answers = (tier: KeyvTier) => async () => {
  await tier.tagStore.readVersions(['any']);
  return true;
};

describe('KeyvTier over a Keyv on a Map', () => {
  passesTheTierContract(() => ({
    tier: new KeyvTier({ store: new Keyv(), readTimeout: 5, writeTimeout: 5 }),
  }));
});

describe('KeyvTier over a Map', () => {
  passesTheTierContract(() => ({ tier: new KeyvTier({ store: new Map() }) }));
});

describe('KeyvTier over a storage adapter', () => {
  passesTheTierContract(() => ({ tier: new KeyvTier({ store: new FakeStore(), readTimeout: 5 }) }));
});

describe('KeyvTier with bytes as bodies', () => {
  passesTheTierContract(() => ({ tier: new KeyvTier({ store: new Keyv(), serializer: 'msgpack' }) }));
});

describe('KeyvTier', () => {
  it('refuses what is no store, and options that make no sense', () => {
    for (const store of [undefined, null, {}, 'redis://x', { get: () => 1 }]) {
      expect(() => new KeyvTier({ store: store as never })).to.throw(InvalidOptionError, /^store must be/);
    }
    expect(() => new KeyvTier({ store: new Map(), readTimeout: 0 })).to.throw(InvalidOptionError);
    expect(() => new KeyvTier({ store: new Map(), ttl: 1 } as never)).to.throw(InvalidOptionError);
  });

  it('gives the store the time and the grace together, in milliseconds', async () => {
    const { tier, store } = tierOn(new FakeStore(), { defaultTtl: '10s' });

    await tier.setEntry('a', { value: 1, ttl: 60, grace: 30 });
    await tier.setEntry('b', { value: 1, grace: 0 });
    await tier.setEntry('c', { value: 1, ttl: Infinity, grace: 5 });
    await tier.setEntry('d', { value: 1, ttl: Number.MAX_SAFE_INTEGER, grace: 0 });

    expect([...store.ttls]).to.deep.equal([
      ['cache/key/a', 90_000],
      ['cache/key/b', 10_000],
      ['cache/key/c', undefined],
      ['cache/key/d', undefined],
    ]);
  });

  it('is not shortened by a default lifetime of the Keyv', async () => {
    const map = new Map<string, string>();
    const tier = new KeyvTier({ store: new Keyv({ store: map, ttl: 1000 }) });

    await tier.setEntry('k', { value: 1, ttl: Infinity, grace: 0 });
    await tier.tagStore.invalidate(['t']);

    for (const text of map.values()) expect(JSON.parse(text)).to.not.have.property('expires');
  });

  it('tells an adapter of Keyv 6 when an entry ends', async () => {
    const written: unknown[] = [];
    const store = {
      capabilities: { expires: true },
      get: async () => undefined,
      set: async (_key: string, _value: unknown, expires?: number) => void written.push(expires),
      setMany: async (entries: { expires?: number }[]) =>
        void written.push(...entries.map(({ expires }) => expires)),
      delete: async () => false,
      clear: async () => {},
    };
    const tier = new KeyvTier({ store });
    const before = Date.now();

    await tier.setEntry('a', ENTRY);
    await tier.setEntries(
      new Map<string, EntryToKeep>(Object.entries({ b: ENTRY, c: { value: 1, grace: 0 } })),
    );

    expect(written[0]).to.be.within(before + 60_000, Date.now() + 60_000);
    expect(written[1]).to.be.within(before + 60_000, Date.now() + 60_000);
    expect(written[2]).to.equal(undefined);
  });

  it('reads the time an entry has left by the clock, and never more than was given', async () => {
    const { tier, clock } = tierOn(new FakeStore());
    await tier.setEntry('k', { value: 1, ttl: 60, grace: 10 });

    clock.advance(20);
    expect((await tier.getEntry('k'))?.ttl).to.equal(40);
    clock.jumpWall(-3600);
    expect((await tier.getEntry('k'))?.ttl).to.equal(60);
    clock.jumpWall(3600 + 51);
    expect(await tier.getEntry('k')).to.equal(undefined);
    expect(tier.counts()).to.include({ hits: 2, misses: 1, expirations: 1 });
  });

  it('counts what is foreign or damaged, and reads it as a miss', async () => {
    const telemetry = captureMetrics();
    const store = new FakeStore();
    const { tier } = tierOn(store, { meterProvider: telemetry.provider, name: 'users' });
    const found: Record<string, unknown> = {
      text: 'hello',
      number: 7,
      cut: 'K1{"w":1',
      header: 'K1{"w":"soon"}\n1',
      body: 'K1{"w":1}\n{"a"',
      other: 'K1{"w":1,"s":"msgpack","b":1}\nAQ==',
    };
    for (const [key, value] of Object.entries(found)) store.entries.set(`cache/key/${key}`, value);

    expect((await tier.getEntries(Object.keys(found))).size).to.equal(0);

    const unusable = seriesOf(await telemetry.collect(), 'perf.cache.tier.unusable');
    expect(
      unusable.map(({ attributes, value }) => [attributes['perf.cache.reason'], value]),
    ).to.have.deep.members([
      ['foreign', 3],
      ['damaged', 3],
    ]);
    expect(unusable[0]!.attributes).to.include({ 'perf.cache.name': 'users', 'perf.cache.tier': 'custom' });
    expect(tier.stats()).to.include({ hits: 0, misses: 6 });
    await telemetry.shutdown();
  });

  it('reads the others when Keyv cannot decode one of many', async () => {
    const map = new Map<string, string>();
    const tier = new KeyvTier({ store: new Keyv({ store: map }) });
    await tier.setEntry('good', ENTRY);
    map.set('keyv:cache/key/bad', 'no json');

    expect(await tier.getEntry('bad')).to.equal(undefined);
    expect([...(await tier.getEntries(['good', 'bad'])).keys()]).to.deep.equal(['good']);
  });

  it('refuses a value it cannot carry and leaves the entry there was', async () => {
    const { tier } = tierOn(new FakeStore());
    await tier.setEntry('k', ENTRY);

    const refused = await tier.setEntry('k', { value: { a: [() => 1] }, grace: 0 }).catch((e: unknown) => e);

    expect(refused).to.be.instanceOf(TierError);
    expect(String(refused)).to.match(/cannot carry a\[0\]/);
    expect((await tier.getEntry('k'))?.value).to.equal(1);
  });

  it('disconnects the store on close only when it owns it', async () => {
    const [given, own] = [tierOn(new FakeStore()), tierOn(new FakeStore(), { ownsStore: true })];

    await given.tier.close();
    await own.tier.close();
    await own.tier.close();

    expect([given.store.disconnects, own.store.disconnects]).to.deep.equal([0, 1]);
    expect(await given.tier.getEntry('k').catch(String)).to.match(/closed/);
    expect(given.clock.timers).to.equal(0);
  });
});

describe('KeyvTier on a bad day', () => {
  it('costs one deadline when the store hangs, then nothing, and recovers', async () => {
    const { tier, store, clock } = tierOn(new FakeStore());
    await tier.setEntry('k', ENTRY);
    store.mode = 'hanging';

    const first = await outcomeAfter(clock, 0.11, tier.getEntry('k'));
    expect(String(first)).to.equal('TierError: keyv tier: get got no answer within 0.1 s');
    const asked = store.calls.length;
    for (let i = 0; i < 100; i++) {
      expect(await tier.getEntry('k').catch(String)).to.match(/not tried/);
    }
    expect(store.calls).to.have.length(asked);

    store.thaw();
    await advanceUntil(clock, answers(tier));
    expect((await tier.getEntry('k'))?.value).to.equal(1);
    await tier.close();
  });

  it('probes rarely while the store stays away', async () => {
    const { tier, store, clock } = tierOn(new FakeStore());
    store.mode = 'hanging';
    await outcomeAfter(clock, 0.11, tier.getEntry('k'));

    const before = store.calls.length;
    for (let i = 0; i < 600; i++) {
      clock.advance(0.1);
      await turn();
    }

    expect(store.calls.length - before).to.be.within(8, 30);
    await tier.close();
  });

  it('takes an answer that comes late for a sign of life', async () => {
    const { tier, store, clock } = tierOn(new FakeStore());
    store.mode = 'hanging';
    await outcomeAfter(clock, 0.11, tier.getEntry('k'));
    for (let i = 0; i < 300; i++) {
      clock.advance(0.1);
      await turn();
    }

    store.thaw();
    await turn();
    clock.advance(0.31);
    await turn();

    expect(await tier.getEntry('k')).to.equal(undefined);
    await tier.close();
  });

  it('opens after errors only when a probe fails too', async () => {
    const { tier, store, clock } = tierOn(new FakeStore());
    store.mode = 'failing';
    store.failsFor = (key) => key.includes('large');

    const refused = await tier.setEntry('large', ENTRY).catch((error: unknown) => error);
    await turn();
    await tier.setEntry('small', ENTRY);
    expect((await tier.getEntry('small'))?.value).to.equal(1);

    store.failsFor = undefined;
    await tier.getEntry('small').catch(() => {});
    await turn();
    const asked = store.calls.length;
    await tier.getEntry('small').catch(() => {});

    expect(refused).to.be.instanceOf(TierError);
    expect(String(refused)).to.not.contain('secret');
    expect((refused as TierError).cause).to.equal(undefined);
    expect(store.calls).to.have.length(asked);
    await tier.close();
    clock.advance(0.01);
    expect(clock.timers).to.equal(0);
  });

  it('does not believe a Keyv that answers as if there were nothing', async () => {
    const store = new FakeStore();
    const { tier, clock } = tierOn(store, { store: new Keyv({ store }) });
    store.mode = 'silent';

    expect(await tier.getEntry('k').catch((error: unknown) => error)).to.be.instanceOf(TierError);
    expect(await answers(tier)().catch((error: unknown) => error)).to.be.instanceOf(TierError);

    store.mode = 'well';
    await advanceUntil(clock, answers(tier));
    expect(await tier.tagStore.readVersions(['t'])).to.deep.equal(['']);
    await tier.close();
  });

  it('says so when a Keyv could not write', async () => {
    const store = new FakeStore();
    const { tier } = tierOn(store, { store: new Keyv({ store }) });
    store.mode = 'failing';

    for (const call of [() => tier.setEntry('k', ENTRY), () => tier.delete('k'), () => tier.clear()]) {
      const error = await call().catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(TierError);
    }
    await tier.close();
  });

  it('does not end the process by errors that come late or that nobody listens to', async () => {
    const { tier, store, clock } = tierOn(new FakeStore());
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);

    store.mode = 'hanging';
    await outcomeAfter(clock, 1.1, tier.deleteMany(['a', 'b', 'c']));
    store.breakHung();
    await tier.close();
    store.emit('error', new Error('late'));
    await turn();

    process.off('unhandledRejection', note);
    expect(unhandled).to.deep.equal([]);
  });

  it('does not serve what a failed delete or write was to replace', async () => {
    const { tier, store, clock } = tierOn(new FakeStore());
    for (const key of ['deleted', 'written', 'other']) await tier.setEntry(key, ENTRY);
    store.mode = 'hanging';
    await outcomeAfter(clock, 1.1, tier.delete('deleted'));
    await tier.setEntry('written', { ...ENTRY, value: 2 }).catch(() => {});

    store.mode = 'well';
    await advanceUntil(clock, () => store.entries.size === 1);

    const found = await tier.getEntries(['deleted', 'written', 'other']);
    expect([...found.keys()]).to.deep.equal(['other']);
    await tier.setEntry('written', { ...ENTRY, value: 3 });
    expect((await tier.getEntry('written'))?.value).to.equal(3);
    await tier.close();
  });

  it('makes an invalidation good that the store did not hear', async () => {
    const { tier, store, clock } = tierOn(new FakeStore());
    const cache = new CacheManager({
      secondary: tier,
      primary: new MemoryCache({ clock }),
      clock,
      name: 'k1',
    });
    await cache.set('k', 'old', { tags: ['t'] });
    store.mode = 'hanging';
    await outcomeAfter(clock, 1.1, cache.invalidateTags('t'));

    store.mode = 'well';
    await advanceUntil(clock, () => store.entries.has('cache/tag/t'));
    const other = new CacheManager({ secondary: new KeyvTier({ store, clock }), clock, name: 'k2' });

    expect(await other.get('k')).to.equal(undefined);
    expect(await cache.get('k')).to.equal(undefined);
    await cache.close();
  });

  it('makes a failed clear good', async () => {
    const { tier, store, clock } = tierOn(new FakeStore());
    await tier.setEntry('k', ENTRY);
    store.mode = 'hanging';
    await outcomeAfter(clock, 1.1, tier.clear());

    store.mode = 'well';
    await advanceUntil(clock, () => store.entries.size === 0);

    expect(await tier.getEntry('k')).to.equal(undefined);
    await tier.close();
  });

  it('reports calls, the breaker and what is to be made good', async () => {
    const telemetry = captureMetrics();
    const { tier, store, clock } = tierOn(new FakeStore(), {
      meterProvider: telemetry.provider,
      name: 'users',
    });
    await tier.setEntry('k', ENTRY);
    store.mode = 'hanging';
    await outcomeAfter(clock, 1.1, tier.delete('k'));

    const collected = await telemetry.collect();

    const durations = seriesOf(collected, 'perf.cache.tier.duration').map(({ attributes }) => attributes);
    expect(durations).to.deep.include({
      'perf.cache.name': 'users',
      'perf.cache.tier': 'custom',
      'perf.cache.operation': 'delete',
      'error.type': 'timeout',
    });
    const state = seriesOf(collected, 'perf.cache.tier.state').find(({ value }) => value === 1);
    expect(state?.attributes['perf.cache.state']).to.equal('open');
    expect(valueOf(collected, 'perf.cache.tier.pending')).to.equal(1);
    await tier.close();
    await telemetry.shutdown();
  });
});

describe('CacheManager over a KeyvTier', () => {
  it('keeps what it finds there for the time it has left', async () => {
    const store = new FakeStore();
    const { tier, clock } = tierOn(store);
    const writer = new CacheManager({
      secondary: tier,
      primary: new MemoryCache({ clock }),
      clock,
      name: 'k3',
    });
    await writer.set('k', { n: 1 }, { ttl: 60 });
    const reader = new CacheManager({
      secondary: new KeyvTier({ store, clock }),
      primary: new MemoryCache({ clock }),
      clock,
      name: 'k4',
    });

    clock.advance(50);
    expect(await reader.get('k')).to.deep.equal({ n: 1 });
    clock.advance(11);
    expect(reader.getIfPresent('k')).to.equal(undefined);
    expect(await reader.get('k')).to.equal(undefined);
  });

  it('reads a store that is gone as a miss and loads', async () => {
    const { tier, store } = tierOn(new FakeStore());
    const cache = new CacheManager({ secondary: tier, name: 'k5' });
    store.mode = 'failing';

    expect(await cache.getOrSet('k', () => 'loaded')).to.equal('loaded');
    expect(await cache.get('k')).to.equal('loaded');
    await cache.close();
  });

  it('invalidates tags for all that share the store', async () => {
    const store = new Keyv();
    const one = new CacheManager({ secondary: new KeyvTier({ store }), name: 'k6' });
    const two = new CacheManager({ secondary: new KeyvTier({ store }), name: 'k7' });
    await one.set('k', 1, { tags: ['t'] });

    await two.invalidateTags('t');

    const three = new CacheManager({ secondary: new KeyvTier({ store }), name: 'k8' });
    expect(await three.get('k')).to.equal(undefined);
  });
});
