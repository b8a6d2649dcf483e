import { expect } from 'chai';
import { Writable } from 'node:stream';
import { writePieces } from '../../../src/export/prometheus/write-pieces.js';
import type { Piece } from '../../../src/export/prometheus/pacing.js';

/** Takes what is written only when the test says so. */
class SlowTarget extends Writable {
  readonly taken: string[] = [];
  readonly memory = new Set<ArrayBufferLike>();
  #take: (() => void) | undefined;

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.#take = () => {
      this.taken.push(chunk.toString('latin1'));
      this.memory.add(chunk.buffer);
      done();
    };
  }

  /** Lets one piece go. */
  take(): void {
    this.#take?.();
  }
}

const NEVER = new Promise<never>(() => {});
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function* pieces(texts: readonly string[], made: string[]): AsyncGenerator<Piece> {
  // As writers do: two buffers in turns.
  const buffers = [Buffer.alloc(3), Buffer.alloc(3)] as const;
  for (const [i, text] of texts.entries()) {
    made.push(text);
    const buffer = i % 2 === 0 ? buffers[0] : buffers[1];
    yield buffer.subarray(0, buffer.write(text));
  }
}

describe('writePieces', () => {
  it('makes no more than two pieces that were not taken, whose bytes are then used again', async () => {
    const target = new SlowTarget();
    const made: string[] = [];
    const texts = ['one', 'two', 'xy', 'z', 'six', 'ten'];
    const written = writePieces(pieces(texts, made), target, NEVER);

    await turn();
    expect(made).to.have.lengthOf(2);
    for (let i = 0; i < texts.length; i++) {
      target.take();
      await turn();
      expect(made).to.have.lengthOf(Math.min(texts.length, i + 3));
    }
    await written;

    expect(target.taken).to.deep.equal(texts);
    expect(target.memory.size).to.be.at.most(2);
  });

  it('makes nothing more when the target has ended', async () => {
    const target = new SlowTarget();
    const made: string[] = [];
    let fail!: (error: Error) => void;
    const done = new Promise<never>((_, reject) => (fail = reject));
    const written = writePieces(pieces(['a', 'b', 'c', 'd', 'e'], made), target, done);
    await turn();

    fail(new Error('gone'));

    expect(await written.catch((error: unknown) => error)).to.have.property('message', 'gone');
    expect(made).to.have.lengthOf(2);
  });
});
