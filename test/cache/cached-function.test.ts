import { expect } from 'chai';
import { CacheManager } from '../../src/cache/cache-manager.js';
import { InvalidOptionError, InvalidUseError } from '../../src/errors.js';
import { FakeTier } from '../fakes/failing-tier.js';

describe('cached functions', () => {
  let cache: CacheManager;
  beforeEach(() => (cache = new CacheManager({ name: 'cached-functions' })));

  it('keep results by their arguments', async () => {
    let calls = 0;
    const load = cache.cache({ ttl: 60 })(async (id: number, options?: object) => ({
      id,
      options,
      call: ++calls,
    }));

    await load(1);
    await load(1);
    await load(1, {});

    expect(calls).to.equal(2);
  });

  it('of two functions never meet, even with one name and one source', async () => {
    const make = (answer: string) =>
      cache.cache()(async function load(id: number) {
        await Promise.resolve();
        return `${answer} ${id}`;
      });
    const [a, b] = [make('a'), make('b')];

    expect([await a(1), await b(1), await a(1), await b(1)]).to.deep.equal(['a 1', 'b 1', 'a 1', 'b 1']);
  });

  it('keep the results of a synchronous function in memory and stay synchronous', () => {
    let calls = 0;
    const square = cache.cache()((n: number) => {
      calls += 1;
      return n * n;
    });

    expect([square(3), square(3)]).to.deep.equal([9, 9]);
    expect(calls).to.equal(1);
  });

  it('learn that a plain function returns promises', async () => {
    let calls = 0;
    const load = cache.cache()((n: number) => {
      calls += 1;
      return Promise.resolve(n);
    });

    const [first, second] = [load(1), load(1)];

    expect([first, second].every((value) => value instanceof Promise)).to.equal(true);
    expect(await Promise.all([first, second])).to.deep.equal([1, 1]);
    expect(calls).to.equal(1);
    expect(await load(1)).to.equal(1);
  });

  it('do not keep errors or undefined', async () => {
    let calls = 0;
    const fails = cache.cache()(async () => {
      calls += 1;
      throw new Error(`call ${calls}`);
    });
    const nothing = cache.cache()(() => void (calls += 1));

    for (const message of ['call 1', 'call 2']) {
      expect(await fails().catch((error: unknown) => String(error))).to.include(message);
    }
    nothing();
    nothing();
    expect(calls).to.equal(4);
  });

  it('are called uncached when their arguments make no key', async () => {
    let calls = 0;
    const each = cache.cache()(async (callback: () => number) => {
      calls += 1;
      return callback();
    });

    expect([await each(() => 1), await each(() => 2)]).to.deep.equal([1, 2]);
    expect(calls).to.equal(2);
  });

  it("use the key of keyFunc as it is, with the method's this", async () => {
    const tenant = {
      id: 'acme',
      load: cache.cache({
        keyFunc(this: { id: string }, user: number) {
          return `${this.id}:${user}`;
        },
      })(async function load(user: number) {
        await Promise.resolve();
        return { user };
      }),
    };

    await tenant.load(7);

    expect(cache.getIfPresent('acme:7')).to.deep.equal({ user: 7 });
  });

  it('find what an earlier process left in the tier below', async () => {
    const below = new FakeTier();
    const wrap = () => {
      const manager = new CacheManager({ secondary: below, name: 'restarted' });
      return manager.cache({ keyFunc: (id: number) => `user:${id}` })(async (id: number) => ({
        id,
        at: Symbol('run'),
      }));
    };
    const before = await wrap()(1);

    const after = await wrap()(1);

    expect(after).to.equal(before);
  });

  it('forget a result on request, of a method for every instance', async () => {
    let calls = 0;
    const load = cache.cache({ ttl: 60 })(async (id: number) => ({ id, call: ++calls }));
    class Users {
      readonly find = load;
    }
    const [first, second] = [new Users(), new Users()];
    for (const users of [first, second, first, second]) await users.find(1);
    await first.find(2);
    expect(calls, 'instances have entries of their own').to.equal(3);

    await load.invalidate(1);
    for (const users of [first, second]) await users.find(1);
    await first.find(2);

    expect(calls).to.equal(5);
  });

  it('pass on what else a load can do', async () => {
    let calls = 0;
    const load = cache.cache({ ttl: 60, tags: ['users'], negativeTtl: 5 })(async (id: number) => {
      calls += 1;
      return id === 0 ? undefined : id;
    });
    for (const id of [0, 0, 1, 1]) await load(id);
    expect(calls).to.equal(2);

    await cache.invalidateTags('users');
    await load(1);

    expect(calls).to.equal(3);
  });

  it('refuse what cannot work where it is written', () => {
    expect(() => cache.cache({ ttl: '5 moons' as never })).to.throw(
      InvalidOptionError,
      'ttl must be a duration',
    );
    expect(() => cache.cache({ keyFunc: 'id' as never })).to.throw(
      InvalidOptionError,
      'keyFunc must be a function',
    );
    expect(() => cache.cache({ tll: 5 } as never)).to.throw(InvalidOptionError, 'cached option name');
    expect(() => cache.cache()(function* steps() {})).to.throw(InvalidUseError, 'steps is a generator');
    expect(() => cache.cache()(class {} as never)).to.throw(InvalidUseError, 'not on class');
  });
});
