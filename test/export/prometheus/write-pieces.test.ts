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

async function* pieces(list: readonly Piece[], made: Piece[]): AsyncGenerator<Piece> {
  for (const piece of list) {
    made.push(piece);
    yield piece;
  }
}

describe('writePieces', () => {
  it('makes no more than fits into its buffers, which it uses again', async () => {
    const target = new SlowTarget();
    const made: Piece[] = [];
    const texts = ['aaaa', 'bbb', 'cc\u00e9', 'd', Buffer.from('eee'), 'ff'];
    const written = writePieces(pieces(texts, made), target, NEVER);

    await turn();
    // One is with the target, one waits, and one is made and has no place yet.
    expect(made).to.have.lengthOf(3);
    for (let i = 0; i < texts.length; i++) {
      target.take();
      await turn();
    }
    await written;

    expect(target.taken).to.deep.equal(['aaaa', 'bbb', 'cc\u00e9', 'd', 'eee', 'ff']);
    expect(target.memory.size).to.be.at.most(2);
  });

  it('takes bytes before the next piece is made, which may be written over them', async () => {
    const target = new SlowTarget();
    const bytes = Buffer.alloc(3);
    async function* reused(): AsyncGenerator<Piece> {
      for (const text of ['one', 'two', 'six', 'ten']) {
        bytes.write(text);
        yield bytes;
      }
    }
    const written = writePieces(reused(), target, NEVER);
    for (let i = 0; i < 4; i++) {
      await turn();
      target.take();
    }
    await written;

    expect(target.taken).to.deep.equal(['one', 'two', 'six', 'ten']);
  });

  it('makes nothing more when the target has ended', async () => {
    const target = new SlowTarget();
    const made: Piece[] = [];
    let fail!: (error: Error) => void;
    const done = new Promise<never>((_, reject) => (fail = reject));
    const written = writePieces(pieces(['a', 'b', 'c', 'd', 'e'], made), target, done);
    await turn();

    fail(new Error('gone'));

    expect(await written.catch((error: unknown) => error)).to.have.property('message', 'gone');
    expect(made).to.have.lengthOf(3);
  });
});
