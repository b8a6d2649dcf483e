import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../clock.js';

/** A part of a page. Valid until the next but one is asked for, whose bytes may be written over these. */
export type Piece = Buffer;

/** How long writing holds the event loop before others get their turn. */
const SLICE_MS = 2;

/**
 * The pieces as they are asked for, with a turn of the event loop in between whenever they have taken long. Waiting for
 * who reads them need not be such a turn, so it does not count as one. `undefined` is only a place to stop at.
 */
export async function* paced(
  pieces: Iterable<Piece | undefined>,
  clock: Clock,
): AsyncGenerator<Piece, void, undefined> {
  let since = clock.now();
  for (const piece of pieces) {
    if (piece !== undefined && piece.length > 0) yield piece;
    if (clock.now() - since >= SLICE_MS) {
      await nextTurn();
      since = clock.now();
    }
  }
}

/** Goes through steps that give nothing, with a turn of the event loop in between whenever they have taken long. */
export async function inSlices(steps: Iterable<void>, clock: Clock): Promise<void> {
  let since = clock.now();
  for (const _ of steps) {
    if (clock.now() - since < SLICE_MS) continue;
    await nextTurn();
    since = clock.now();
  }
}
