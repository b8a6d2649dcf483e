import { expect } from 'chai';
import { msgpackSerializer } from '../../../src/cache/serializer/msgpack.js';
import { UnserializableError } from '../../../src/cache/serializer/serializer.js';
import { runScript } from '../../fakes/child-script.js';

const encode = (value: unknown) => Buffer.from(msgpackSerializer.encode(value) as Uint8Array);
const roundTrip = (value: unknown) => msgpackSerializer.decode(encode(value));

describe('serializer msgpack', () => {
  it('keeps Map, Set, Date, bigint, Buffer, cycles and shared references', () => {
    const shared = { a: 1 };
    const value = {
      map: new Map([['k', new Set([1n])]]),
      at: new Date(5),
      bytes: Buffer.from('x'),
      shared,
      again: shared,
    };

    const read = roundTrip(value) as typeof value;

    expect(read).to.deep.equal(value);
    expect(read.again).to.equal(read.shared);
  });

  it('refuses what it would leave out, with the path', () => {
    for (const bad of [{ user: [{ callback: () => 1 }] }, { user: [{ callback: Symbol('x') }] }]) {
      expect(() => encode(bad)).to.throw(UnserializableError, 'msgpack cannot carry user[0].callback');
    }
    expect(() => encode(undefined)).to.throw(UnserializableError);
  });

  it('reads what is no MessagePack as nothing', () => {
    expect(msgpackSerializer.decode(Buffer.from([0xd4, 0x7f, 0]))).to.equal(undefined);
    expect(msgpackSerializer.decode(encode({ name: 'Ada' }).subarray(0, -2))).to.equal(undefined);
  });

  it('compiles no code from what it reads, however often', async () => {
    const script = `
      import { msgpackSerializer } from './src/cache/serializer/msgpack.ts';
      const rows = Array.from({ length: 50 }, (_, i) => ({ id: i, name: 'n' + i }));
      const text = msgpackSerializer.encode({ rows });
      globalThis.Function = function () { console.log('compiled'); throw new Error('compiled'); };
      for (let i = 0; i < 50; i++) msgpackSerializer.decode(Buffer.from(text));
      console.log('done', msgpackSerializer.decode(Buffer.from(text)).rows[49].name);
    `;

    expect((await runScript(script)).stdout).to.equal('done n49\n');
  });
});
