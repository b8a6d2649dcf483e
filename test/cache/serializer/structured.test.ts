import { expect } from 'chai';
import { runInNewContext } from 'node:vm';
import { registerType } from '../../../src/cache/serializer/registered-types.js';
import { UnserializableError } from '../../../src/cache/serializer/serializer.js';
import { structuredSerializer } from '../../../src/cache/serializer/structured.js';
import { InvalidOptionError } from '../../../src/errors.js';

const encode = (value: unknown) => Buffer.from(structuredSerializer.encode(value) as Uint8Array);
const roundTrip = (value: unknown) => structuredSerializer.decode(encode(value));

class Money {
  readonly cents: number;
  constructor(cents: number) {
    this.cents = cents;
  }
}

class Box {
  content: unknown;
  constructor(content: unknown) {
    this.content = content;
  }
}

class NotFound extends TypeError {
  override readonly name = 'NotFound';
}

/** Every type of the comparison with other serializers: the value, and what must hold for the one that comes back. */
const FIDELITY: Readonly<Record<string, readonly [value: unknown, holds: (read: any) => boolean]>> = {
  Map: [
    new Map<unknown, unknown>([
      ['a', { b: 1 }],
      [{ k: 1 }, 2],
    ]),
    (read) => read instanceof Map && read.size === 2 && read.get('a').b === 1,
  ],
  Set: [new Set([1, 'a']), (read) => read instanceof Set && read.has('a')],
  Date: [new Date(5), (read) => read instanceof Date && read.getTime() === 5],
  'invalid Date': [new Date(NaN), (read) => read instanceof Date && Number.isNaN(read.getTime())],
  BigInt: [2n ** 70n, (read) => read === 2n ** 70n],
  'BigInt of 64 bits': [123n, (read) => read === 123n],
  Buffer: [Buffer.from([1, 2, 255]), (read) => Buffer.isBuffer(read) && read[2] === 255],
  Uint8Array: [new Uint8Array([1, 2]), (read) => read.constructor === Uint8Array && read[1] === 2],
  Float64Array: [new Float64Array([1.5, 2]), (read) => read instanceof Float64Array && read[0] === 1.5],
  ArrayBuffer: [
    new Uint8Array([7, 8]).buffer,
    (read) => read instanceof ArrayBuffer && read.byteLength === 2,
  ],
  RegExp: [/a+b/gi, (read) => read instanceof RegExp && read.source === 'a+b' && read.flags === 'gi'],
  Error: [
    Object.assign(new TypeError('boom'), { code: 'E_X' }),
    (read) => read instanceof TypeError && read.message === 'boom' && (read as any).code === 'E_X',
  ],
  'Error.cause': [
    new Error('outer', { cause: new RangeError('inner') }),
    (read) => read instanceof Error && read.cause instanceof RangeError && read.cause.message === 'inner',
  ],
  'class instance': [new Money(150), (read) => read instanceof Money && read.cents === 150],
  circular: [circular(), (read) => read.self === read],
  'shared reference': [shared(), (read) => read.x === read.y && read.x.s === 1],
  'undefined property': [
    { a: undefined, b: 1 },
    (read) => 'a' in read && read.a === undefined && read.b === 1,
  ],
  'undefined in a list': [[1, undefined], (read) => read.length === 2 && read[1] === undefined],
  'undefined value': [[undefined], (read) => read[0] === undefined && 0 in read],
  'sparse list': [sparse(), (read) => read.length === 3 && !(1 in read) && read[2] === 3],
  NaN: [NaN, Number.isNaN],
  Infinity: [Infinity, (read) => read === Infinity],
  '-0': [-0, (read) => Object.is(read, -0)],
  'lone surrogate': ['\ud800x', (read) => read === '\ud800x'],
  'largest safe integer': [{ n: Number.MAX_SAFE_INTEGER }, (read) => read.n === Number.MAX_SAFE_INTEGER],
  '__proto__ field': [
    JSON.parse('{"__proto__":{"x":1},"y":2}'),
    (read) => Object.hasOwn(read, '__proto__') && read.y === 2 && read.x === undefined,
  ],
  'object without prototype': [Object.assign(Object.create(null), { a: 1 }), (read) => read.a === 1],
  'boxed number': [Object(5), (read) => typeof read === 'object' && read.valueOf() === 5],
  URL: [new URL('http://a/b?c#d'), (read) => read instanceof URL && read.href === 'http://a/b?c#d'],
};

