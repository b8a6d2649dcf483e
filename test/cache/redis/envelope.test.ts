import { expect } from 'chai';
import { Envelope } from '../../../src/cache/redis/envelope.js';
import { jsonSerializer } from '../../../src/cache/serializer/json.js';
import { structuredSerializer } from '../../../src/cache/serializer/structured.js';

const WRITTEN_AT = 1_800_000_000_000;

describe('Envelope', () => {
  const json = new Envelope(jsonSerializer, Infinity);

  function sealed(envelope: Envelope, value: unknown, ttl = 60): Buffer {
    return Buffer.from(envelope.seal(envelope.encode({ value, ttl, grace: 0 }, Infinity), WRITTEN_AT));
  }

  it('is text that a person can read', () => {
    const text = json.seal(
      json.encode({ value: { a: 1 }, ttl: 60, grace: 5, tags: { t: 'v' }, loadSeconds: 0.5 }, Infinity),
      WRITTEN_AT,
    );

    expect(text).to.equal('P1{"w":1800000000000,"t":60,"g":5,"l":0.5,"v":{"t":"v"}}\n{"a":1}');
  });

  it('counts the age by the clock it is given', () => {
    const entry = json.open(sealed(json, 1), WRITTEN_AT + 61_500);

    expect(entry).to.deep.equal({ value: 1, ttl: -1.5, grace: 0 });
  });

  it('reads the numbers of a header as JSON does, however they are written', () => {
    for (const ttl of [
      '0',
      '0.1',
      '60',
      '0.30000000000000004',
      '1e3',
      '123456789012.345',
      '9007199254740993',
    ]) {
      const entry = json.open(Buffer.from(`P1{"w":${WRITTEN_AT},"t":${ttl},"l":0.012345}\n1`), WRITTEN_AT);

      expect(entry).to.deep.equal({ value: 1, ttl: Number(ttl), grace: 0, loadSeconds: 0.012345 });
    }
  });

  it('never gives more time than there was, whatever the clocks', () => {
    expect(json.open(sealed(json, 1), WRITTEN_AT - 5000)).to.have.property('ttl', 60);
  });

  it('carries bytes of other serializers, compressed or not', () => {
    const value = new Map([['k', new Uint8Array([0, 10, 255])]]);
    for (const limit of [Infinity, 1]) {
      const envelope = new Envelope(structuredSerializer, limit);
      expect(envelope.open(sealed(envelope, value), WRITTEN_AT)).to.deep.include({ value });
    }
  });

  it('tells what is not ours from what is broken', () => {
    const good = sealed(json, { a: [1, 2, 3] });
    const opened = (data: Buffer | string) => json.open(Buffer.from(data), WRITTEN_AT);

    expect(opened('')).to.equal('foreign');
    expect(opened('{"a":1}')).to.equal('foreign');
    expect(opened('P2{"w":1}\n1')).to.equal('foreign');
    expect(opened(sealed(new Envelope(structuredSerializer, Infinity), 1))).to.equal('foreign');
    expect(opened('P1null\n1')).to.equal('damaged');
    expect(opened('P1{"w":"now"}\n1')).to.equal('damaged');
    expect(opened('P1{"w":1,"z":1}\n1')).to.equal('damaged');
    for (const header of [
      '{}',
      '{"t":1}',
      '{"w":}',
      '{"w":1',
      '{"w":1,}',
      '{"w":1}}',
      '{"w":1.2.3}',
      '{"w":-}',
    ]) {
      expect(opened(`P1${header}\n1`), header).to.equal('damaged');
    }
    for (let end = 2; end < good.length; end++) {
      expect(opened(good.subarray(0, end)), `cut at ${end}`).to.equal('damaged');
    }
  });
});
