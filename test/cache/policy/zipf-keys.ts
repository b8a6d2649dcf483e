import { randomFrom } from '../../fakes/random.js';

/** Numbers of keys as a busy service asks for them: the n-th most popular of `keys` in proportion to 1/n. */
export function zipfKeys(keys: number, requests: number, seed = 1): number[] {
  const random = randomFrom(seed);
  const sums = new Float64Array(keys);
  let sum = 0;
  for (let i = 0; i < keys; i++) sums[i] = sum += 1 / (i + 1);
  return Array.from({ length: requests }, () => {
    const point = random() * sum;
    let [low, high] = [0, keys - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! > point) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}
