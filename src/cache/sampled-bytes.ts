import { estimateBytes } from './estimate-bytes.js';
import type { MemoryEntry } from './memory-entry.js';
import type { PolicyStore } from './policy/policy-store.js';

/** Bytes of all entries, from a sample: looking at every value would take as long as there are values. */
export function sampledBytes(store: PolicyStore<MemoryEntry>, sampleSize: number): number {
  let [bytes, sampled] = [0, 0];
  for (const key of store.keys(sampleSize)) {
    bytes += estimateBytes(key) + estimateBytes(store.peek(key)!.value);
    sampled += 1;
  }
  return sampled === 0 ? 0 : Math.round((bytes / sampled) * store.size);
}
