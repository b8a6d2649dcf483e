import type { Writable } from 'node:stream';
import type { Piece } from './pacing.js';

/** One is made while the other is on its way. */
const ON_THE_WAY = 2;

/**
 * Writes pieces as they are, and asks for the next one only when the last but one was taken, so that its bytes may be used
 * again: nothing is allocated or copied for a piece, and a slow reader holds that much and no more. Streams of Node would
 * cost as much as making the pieces.
 *
 * `done` settles when the target ends; when it rejects, so does this, and no further piece is made.
 */
export async function writePieces(
  pieces: AsyncIterable<Piece>,
  target: Writable,
  done: Promise<unknown>,
): Promise<void> {
  const taken: Promise<unknown>[] = Array.from({ length: ON_THE_WAY }, () => Promise.resolve());
  let turn = 0;
  for await (const piece of pieces) {
    // An error is the target's end, of which others tell.
    taken[turn % ON_THE_WAY] = new Promise<void>((resolve) => target.write(piece, () => resolve()));
    turn += 1;
    await Promise.race([taken[turn % ON_THE_WAY], done]);
  }
  await Promise.race([Promise.all(taken), done]);
}
