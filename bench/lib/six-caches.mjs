import { fixedRandom, randomFrom, zipfFrom } from './random.mjs';

/** Seconds a miss costs, and the mean bytes of a value. */
export const SIX_CACHES = [
  { name: 'users', cost: 0.005, bytes: 400 },
  { name: 'products', cost: 0.02, bytes: 1500 },
  { name: 'reports', cost: 0.08, bytes: 6000 },
  { name: 'config', cost: 0.002, bytes: 2500 },
  { name: 'one-shot', cost: 0.01, bytes: 900 },
  { name: 'search', cost: 0.04, bytes: 3000 },
];

/** Which share of the requests each cache gets, by day and by night. */
const DAY = [0.4, 0.2, 0.08, 0.12, 0.12, 0.08];
const NIGHT = [0.1, 0.3, 0.02, 0.12, 0.06, 0.4];
/** So many requests after which the mix flips, where it does. */
const FLIP = 100_000;
const REPORTS = 2;
const ONE_SHOT = 4;
const PRODUCTS = 1;

/**
 * What may happen to six caches. `cyclic`: reports are asked for one after the other, in a circle of 24 MB, so that
 * they hit always or never. `isNight`: whether the mix of the night holds and other products are asked for.
 */
export const SCENARIOS = {
  'cycle, stationary': { cyclic: true, isNight: () => false },
  'cycle, shift': { cyclic: true, isNight: (done) => done >= 0.5 },
  'cycle, flips': { cyclic: true, isNight: (_, request) => Math.floor(request / FLIP) % 2 === 1 },
  'no cycle': { cyclic: false, isNight: () => false },
  'no cycle, shift': { cyclic: false, isNight: (done) => done >= 0.5 },
};

/** Requests of a scenario: for each the number of its cache, a key that is a number, and the bytes of the entry. */
export function sixCaches({ cyclic, isNight }, requests, seed = 11) {
  const random = randomFrom(seed);
  const popular = [
    zipfFrom(60_000, 0.95, random),
    zipfFrom(120_000, 0.8, random),
    zipfFrom(30_000, 0.7, random),
    zipfFrom(1500, 1.1, random),
    undefined,
    zipfFrom(40_000, 0.9, random),
  ];
  const caches = new Uint8Array(requests);
  const keys = new Int32Array(requests);
  const sizes = new Float64Array(requests);
  let report = 0;
  let once = 0;
  for (let i = 0; i < requests; i++) {
    const night = isNight(i / requests, i);
    const cache = chosen(night ? NIGHT : DAY, random());
    if (cache === ONE_SHOT) keys[i] = once++;
    else if (cache === REPORTS && cyclic) keys[i] = report = (report + 1) % 4000;
    else keys[i] = popular[cache]() + (night && cache === PRODUCTS ? 300_000 : 0);
    caches[i] = cache;
    sizes[i] = Math.round(SIX_CACHES[cache].bytes * (0.5 + fixedRandom(keys[i] * 7 + cache)));
  }
  return { caches, keys, sizes };
}

function chosen(shares, point) {
  let left = point;
  for (const [cache, share] of shares.entries()) {
    left -= share;
    if (left <= 0) return cache;
  }
  return shares.length - 1;
}
