import { expect } from 'chai';
import { toSerializer } from '../../../src/cache/serializer/built-in.js';
import { InvalidOptionError } from '../../../src/errors.js';

describe('serializers by name', () => {
  it('knows json, structured, pickle for structured, and msgpack', () => {
    expect(toSerializer('serializer', 'json').name).to.equal('json');
    expect(toSerializer('serializer', 'pickle')).to.equal(toSerializer('serializer', 'structured'));
    expect(toSerializer('serializer', 'msgpack').name).to.equal('msgpack');
  });

  it('takes one of your own, when it is complete', () => {
    const own = { name: 'own', encode: String, decode: String };

    expect(toSerializer('serializer', own)).to.equal(own);
    for (const wrong of ['yaml', 'toString', 7, null, {}, { ...own, name: '' }, { ...own, decode: 1 }]) {
      expect(() => toSerializer('serializer', wrong as never)).to.throw(
        InvalidOptionError,
        /^serializer must be/,
      );
    }
  });
});
