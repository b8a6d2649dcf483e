import { expect } from 'chai';
import { asyncRetry } from '../../src/decorators/async-retry.js';
import { asyncTimeout } from '../../src/decorators/async-timeout.js';
import { InvalidOptionError, InvalidUseError } from '../../src/errors.js';
import { instrumentsOf } from '../../src/telemetry/instruments.js';

const options = { maxAttempts: 3, delay: '1ms', backoff: 2 } as const;
const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail('it succeeded'),
    (error: unknown) => error,
  );

class Client {
  calls = 0;
  readonly #base = 'http://';

  @asyncRetry(options)
  async load(path: string, failures = 0): Promise<string> {
    this.calls += 1;
    if (this.calls <= failures) throw new Error(`failure ${this.calls}`);
    return this.#base + path;
  }

  @asyncRetry(options)
  static async make(): Promise<Client> {
    return new this();
  }
}

describe('@asyncRetry', () => {
  const attemptsOf = (name: string) =>
    instrumentsOf()
      .read()
      .filter((reading) => reading.name === 'perf.retry.attempts')
      .filter(({ attributes }) => attributes['perf.retry.name'] === name)
      .reduce((sum, { value }) => sum + value, 0);

  it('calls methods again, with this and the arguments, and keeps name and length', async () => {
    const client = await Client.make();

    const value = await client.load('a', 2);

    expect([value, client.calls]).to.deep.equal(['http://a', 3]);
    expect([client.load.name, client.load.length]).to.deep.equal(['load', 1]);
  });

  it('throws the last error unchanged', async () => {
    const client = new Client();

    const error = await thrownBy(client.load('a', 9));

    expect((error as Error).message).to.equal('failure 3');
  });

  it('wraps functions, and is named after them', async () => {
    let calls = 0;
    async function loadRates(this: unknown): Promise<unknown> {
      calls += 1;
      if (calls === 1) throw new Error('first');
      return this;
    }
    const retried = asyncRetry(options)(loadRates);

    const self = {};
    expect(await retried.call(self)).to.equal(self);
    expect(attemptsOf('loadRates')).to.equal(2);
  });

  it('is named after class and method where it knows both, or as it is told', async () => {
    const descriptor = { value: async () => 1 };
    asyncRetry(options)(Client.prototype, 'legacy', descriptor);

    await descriptor.value();
    await asyncRetry({ ...options, name: 'told' })(async () => 1)();

    expect([attemptsOf('Client.legacy'), attemptsOf('told')]).to.deep.equal([1, 1]);
  });

  it('goes together with @asyncTimeout: a limit for each attempt inside, for all of them outside', async () => {
    const seen: string[] = [];
    class Nested {
      calls = 0;

      @asyncTimeout('10s')
      @asyncRetry(options)
      @asyncTimeout('5ms', { name: 'attempt' })
      async load(): Promise<string> {
        this.calls += 1;
        seen.push(`call ${this.calls}`);
        return this.calls < 2 ? new Promise<never>(() => {}) : 'done';
      }
    }

    expect(await new Nested().load()).to.equal('done');
    expect(seen).to.deep.equal(['call 1', 'call 2']);
  });

  it('says at once what is wrong', () => {
    expect(() => asyncRetry({ maxAttempts: 0 })).to.throw(InvalidOptionError, 'maxAttempts must be');
    expect(() => asyncRetry()(function* pages() {})).to.throw(InvalidUseError, 'pages is a generator');
  });
});
