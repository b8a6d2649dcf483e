import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTrace, TraceError } from '../../examples/storefront/trace.js';

describe('storefront trace', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'performance-trace-'));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('reads big-endian 32-bit keys', async () => {
    const trace = await readTrace(write('keys.int32be', int32be(1, 256, 2 ** 32 - 1)));

    expect(trace.keys).to.deep.equal(['1', '256', '4294967295']);
  });

  it('knows 32-bit keys without their file extension', async () => {
    expect((await readTrace(write('keys', int32be(7, 7)))).keys).to.deep.equal(['7', '7']);
    expect((await readTrace(write('keys.bin', int32be(0xff_ff_ff_fe)))).keys).to.deep.equal(['4294967294']);
  });

  it('takes a file called *.int32be for what it says, though it could be text', async () => {
    const trace = await readTrace(write('letters.int32be', Buffer.from('abcd')));

    expect(trace.keys).to.deep.equal([String(0x61_62_63_64)]);
  });

  it('reads one key a line and skips markers and empty lines', async () => {
    const trace = await readTrace(write('keys.txt', '12\n*\n\n  7 \r\n* phase 2\nübung\n'));

    expect(trace.keys).to.deep.equal(['12', '7', 'übung']);
  });

  it('reads the key of "time key bytes"', async () => {
    const trace = await readTrace(write('requests.txt', '1 0 68\n2 15 7454\n3\t0\t40773\n'));

    expect(trace.keys).to.deep.equal(['0', '15', '0']);
  });

  it('starts again after the last key, and says so', async () => {
    const trace = await readTrace(write('short.txt', 'a\nb\n'));

    expect([trace.next(), trace.next()]).to.deep.equal(['a', 'b']);
    expect(trace.progress).to.equal('key 2 of 2');
    expect([trace.next(), trace.next(), trace.next()]).to.deep.equal(['a', 'b', 'a']);
    expect(trace.progress).to.equal('key 1 of 2, started again 2 times');
  });

  it('names itself by its file', async () => {
    const trace = await readTrace(write('named.txt', 'a\n'));

    expect(trace.description).to.equal('1 keys of named.txt, from the start again when they end');
  });

  describe('that cannot be used', () => {
    it('is missing', async () => {
      await refuses(join(folder, 'nowhere.txt'), 'there is no such file');
    });

    it('is a folder', async () => {
      await refuses(folder, 'it is a folder');
    });

    it('is empty, or has only markers', async () => {
      await refuses(write('empty.txt', ''), 'it holds no keys');
      await refuses(write('empty.int32be', ''), 'it holds no keys');
      await refuses(write('markers.txt', '*\n*\n'), 'it holds no keys');
    });

    it('ends within a 32-bit key', async () => {
      const why = '5 bytes are no whole number of 32-bit keys, and it is no text either';
      await refuses(write('cut.int32be', Buffer.alloc(5)), why);
    });

    it('has other lines', async () => {
      const why = 'is neither a key nor "time key bytes"';
      await refuses(write('pairs.txt', 'a\nb c\n'), `line 2 ${why}`);
      await refuses(write('long.txt', 'a'.repeat(201)), `line 1 ${why}`);
    });
  });

  function write(name: string, content: string | Buffer): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  async function refuses(path: string, why: string): Promise<void> {
    const error: unknown = await readTrace(path).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(TraceError);
    expect((error as TraceError).message).to.equal(`the trace ${path} cannot be used: ${why}`);
  }
});

function int32be(...keys: readonly number[]): Buffer {
  const content = Buffer.alloc(4 * keys.length);
  keys.forEach((key, index) => content.writeUInt32BE(key, 4 * index));
  return content;
}
