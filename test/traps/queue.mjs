// What queues with a limit do on a bad day.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { liveHeap, never, ours, peer, skip, sleep, thrownBy } from './lib/trap.mjs';

/** `run(work, { timeoutMs, signal, priority })` with a limit of its own; `work` gets a signal where there is one. */
export const subjects = {
  ours: async () => {
    const { Limiter } = await ours();
    return (limit, maxQueued = 1e6) => {
      const limiter = new Limiter({ name: 'trap', limit, maxQueued });
      return (work, { timeoutMs, ...options } = {}) =>
        limiter.run(({ signal }) => work(signal), {
          ...options,
          ...(timeoutMs !== undefined && { timeout: timeoutMs / 1000 }),
        });
    };
  },
  'p-queue 9': async () => {
    const { default: PQueue } = await peer('p-queue');
    return (concurrency) => {
      const queue = new PQueue({ concurrency });
      return (work, { timeoutMs, ...options } = {}) =>
        queue.add(({ signal }) => work(signal), {
          ...options,
          ...(timeoutMs !== undefined && { timeout: timeoutMs }),
        });
    };
  },
  'cockatiel 3': async () => {
    const { bulkhead, timeout, TimeoutStrategy, wrap } = await peer('cockatiel');
    return (limit, maxQueued = 1e6) => {
      const room = bulkhead(limit, maxQueued);
      return (work, { timeoutMs, signal, priority } = {}) => {
        if (priority !== undefined) skip();
        const policy =
          timeoutMs === undefined ? room : wrap(room, timeout(timeoutMs, TimeoutStrategy.Aggressive));
        return policy.execute((context) => work(context.signal), signal);
      };
    };
  },
};

const TASKS = 200_000;

/** Counts how much of its work is going on. */
function counted(ms) {
  const count = { now: 0, most: 0 };
  const work = async () => {
    count.most = Math.max(count.most, (count.now += 1));
    await sleep(ms);
    count.now -= 1;
  };
  return { count, work };
}

export const traps = {
  'never runs more than its limit, though work outlives its timeout': async (open) => {
    const run = open(2);
    const { count, work } = counted(200);
    await Promise.all(Array.from({ length: 8 }, () => thrownBy(run(work, { timeoutMs: 20 }))));
    assert.ok(count.most <= 2, `${count.most} at once`);
  },

  'tells the work that its time is up': async (open) => {
    let given;
    await thrownBy(
      open(1)(
        (signal) => {
          given = signal;
          return never();
        },
        { timeoutMs: 20 },
      ),
    );
    assert.equal(given?.aborted, true, 'it has no signal, or one that is not aborted');
  },

  'goes on when one of those that wait has left': async (open) => {
    const run = open(1);
    const first = run(() => sleep(30));
    const controller = new AbortController();
    const left = thrownBy(run(() => sleep(1), { signal: controller.signal }));
    const last = run(() => 'done');
    controller.abort();
    await left;
    await first;
    const result = await Promise.race([last, sleep(500).then(() => 'starved')]);
    assert.equal(result, 'done', 'those behind wait for ever');
  },

  'who leaves the queue hears of it at once': async (open) => {
    const run = open(1);
    void run(() => sleep(300));
    const controller = new AbortController();
    const left = thrownBy(run(() => 'never', { signal: controller.signal }));
    const start = performance.now();
    controller.abort();
    await left;
    assert.ok(performance.now() - start < 100, 'it waited for its turn');
  },

  'the less urgent get their turn too': async (open) => {
    const run = open(1);
    let isOver = false;
    const urgent = () => {
      if (isOver) return;
      void run(() => sleep(5), { priority: 1 }).then(urgent);
    };
    for (let i = 0; i < 5; i += 1) urgent();
    const result = await Promise.race([
      run(() => 'done', { priority: 0 }),
      sleep(3000).then(() => 'starved'),
    ]);
    isOver = true;
    assert.equal(result, 'done', 'nobody served it within 3 s');
  },

  'does not take more than it was told to': async (open) => {
    const run = open(1, 10);
    void run(() => sleep(50));
    const calls = Array.from({ length: 20 }, () =>
      run(() => sleep(1)).then(
        () => 'ran',
        () => 'refused',
      ),
    );
    const results = await Promise.all(calls);
    assert.ok(results.includes('refused'), 'all were taken');
  },

  'a burst of work that does not wait is no stack overflow': async (open) => {
    const run = open(1);
    const calls = Array.from({ length: 50_000 }, () => run(() => 1));
    assert.equal((await Promise.all(calls)).length, 50_000);
  },

  'no memory and no listener kept by 200,000 tasks with one signal': async (open) => {
    const run = open(10);
    const { signal } = new AbortController();
    const before = await liveHeap();
    for (let i = 0; i < TASKS; i += 100) {
      await Promise.all(Array.from({ length: 100 }, () => run(() => 1, { signal, timeoutMs: 10_000 })));
    }
    const grown = (await liveHeap()) - before;
    assert.ok(grown < 5, `${grown.toFixed(0)} MB kept`);
    assert.ok(getEventListeners(signal, 'abort').length <= 1, 'listeners stay');
  },
};
