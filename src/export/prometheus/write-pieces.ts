import type { Writable } from 'node:stream';
import type { Piece } from './pacing.js';

/** One is filled while the other is on its way. */
const BUFFERS = 2;

/**
 * Writes pieces through buffers that are used again once the target has taken what is in them: nothing is allocated for a
 * piece, and a slow reader holds that much and no more. Streams of Node would cost as much as making the pieces.
 *
 * `done` settles when the target ends; when it rejects, so does this, and no further piece is made.
 */
export async function writePieces(
  pieces: AsyncIterable<Piece>,
  target: Writable,
  done: Promise<unknown>,
): Promise<void> {
  const slots = Array.from({ length: BUFFERS }, () => new Slot());
  let turn = 0;
  for await (const piece of pieces) {
    const slot = slots[turn % BUFFERS]!;
    turn += 1;
    await Promise.race([slot.taken, done]);
    slot.write(piece, target);
  }
  await Promise.race([Promise.all(slots.map(({ taken }) => taken)), done]);
}

class Slot {
  taken: Promise<void> = Promise.resolve();
  #buffer = Buffer.alloc(0);

  write(piece: Piece, target: Writable): void {
    const bytes = this.#filled(piece);
    // An error is the target's end, of which others tell.
    this.taken = new Promise((resolve) => target.write(bytes, () => resolve()));
  }

  #filled(piece: Piece): Buffer {
    const { length } = piece;
    // Pieces are of nearly the same length; the first one is not the longest.
    if (this.#buffer.length < length) this.#buffer = Buffer.allocUnsafeSlow(Math.ceil(length * 1.1));
    if (typeof piece === 'string') this.#buffer.write(piece, 'latin1');
    else piece.copy(this.#buffer);
    return this.#buffer.subarray(0, length);
  }
}
