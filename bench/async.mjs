// What do the async utilities cost where nothing goes wrong? CPU time of one call that is awaited.
//
// Each part is a function below that opens a group and adds its cases: ours, and the packages one would use instead, in
// the way their documentation shows first. All work is an async function that returns at once.
//
// Batches are long, so that the collector's work for what a case allocates falls into its own batches, also what waits for
// a full collection: AbortSignal.timeout leaves most of its cost there.
//
// time limits: none is reached. Here one call is 100 limited calls and a turn of the event loop: what AbortSignal.timeout
// leaves to the collector is only paid when a turn ends. "takes the signal" is work that asks for its signal, which Node
// 20 makes dear. AbortSignal.timeout alone ends nothing but what listens to it; p-timeout gives the work no signal.
//
// retries: the first attempt succeeds. Ours counts attempts and feeds a budget meanwhile.
//
// queues: ten at work, 1,000 calls at once, or 20,000 with priorities from 0 to 99. One call is the whole crowd. Ours
// measures how long each waited and ran: two records in histograms of the SDK or of our provider, or nothing without one.
//
// pools: ten resources that cost nothing, taken and given back. Free: by one after the other. In a crowd: one call is
// 1,000 users at once, nearly all of whom wait, with a limit of 30 s. Ours reads the clock to tell how long a resource was
// in use. Without a provider nothing comes of it; else each use is recorded in a histogram, and in the crowd each wait in
// another.
import { createSuite } from './harness.mjs';
import { fromRoot } from './lib/from-root.mjs';
import { cellProvider, oursFor, stockProvider } from './lib/ours.mjs';

const suite = createSuite('async', {
  packages: [
    '@gary-zero/performance',
    'cockatiel',
    'generic-pool',
    'p-queue',
    'p-retry',
    'p-timeout',
    'tarn',
  ],
});

const work = async () => 'done';
const useSignal = async (signal) => (signal.aborted ? 'aborted' : 'done');

const verify = (result) => {
  if (result !== 'done') throw new Error(`gave ${result}`);
};

const ours = oursFor(suite);
const { createNoopMeter } = fromRoot('@opentelemetry/api');

addQueues(1000, () => undefined);
addQueues(20_000, (i) => ({ priority: i % 100 }));
addPools('pool', (use) => use);
addPools('pool, crowd of 1000', (use) => () => crowdOf(use));
// Last, as time limits follow the calls: on Node 20 every promise of the process costs more from the first one on.
addRetries();
addTimeLimits();
await suite.run();

function addTimeLimits() {
  suite.group({ batchFactor: 50 });
  const plain = 'floor: 100 plain async calls';
  const add = (name, setup) => suite.awaited(name, setup, { baseline: plain, verify });
  add(plain, () => () => hundredTimes(() => work()));
  add('ours: withTimeout(promise)', async () => {
    const { withTimeout } = await ours();
    return () => hundredTimes(() => withTimeout(work(), 10));
  });
  add('ours: asyncTimeout(10)(fn)', async () => {
    const { asyncTimeout } = await ours();
    const limited = asyncTimeout(10)(work);
    return () => hundredTimes(() => limited());
  });
  add('ours: withTimeout(fn), takes the signal', async () => {
    const { withTimeout } = await ours();
    return () => hundredTimes(() => withTimeout(({ signal }) => useSignal(signal), 10));
  });

  besideTimeout('AbortSignal.timeout, takes the signal', () => {
    return () => hundredTimes(() => useSignal(AbortSignal.timeout(10_000)));
  });
  besideTimeout('p-timeout: promise', async () => {
    const { default: pTimeout } = await import('p-timeout');
    return () => hundredTimes(() => pTimeout(work(), { milliseconds: 10_000 }));
  });
  besideTimeout('cockatiel: timeout, aggressive', async () => {
    const { timeout, TimeoutStrategy } = await import('cockatiel');
    const policy = timeout(10_000, TimeoutStrategy.Aggressive);
    return () => hundredTimes(() => policy.execute(work));
  });
}

/** A peer in a group of its own with ours: each leaves much to the collector, which no other shall pay for. */
function besideTimeout(peer, setup) {
  suite.group({ batchFactor: 50 });
  const baseline = `ours: withTimeout(fn), beside ${peer.split(/[:,]/, 1)[0]}`;
  const options = { baseline, verify };
  const set = async () => {
    const { withTimeout } = await ours();
    return () => hundredTimes(() => withTimeout(work, 10));
  };
  suite.awaited(baseline, set, options);
  suite.awaited(peer, setup, options);
}

/** One after the other, all in one turn of the event loop. */
async function hundredTimes(call) {
  let result;
  for (let i = 0; i < 100; i++) result = await call();
  await new Promise((resolve) => setImmediate(resolve));
  return result;
}

