import { expect } from 'chai';
import { startTimer, timeCall, timedFunction, type AnyFunction } from '../../src/telemetry/timer.js';
import { CallLog } from '../fakes/call-log.js';
import { runScript } from '../fakes/child-script.js';

/* oxlint-disable unicorn/no-thenable -- results like these come along */

describe('startTimer', () => {
  it('records the time from its start to its end, in seconds, and returns it', () => {
    const log = new CallLog();

    const timer = startTimer(log);
    log.clock.advance(1.5);

    expect(timer.end()).to.equal(1.5);
    expect(log.calls).to.deep.equal([{ seconds: 1.5 }]);
  });

  it('ends once, however it is ended again', () => {
    const log = new CallLog();
    const timer = startTimer(log);
    log.clock.advance(1);
    timer.end();

    log.clock.advance(1);
    const later = [timer.end(), timer.fail(new Error('late'))];
    timer[Symbol.dispose]();

    expect(later).to.deep.equal([1, 1]);
    expect(log.calls).to.deep.equal([{ seconds: 1 }]);
  });

  it('ends once when it took no time at all', () => {
    const log = new CallLog();
    const timer = startTimer(log);

    timer.end();
    timer.end();

    expect(log.calls).to.deep.equal([{ seconds: 0 }]);
  });

  it('records a failure with its error, and is over then', () => {
    const log = new CallLog();
    const error = new TypeError('x');
    const timer = startTimer(log);
    log.clock.advance(2);

    const seconds = timer.fail(error);
    timer.end();

    expect(seconds).to.equal(2);
    expect(log.calls).to.deep.equal([{ seconds: 2, error }]);
  });

  it('ends with the block that uses it, also when the block throws', () => {
    const log = new CallLog();
    const block = () => {
      using _ = startTimer(log);
      log.clock.advance(3);
      throw new Error('in the block');
    };

    expect(block).to.throw('in the block');
    expect(log.calls).to.deep.equal([{ seconds: 3 }]);
  });
});

/** Both ways to time a call, each as "run this function". */
const WAYS: Readonly<Record<string, <R>(log: CallLog, run: () => R) => R>> = {
  timeCall: (log, run) => timeCall(log, run),
  timedFunction: (log, run) => timedFunction(run, () => log)() as ReturnType<typeof run>,
};

for (const [name, time] of Object.entries(WAYS)) {
  describe(name, () => {
    describe('of a function that returns', () => {
      const throwingThen = Object.defineProperty({}, 'then', {
        get() {
          throw new Error('detached');
        },
      });
      const throwingTag = Object.defineProperty({}, Symbol.toStringTag, {
        get() {
          throw new Error('detached');
        },
      });
      const results: readonly (readonly [what: string, result: unknown])[] = [
        ['nothing', undefined],
        ['null', null],
        ['zero', 0],
        ['a text', 'x'],
        ['a bigint', 5n],
        ['a symbol', Symbol('x')],
        ['a function', () => {}],
        ['an object', { a: 1 }],
        ['an array', [1, 2]],
        ['an object without a prototype', Object.create(null)],
        ['an object whose then is no function', { then: 'later' }],
        ['an object whose then cannot be read', throwingThen],
        ['an object whose tag cannot be read', throwingTag],
      ];
      for (const [what, result] of results) {
        it(`${what}, hands it on and records once`, () => {
          const log = new CallLog();

          const returned = time(log, () => {
            log.clock.advance(1);
            return result;
          });

          expect(returned).to.equal(result);
          expect(log.calls).to.deep.equal([{ seconds: 1 }]);
        });
      }
    });

    it('passes on the very error that was thrown, and records it', () => {
      const log = new CallLog();
      const error = new RangeError('too far');
      const failing = () => {
        log.clock.advance(1);
        throw error;
      };

      expect(() => time(log, failing)).to.throw(error);
      expect(log.calls).to.deep.equal([{ seconds: 1, error }]);
    });

    it('passes on what is thrown and no error', () => {
      const log = new CallLog();
      let thrown: unknown = 'nothing';

      try {
        time(log, () => {
          // oxlint-disable-next-line typescript/only-throw-error -- people do
          throw undefined;
        });
      } catch (error) {
        thrown = error;
      }

      expect(thrown).to.equal(undefined);
      expect(log.calls).to.deep.equal([{ seconds: 0, error: undefined }]);
    });

    describe('of a promise', () => {
      it('records when it is fulfilled, not before', async () => {
        const log = new CallLog();
        const { promise, resolve } = deferred<string>();

        const timed = time(log, () => promise);
        log.clock.advance(2);
        const recordedBefore = log.calls.length;
        resolve('value');

        expect(await timed).to.equal('value');
        expect(recordedBefore).to.equal(0);
        expect(log.calls).to.deep.equal([{ seconds: 2 }]);
      });

      it('rejects with the very same error, and records it', async () => {
        const log = new CallLog();
        const error = new TypeError('x');

        const timed = time(log, async () => {
          await Promise.resolve();
          log.clock.advance(1);
          throw error;
        });

        expect(await rejectionOf(timed)).to.equal(error);
        expect(log.calls).to.deep.equal([{ seconds: 1, error }]);
      });

      it('hands on the promise itself when it carries properties', async () => {
        const log = new CallLog();
        const running = Object.assign(Promise.resolve('done'), { kill: () => 'killed' });

        const timed = time(log, () => running);

        expect(timed).to.equal(running);
        expect(timed.kill()).to.equal('killed');
        expect(await timed).to.equal('done');
        expect(log.calls).to.deep.equal([{ seconds: 0 }]);
      });

      it('records a rejection of a promise that carries properties', async () => {
        const log = new CallLog();
        const error = new TypeError('x');
        const running = Object.assign(Promise.reject(error), { kill: () => 'killed' });

        const timed = time(log, () => running);

        expect(await rejectionOf(timed)).to.equal(error);
        expect(log.calls).to.deep.equal([{ seconds: 0, error }]);
      });

      it('hands on a promise of the same class', async () => {
        class Cancellable<T> extends Promise<T> {
          cancel(): string {
            return 'cancelled';
          }
        }
        const log = new CallLog();

        const timed = time(log, () => Cancellable.resolve('done') as Cancellable<string>);

        expect(timed.cancel()).to.equal('cancelled');
        expect(await timed).to.equal('done');
        expect(await timed).to.equal('done');
        expect(log.calls).to.deep.equal([{ seconds: 0 }]);
      });

      it('measures each of many that run at once and settle in any order', async () => {
        const log = new CallLog();
        const running = Array.from({ length: 1000 }, () => deferred<number>());
        const timed = running.map(({ promise }) => time(log, () => promise));

        for (const index of [...running.keys()].toReversed()) {
          log.clock.advance(1);
          running[index]!.resolve(index);
          expect(await timed[index]).to.equal(index);
          // What begins meanwhile is a call of its own.
          await time(log, async () => undefined);
        }

        const longer = log.calls.map(({ seconds }) => seconds).filter((seconds) => seconds > 0);
        expect(longer).to.deep.equal(Array.from({ length: 1000 }, (_, i) => i + 1));
        expect(log.calls).to.have.length(2000);
      });

      it('records once what settles twice', async () => {
        class Twice<T> extends Promise<T> {
          override then<A = T, B = never>(...handlers: Parameters<Promise<T>['then']>): Promise<A | B> {
            void super.then(...handlers);
            return super.then(...handlers) as Promise<A | B>;
          }
        }
        const log = new CallLog();

        const timed = time(log, () => Twice.resolve('done'));

        expect(await timed).to.equal('done');
        expect(log.calls).to.deep.equal([{ seconds: 0 }]);
      });

      it('hands on itself a promise whose class cannot be followed', async () => {
        class Named<T> extends Promise<T> {
          constructor(text: string | ConstructorParameters<typeof Promise<T>>[0]) {
            if (typeof text !== 'string') throw new TypeError('a text, please');
            super((resolve) => resolve(text as never));
          }
        }
        const log = new CallLog();
        const running = new Named<string>('done');

        expect(time(log, () => running)).to.equal(running);

        expect(log.calls).to.have.length(1);
      });

      it('takes a frozen promise', async () => {
        const log = new CallLog();

        expect(await time(log, () => Object.freeze(Promise.resolve(1)))).to.equal(1);
        expect(log.calls).to.have.length(1);
      });
    });
  });
}

