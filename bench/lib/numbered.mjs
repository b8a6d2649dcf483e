import { fixedRandom } from './random.mjs';

/** Requests with keys as whole numbers from 0, in the order in which they come first. Sizes are made up where unknown. */
export function numbered(
  { name, keys, sizes },
  sizeOf = (number) => 200 + Math.floor(1800 * fixedRandom(number)),
) {
  const numbers = new Map();
  const numberOf = (key) => {
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, (number = numbers.size));
    return number;
  };
  const requests = Int32Array.from(keys, numberOf);
  // A key that changes its size has the first one for good.
  const known = new Map();
  if (sizes !== undefined) requests.forEach((key, i) => known.has(key) || known.set(key, sizes[i]));
  const ownSizes = Float64Array.from(requests, (key) => known.get(key) ?? sizeOf(key));
  return { name, keys: requests, sizes: ownSizes, count: numbers.size };
}
