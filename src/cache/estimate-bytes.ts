const SLOT = 8;
const OBJECT = 24;
const TEXT = 16;
const MAX_NODES = 10_000;
/** Of a larger collection so many items are looked at and stand for the rest. */
const SAMPLED_ITEMS = 256;

/**
 * About how many bytes of memory a value holds: 8 for each slot (a number is its slot), 24 for an object, the length
 * and 16 for a text (V8 keeps Latin text in one byte a character), the real size of buffers. Shared parts count once.
 * Of collections with more than 256 items a sample stands for all, and after 10,000 objects the rest is left out, so
 * that one call takes no longer than a millisecond or so.
 */
export function estimateBytes(value: unknown): number {
  const seen = new Set<object>();
  const waiting = new Waiting();
  waiting.push(value, 1);
  let bytes = SLOT;
  for (let nodes = 0; nodes < MAX_NODES && waiting.size > 0; nodes++) {
    const [next, weight] = waiting.pop();
    if (typeof next === 'string') bytes += weight * (TEXT + next.length);
    else if (typeof next === 'object' && next !== null && !seen.has(next)) {
      seen.add(next);
      bytes += weight * ownBytes(next, weight, waiting);
    }
  }
  return Math.round(bytes);
}

/** What is still to be looked at, and for how many alike each thing stands. */
class Waiting {
  readonly #values: unknown[] = [];
  readonly #weights: number[] = [];

  get size(): number {
    return this.#values.length;
  }

  push(value: unknown, weight: number): void {
    this.#values.push(value);
    this.#weights.push(weight);
  }

  pop(): [value: unknown, weight: number] {
    return [this.#values.pop(), this.#weights.pop()!];
  }
}

function ownBytes(object: object, weight: number, waiting: Waiting): number {
  if (ArrayBuffer.isView(object) || object instanceof ArrayBuffer) return OBJECT + object.byteLength;
  if (object instanceof Date) return OBJECT + SLOT;
  if (Array.isArray(object)) return OBJECT + SLOT * pushItems(object, object.length, weight, waiting);
  if (object instanceof Map) {
    pushItems(object.keys(), object.size, weight, waiting);
    return OBJECT + 4 * SLOT * pushItems(object.values(), object.size, weight, waiting);
  }
  if (object instanceof Set) return OBJECT + 3 * SLOT * pushItems(object, object.size, weight, waiting);
  const names = Object.keys(object);
  const fields = names.map((name) => {
    // A getter could do anything; what it returns is not stored here anyway.
    const descriptor = Object.getOwnPropertyDescriptor(object, name);
    return descriptor !== undefined && 'value' in descriptor ? (descriptor.value as unknown) : undefined;
  });
  return OBJECT + SLOT * pushItems(fields, fields.length, weight, waiting);
}

/** Every n-th item, each standing for n. */
function pushItems(items: Iterable<unknown>, size: number, weight: number, waiting: Waiting): number {
  const step = Math.max(1, size / SAMPLED_ITEMS);
  let position = 0;
  let next = 0;
  for (const item of items) {
    if (position++ < next) continue;
    next += step;
    waiting.push(item, weight * step);
  }
  return size;
}
