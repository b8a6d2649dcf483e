/**
 * What caches of all sizes would have hit that drop the least recently used entry: exactly, for a list of requests.
 * `keys`: whole numbers from 0. `sizes`: of the entry each request asks for, the same for the same key.
 */
export class ExactCurve {
  #distances;
  #requests;
  #total = 0;

  constructor(keys, sizes) {
    const uses = new UseOrder(keys.length);
    const lastUse = new Int32Array(keys.reduce((max, key) => Math.max(max, key), 0) + 1).fill(-1);
    const distances = [];
    for (let i = 0; i < keys.length; i++) {
      const last = lastUse[keys[i]];
      if (last >= 0) {
        distances.push(uses.total - uses.sumTo(last) + sizes[i]);
        uses.add(last, -sizes[i]);
      }
      uses.add(i, sizes[i]);
      lastUse[keys[i]] = i;
    }
    this.#distances = Float64Array.from(distances).toSorted();
    this.#requests = keys.length;
    this.#total = uses.total;
  }

  get requests() {
    return this.#requests;
  }

  /** Sizes of all entries together: a larger cache gains nothing. */
  get totalSize() {
    return this.#total;
  }

  hitsAt(size) {
    let [low, high] = [0, this.#distances.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#distances[middle] <= size) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Sizes by the number of the request that used them last, with sums from the first on (a Fenwick tree). */
class UseOrder {
  #sums;
  total = 0;

  constructor(requests) {
    this.#sums = new Float64Array(requests + 1);
  }

  add(request, size) {
    this.total += size;
    for (let at = request + 1; at < this.#sums.length; at += at & -at) this.#sums[at] += size;
  }

  sumTo(request) {
    let sum = 0;
    for (let at = request + 1; at > 0; at -= at & -at) sum += this.#sums[at];
    return sum;
  }
}
