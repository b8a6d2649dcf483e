// What a time limit does on a bad day.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { cpuOf, liveHeap, never, ours, peer, skip, sleep, thrownBy } from './lib/trap.mjs';

/** `limit(work, ms, signal)`: work gets a signal where the subject has one. */
export const subjects = {
  ours: async () => {
    const { withTimeout } = await ours();
    return {
      limit: (work, ms, signal) => withTimeout((deadline) => work(deadline.signal), ms / 1000, { signal }),
    };
  },
  'p-timeout 7': async () => {
    const { default: pTimeout } = await peer('p-timeout');
    return {
      limit: (work, ms, signal) => pTimeout(work(), { milliseconds: ms, signal }),
      givesNoSignal: true,
    };
  },
  'cockatiel 3': async () => {
    const { timeout, TimeoutStrategy } = await peer('cockatiel');
    return {
      limit: (work, ms, signal) =>
        timeout(ms, TimeoutStrategy.Aggressive).execute((context) => work(context.signal), signal),
    };
  },
  'AbortSignal.any + timeout': async () => ({
    limit: (work, ms, signal) => {
      const limited = AbortSignal.any([AbortSignal.timeout(ms), ...(signal === undefined ? [] : [signal])]);
      const end = new Promise((_, reject) => {
        limited.addEventListener('abort', () => reject(limited.reason));
      });
      return Promise.race([work(limited), end]);
    },
  }),
};

const CALLS = 200_000;

export const traps = {
  'aborts the signal of the work': async ({ limit, givesNoSignal }) => {
    if (givesNoSignal) skip();
    let signal;
    const work = (given) => {
      signal = given;
      return never();
    };
    await thrownBy(limit(work, 20));
    assert.equal(signal?.aborted, true, 'the signal is not aborted');
  },

  'rejects though the work does not listen': async ({ limit }) => {
    const start = performance.now();
    await thrownBy(limit(() => sleep(1000), 20));
    assert.ok(performance.now() - start < 800, 'it waited for the work');
  },

  'a late failure is no unhandled rejection': async ({ limit }) => {
    const work = async () => {
      await sleep(40);
      throw new Error('too late');
    };
    await thrownBy(limit(work, 10));
    await sleep(60);
  },

  'ends at once when the caller leaves': async ({ limit }) => {
    const controller = new AbortController();
    const reason = new Error('gone');
    const waiting = limit(never, 60_000, controller.signal);
    setTimeout(() => controller.abort(reason), 10);
    assert.equal(await thrownBy(waiting), reason, 'the reason is another');
  },

  'leaves no listener on the signal of the caller': async ({ limit }) => {
    const { signal } = new AbortController();
    for (let i = 0; i < 10; i++) await limit(async () => 1, 1000, signal);
    await sleep(10);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  },

  'leaves no timer that keeps the process alive': async ({ limit }) => {
    await limit(async () => 1, 60_000);
    await sleep(5);
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
    assert.equal(timers.length, 0);
  },

  'a limit inside ends with the one around it': async ({ limit, givesNoSignal }) => {
    if (givesNoSignal) skip();
    let inner;
    const work = () =>
      limit((signal) => {
        inner = signal;
        return never();
      }, 60_000);
    await thrownBy(limit(work, 20));
    await sleep(20);
    assert.equal(inner.aborted, true, 'the work inside is not told');
  },

  'thirty days are not over at once': async ({ limit }) => {
    process.removeAllListeners('warning');
    process.on('warning', () => {});
    const value = await limit(() => sleep(50).then(() => 'done'), 30 * 86_400_000);
    assert.equal(value, 'done');
  },

  'takes an answer that came while the process was busy': async ({ limit }) => {
    const child = fork(fileURLToPath(new URL('lib/echo.mjs', import.meta.url)));
    const ask = () =>
      new Promise((resolve) => {
        child.once('message', resolve);
        child.send('hello');
      });
    await ask();
    const waiting = limit(ask, 50);
    // After this the timers come first, then what has arrived.
    await new Promise((resolve) => setImmediate(resolve));
    const until = performance.now() + 300;
    while (performance.now() < until);
    try {
      assert.equal(await waiting, 'hello');
    } finally {
      child.kill();
    }
  },

  'no memory kept by 200,000 calls with one signal': async ({ limit }) => {
    const { signal } = new AbortController();
    process.removeAllListeners('warning');
    process.on('warning', () => {});
    const run = async (calls) => {
      for (let i = 0; i < calls; i++) {
        await limit(async () => 1, 60_000, signal);
        if (i % 1000 === 0) await sleep(0);
      }
    };
    await run(2000);
    const before = await liveHeap();
    await run(CALLS);
    const grown = (await liveHeap()) - before;
    assert.ok(grown < 5, `${grown.toFixed(0)} MB kept`);
  },

  'linear with 50,000 at once and one signal': async ({ limit }) => {
    const { signal } = new AbortController();
    process.removeAllListeners('warning');
    process.on('warning', () => {});
    const atOnce = (calls) =>
      cpuOf(calls, () =>
        Promise.all(Array.from({ length: calls }, () => limit(() => sleep(0), 60_000, signal))),
      );
    await atOnce(1000);
    const [few, many] = [await atOnce(1000), await atOnce(50_000)];
    const times = many / few;
    assert.ok(times < 3, `${many.toFixed(0)} us each instead of ${few.toFixed(0)}`);
  },
};