describe('timedFunction', () => {
  it('hands on this and the arguments', () => {
    const log = new CallLog();
    const cart = { items: 3, add: timedFunction(addTo, () => log) };

    expect(cart.add(1, 2)).to.equal(6);
    expect(log.calls).to.have.length(1);
  });

  it('is a plain call without a recorder', () => {
    const cart = { items: 3, add: timedFunction(addTo, () => undefined) };

    expect(cart.add(1, 2)).to.equal(6);
  });

  it('asks for the recorder at each call', () => {
    const logs = [new CallLog(), new CallLog()];
    let turn = 0;
    const timed = timedFunction(
      () => {},
      () => logs[turn],
    );

    for (turn of [0, 1, 1]) timed();

    expect(logs.map(({ calls }) => calls.length)).to.deep.equal([1, 2]);
  });
});

describe('a rejection nobody handles', () => {
  const FAIL = `const fail = async () => { await null; throw new RangeError('nobody cares'); };`;
  const TIMED = `
    import { timedFunction } from './src/telemetry/timer.ts';
    const log = { clock: { now: () => 0 }, succeeded() {}, failed() {} };
    ${FAIL}
    const run = timedFunction(fail, () => log);`;

  it('ends the process as it does untimed', async () => {
    const [untimed, timed] = await Promise.all([
      runScript(`${FAIL} void fail();`),
      runScript(`${TIMED} void run();`),
    ]);

    expect(untimed.code).to.equal(1);
    expect(timed.code).to.equal(1);
    expect(untimed.stderr).to.include('RangeError: nobody cares');
    expect(timed.stderr).to.include('RangeError: nobody cares');
  });

  it('reaches unhandledRejection once, and not at all when it is handled', async () => {
    const { code, stdout } = await runScript(`${TIMED}
      process.on('unhandledRejection', (error) => console.log('unhandled', error.message));
      void run();
      run().catch(() => console.log('handled'));
      await run().then(null, () => {});`);

    expect(code).to.equal(0);
    expect(stdout.trim().split('\n').toSorted()).to.deep.equal(['handled', 'unhandled nobody cares']);
  });
});

const addTo: AnyFunction = function add(this: { items: number }, ...more: number[]): number {
  return more.reduce((sum, one) => sum + one, this.items);
};

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => expect.fail(`resolved to ${String(value)}`),
    (error: unknown) => error,
  );
}
