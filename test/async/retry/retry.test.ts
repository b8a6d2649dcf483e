import { AsyncLocalStorage } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import type { RequestListener } from 'node:http';
import { context, ROOT_CONTEXT, trace, type Attributes, type Context } from '@opentelemetry/api';
import { expect } from 'chai';
import { CircuitBreakerPolicy } from '../../../src/async/circuit-breaker-policy.js';
import { retry } from '../../../src/async/retry/retry.js';
import { RetryBudget } from '../../../src/async/retry/retry-budget.js';
import type { RetryOptions } from '../../../src/async/retry/retry-options.js';
import { currentDeadline } from '../../../src/async/time-scope.js';
import { withTimeout } from '../../../src/async/timeout.js';
import { InvalidOptionError, InvalidUseError, TimeoutError } from '../../../src/errors.js';
import { instrumentsOf } from '../../../src/telemetry/instruments.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { withLocalServer } from '../../fakes/local-server.js';
import { randomFrom } from '../../fakes/random.js';
import { turnOfLoop } from '../../fakes/turn-of-loop.js';

const never = new Promise<never>(() => {});

/** Fails so many times, then succeeds with `done`; remembers what it threw and when it was called. */
class Flaky {
  readonly errors: Error[] = [];
  readonly calledAt: number[] = [];
  readonly attempts: number[] = [];
  readonly #failures: number;
  readonly #clock: FakeClock;
  readonly #makeError: (n: number) => Error;

  constructor(clock: FakeClock, failures: number, makeError = (n: number) => new Error(`failure ${n}`)) {
    this.#clock = clock;
    this.#failures = failures;
    this.#makeError = makeError;
  }

