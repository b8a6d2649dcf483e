import { expect } from 'chai';
import { timeCall } from '../../src/telemetry/timer.js';
import { CallLog } from '../fakes/call-log.js';

/* oxlint-disable unicorn/no-thenable -- thenables are what is tested here */

/** Like the builders of knex, mongoose and others: every `then` starts the query. */
class Query implements PromiseLike<string[]> {
  executions = 0;
  readonly conditions: string[] = [];
  readonly #error: Error | undefined;

  constructor(error?: Error) {
    this.#error = error;
  }

  where(condition: string): this {
    this.conditions.push(condition);
    return this;
  }

  // oxlint-disable-next-line promise/prefer-await-to-then -- it is one
  then<A = string[], B = never>(
    onFulfilled?: ((rows: string[]) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.executions += 1;
    const rows = this.#error === undefined ? Promise.resolve(this.conditions) : Promise.reject(this.#error);
    return rows.then(onFulfilled, onRejected);
  }
}

describe('timing a function that returns a thenable', () => {
  it('does not start it', () => {
    const log = new CallLog();
    const query = new Query();

    const timed = timeCall(log, () => query);

    expect(timed).to.equal(query);
    expect(query.executions).to.equal(0);
    expect(log.calls).to.deep.equal([]);
  });

  it('runs it once when it is awaited, and records until it settled', async () => {
    const log = new CallLog();
    const query = timeCall(log, () => new Query());

    log.clock.advance(2);
    const rows = await query.where('price > 10').where('stock > 0');

    expect(rows).to.deep.equal(['price > 10', 'stock > 0']);
    expect(query.executions).to.equal(1);
    expect(log.calls).to.deep.equal([{ seconds: 2 }]);
  });

  it('runs it once more each time it is awaited again, as untimed, and records once', async () => {
    const log = new CallLog();
    const query = timeCall(log, () => new Query());

    await query;
    await query;

    expect(query.executions).to.equal(2);
    expect(log.calls).to.have.length(1);
  });

  it('passes on the very error of a failing one, and records it', async () => {
    const log = new CallLog();
    const error = new RangeError('no such table');
    const query = timeCall(log, () => new Query(error));
    let caught: unknown;

    try {
      await query;
    } catch (thrown) {
      caught = thrown;
    }

    expect(caught).to.equal(error);
    expect(log.calls).to.deep.equal([{ seconds: 0, error }]);
  });

  it('hands on the results of both handlers', async () => {
    const log = new CallLog();

    const fulfilled = await timeCall(log, () => new Query()).then((rows) => rows.length);
    const rejected = await timeCall(log, () => new Query(new Error('x'))).then(null, () => 'handled');

    expect([fulfilled, rejected]).to.deep.equal([0, 'handled']);
    expect(log.calls).to.have.length(2);
  });

  it('leaves no visible trace on it', () => {
    const query = timeCall(new CallLog(), () => new Query());

    expect(Object.keys(query)).to.deep.equal(Object.keys(new Query()));
    expect(query).to.be.instanceOf(Query);
  });

  it('records the call alone when the thenable is frozen', async () => {
    const log = new CallLog();
    let executions = 0;
    const frozen = Object.freeze({
      then(onFulfilled: (value: string) => void) {
        executions += 1;
        onFulfilled('value');
      },
    });

    const value = await timeCall(log, () => frozen);

    expect(value).to.equal('value');
    expect(executions).to.equal(1);
    expect(log.calls).to.deep.equal([{ seconds: 0 }]);
  });

  it('records once when a careless thenable calls both handlers', () => {
    const log = new CallLog();
    const careless = {
      then(onFulfilled: (value: number) => void, onRejected: (error: unknown) => void) {
        onFulfilled(1);
        onRejected(new Error('x'));
      },
    };
    const heard: string[] = [];

    timeCall(log, () => careless).then(
      () => heard.push('fulfilled'),
      () => heard.push('rejected'),
    );

    expect(heard).to.deep.equal(['fulfilled', 'rejected']);
    expect(log.calls).to.deep.equal([{ seconds: 0 }]);
  });

  it('hands on an error that then itself throws', () => {
    const log = new CallLog();
    const broken = {
      then(_onFulfilled: () => void) {
        throw new Error('not connected');
      },
    };

    const timed = timeCall(log, () => broken);

    expect(() => timed.then(() => {})).to.throw('not connected');
  });
});
