// What retries do on a bad day.
import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { createServer } from 'node:http';
import { ours, peer, thrownBy } from './lib/trap.mjs';

/** `again(work, { attempts, delayMs, signal, withinMs })`: the library's own defaults otherwise. */
export const subjects = {
  ours: async () => {
    const { retry } = await ours();
    return {
      again: (work, { attempts = 3, delayMs = 20, signal, withinMs } = {}) =>
        retry(work, {
          name: 'trap',
          maxAttempts: attempts,
          delay: delayMs / 1000,
          signal,
          ...(withinMs !== undefined && { timeout: withinMs / 1000 }),
        }),
    };
  },
  'p-retry 7': async () => {
    const { default: pRetry } = await peer('p-retry');
    return {
      again: (work, { attempts = 3, delayMs = 20, signal, withinMs } = {}) =>
        pRetry(work, {
          retries: attempts - 1,
          minTimeout: delayMs,
          signal,
          ...(withinMs !== undefined && { maxRetryTime: withinMs }),
        }),
    };
  },
  'cockatiel 3': async () => {
    const { retry, handleAll, ExponentialBackoff, timeout, TimeoutStrategy, wrap } = await peer('cockatiel');
    return {
      again: (work, { attempts = 3, delayMs = 20, signal, withinMs } = {}) => {
        const backoff = new ExponentialBackoff({ initialDelay: delayMs });
        const policy = retry(handleAll, { maxAttempts: attempts - 1, backoff });
        const limited =
          withinMs === undefined ? policy : wrap(timeout(withinMs, TimeoutStrategy.Aggressive), policy);
        return limited.execute(work, signal);
      },
    };
  },
};

const counted = (act) => {
  const work = () => {
    work.calledAt.push(performance.now());
    return act(work.calledAt.length);
  };
  work.calledAt = [];
  return work;
};
const failing = (error = new Error('down')) =>
  counted(() => {
    throw error;
  });
const waitsOf = ({ calledAt }) => calledAt.slice(1).map((at, i) => at - calledAt[i]);

export const traps = {
  'throws the last error unchanged': async ({ again }) => {
    const errors = [];
    const work = () => {
      errors.push(new Error(`failure ${errors.length + 1}`));
      throw errors.at(-1);
    };
    assert.equal(await thrownBy(again(work, { delayMs: 1 })), errors[2]);
  },

  'throws unchanged what is no Error': async ({ again }) => {
    assert.equal(await thrownBy(again(failing('text'), { delayMs: 1 })), 'text');
  },

  'waits are drawn at random by default': async ({ again }) => {
    const firstWaits = [];
    for (let i = 0; i < 12; i++) {
      const work = failing();
      await thrownBy(again(work, { attempts: 2, delayMs: 40 }));
      firstWaits.push(...waitsOf(work));
    }
    const spread = Math.max(...firstWaits) - Math.min(...firstWaits);
    assert.ok(spread > 12, `all of 12 within ${spread.toFixed(0)} ms`);
  },

  'does not retry a mistake in the program': async ({ again }) => {
    const work = counted(() => undefined.field);
    await thrownBy(again(work, { delayMs: 1 }));
    assert.equal(work.calledAt.length, 1, `${work.calledAt.length} calls`);
  },

  'retries a network failure of fetch': async ({ again }) => {
    const server = createServer((request) => request.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const work = counted(() => fetch(`http://127.0.0.1:${server.address().port}`));
    await thrownBy(again(work, { delayMs: 1 }));
    server.close();
    assert.equal(work.calledAt.length, 3, `${work.calledAt.length} calls`);
  },

  'does not retry what was aborted': async ({ again }) => {
    const work = counted(() => fetch('http://127.0.0.1:1', { signal: AbortSignal.abort() }));
    await thrownBy(again(work, { delayMs: 1 }));
    assert.equal(work.calledAt.length, 1, `${work.calledAt.length} calls`);
  },

  'waits for as long as Retry-After says': async ({ again }) => {
    const server = createServer((_, response) => response.writeHead(503, { 'Retry-After': '1' }).end());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const work = counted(async () => {
      const response = await fetch(`http://127.0.0.1:${server.address().port}`);
      throw Object.assign(new Error('unavailable'), { response });
    });
    await thrownBy(again(work, { attempts: 2, delayMs: 5 }), 5000);
    server.close();
    const [wait] = waitsOf(work);
    assert.ok(wait > 950, `came again after ${wait.toFixed(0)} ms`);
  },

  'ends a wait at once when the caller leaves': async ({ again }) => {
    const controller = new AbortController();
    const waiting = again(failing(), { attempts: 9, delayMs: 60_000, signal: controller.signal });
    setTimeout(() => controller.abort(new Error('gone')), 20);
    await thrownBy(waiting, 1000);
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0, 'a listener is left');
  },

  'does not begin a wait that outlasts its time': async ({ again }) => {
    const error = new Error('down');
    const work = failing(error);
    const start = performance.now();
    const thrown = await thrownBy(again(work, { attempts: 9, delayMs: 100, withinMs: 1000 }), 10_000);
    const took = performance.now() - start;
    assert.ok(took < 1100, `took ${took.toFixed(0)} ms of 1000`);
    assert.equal(thrown, error, `threw ${thrown?.message}`);
  },

  'ends an attempt that outlasts the time': async ({ again }) => {
    const hang = () => new Promise(() => {});
    await thrownBy(again(hang, { withinMs: 50 }), 1000);
  },

  'a dead service is not asked three times as often': async ({ again }) => {
    let isDown = false;
    const work = counted(() => {
      if (isDown) throw new Error('down');
    });
    for (let i = 0; i < 3000; i++) await again(work, { delayMs: 1 });
    work.calledAt.length = 0;
    isDown = true;
    const calls = 2000;
    await Promise.allSettled(Array.from({ length: calls }, () => again(work, { delayMs: 1 })));
    const amplification = work.calledAt.length / calls;
    assert.ok(amplification <= 1.11, `${amplification.toFixed(1)} times the load`);
  },
};
