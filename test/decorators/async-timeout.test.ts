import { expect } from 'chai';
import { currentDeadline } from '../../src/async/time-scope.js';
import { asyncTimeout } from '../../src/decorators/async-timeout.js';
import { InvalidOptionError, InvalidUseError, TimeoutError } from '../../src/errors.js';
import { FakeClock } from '../fakes/fake-clock.js';

const never = new Promise<never>(() => {});
const clock = new FakeClock();
const options = { clock };

class Client {
  readonly #base = 'http://';
  signal: AbortSignal | undefined;

  @asyncTimeout('2s', options)
  async load(path: string, query = ''): Promise<string> {
    return this.#base + path + query;
  }

  @asyncTimeout(2, options)
  hang(): Promise<never> {
    this.signal = currentDeadline()?.signal;
    return never;
  }

  @asyncTimeout(2, options)
  static make(): Promise<Client> {
    return Promise.resolve(new this());
  }

  @asyncTimeout(2, { ...options, name: 'named' })
  named(): Promise<never> {
    return never;
  }
}

describe('@asyncTimeout', () => {
  const messageOf = (promise: Promise<unknown>) =>
    promise.then(
      () => expect.fail('it was in time'),
      (error: Error) => error.message,
    );

  it('keeps this, arguments, results, name and length', async () => {
    const client = await Client.make();

    expect(await client.load('a', '?b')).to.equal('http://a?b');
    expect([client.load.name, client.load.length]).to.deep.equal(['load', 1]);
    expect(client).to.be.instanceOf(Client);
  });

  it('ends calls that take too long, and aborts the signal they find by currentDeadline', async () => {
    const client = new Client();
    const waiting = client.hang().catch((error: unknown) => error);

    clock.advance(2);
    const error = await waiting;

    expect(error).to.be.instanceOf(TimeoutError).with.property('message', 'hang took longer than 2 s');
    expect(client.signal?.reason).to.equal(error);
  });

  it('tells the name that was given, or that of class and method where it knows both', async () => {
    const descriptor = { value: () => never };
    asyncTimeout(2, options)(Client.prototype, 'legacy', descriptor);
    const messages = [messageOf(new Client().named()), messageOf(descriptor.value())];

    clock.advance(2);

    expect(await Promise.all(messages)).to.deep.equal([
      'named took longer than 2 s',
      'Client.legacy took longer than 2 s',
    ]);
  });

  it('wraps functions', async () => {
    async function compute(this: unknown, a: number, b: number): Promise<unknown[]> {
      return [this, a + b];
    }
    const limited = asyncTimeout(1, options)(compute);

    const self = {};
    const [receiver, sum] = await limited.call(self, 1, 2);
    expect(receiver).to.equal(self);
    expect(sum).to.equal(3);
    expect([limited.name, limited.length]).to.deep.equal(['compute', 2]);
  });

  it('limits decorated calls below by what is left above', async () => {
    const inner = asyncTimeout(10, options)(() => Promise.resolve(currentDeadline()?.remaining));
    const outer = asyncTimeout(3, options)(() => inner());

    expect(await outer()).to.equal(3);
  });

  it('rejects where a function throws at once', async () => {
    const error = new Error('own');
    const throwing = asyncTimeout(
      1,
      options,
    )((): Promise<void> => {
      throw error;
    });

    expect(await throwing().catch((thrown: unknown) => thrown)).to.equal(error);
  });

  it('says at once what is wrong', () => {
    expect(() => asyncTimeout(0)).to.throw(InvalidOptionError, 'timeout must be a duration above 0');
    expect(() => asyncTimeout(1, { nam: 'x' } as object)).to.throw(InvalidOptionError);
    expect(() => asyncTimeout(1)(async function* pages() {})).to.throw(
      InvalidUseError,
      '@asyncTimeout works on functions that return promises; pages is a generator',
    );
  });
});
