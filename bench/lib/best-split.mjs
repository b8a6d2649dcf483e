const CHUNKS = 256;

/**
 * How to split so many bytes over caches once and for all, knowing all their requests: the bytes go where they save
 * most cost each, over any number of further ones, so that a cache that gains nothing below some size can get all that
 * at once (the lookahead of utility-based cache partitioning, Qureshi and Patt, MICRO 2006).
 */
export function bestSplit(curves, costs, bytes) {
  const floor = bytes / 100;
  const chunk = (bytes - floor * curves.length) / CHUNKS;
  const saved = curves.map((curve, i) =>
    Float64Array.from({ length: CHUNKS + 1 }, (_, n) => curve.hitsAt(floor + n * chunk) * costs[i]),
  );
  const given = curves.map(() => 0);
  let left = CHUNKS;
  while (left > 0) {
    const best = bestStep(saved, given, left);
    if (best === undefined) break;
    given[best.cache] += best.chunks;
    left -= best.chunks;
  }
  return given.map((chunks) => Math.floor(floor + (chunks + left / curves.length) * chunk));
}

function bestStep(saved, given, left) {
  let best;
  let most = 0;
  for (const [cache, table] of saved.entries()) {
    const now = table[given[cache]];
    for (let chunks = 1; chunks <= left; chunks++) {
      const gain = (table[given[cache] + chunks] - now) / chunks;
      if (gain > most) [best, most] = [{ cache, chunks }, gain];
    }
  }
  return best;
}
