import { expect } from 'chai';
import { timeCall, timedFunction } from '../../src/telemetry/timer.js';
import { CallLog } from '../fakes/call-log.js';

describe('timing a generator', () => {
  it('records from the call to the end of the last step', () => {
    const log = new CallLog();
    const timed = timeCall(log, () => counting(log));

    const values = [...timed];

    expect(values).to.deep.equal([1, 2, 3]);
    expect(log.calls).to.deep.equal([{ seconds: 3 }]);
  });

  it('records nothing while nobody iterates', () => {
    const log = new CallLog();

    timeCall(log, () => counting(log));

    expect(log.calls).to.deep.equal([]);
  });

  it('hands on what is sent in and what is returned', () => {
    const log = new CallLog();
    const timed = timeCall(log, function* dialogue(): Generator<string, string, string> {
      const name = yield 'who?';
      return `hello ${name}`;
    });

    const steps = [timed.next(), timed.next('Ada')];

    expect(steps).to.deep.equal([
      { value: 'who?', done: false },
      { value: 'hello Ada', done: true },
    ]);
    expect(log.calls).to.deep.equal([{ seconds: 0 }]);
  });

  it('ends when the loop is left early, and lets the generator clean up', () => {
    const log = new CallLog();
    const closed: string[] = [];
    const timed = timeCall(log, () => counting(log, () => closed.push('closed')));

    for (const value of timed) if (value === 2) break;

    expect(closed).to.deep.equal(['closed']);
    expect(log.calls).to.deep.equal([{ seconds: 2 }]);
  });

  it('records the error thrown inside, and passes it on', () => {
    const log = new CallLog();
    const error = new RangeError('x');
    const timed = timeCall(log, function* failing() {
      yield 1;
      throw error;
    });

    expect(() => [...timed]).to.throw(error);
    expect(log.calls).to.deep.equal([{ seconds: 0, error }]);
  });

  it('records an error thrown in from outside that is not caught inside', () => {
    const log = new CallLog();
    const error = new RangeError('x');
    const timed = timeCall(log, () => counting(log));
    timed.next();

    expect(() => timed.throw(error)).to.throw(error);
    expect(log.calls).to.deep.equal([{ seconds: 1, error }]);
  });

  it('goes on after an error thrown in that is caught inside', () => {
    const log = new CallLog();
    const timed = timeCall(log, function* robust() {
      try {
        yield 1;
      } catch {
        yield 2;
      }
    });
    timed.next();

    expect(timed.throw(new Error('x'))).to.deep.equal({ value: 2, done: false });
    expect(log.calls).to.deep.equal([]);
    expect(timed.next().done).to.equal(true);
    expect(log.calls).to.deep.equal([{ seconds: 0 }]);
  });

  it('records once when it is closed again and again', () => {
    const log = new CallLog();
    const timed = timeCall(log, () => counting(log));
    for (const _ of timed);

    timed.return(0);
    timed.next();

    expect(log.calls).to.have.length(1);
  });

  it('stays a generator of its function', () => {
    const log = new CallLog();

    const timed = timeCall(log, () => counting(log));

    expect(timed).to.be.instanceOf(counting);
    expect(Object.prototype.toString.call(timed)).to.equal('[object Generator]');
    expect(timed[Symbol.iterator]()).to.equal(timed);
  });

  it('hands on this and the arguments of a generator method', () => {
    const log = new CallLog();
    const shelf = {
      items: ['a', 'b', 'c'],
      from: timedFunction(
        function* from(this: { items: string[] }, start: number) {
          yield* this.items.slice(start);
        },
        () => log,
      ),
    };

    expect([...(shelf.from(1) as Generator<string>)]).to.deep.equal(['b', 'c']);
    expect(log.calls).to.have.length(1);
  });

  it('works with iterator helpers where the runtime has them', () => {
    const log = new CallLog();
    const timed = timeCall(log, () => counting(log)) as Generator<number> & {
      map?: <R>(change: (value: number) => R) => Iterable<R>;
    };
    if (typeof timed.map !== 'function') {
      expect([...timed]).to.deep.equal([1, 2, 3]);
      return;
    }

    expect(Array.from(timed.map((value) => value * 10))).to.deep.equal([10, 20, 30]);
    expect(log.calls).to.have.length(1);
  });
});

describe('timing an async generator', () => {
  it('records a generator function, too, each time it is called', async () => {
    const log = new CallLog();
    const timed = timedFunction(
      () => countingSlowly(log),
      () => log,
    );
    const declared = timedFunction(
      async function* numbers() {
        yield* countingSlowly(log);
      },
      () => log,
    );
    const values: unknown[] = [];

    for (const call of [timed, declared])
      for await (const value of call() as AsyncGenerator<number>) values.push(value);

    expect(values).to.deep.equal([1, 2, 3, 1, 2, 3]);
    expect(log.calls).to.deep.equal([{ seconds: 3 }, { seconds: 3 }]);
  });

  it('records when for await has come to the end', async () => {
    const log = new CallLog();
    const values: number[] = [];

    for await (const value of timeCall(log, () => countingSlowly(log))) values.push(value);

    expect(values).to.deep.equal([1, 2, 3]);
    expect(log.calls).to.deep.equal([{ seconds: 3 }]);
  });

  it('ends when the loop is left early, and lets the generator clean up', async () => {
    const log = new CallLog();
    const closed: string[] = [];

    for await (const value of timeCall(log, () => countingSlowly(log, () => closed.push('closed'))))
      if (value === 2) break;

    expect(closed).to.deep.equal(['closed']);
    expect(log.calls).to.deep.equal([{ seconds: 2 }]);
  });

  it('records the error thrown inside, and passes it on', async () => {
    const log = new CallLog();
    const error = new RangeError('x');
    const timed = timeCall(log, async function* failing() {
      yield 1;
      throw error;
    });
    let caught: unknown;

    try {
      for await (const _ of timed);
    } catch (thrown) {
      caught = thrown;
    }

    expect(caught).to.equal(error);
    expect(log.calls).to.deep.equal([{ seconds: 0, error }]);
  });

  it('keeps the order of steps asked for at once', async () => {
    const log = new CallLog();
    const timed = timeCall(log, () => countingSlowly(log));

    const steps = await Promise.all([timed.next(), timed.next(), timed.next(), timed.next(), timed.next()]);

    expect(steps.map(({ value }) => value)).to.deep.equal([1, 2, 3, undefined, undefined]);
    expect(log.calls).to.have.length(1);
  });

  it('records nothing while nobody iterates', async () => {
    const log = new CallLog();

    const timed = timeCall(log, () => countingSlowly(log));
    await Promise.resolve();

    expect(log.calls).to.deep.equal([]);
    expect(timed[Symbol.asyncIterator]()).to.equal(timed);
  });
});

/** Each step takes a second. */
function* counting(log: CallLog, closed: () => void = () => {}): Generator<number> {
  try {
    for (const value of [1, 2, 3]) {
      log.clock.advance(1);
      yield value;
    }
  } finally {
    closed();
  }
}

async function* countingSlowly(log: CallLog, closed: () => void = () => {}): AsyncGenerator<number> {
  try {
    for (const value of [1, 2, 3]) {
      await Promise.resolve();
      log.clock.advance(1);
      yield value;
    }
  } finally {
    closed();
  }
}
