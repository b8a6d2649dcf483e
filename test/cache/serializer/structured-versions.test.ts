import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import { structuredSerializer } from '../../../src/cache/serializer/structured.js';

/** What Node 20.20 and 24.21 wrote of the same value, without the first six bytes, in which they differ. */
const WRITTEN =
  'yGAaW/8PbyIEcm9vdG8iA21hcDsiAWsnSQJaEAIAAAAAAAAALAI6AiIEZGF0ZUQAAAAAAAAAACIDdXJsb3sAIgVi' +
  'eXRlc1wBAgH/IgNiaWdaIAAAAAAAAAAAQAAAAAAAAAAiAnJlUiICYSsDIgNlcnIwIgNuYW5OAAAAAAAA+H8iA25l' +
  'Z04AAAAAAAAAgCIEbGlzdGEDSQBJAkkESQZAAgMiA3VuZF8iBHRleHQAYwT8ABMnewwiCHNwZWNpYWxzQQFBBF4F' +
  'IgN1cmwiGWh0dHBzOi8vZXhhbXBsZS5jb20vYT9iPTEiA1VSTCQABCQAAXsC';

/** The same of an error with a cause and a code, in which V8's own format differs between the two. */
const WRITTEN_ERROR =
  '1TzTp/8PbyIEcm9vdG8iA2Vycm97AHsBIghzcGVjaWFsc0ECQQRvewAiBWVycm9ybyIHbWVzc2FnZSIDd2h5IgRu' +
  'YW1lIglUeXBlRXJyb3IiBXN0YWNrIhdUeXBlRXJyb3I6IHdoeQogICAgYXQgZiIFY2F1c2VBACQAACIGZXJyb3Jz' +
  'QQAkAAAiBmZpZWxkc297AHsGIglUeXBlRXJyb3IkAARBBF4CIgVlcnJvcm8iB21lc3NhZ2UiA291dCIEbmFtZSIK' +
  'UmFuZ2VFcnJvciIFc3RhY2siGFJhbmdlRXJyb3I6IG91dAogICAgYXQgZyIFY2F1c2VhAUkAXgVAAQEiBmVycm9y' +
  'c0EAJAAAIgZmaWVsZHNvIgRjb2RlIgdFX1JBTkdFewF7BiIKUmFuZ2VFcnJvciQABCQAAnsC';

const HEADS = { 'Node 20': 'Z3pwAQsB', 'Node 24': 'Z3pwAQ0B' };

const VALUE = {
  map: new Map([['k', new Set<unknown>([1, 2n])]]),
  date: new Date(0),
  url: new URL('https://example.com/a?b=1'),
  bytes: new Uint8Array([1, 255]),
  big: 2n ** 70n,
  re: /a+/gi,
  err: null,
  nan: Number.NaN,
  neg: -0,
  // oxlint-disable-next-line no-sparse-arrays -- a hole is kept too
  list: [1, , 3],
  und: undefined,
  text: 'ü✓',
};

describe('structured data of other versions of Node', () => {
  for (const [version, head] of Object.entries(HEADS)) {
    it(`is read when ${version} wrote it`, () => {
      const value = structuredSerializer.decode(Buffer.from(head + WRITTEN, 'base64')) as typeof VALUE;

      expect(value).to.deep.equal(VALUE);
      expect(Object.keys(value.list)).to.deep.equal(['0', '2']);
    });
  }

  for (const [version, head] of Object.entries(HEADS)) {
    it(`is read when ${version} wrote an error with a cause`, () => {
      const { err } = structuredSerializer.decode(Buffer.from(head + WRITTEN_ERROR, 'base64')) as {
        err: RangeError & { readonly code: string };
      };

      expect(err).to.be.instanceOf(RangeError).with.property('message', 'out');
      expect(err.code).to.equal('E_RANGE');
      expect(err.cause).to.be.instanceOf(TypeError).with.property('message', 'why');
    });
  }

  it('is a miss when V8 changed its format', () => {
    const data = structuredSerializer.encode({ a: 1 }) as Buffer;
    const bodyOfTomorrow = Buffer.from(data.subarray(10));
    bodyOfTomorrow[1] = 99;
    const envelope = Buffer.from(data.subarray(0, 10));
    envelope.writeUInt32LE(crc32(bodyOfTomorrow), 6);

    expect(structuredSerializer.decode(Buffer.concat([envelope, bodyOfTomorrow]))).to.equal(undefined);
  });
});
