/** A number from 0 up to, not including, 1. */
export type Random = () => number;

/** The same seed gives the same numbers, so two runs of the demo tell the same story (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = Math.trunc(seed);
  return () => {
    state = Math.trunc(state + 0x6d2b79f5);
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Times as services take them: most near the median, a few several times as long. */
export function logNormal(random: Random, median: number, spread: number): number {
  // 1 - random() is never 0, whose logarithm would make the time infinite.
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return median * Math.exp(spread * normal);
}
