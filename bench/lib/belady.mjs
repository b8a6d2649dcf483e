/**
 * Hits of a cache that knows the future and has room for `max` entries: it drops what is asked for last, the new one
 * included (Belady's MIN, with bypass). Exact.
 */
export function bestHits(keys, max) {
  const nextUses = findNextUses(keys);
  const held = new Set();
  // When held keys are asked for next. Of a key that is hit the old time stays in the heap, but it has passed by then,
  // and times to come are above it.
  const heap = new LatestOnTop(keys.length);
  let hits = 0;
  for (const [now, key] of keys.entries()) {
    if (held.has(key)) hits += 1;
    held.add(key);
    heap.push(nextUses[now]);
    if (held.size > max) held.delete(keys[heap.pop() % keys.length]);
  }
  return hits;
}

/** For each request the position of the next one of its key; of the last one its own, and the length on top. */
function findNextUses(keys) {
  const nextUses = new Float64Array(keys.length);
  const upcoming = new Map();
  for (let i = keys.length - 1; i >= 0; i--) {
    nextUses[i] = upcoming.get(keys[i]) ?? keys.length + i;
    upcoming.set(keys[i], i);
  }
  return nextUses;
}

class LatestOnTop {
  #times;
  #size = 0;

  constructor(capacity) {
    this.#times = new Float64Array(capacity);
  }

  push(time) {
    const times = this.#times;
    let hole = this.#size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (times[parent] >= time) break;
      times[hole] = times[parent];
      hole = parent;
    }
    times[hole] = time;
  }

  pop() {
    const times = this.#times;
    const top = times[0];
    const last = times[--this.#size];
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && times[child + 1] > times[child]) child += 1;
      if (times[child] <= last) break;
      times[hole] = times[child];
      hole = child;
    }
    times[hole] = last;
    return top;
  }
}