function addRetries() {
  const baseline = 'p-retry';
  const add = (name, setup) => suite.awaited(name, setup, { baseline, verify });

  suite.group();
  suite.awaited(
    baseline,
    async () => {
      const { default: pRetry } = await import('p-retry');
      return () => pRetry(work);
    },
    { verify },
  );
  add('p-retry with options', async () => {
    const { default: pRetry } = await import('p-retry');
    return () => pRetry(work, { retries: 4, minTimeout: 100 });
  });
  add('cockatiel: retry', async () => {
    const { ExponentialBackoff, handleAll, retry } = await import('cockatiel');
    const policy = retry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() });
    return () => policy.execute(work);
  });
  add('ours: retry(fn)', async () => {
    const { retry } = await ours();
    return () => retry(work);
  });
  add('ours: retry(fn, options)', async () => {
    const { retry } = await ours();
    return () => retry(work, { name: 'rates', maxAttempts: 5, delay: 0.1 });
  });
  add('ours: asyncRetry(options)(fn)', async () => {
    const { asyncRetry } = await ours();
    const retried = asyncRetry({ maxAttempts: 5, delay: 0.1 })(work);
    return () => retried();
  });
  add('ours: retry(fn, { timeout })', async () => {
    const { retry } = await ours();
    return () => retry(work, { name: 'rates', timeout: 10 });
  });
}

function addQueues(size, optionsOf) {
  const what = `queue of ${size}`;
  const baseline = `${what}: p-queue`;
  const crowd = (run) => async () => {
    const results = await Promise.all(Array.from({ length: size }, (_, i) => run(work, optionsOf(i))));
    return results.at(-1);
  };
  const add = (name, setup) => suite.awaited(`${what}: ${name}`, setup, { baseline, verify });

  suite.group({ batchFactor: 12 });
  add('p-queue', async () => {
    const { default: PQueue } = await import('p-queue');
    const queue = new PQueue({ concurrency: 10 });
    return crowd((task, options) => queue.add(task, options));
  });
  if (size === 1000) {
    add('cockatiel bulkhead', async () => {
      const { bulkhead } = await import('cockatiel');
      const policy = bulkhead(10, 1e6);
      return crowd((task) => policy.execute(task));
    });
  }
  const limiterWith = async (provider) => {
    const { Limiter } = await ours();
    const limiter = new Limiter({ name: 'bench', limit: 10, maxQueued: 1e6, ...provider });
    return crowd((task, options) => limiter.run(task, options));
  };
  add('ours, without a provider', () =>
    limiterWith({ meterProvider: { getMeter: () => createNoopMeter() } }),
  );
  add('ours, provider of cells', async () => {
    return limiterWith({ meterProvider: (await cellProvider(suite)).meterProvider });
  });
  add('ours, stock SDK', () => limiterWith({ meterProvider: stockProvider(suite).meterProvider }));
}

function addPools(what, repeated) {
  const baseline = `${what}: generic-pool`;
  const create = async () => ({ isOpen: true });
  const options = {
    baseline,
    verify: (result) => {
      if (result.isOpen !== true) throw new Error('gave no resource');
    },
  };
  const poolOf = async (more) => {
    const { AsyncPool } = await ours();
    const pool = new AsyncPool({ name: 'bench', factory: create, maxSize: 10, ...more });
    suite.onClose(() => pool.close());
    return pool;
  };
  const silent = { meterProvider: { getMeter: () => createNoopMeter() } };

  suite.group({ batchFactor: 12 });
  suite.awaited(
    baseline,
    async () => {
      const { createPool } = (await import('generic-pool')).default;
      const pool = createPool({ create, destroy: create }, { max: 10, acquireTimeoutMillis: 30_000 });
      suite.onClose(() => pool.drain().then(() => pool.clear()));
      return repeated(async () => {
        const resource = await pool.acquire();
        await pool.release(resource);
        return resource;
      });
    },
    options,
  );
  suite.awaited(
    `${what}: tarn`,
    async () => {
      const { Pool } = (await import('tarn')).default;
      const pool = new Pool({ create, destroy: () => {}, min: 0, max: 10 });
      suite.onClose(() => pool.destroy());
      return repeated(async () => {
        const resource = await pool.acquire().promise;
        pool.release(resource);
        return resource;
      });
    },
    options,
  );
  suite.awaited(
    `${what}: ours, get, without a provider`,
    async () => {
      const pool = await poolOf(silent);
      return repeated(async () => {
        const lease = await pool.get();
        const { resource } = lease;
        lease.release();
        return resource;
      });
    },
    options,
  );
  suite.awaited(
    `${what}: ours, acquire, without a provider`,
    async () => {
      const pool = await poolOf(silent);
      return repeated(async () => {
        const resource = await pool.acquire();
        pool.release(resource);
        return resource;
      });
    },
    options,
  );
  for (const [provider, open] of [
    ['provider of cells', cellProvider],
    ['stock SDK', stockProvider],
  ]) {
    suite.awaited(
      `${what}: ours, get, ${provider}`,
      async () => {
        const { meterProvider } = await open(suite);
        const pool = await poolOf({ meterProvider });
        return repeated(async () => {
          const lease = await pool.get();
          const { resource } = lease;
          lease.release();
          return resource;
        });
      },
      options,
    );
  }
}

/** So many at once; resolves to what the last of them got. */
async function crowdOf(use) {
  const results = await Promise.all(Array.from({ length: 1000 }, use));
  return results.at(-1);
}
