import { AsyncLocalStorage } from 'node:async_hooks';
import { getEventListeners, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { currentDeadline, withoutDeadline, type Deadline } from '../../src/async/time-scope.js';
import { withTimeout } from '../../src/async/timeout.js';
import { InvalidOptionError, TimeoutError } from '../../src/errors.js';
import { instrumentsOf } from '../../src/telemetry/instruments.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { collectGarbage } from '../fakes/garbage.js';
import { withLocalServer } from '../fakes/local-server.js';
import { turnOfLoop } from '../fakes/turn-of-loop.js';

const never = new Promise<never>(() => {});
const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => expect.fail(`resolved to ${String(value)}`),
    (error: unknown) => error,
  );
const listenersOf = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

describe('withTimeout', () => {
  let clock: FakeClock;
  let unhandled: unknown[];
  const onUnhandled = (reason: unknown) => void unhandled.push(reason);

  beforeEach(() => {
    clock = new FakeClock();
    unhandled = [];
    process.on('unhandledRejection', onUnhandled);
  });
  afterEach(async () => {
    await turnOfLoop();
    process.off('unhandledRejection', onUnhandled);
    expect(unhandled).to.deep.equal([]);
    expect(clock.timers, 'timers left').to.equal(0);
  });

  it('gives the result of functions, promises and thenables, at once or later', async () => {
    const thenable = { then: (resolve: (value: number) => void) => resolve(3) };
    const results = await Promise.all([
      withTimeout(() => 1, 1, { clock }),
      withTimeout(async () => 2, 1, { clock }),
      withTimeout(() => thenable as PromiseLike<number>, 1, { clock }),
      withTimeout(Promise.resolve(4), 1, { clock }),
      withTimeout(thenable as PromiseLike<number>, 1, { clock }),
    ]);

    expect(results).to.deep.equal([1, 2, 3, 4, 3]);
  });

  it('gives what is thrown unchanged, at once or later', async () => {
    const error = new Error('own');
    const throwing = (): never => {
      throw error;
    };
    const lying = {
      get then(): never {
        throw error;
      },
    };

    const errors = await Promise.all([
      thrownBy(withTimeout(throwing, 1, { clock })),
      thrownBy(withTimeout(() => Promise.reject(error), 1, { clock })),
      thrownBy(withTimeout(Promise.reject(error), 1, { clock })),
      thrownBy(withTimeout(() => lying as unknown as Promise<void>, 1, { clock })),
      // oxlint-disable-next-line prefer-promise-reject-errors -- people do
      thrownBy(withTimeout(() => Promise.reject(undefined), 1, { clock })),
    ]);

    expect(errors).to.deep.equal([error, error, error, error, undefined]);
  });

  it('rejects at the end of the time, aborts the signal with the same error, and does not wait for the work', async () => {
    let seen: unknown;
    const work = ({ signal }: Deadline) => {
      signal.addEventListener('abort', () => (seen = signal.reason));
      return never;
    };
    const waiting = thrownBy(withTimeout(work, '250ms', { clock, name: 'read file' }));

    clock.advance(0.249);
    const before = seen;
    clock.advance(0.001);
    const error = await waiting;

    expect(before).to.equal(undefined);
    expect(error).to.be.instanceOf(TimeoutError);
    expect(error).to.include({ code: 'PERF_TIMEOUT', timeout: 0.25 });
    expect((error as Error).message).to.equal('read file took longer than 0.25 s');
    expect(seen).to.equal(error);
  });

  it('hands out a signal that is aborted already when it is asked for too late', async () => {
    let deadline: Deadline | undefined;
    const waiting = thrownBy(
      withTimeout(
        (given) => {
          deadline = given;
          return never;
        },
        1,
        { clock },
      ),
    );
    clock.advance(1);
    const error = await waiting;

    expect(deadline?.signal.reason).to.equal(error);
    expect(deadline?.remaining).to.equal(0);
  });

  it('takes no notice of what the work does when its time is over', async () => {
    const fail = deferred();
    const waiting = [
      thrownBy(withTimeout(() => fail.promise, 1, { clock })),
      thrownBy(withTimeout(fail.promise, 1, { clock })),
    ];
    clock.advance(1);
    const errors = await Promise.all(waiting);

    fail.reject(new Error('too late'));
    await turnOfLoop();

    for (const error of errors) expect(error).to.be.instanceOf(TimeoutError);
  });

  it('gives the timeout and not what the work answers to its signal', async () => {
    const obedient = ({ signal }: Deadline) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('stopped')));
      });
    const waiting = thrownBy(withTimeout(obedient, 1, { clock }));

    clock.advance(1);

    expect(await waiting).to.be.instanceOf(TimeoutError);
  });

  it('ends when the signal of the caller is aborted, with its reason, and aborts that of the work', async () => {
    const controller = new AbortController();
    const reason = new Error('caller is gone');
    let seen: unknown;
    const work = ({ signal }: Deadline) => {
      signal.addEventListener('abort', () => (seen = signal.reason));
      return never;
    };
    const waiting = thrownBy(withTimeout(work, 1, { clock, signal: controller.signal }));

    controller.abort(reason);

    expect(await waiting).to.equal(reason);
    expect(seen).to.equal(reason);
    expect(listenersOf(controller.signal)).to.equal(0);
  });

  it('does not begin when the signal is aborted already', async () => {
    const signal = AbortSignal.abort();
    let calls = 0;

    const errors = await Promise.all([
      thrownBy(withTimeout(() => (calls += 1), 1, { clock, signal })),
      thrownBy(withTimeout(Promise.reject(new Error('unheard')), 1, { clock, signal })),
    ]);

    expect(errors).to.deep.equal([signal.reason, signal.reason]);
    expect(calls).to.equal(0);
  });

  it('leaves no listener on the signal of the caller, however it ends', async () => {
    const { signal } = new AbortController();
    const options = { clock, signal };

    const late = thrownBy(withTimeout(never, 1, options));
    const during = listenersOf(signal);
    await withTimeout(() => 1, 1, options);
    await thrownBy(withTimeout(() => Promise.reject(new Error('own')), 1, options));
    clock.advance(1);
    await late;

    expect([during, listenersOf(signal)]).to.deep.equal([1, 0]);
  });

  it('has no limit with Infinity, only the signal', async () => {
    const controller = new AbortController();
    let remaining: number | undefined;
    const waiting = thrownBy(
      withTimeout(
        (deadline) => {
          ({ remaining } = deadline);
          return never;
        },
        Infinity,
        { clock, signal: controller.signal },
      ),
    );
    clock.advance(1e9);

    controller.abort('enough');

    expect(await waiting).to.equal('enough');
    expect(remaining).to.equal(Infinity);
  });

  it('takes limits that are longer than the timers of Node', async () => {
    const waiting = thrownBy(withTimeout(never, '60d', { clock }));
    let isOver = false;
    void waiting.then(() => (isOver = true));

    clock.advance(59 * 86_400);
    await turnOfLoop();
    const early = isOver;
    clock.advance(86_400);

    expect(early).to.equal(false);
    expect(await waiting).to.include({ timeout: 60 * 86_400 });
  });

  it('tells about bad options by the promise', async () => {
    const misuses: [limit: unknown, options: unknown, message: string][] = [
      [0, undefined, 'timeout must be a duration above 0'],
      [-1, undefined, 'timeout must be'],
      ['soon', undefined, 'timeout must be'],
      [NaN, undefined, 'timeout must be'],
      [1, { nmae: 'x' }, 'withTimeout option name must be one of signal, name, clock'],
      [1, { name: '' }, 'name must be a text that is not empty'],
    ];
    for (const [limit, options, message] of misuses) {
      const error = await thrownBy(
        withTimeout(Promise.reject(new Error('unheard')), limit as number, options as object),
      );
      expect(error).to.be.instanceOf(InvalidOptionError);
      expect((error as Error).message).to.contain(message);
    }
  });

  it('counts what took too long, by name', async () => {
    const count = () =>
      instrumentsOf()
        .read()
        .find(
          ({ name, attributes }) => name === 'perf.timeouts' && attributes['perf.timeout.name'] === 'counted',
        )?.value ?? 0;
    const before = count();
    const waiting = thrownBy(withTimeout(never, 1, { clock, name: 'counted' }));
    clock.advance(1);
    await waiting;
    await withTimeout(() => 1, 1, { clock, name: 'counted' });

    expect(count()).to.equal(before + 1);
  });

  describe('within another limit', () => {
    it('allows no more than what is left', async () => {
      let inner: Promise<unknown> | undefined;
      let remaining: number | undefined;
      const outer = thrownBy(
        withTimeout(
          async () => {
            await turnOfLoop();
            clock.advance(0.75);
            inner = thrownBy(
              withTimeout(
                (deadline) => {
                  ({ remaining } = deadline);
                  return never;
                },
                10,
                { clock, name: 'inner' },
              ),
            );
            return never;
          },
          1,
          { clock, name: 'outer' },
        ),
      );
      await turnOfLoop();
      await turnOfLoop();

      clock.advance(0.25);

      const error = await outer;
      expect((error as Error).message).to.equal('outer took longer than 1 s');
      expect(await inner).to.equal(error);
      expect(remaining).to.equal(0.25);
    });

    it('keeps the own limit where it is shorter', async () => {
      const outer = withTimeout(async () => thrownBy(withTimeout(never, 1, { clock, name: 'inner' })), 10, {
        clock,
      });
      clock.advance(1);

      expect(((await outer) as Error).message).to.equal('inner took longer than 1 s');
    });

    it('goes on being limited when the work above has ended before', async () => {
      let inner: Promise<unknown> | undefined;
      const outer = withTimeout(
        () => {
          inner = thrownBy(withTimeout(never, 10, { clock, name: 'inner' }));
        },
        2,
        { clock },
      );
      await outer;
      clock.advance(2);

      const error = await inner;
      expect(error).to.include({ timeout: 2 });
      expect((error as Error).message).to.equal('inner took longer than the 2 s its caller had left');
    });

    it('is not begun when nothing is left', async () => {
      let calls = 0;
      let inner: Promise<unknown> | undefined;
      const outer = thrownBy(
        withTimeout(
          async () => {
            await turnOfLoop();
            inner = thrownBy(withTimeout(() => (calls += 1), 10, { clock }));
          },
          1,
          { clock },
        ),
      );
      clock.advance(1);
      const error = await outer;
      await turnOfLoop();
      await turnOfLoop();

      expect(await inner).to.equal(error);
      expect(calls).to.equal(0);
    });

    it('ends with the signal of the caller above', async () => {
      const controller = new AbortController();
      let inner: Promise<unknown> | undefined;
      const outer = thrownBy(
        withTimeout(() => (inner = thrownBy(withTimeout(never, 1, { clock }))), 5, {
          clock,
          signal: controller.signal,
        }),
      );

      controller.abort('gone');

      expect(await Promise.all([outer, inner])).to.deep.equal(['gone', 'gone']);
    });

    it('takes no notice of a limit whose work has ended', async () => {
      let later: Promise<Deadline | undefined> | undefined;
      await withTimeout(
        () => {
          later = turnOfLoop().then(() => currentDeadline());
        },
        1,
        { clock },
      );

      expect(await later).to.equal(undefined);
    });

    it('can be left on purpose', () =>
      withTimeout(
        async () => {
          const inside = currentDeadline();
          const outside = withoutDeadline(() => currentDeadline());
          await withoutDeadline(async () => {
            await turnOfLoop();
            expect(currentDeadline()).to.equal(undefined);
          });
          expect([inside?.remaining, outside]).to.deep.equal([1, undefined]);
        },
        1,
        { clock },
      ));

    it('reaches calls below by currentDeadline, through awaits', async () => {
      const below = async () => {
        await turnOfLoop();
        return currentDeadline();
      };

      const [own, found] = await withTimeout(async (deadline) => [deadline, await below()], 1, { clock });

      expect(found).to.equal(own);
      expect(currentDeadline()).to.equal(undefined);
    });
  });

  describe('in real time', () => {
    it('ends a request that hangs, and the server notices', () =>
      withLocalServer(
        () => {},
        async (url, server) => {
          const requested = once(server, 'request') as Promise<[unknown, ServerResponse]>;
          const load = ({ signal }: Deadline) => fetch(url, { signal });
          const waiting = thrownBy(withTimeout(load, 1, { clock }));
          const [, response] = await requested;
          const hungUp = once(response, 'close');

          clock.advance(1);

          expect(await waiting).to.be.instanceOf(TimeoutError);
          await hungUp;
        },
      ));

    it('takes an answer that arrived while this process was too busy to look', async () => {
      const answer = new Promise((resolve) => setTimeout(resolve, 20)).then(() => 'arrived');

      const waiting = [withTimeout(answer, '10ms'), thrownBy(withTimeout(never, '10ms'))];
      const until = performance.now() + 60;
      while (performance.now() < until);

      const [arrived, error] = await Promise.all(waiting);
      expect(arrived).to.equal('arrived');
      expect(error).to.be.instanceOf(TimeoutError);
    });

    it('tells listeners in the async context of their own request', async () => {
      const requests = new AsyncLocalStorage<string>();
      const seen: unknown[] = [];
      const work = ({ signal }: Deadline) => {
        signal.addEventListener('abort', () => seen.push(requests.getStore()));
        return never;
      };
      const serve = (request: string) => requests.run(request, () => thrownBy(withTimeout(work, '10ms')));

      await Promise.all(['a', 'b', 'c'].map(serve));

      expect(seen).to.deep.equal(['a', 'b', 'c']);
    });

    it('takes linear time and no memory with one signal for all', async function () {
      this.timeout(60_000);
      const { signal } = new AbortController();
      const run = async (calls: number) => {
        const start = process.cpuUsage();
        for (let i = 0; i < calls; i += 500) {
          await Promise.all(Array.from({ length: 500 }, () => withTimeout(async () => 1, 60, { signal })));
        }
        const { user, system } = process.cpuUsage(start);
        return (user + system) / calls;
      };
      await run(5000);
      collectGarbage();
      const before = process.memoryUsage().heapUsed;

      const few = await run(2500);
      const many = await run(20_000);

      collectGarbage();
      expect(process.memoryUsage().heapUsed - before).to.be.below(2_000_000);
      expect(many).to.be.below(few * 4 + 5);
      expect(listenersOf(signal)).to.equal(0);
    });
  });
});

function deferred() {
  let reject!: (error: Error) => void;
  const promise = new Promise<never>((_, fail) => (reject = fail));
  return { promise, reject };
}