describe('serializer structured', () => {
  before(() => {
    registerType(
      'Money',
      Money,
      ({ cents }) => cents,
      (cents) => new Money(cents),
    );
    registerType(
      'Box',
      Box,
      ({ content }) => ({ content }),
      ({ content }) => new Box(content),
    );
  });

  // Of the 31 types compared, functions and symbols are left: nothing can carry them.
  it('has 29 types to prove', () => expect(Object.keys(FIDELITY)).to.have.lengthOf(29));
  for (const [name, [value, holds]] of Object.entries(FIDELITY)) {
    it(`keeps ${name}, beside and within an error too`, () => {
      expect(holds(roundTrip(value))).to.equal(true);
      expect(holds((roundTrip([value]) as unknown[])[0])).to.equal(true);
      const [error, beside] = roundTrip([Object.assign(new Error('x'), { value }), value]) as [any, unknown];
      expect(holds(error.value)).to.equal(true);
      expect(holds(beside)).to.equal(true);
    });
  }

  it('refuses functions and symbols with their path, and undefined', () => {
    const cases: readonly (readonly [unknown, path: string, reason: string])[] = [
      [{ user: { friends: [1, 2, { callback: () => 1 }] } }, 'user.friends[2].callback', 'a function'],
      [new Map([['a b', [Symbol('x')]]]), '["a b"][0]', 'a symbol'],
      [new Error('x', { cause: { work: Promise.resolve() } }), 'cause.work', 'a Promise'],
      [undefined, '', 'undefined'],
    ];
    for (const [value, path, reason] of cases) {
      expect(() => encode(value))
        .to.throw(UnserializableError, `cannot carry ${path === '' ? 'the value' : path}: ${reason}`)
        .with.property('path', path);
    }
  });

  it('keeps errors whole: class, name, stack, cause, own fields', () => {
    const error = new NotFound('no user 7', { cause: new URL('http://a/') });

    const read = roundTrip({ error }) as { error: NotFound };

    expect(read.error).to.be.instanceOf(TypeError);
    expect(read.error.name).to.equal('NotFound');
    expect(read.error.stack).to.equal(error.stack);
    expect((read.error.cause as URL).href).to.equal('http://a/');
    const many = roundTrip(new AggregateError([new RangeError('1'), 2], 'many')) as AggregateError;
    expect(many).to.be.instanceOf(AggregateError);
    expect(many.errors[0]).to.be.instanceOf(RangeError);
    expect(Object.keys(many)).to.deep.equal([]);
  });

  it('keeps cycles and identity through errors and registered classes', () => {
    const error: Error & { box?: Box; self?: Error } = new Error('x');
    error.self = error;
    error.box = new Box([error, new Money(1)]);
    const value = { first: error, list: new Set([error]), byError: new Map([[error, error.box]]) };

    const read = roundTrip(value) as typeof value;

    expect(read.first.self).to.equal(read.first);
    expect([...read.list][0]).to.equal(read.first);
    const box = read.byError.get(read.first) as Box;
    expect(box).to.be.instanceOf(Box).and.to.equal(read.first.box);
    expect((box.content as unknown[])[0]).to.equal(read.first);
    expect((box.content as unknown[])[1]).to.deep.equal(new Money(1));
  });

  it('refuses a registered instance that contains itself', () => {
    const box = new Box(undefined);
    box.content = { box };

    expect(() => encode(box)).to.throw(UnserializableError, 'a registered type contains itself');
  });

  it('finds special parts in what is deep, wide or cyclic', () => {
    let deep: unknown = new URL('http://a/');
    for (let depth = 0; depth < 1000; depth += 1) deep = { deep };
    const wide = Array.from({ length: 30_000 }, (_, i): unknown => ({ i }));
    wide.push(new Money(3));
    const ring: Record<string, unknown> = { url: new URL('http://a/') };
    const around = { ring };
    ring['a'] = around;

    let read = roundTrip(deep);
    for (let depth = 0; depth < 1000; depth += 1) read = (read as { deep: unknown }).deep;
    expect(read).to.be.instanceOf(URL);
    expect((roundTrip(wide) as unknown[]).at(-1)).to.be.instanceOf(Money);
    expect((roundTrip(around) as any).ring.a.ring.url).to.be.instanceOf(URL);
  });

  it('reads a class that is not registered here as nothing, and one that refuses', () => {
    class Once {}
    let fails = false;
    const fromPlain = () => {
      if (fails) throw new Error('no');
      return new Once();
    };
    registerType('Once', Once, () => null, fromPlain);
    const encoded = encode(new Once());

    expect(structuredSerializer.decode(encoded)).to.be.instanceOf(Once);
    fails = true;
    expect(structuredSerializer.decode(encoded)).to.equal(undefined);
    registerType('Renamed', Once, () => null, fromPlain);
    fails = false;
    expect(structuredSerializer.decode(encoded)).to.equal(undefined);
    expect(() => registerType('Money', Once, () => null, fromPlain)).to.throw(
      InvalidOptionError,
      'a name that no other registered class has',
    );
  });

  it('reads any damaged byte, cut and foreign data as nothing', () => {
    for (const value of [{ name: 'Ada', at: new Date(5), list: [1, 2, 3] }, new Error('x')]) {
      const good = encode(value);
      for (let at = 0; at < good.length; at += 1) {
        // The V8 version, which is there to be read by people.
        if (at === 4) continue;
        const bad = Buffer.from(good);
        bad[at]! ^= 0x41;
        expect(structuredSerializer.decode(bad), `byte ${at}`).to.equal(undefined);
        expect(structuredSerializer.decode(good.subarray(0, at)), `cut at ${at}`).to.equal(undefined);
      }
    }
    expect(structuredSerializer.decode(Buffer.from('{"a":1}'))).to.equal(undefined);
  });

  it('keeps what it reads apart from the buffer it came in, or leaves it to it', () => {
    const read = roundTrip({ bytes: Buffer.from('abc') }) as { bytes: Buffer };

    expect(read.bytes.toString()).to.equal('abc');
  });

  it('keeps errors of another realm', () => {
    const read = roundTrip(runInNewContext('Object.assign(new Error("x"), { code: 7 })')) as any;

    expect(read).to.be.instanceOf(Error);
    expect(read.code).to.equal(7);
  });
});

function circular(): unknown {
  const value: Record<string, unknown> = { n: 1 };
  value['self'] = value;
  return value;
}

function shared(): unknown {
  const part = { s: 1 };
  return { x: part, y: part };
}

function sparse(): unknown[] {
  const list: unknown[] = [1];
  list[2] = 3;
  return list;
}
