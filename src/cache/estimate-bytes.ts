const REFERENCE = 8;
const OBJECT = 24;
const MAX_NODES = 10_000;

/**
 * About how many bytes of memory a value holds: 8 for a number or reference, 24 and its fields for an object, the
 * length and 16 for a text (V8 keeps Latin text in one byte a character), the real size of buffers. Shared parts count
 * once. After 10,000 objects the rest is taken to be like what was seen, so one call stays below a millisecond or so.
 */
export function estimateBytes(value: unknown): number {
  const seen = new Set<object>();
  const waiting: unknown[] = [value];
  let bytes = 0;
  let nodes = 0;
  while (waiting.length > 0) {
    if (nodes >= MAX_NODES) return Math.round(bytes * (1 + waiting.length / nodes));
    nodes += 1;
    const next = waiting.pop();
    if (typeof next === 'string') bytes += 16 + next.length;
    else if (typeof next === 'object' && next !== null) {
      if (seen.has(next)) continue;
      seen.add(next);
      bytes += ownBytes(next, waiting);
    } else bytes += REFERENCE;
  }
  return bytes;
}

function ownBytes(object: object, waiting: unknown[]): number {
  if (ArrayBuffer.isView(object) || object instanceof ArrayBuffer) return OBJECT + object.byteLength;
  if (object instanceof Date) return OBJECT + REFERENCE;
  if (Array.isArray(object)) {
    for (const item of object) waiting.push(item);
    return OBJECT + REFERENCE * object.length;
  }
  if (object instanceof Map) {
    for (const [key, value] of object) waiting.push(key, value);
    return OBJECT + 4 * REFERENCE * object.size;
  }
  if (object instanceof Set) {
    for (const item of object) waiting.push(item);
    return OBJECT + 3 * REFERENCE * object.size;
  }
  let fields = 0;
  for (const name of Object.keys(object)) {
    fields += 1;
    // A getter could do anything; what it returns is not stored here anyway.
    const descriptor = Object.getOwnPropertyDescriptor(object, name);
    if (descriptor !== undefined && 'value' in descriptor) waiting.push(descriptor.value);
  }
  return OBJECT + REFERENCE * fields;
}