  readonly call = async ({ attempt }: { readonly attempt: number }): Promise<string> => {
    this.calledAt.push(this.#clock.now());
    this.attempts.push(attempt);
    if (this.errors.length >= this.#failures) return 'done';
    const error = this.#makeError(this.errors.length + 1);
    this.errors.push(error);
    throw error;
  };

  /** Seconds between the calls. */
  get waits(): number[] {
    return this.calledAt.slice(1).map((at, i) => Math.round(at - this.calledAt[i]!) / 1000);
  }
}

describe('retry', () => {
  let clock: FakeClock;
  let names = 0;
  let name: string;
  /** No jitter: waits of 1, 2, 4 s. */
  let plain: RetryOptions;

  beforeEach(() => {
    clock = new FakeClock();
    // A budget of its own for each test.
    name = `test ${(names += 1)}`;
    plain = { name, clock, jitter: 'none' };
  });
  afterEach(() => expect(clock.timers, 'timers left').to.equal(0));

  /** Lets time pass until it settles. */
  async function outcomeOf<T>(promise: Promise<T>, step = 0.05): Promise<{ value?: T; error?: unknown }> {
    let outcome: { value?: T; error?: unknown } | undefined;
    promise.then(
      (value) => (outcome = { value }),
      (error: unknown) => (outcome = { error }),
    );
    for (let steps = 0; steps < 10_000; steps++) {
      await turnOfLoop();
      if (outcome !== undefined) return outcome;
      clock.advance(step);
    }
    return expect.fail('it did not settle');
  }

  const readingsOf = (metric: string): Record<string, unknown> =>
    Object.fromEntries(
      instrumentsOf()
        .read()
        .filter((reading) => reading.name === metric && reading.attributes['perf.retry.name'] === name)
        .map(({ attributes, value }) => [
          attributes['perf.retry.outcome'] ?? attributes['perf.retry.attempt'] ?? 'value',
          value,
        ])
        .filter(([, value]) => value !== 0),
    );

  it('calls once when that succeeds, whatever kind of result', async () => {
    const thenable = { then: (resolve: (value: number) => void) => resolve(3) } as PromiseLike<number>;

    const results = [await retry(() => 1), await retry(async () => 2), await retry(() => thenable)];

    expect(results).to.deep.equal([1, 2, 3]);
  });

  it('calls again until it succeeds, and tells the number of the attempt', async () => {
    const flaky = new Flaky(clock, 2);

    const { value } = await outcomeOf(retry(flaky.call, plain));

    expect(value).to.equal('done');
    expect(flaky.attempts).to.deep.equal([1, 2, 3]);
  });

  it('throws the last error unchanged when all attempts fail', async () => {
    const flaky = new Flaky(clock, 9);

    const { error } = await outcomeOf(retry(flaky.call, plain));

    expect(flaky.errors).to.have.lengthOf(3);
    expect(error).to.equal(flaky.errors[2]);
  });

  it('passes what is no error through as it is, and work that throws before it makes a promise', async () => {
    const thrown: unknown[] = ['text', undefined, null, 7];
    for (const one of thrown) {
      const work = () => {
        throw one;
      };
      const { error } = await outcomeOf(retry(work, { ...plain, maxAttempts: 2, budget: false }));
      expect(error).to.equal(one);
    }
  });

  describe('waits', () => {
    it('grow by the factor up to the cap', async () => {
      const flaky = new Flaky(clock, 5);

      await outcomeOf(
        retry(flaky.call, { ...plain, maxAttempts: 6, delay: '100ms', backoff: 3, maxDelay: 2 }),
      );

      expect(flaky.waits).to.deep.equal([0.1, 0.3, 0.9, 2, 2]);
    });

    it('stay below the cap however many there were', async () => {
      const flaky = new Flaky(clock, 1100);

      await outcomeOf(
        retry(flaky.call, { ...plain, maxAttempts: 1101, delay: 0.05, maxDelay: 0.1, budget: false }),
      );

      expect(Math.max(...flaky.waits)).to.equal(0.1);
    });

    it('are drawn evenly from nothing to their bound unless told otherwise', async () => {
      const random = randomFrom(7);
      const waits: number[] = [];
      const onRetry = (_: unknown, { delay }: { delay: number }) => void waits.push(delay);

      for (let i = 0; i < 400; i++) {
        const options = { name, clock, random, onRetry, delay: 0.1, maxAttempts: 2, budget: false } as const;
        await outcomeOf(retry(new Flaky(clock, 1).call, options));
      }

      const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
      expect(mean).to.be.within(0.045, 0.055);
      expect([Math.min(...waits) < 0.01, Math.max(...waits) > 0.09, Math.max(...waits) <= 0.1]).to.deep.equal(
        [true, true, true],
      );
    });

    it('end with the signal of the caller, at once', async () => {
      const controller = new AbortController();
      const reason = new Error('caller is gone');
      const flaky = new Flaky(clock, 9);
      const retrying = retry(flaky.call, { ...plain, signal: controller.signal });
      await turnOfLoop();

      controller.abort(reason);
      const error: unknown = await retrying.catch((thrown: unknown) => thrown);

      await turnOfLoop();
      expect(error).to.equal(reason);
      expect(flaky.calledAt).to.have.lengthOf(1);
      expect(getEventListeners(controller.signal, 'abort')).to.deep.equal([]);
      expect(readingsOf('perf.retries')).to.deep.equal({ aborted: 1 });
    });
  });

  describe('Retry-After', () => {
    const busy = (headers: object) => () => Object.assign(new Error('busy'), { headers });

    it('is waited for, and the jittered wait on top of it', async () => {
      const flaky = new Flaky(clock, 1, busy({ 'retry-after': '10' }));

      await outcomeOf(retry(flaky.call, { name, clock, delay: 1, random: () => 0.5 }));

      expect(flaky.waits).to.deep.equal([10.5]);
    });

    it('is reckoned from the wall clock when it is a date', async () => {
      const date = new Date(clock.wallNow() + 20_000).toUTCString();
      const flaky = new Flaky(clock, 1, busy(new Headers({ 'retry-after': date })));

      await outcomeOf(retry(flaky.call, { name, clock, random: () => 0 }));

      expect(flaky.waits).to.deep.equal([20]);
    });

    it('that is longer than allowed ends it at once', async () => {
      const flaky = new Flaky(clock, 1, busy({ 'retry-after': '61' }));

      const { error } = await outcomeOf(retry(flaky.call, plain));

      expect(error).to.equal(flaky.errors[0]);
      expect(clock.now()).to.equal(1000);
      expect(readingsOf('perf.retries')).to.deep.equal({ out_of_time: 1 });
    });

    it('of a real server is honoured', async () => {
      let requests = 0;
      const answer: RequestListener = (_, response) => {
        requests += 1;
        response.writeHead(requests < 2 ? 429 : 200, { 'Retry-After': '3' }).end('ok');
      };
      const delays: number[] = [];
      const onRetry = (_: unknown, { delay }: { readonly delay: number }) => {
        delays.push(delay);
        setImmediate(() => clock.advance(10));
      };

      const value = await withLocalServer(answer, (url) => {
        const load = async () => {
          const response = await fetch(url);
          if (response.ok) return response.text();
          throw Object.assign(new Error(response.statusText), { response });
        };
        return retry(load, { ...plain, delay: 0.5, onRetry });
      });

      expect(value).to.equal('ok');
      expect(delays).to.deep.equal([3.5]);
    });
  });

  describe('what is not tried again', () => {
    const refused: Record<string, () => Error> = {
      'a mistake in the program': () => new TypeError('x is not a function'),
      'a name that is not defined': () => new ReferenceError('x is not defined'),
      'a wrong option': () => new InvalidOptionError('x', 'y', 1),
      'wrong use': () => new InvalidUseError('x'),
      'an abort': () => AbortSignal.abort().reason as Error,
      'a final answer': () => Object.assign(new Error('not found'), { status: 404 }),
    };
    for (const [what, makeError] of Object.entries(refused)) {
      it(what, async () => {
        const flaky = new Flaky(clock, 1, makeError);

        const { error } = await outcomeOf(retry(flaky.call, plain));

        expect(error).to.equal(flaky.errors[0]);
        expect(flaky.calledAt).to.have.lengthOf(1);
        expect(readingsOf('perf.retries')).to.deep.equal({ not_retryable: 1 });
      });
    }

    it('what shouldRetry refuses, which is asked with the attempt and may be async', async () => {
      const asked: unknown[] = [];
      const flaky = new Flaky(clock, 9);
      const shouldRetry = async (error: unknown, failed: object) => {
        asked.push([(error as Error).message, failed]);
        return Promise.resolve(asked.length < 2);
      };

      const { error } = await outcomeOf(retry(flaky.call, { ...plain, maxAttempts: 9, shouldRetry }));

      expect(error).to.equal(flaky.errors[1]);
      expect(asked).to.deep.equal([
        ['failure 1', { attempt: 1, name }],
        ['failure 2', { attempt: 2, name }],
      ]);
    });

    it('mistakes and aborts, whatever shouldRetry says; a final answer can be asked for', async () => {
      const shouldRetry = () => true;
      const mistake = new Flaky(clock, 1, () => new TypeError('x'));
      const missing = new Flaky(clock, 1, () => Object.assign(new Error('x'), { status: 404 }));

      const outcomes = [
        await outcomeOf(retry(mistake.call, { ...plain, shouldRetry })),
        await outcomeOf(retry(missing.call, { ...plain, shouldRetry })),
      ];

      expect(outcomes).to.deep.equal([{ error: mistake.errors[0] }, { value: 'done' }]);
    });

    it('anything when shouldRetry or onRetry throws: that is told', async () => {
      const own = new Error('own');
      const fail = () => {
        throw own;
      };

      const outcomes = [
        await outcomeOf(retry(new Flaky(clock, 1).call, { ...plain, shouldRetry: fail })),
        await outcomeOf(retry(new Flaky(clock, 1).call, { ...plain, onRetry: fail })),
        await outcomeOf(retry(new Flaky(clock, 1).call, { ...plain, onRetry: () => Promise.reject(own) })),
      ];

      expect(outcomes).to.deep.equal([{ error: own }, { error: own }, { error: own }]);
    });
  });

  describe('time', () => {
    it('ends before a wait that would outlast it, with the last error', async () => {
      const flaky = new Flaky(clock, 9);

      const { error } = await outcomeOf(retry(flaky.call, { ...plain, maxAttempts: 9, timeout: 6.9 }));

      expect(flaky.waits).to.deep.equal([1, 2]);
      expect(error).to.equal(flaky.errors[2]);
      expect(readingsOf('perf.retries')).to.deep.equal({ out_of_time: 1 });
    });

    it('ends an attempt that outlasts it with a TimeoutError that names the last error', async () => {
      const first = new Error('first');
      let signal: AbortSignal | undefined;
      const work = (given: { readonly attempt: number; readonly signal: AbortSignal }) => {
        ({ signal } = given);
        return given.attempt === 1 ? Promise.reject(first) : never;
      };

      const { error } = await outcomeOf(retry(work, { ...plain, timeout: 5 }));

      expect(error).to.be.instanceOf(TimeoutError);
      expect(error).to.include({ message: `retry of ${name} took longer than 5 s`, cause: first });
      expect(signal?.reason).to.equal(error);
      expect(readingsOf('perf.retries')).to.deep.equal({ out_of_time: 1 });
    });

    it('of a caller above counts in the same way', async () => {
      const flaky = new Flaky(clock, 9);

      const { error } = await outcomeOf(withTimeout(() => retry(flaky.call, plain), 2.9, { clock }));

      expect(error).to.equal(flaky.errors[1]);
      expect(flaky.waits).to.deep.equal([1]);
    });

    it('of a caller above ends the wait when the caller gives up', async () => {
      const controller = new AbortController();
      const flaky = new Flaky(clock, 9);
      const waiting = withTimeout(() => retry(flaky.call, plain), 60, { clock, signal: controller.signal });
      await turnOfLoop();

      controller.abort('gone');

      expect((await outcomeOf(waiting)).error).to.equal('gone');
      await turnOfLoop();
      expect(flaky.calledAt).to.have.lengthOf(1);
    });

    it('of an attempt can be limited inside', async () => {
      let calls = 0;
      const hangsAtFirst = () => ((calls += 1) === 1 ? never : 'done');

      const { value } = await outcomeOf(retry(() => withTimeout(hangsAtFirst, 0.5, { clock }), plain));

      expect([value, calls]).to.deep.equal(['done', 2]);
    });

    it('gives attempts the deadline around, and a signal in any case', async () => {
      const seen = await withTimeout(
        () => retry(({ signal }) => signal === currentDeadline()?.signal, plain),
        1,
        { clock },
      );
      const alone = await retry(({ signal }) => signal.aborted, plain);

      expect([seen, alone]).to.deep.equal([true, false]);
    });

    it('is not spent on a signal that is aborted already', async () => {
      let calls = 0;

      const { error } = await outcomeOf(
        retry(() => (calls += 1), { ...plain, signal: AbortSignal.abort('gone') }),
      );

      expect([error, calls]).to.deep.equal(['gone', 0]);
    });
  });

  describe('budget', () => {
    it('lets the original error through when it is used up, and counts that', async () => {
      const budget = new RetryBudget({ clock, initial: 1 });
      const flaky = new Flaky(clock, 99);
      const options = { ...plain, budget, maxAttempts: 9 };

      const { error } = await outcomeOf(retry(flaky.call, options));

      expect(flaky.calledAt).to.have.lengthOf(2);
      expect(error).to.equal(flaky.errors[1]);
      expect(readingsOf('perf.retries')).to.deep.equal({ out_of_budget: 1 });
    });

    it('is fed by successes', async () => {
      const budget = new RetryBudget({ clock, initial: 0 });
      const options = { ...plain, budget };
      for (let i = 0; i < 10; i++) await retry(() => 1, options);

      const { value } = await outcomeOf(retry(new Flaky(clock, 1).call, options));

      expect(value).to.equal('done');
      expect(readingsOf('perf.retry.budget')['value']).to.be.closeTo(0.1, 1e-9);
    });

    it('is on unless told otherwise, one for each name', async () => {
      const attemptsOf = async (options: RetryOptions) => {
        const flaky = new Flaky(clock, Infinity);
        await outcomeOf(retry(flaky.call, { ...options, delay: '1ms', maxAttempts: 30 }), 1);
        return flaky.calledAt.length;
      };

      const first = await attemptsOf(plain);
      const second = await attemptsOf(plain);
      const other = await attemptsOf({ ...plain, name: `${name} other` });
      const without = await attemptsOf({ ...plain, budget: false });

      expect([first, second, other, without]).to.deep.equal([21, 1, 21, 30]);
    });

    it('keeps an outage from being made worse', async () => {
      let [calls, isDown] = [0, false];
      const work = () => {
        calls += 1;
        if (isDown) throw new Error('down');
      };
      const budget = new RetryBudget({ clock });
      const options = { ...plain, budget, delay: '1ms' } as const;
      for (let i = 0; i < 5000; i++) await retry(work, options);
      [calls, isDown] = [0, true];

      const all = Promise.allSettled(Array.from({ length: 5000 }, () => retry(work, options)));
      await outcomeOf(all, 1);

      expect(calls).to.equal(5200);
    });
  });

  describe('reports', () => {
    it('attempts, and how calls ended that did not succeed at once', async () => {
      await retry(() => 1, plain);
      await outcomeOf(retry(new Flaky(clock, 1).call, plain));
      await outcomeOf(retry(new Flaky(clock, 9).call, plain));

      expect(readingsOf('perf.retry.attempts')).to.deep.equal({ first: 3, again: 3 });
      expect(readingsOf('perf.retries')).to.deep.equal({ recovered: 1, exhausted: 1 });
    });

    it('each retry to onRetry, before the wait and waited for', async () => {
      const seen: unknown[] = [];
      const flaky = new Flaky(clock, 2);
      const onRetry = async (error: unknown, coming: object) => {
        await turnOfLoop();
        seen.push([(error as Error).message, coming, clock.timers]);
      };

      await outcomeOf(retry(flaky.call, { ...plain, onRetry }), 0.5);

      expect(seen).to.deep.equal([
        ['failure 1', { attempt: 1, name, delay: 1 }, 0],
        ['failure 2', { attempt: 2, name, delay: 2 }, 0],
      ]);
    });

    it('retries as events of the active span, and how many attempts it took', async () => {
      const span = recordingSpan();
      const flaky = new Flaky(clock, 2, () => Object.assign(new Error('x'), { code: 'ECONNRESET' }));

      await span.run(() => outcomeOf(retry(flaky.call, plain)));

      const event = { 'perf.retry.name': name, 'error.type': 'ECONNRESET' };
      expect(span.events).to.deep.equal([
        ['retry', { ...event, 'perf.retry.attempt': 2, 'perf.retry.delay': 1 }],
        ['retry', { ...event, 'perf.retry.attempt': 3, 'perf.retry.delay': 2 }],
      ]);
      expect(span.attributes).to.deep.equal({ 'perf.retry.attempts': 3 });
    });
  });

  it('waits for a circuit breaker that is open', async () => {
    const breaker = new CircuitBreakerPolicy({ name, failures: 1, firstWindow: 5, clock, random: () => 0.5 });
    const flaky = new Flaky(clock, 1);
    const work = (attempt: { readonly attempt: number }) => breaker.execute(() => flaky.call(attempt));

    const { value } = await outcomeOf(retry(work, { ...plain, delay: '100ms' }));

    expect(value).to.equal('done');
    expect(flaky.attempts).to.deep.equal([1, 3]);
    expect(flaky.waits[0]).to.be.within(5, 5.5);
  });

  it('tells about bad options by the promise, with the name of the option', async () => {
    const misuses: [options: object, message: string][] = [
      [{ maxAttempts: 0 }, 'maxAttempts must be a positive integer, got 0'],
      [{ delay: 0 }, 'delay must be a duration above 0'],
      [{ backoff: 0.5 }, 'backoff must be a number of at least 1, got 0.5'],
      [{ maxDelay: '1x' }, 'maxDelay must be'],
      [{ jitter: 'some' }, `jitter must be 'full' or 'none', got "some"`],
      [{ timeout: -1 }, 'timeout must be'],
      [{ maxRetryAfter: NaN }, 'maxRetryAfter must be'],
      [{ shouldRetry: true }, 'shouldRetry must be a function'],
      [{ onRetry: 1 }, 'onRetry must be a function'],
      [{ budget: true }, 'budget must be a RetryBudget or false, got true'],
      [{ name: '' }, 'name must be a text that is not empty'],
      [{ max_attempts: 2 }, 'retry option name must be maxAttempts, perhaps'],
    ];
    for (const [options, message] of misuses) {
      const error: unknown = await retry(() => 1, options).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(InvalidOptionError);
      expect((error as Error).message).to.contain(message);
    }
  });
});

/** An active span that remembers what it is told, without the tracing SDK. */
function recordingSpan() {
  const storage = new AsyncLocalStorage<Context>();
  const events: [string, Attributes | undefined][] = [];
  const attributes: Attributes = {};
  const span = {
    ...trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '1'.repeat(16), traceFlags: 1 }),
    addEvent: (event: string, of?: Attributes) => void events.push([event, of]),
    setAttributes: (more: Attributes) => void Object.assign(attributes, more),
  };
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    context.setGlobalContextManager({
      active: () => storage.getStore() ?? ROOT_CONTEXT,
      with: (active, fn, self, ...args) => storage.run(active, () => fn.apply(self, args)),
      bind: (_, target) => target,
      enable: () => context as never,
      disable: () => context as never,
    });
    try {
      return await context.with(trace.setSpan(ROOT_CONTEXT, span as never), work);
    } finally {
      context.disable();
    }
  };
  return { run, events, attributes };
}
