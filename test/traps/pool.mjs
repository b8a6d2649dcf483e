// What pools of resources do when the other side is down, slow or odd, and when their users make mistakes.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { never, ours, peer, skip, sleep, thrownBy } from './lib/trap.mjs';

/**
 * `make({ create, destroy, validate, max, acquireMs })` gives a pool: `acquire(signal)` resolves to `{ resource, release(),
 * destroy() }`, `release(resource)` takes a resource back, `close()` ends it. Every resource is checked before each use
 * where there is a `validate`. Limits of time are 100 ms where a pool has one.
 */
export const subjects = {
  ours: async () => {
    const { AsyncPool } = await ours();
    return ({ create, destroy, validate, max = 1, acquireMs = 500 }) => {
      const pool = new AsyncPool({
        factory: create,
        cleanup: destroy,
        ...(validate !== undefined && { validate, validateAfterIdle: 0 }),
        maxSize: max,
        timeout: acquireMs / 1000,
        createTimeout: 0.1,
        validateTimeout: 0.1,
        cleanupTimeout: 0.1,
      });
      return {
        acquire: async (signal) => {
          const lease = await pool.get({ signal });
          const { resource } = lease;
          return {
            resource,
            release: () => lease.release(),
            destroy: () => lease.release({ destroy: true }),
          };
        },
        release: async (resource) => pool.release(resource),
        close: () => pool.close({ timeout: 1 }),
      };
    };
  },
  'generic-pool 3': async () => {
    const { createPool } = (await peer('generic-pool')).default;
    return ({ create, destroy, validate, max = 1, acquireMs = 500 }) => {
      const pool = createPool(
        { create, destroy, ...(validate !== undefined && { validate }) },
        {
          max,
          acquireTimeoutMillis: acquireMs,
          destroyTimeoutMillis: 100,
          testOnBorrow: validate !== undefined,
        },
      );
      pool.on('factoryCreateError', () => {});
      pool.on('factoryDestroyError', () => {});
      return {
        acquire: async (signal) => {
          if (signal !== undefined) skip();
          const resource = await pool.acquire();
          return { resource, release: () => pool.release(resource), destroy: () => pool.destroy(resource) };
        },
        release: (resource) => pool.release(resource),
        close: () => Promise.race([pool.drain().then(() => pool.clear()), sleep(1000)]),
      };
    };
  },
  'tarn 3': async () => {
    const { Pool } = (await peer('tarn')).default;
    return ({ create, destroy, validate, max = 1, acquireMs = 500 }) => {
      const pool = new Pool({
        create,
        destroy,
        ...(validate !== undefined && { validate }),
        min: 0,
        max,
        acquireTimeoutMillis: acquireMs,
        createTimeoutMillis: 100,
        destroyTimeoutMillis: 100,
        propagateCreateError: false,
      });
      return {
        acquire: async (signal) => {
          if (signal !== undefined) skip();
          const resource = await pool.acquire().promise;
          return { resource, release: () => pool.release(resource), destroy: skip };
        },
        release: async (resource) => pool.release(resource),
        close: () => pool.destroy(),
      };
    };
  },
};

/** A factory of numbered things that counts its calls; after so many it gives in, so that nothing spins for ever. */
function factory(act = async () => {}) {
  const make = async () => {
    make.calls += 1;
    if (make.calls > 20_000) return never();
    await act(make.calls);
    make.made.push({ id: make.calls });
    return make.made.at(-1);
  };
  make.calls = 0;
  make.made = [];
  return make;
}

const down = () => {
  throw new Error('down');
};
const destroy = async () => {};

/** Resolves as the promise does; it must do so in time. */
async function settled(promise, ms = 1500) {
  const late = Symbol('late');
  const first = await Promise.race([promise, sleep(ms).then(() => late)]);
  assert.notEqual(first, late, `it is pending after ${ms} ms`);
  return first;
}

