// Breakers of others together with our retries and limits, and ours beside them.
import assert from 'node:assert/strict';
import { never, ours, peer, sleep, thrownBy } from './lib/trap.mjs';

/** `call(work, signal)` under a breaker that opens with the first failure and lets one try after 50 ms. */
export const subjects = {
  ours: async () => {
    const { CircuitBreakerPolicy } = await ours();
    const options = { name: 'trap', failures: 1, firstWindow: '50ms', maxWindow: '200ms', random: () => 0.5 };
    const breaker = new CircuitBreakerPolicy(options);
    return { call: (work, signal) => breaker.execute(work, signal) };
  },
  'cockatiel 3 by withPolicy': async () => {
    const { withPolicy } = await ours();
    const { circuitBreaker, handleAll, ConsecutiveBreaker } = await peer('cockatiel');
    const breaker = circuitBreaker(handleAll, { halfOpenAfter: 50, breaker: new ConsecutiveBreaker(1) });
    return { call: (work, signal) => withPolicy(work, breaker, signal) };
  },
  'opossum 9 by withPolicy': async () => {
    const { withPolicy } = await ours();
    const { default: Opossum } = await peer('opossum');
    const breaker = new Opossum((run) => run(), {
      timeout: false,
      resetTimeout: 50,
      errorThresholdPercentage: 1,
    });
    return { call: (work, signal) => withPolicy(work, breaker, signal) };
  },
};

const fail = async () => {
  throw new Error('down');
};

export const traps = {
  'passes results, errors and the signal': async ({ call }) => {
    const error = new Error('own');
    const { signal } = new AbortController();
    assert.equal(await call(async () => 'up'), 'up');
    assert.equal((await call(async (context) => context.signal, signal)) instanceof AbortSignal, true);
    assert.equal(await thrownBy(call(() => Promise.reject(error))), error);
  },

  'does not call while it is open, and recovers': async ({ call }) => {
    let calls = 0;
    await thrownBy(call(fail));
    await thrownBy(call(async () => (calls += 1)));
    assert.equal(calls, 0, 'it called');
    await sleep(120);
    assert.equal(await call(async () => 'up'), 'up');
  },

  'retry waits and gets through': async ({ call }) => {
    const { retry } = await ours();
    let isDown = true;
    setTimeout(() => (isDown = false), 30);
    const work = () => call(async () => (isDown ? fail() : 'up'));
    assert.equal(
      await retry(work, { name: 'policy', maxAttempts: 15, delay: '100ms', maxDelay: '200ms' }),
      'up',
    );
  },

  'a mistake in the program does not open it': async ({ call }) => {
    await thrownBy(call(async () => undefined.field));
    assert.equal(await call(async () => 'up'), 'up');
  },

  'a trial that never ends does not keep it shut': async ({ call }) => {
    await thrownBy(call(fail));
    await sleep(120);
    void call(never);
    await sleep(1000);
    const outcomes = [];
    for (let i = 0; i < 20 && outcomes.at(-1) !== 'up'; i++) {
      outcomes.push(await call(async () => 'up').catch(() => 'refused'));
      await sleep(50);
    }
    assert.equal(outcomes.at(-1), 'up', 'it refuses calls for ever');
  },
};
