/** Hears of uses whose keys had, in the mean, `above` used since they were, and sizes of `own`. */
export type DistanceListener = (above: number, own: number, uses: number) => void;

/** How often keys were used that lay in the same place, and what sizes they had. */
export class CountedUses {
  readonly #uses: Float64Array;
  readonly #sizes: Float64Array;
  readonly #listener: DistanceListener;

  constructor(places: number, listener: DistanceListener) {
    this.#uses = new Float64Array(places);
    this.#sizes = new Float64Array(places);
    this.#listener = listener;
  }

  get byteLength(): number {
    return this.#uses.byteLength + this.#sizes.byteLength;
  }

  add(place: number, size: number): void {
    this.#uses[place]! += 1;
    this.#sizes[place]! += size;
  }

  /**
   * Tells of the uses of a place, if there were any, and forgets them. `inside` are the sizes of the keys in it: in the
   * mean half of the others were used after the one in question.
   */
  tell(place: number, above: number, inside: number): void {
    const uses = this.#uses[place]!;
    if (uses === 0) return;
    const own = this.#sizes[place]! / uses;
    this.#uses[place] = this.#sizes[place] = 0;
    this.#listener(above + Math.max(0, inside - own) / 2, own, uses);
  }
}
