import { expect } from 'chai';
import type { PolicyContext } from '../../src/async/call-signal.js';
import { CircuitBreakerPolicy } from '../../src/async/circuit-breaker-policy.js';
import { withPolicy, type FireablePolicy } from '../../src/async/execute-policy.js';
import { retry } from '../../src/async/retry/retry.js';
import { withTimeout } from '../../src/async/timeout.js';
import { InvalidOptionError } from '../../src/errors.js';

/** As cockatiel's policies are; the real one runs in test/traps. */
class Executing {
  seen: AbortSignal | undefined;

  execute<T>(work: (context: PolicyContext) => T | PromiseLike<T>, signal?: AbortSignal): Promise<T> {
    this.seen = signal;
    return Promise.resolve(work({ signal: signal ?? new AbortController().signal }));
  }
}

/** As opossum's breaker is. */
class Firing implements FireablePolicy {
  fires = 0;

  fire(run: () => unknown): Promise<unknown> {
    this.fires += 1;
    return Promise.resolve().then(run);
  }
}

describe('withPolicy', () => {
  const error = new Error('own');
  const fail = () => Promise.reject(error);

  it('runs work by execute, with the signal', async () => {
    const policy = new Executing();
    const { signal } = new AbortController();

    const seen = await withPolicy((context) => context.signal, policy, signal);

    expect([seen, policy.seen]).to.deep.equal([signal, signal]);
  });

  it('runs work by fire, with a signal in any case', async () => {
    const policy = new Firing();
    const { signal } = new AbortController();

    const given = await withPolicy((context) => context.signal, policy, signal);
    const none = await withPolicy((context) => context.signal.aborted, policy);

    expect([given, none, policy.fires]).to.deep.equal([signal, false, 2]);
  });

  it('passes errors unchanged', async () => {
    for (const policy of [new Executing(), new Firing(), new CircuitBreakerPolicy({ name: 'x' })]) {
      const thrown: unknown = await withPolicy(fail, policy).catch((one: unknown) => one);
      expect(thrown).to.equal(error);
    }
  });

  it('hands on the signal of the deadline around', async () => {
    const policy = new Executing();

    const own = await withTimeout(async ({ signal }) => {
      await withPolicy(() => 1, policy);
      return signal;
    }, 1);

    expect(policy.seen).to.equal(own);
  });

  it('goes together with retry', async () => {
    let calls = 0;
    const load = () => ((calls += 1) < 2 ? fail() : 'done');

    const value = await retry(() => withPolicy(load, new Firing()), { name: 'policy', delay: '1ms' });

    expect([value, calls]).to.deep.equal(['done', 2]);
  });

  it('says what a policy is when it gets something else', async () => {
    for (const policy of [undefined, null, {}, () => {}]) {
      const thrown: unknown = await withPolicy(() => 1, policy as never).catch((one: unknown) => one);
      expect(thrown).to.be.instanceOf(InvalidOptionError);
    }
  });
});
