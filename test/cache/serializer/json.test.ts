import { expect } from 'chai';
import { jsonSerializer } from '../../../src/cache/serializer/json.js';
import { UnserializableError } from '../../../src/cache/serializer/serializer.js';

const roundTrip = (value: unknown) => jsonSerializer.decode(Buffer.from(jsonSerializer.encode(value)));

function refusalOf(value: unknown): UnserializableError {
  try {
    jsonSerializer.encode(value);
  } catch (error) {
    expect(error).to.be.instanceOf(UnserializableError);
    return error as UnserializableError;
  }
  throw new Error('it was carried');
}

describe('serializer json', () => {
  it('carries plain values, null and nothing-like ones included', () => {
    for (const value of [
      null,
      0,
      '',
      false,
      [],
      {},
      'ü💡\ud800',
      { a: [1, null, { b: 'c' }] },
      Object.create(null),
    ]) {
      expect(roundTrip(value)).to.deep.equal(value);
    }
  });

  it('names the path of what it cannot carry', () => {
    const callback = () => 1;
    const cyclic: Record<string, unknown> = { name: 'a' };
    cyclic['list'] = [{ back: cyclic }];
    const cases: readonly (readonly [unknown, path: string, reason: string])[] = [
      [{ user: { friends: [1, 2, { callback }] } }, 'user.friends[2].callback', 'a function'],
      [{ 'content-type': Symbol('x') }, '["content-type"]', 'a symbol'],
      [{ a: [{ 'b c': 1n }] }, 'a[0]["b c"]', "a bigint; serializer 'structured' can"],
      [[1, undefined], '[1]', 'undefined'],
      [{ ratio: NaN }, 'ratio', "NaN; serializer 'structured' can"],
      [{ ratio: -Infinity }, 'ratio', "-Infinity; serializer 'structured' can"],
      [{ m: new Map([['k', 1]]) }, 'm', "a Map; serializer 'structured' can"],
      [{ s: new Set([1]) }, 's', "a Set; serializer 'structured' can"],
      [{ e: new TypeError('x') }, 'e', "a Error; serializer 'structured' can"],
      [{ b: Buffer.from('x') }, 'b', "Buffer; serializer 'structured' can"],
      [{ p: Promise.resolve() }, 'p', 'a Promise'],
      [{ d: new Date(NaN) }, 'd', "an invalid Date; serializer 'structured' can"],
      [cyclic, 'list[0].back', 'it contains itself'],
      [undefined, '', 'undefined'],
      [callback, '', 'a function'],
      [{ toJSON: () => ({ inside: 1n }) }, 'inside', "a bigint; serializer 'structured' can"],
    ];

    for (const [value, path, reason] of cases) {
      const refusal = refusalOf(value);
      expect(refusal.path).to.equal(path);
      expect(refusal.message).to.equal(`json cannot carry ${path === '' ? 'the value' : path}: ${reason}`);
    }
  });

  it('lets pass what JSON.stringify turns into something readable', () => {
    class Point {
      x = 1;
      hidden = undefined;
    }
    const url = new URL('http://a/b');

    expect(roundTrip({ at: new Date(5), point: new Point(), url, absent: undefined })).to.deep.equal({
      at: '1970-01-01T00:00:00.005Z',
      point: { x: 1 },
      url: 'http://a/b',
    });
  });

  it('carries what is deep, and what two fields share', () => {
    let deep: unknown = 'end';
    for (let depth = 0; depth < 1000; depth += 1) deep = { deep };
    const shared = { a: 1 };

    expect(roundTrip({ deep, x: shared, y: [shared] })).to.deep.equal({ deep, x: shared, y: [shared] });
  });

  it('reads damaged text as nothing', () => {
    expect(jsonSerializer.decode(Buffer.from('{"a":'))).to.equal(undefined);
  });
});