export const traps = {
  'a factory that rejects at once is not called back to back': async (make) => {
    const create = factory(down);
    await thrownBy(make({ create, destroy, max: 2 }).acquire());
    assert.ok(create.calls <= 20, `${create.calls} calls in half a second`);
  },

  'a factory that rejects a little later is not either': async (make) => {
    const create = factory(async () => down(await sleep(1)));
    await thrownBy(make({ create, destroy, max: 2 }).acquire());
    assert.ok(create.calls <= 20, `${create.calls} calls in half a second`);
  },

  'a crowd that waits does not multiply the calls': async (make) => {
    const create = factory(async () => down(await sleep(1)));
    const pool = make({ create, destroy, max: 5 });
    await Promise.all(Array.from({ length: 50 }, () => thrownBy(pool.acquire())));
    assert.ok(create.calls <= 25, `${create.calls} calls in half a second`);
  },

  'a factory may throw at once': async (make) => {
    let calls = 0;
    const create = () => ((calls += 1) === 1 ? down() : Promise.resolve({ id: calls }));
    const { resource } = await settled(make({ create, destroy }).acquire());
    assert.equal(resource.id, 2);
  },

  'who waits in vain hears of the error of the factory': async (make) => {
    const error = new Error('no route to the database');
    const create = factory(() => Promise.reject(error));
    const got = await thrownBy(make({ create, destroy, acquireMs: 200 }).acquire());
    assert.ok(
      [got, got?.cause].some((one) => one?.message === error.message),
      `got ${got}`,
    );
  },

  'a call of the factory that never ends does not take the place for ever': async (make) => {
    const create = factory(async (call) => (call === 1 ? never() : undefined));
    const pool = make({ create, destroy, acquireMs: 200 });
    const first = await pool.acquire().catch(() => undefined);
    await first?.release();
    const { resource } = await settled(pool.acquire());
    assert.equal(resource.id, 2);
  },

  'a factory that gives nothing gives nothing to anybody': async (make) => {
    const pool = make({ create: async () => undefined, destroy, acquireMs: 200 });
    await thrownBy(pool.acquire());
  },

  'what comes after its waiter has left is kept': async (make) => {
    const create = factory(() => sleep(80));
    const pool = make({ create, destroy, acquireMs: 40 });
    await thrownBy(pool.acquire());
    await sleep(100);
    assert.equal((await settled(pool.acquire())).resource.id, 1);
  },

  'what comes after the pool was closed is destroyed': async (make) => {
    const destroyed = [];
    const create = factory(() => sleep(80));
    const pool = make({ create, destroy: async (one) => destroyed.push(one) });
    pool.acquire().catch(() => {});
    await sleep(10);
    await settled(pool.close());
    await sleep(200);
    assert.deepEqual([create.made.length, destroyed.length], [1, 1]);
  },

  'a check that rejects leaves nobody without an answer': async (make) => {
    const pool = make({ create: factory(), destroy, validate: () => Promise.reject(new Error('broken')) });
    for (let i = 0; i < 2; i++) {
      const answered = pool.acquire().then(
        (one) => one.release(),
        () => {},
      );
      await settled(answered);
    }
  },

  'a check that always fails does not make resources without end': async (make) => {
    const create = factory();
    const pool = make({ create, destroy, validate: down });
    const until = performance.now() + 600;
    const user = async () => {
      while (performance.now() < until) {
        await pool.acquire().then(
          (one) => one.release(),
          () => {},
        );
        await sleep(1);
      }
    };
    await Promise.race([Promise.all([user(), user()]), sleep(1500)]);
    assert.ok(create.calls <= 30, `${create.calls} made in 0.6 s`);
  },

  'a check that never ends does not hold everybody up': async (make) => {
    const pool = make({ create: factory(), destroy, validate: (one) => (one.id === 1 ? never() : true) });
    const first = await settled(pool.acquire()).catch(() => undefined);
    await first?.release();
    assert.equal((await settled(pool.acquire())).resource.id, 2);
  },

  'a cleanup that rejects or never ends does not take the place for ever': async (make) => {
    for (const end of [() => Promise.reject(new Error('no')), never]) {
      const pool = make({ create: factory(), destroy: end });
      const first = await pool.acquire();
      Promise.resolve(first.destroy()).catch(() => {});
      assert.equal((await settled(pool.acquire())).resource.id, 2);
    }
  },

  'releasing twice throws at whoever does it': async (make) => {
    const pool = make({ create: factory(), destroy });
    const { resource } = await pool.acquire();
    await pool.release(resource);
    await thrownBy(pool.release(resource));
  },

  'releasing what is not of the pool throws': async (make) => {
    const pool = make({ create: factory(), destroy });
    await thrownBy(pool.release({ id: 1 }));
  },

  'releasing twice does not take a resource from its next user': async (make) => {
    const pool = make({ create: factory(), destroy, max: 2 });
    const first = await pool.acquire();
    await first.release();
    const second = await pool.acquire();
    await Promise.resolve(first.release()).catch(() => {});
    const third = await pool.acquire();
    assert.notEqual(second.resource, third.resource, 'two users have the same resource');
  },

  'who leaves while waiting is told why, and takes nothing': async (make) => {
    const pool = make({ create: factory(), destroy });
    const first = await pool.acquire(new AbortController().signal);
    const controller = new AbortController();
    const waiting = thrownBy(pool.acquire(controller.signal));
    const reason = new Error('gone');
    controller.abort(reason);
    assert.equal(await waiting, reason);
    first.release();
    assert.equal((await settled(pool.acquire())).resource.id, 1);
  },

  'a connection does not belong to the request that happened to need it': async (make) => {
    const context = new AsyncLocalStorage();
    const seen = [];
    const create = factory(() => void seen.push(context.getStore()));
    const pool = make({ create, destroy });
    await context.run('request 7', () => pool.acquire());
    assert.deepEqual(seen, [undefined]);
  },
};
