/** 32 bits that stand for a key. */
export type KeyHash = (key: string) => number;

/**
 * A hash that nobody outside can foresee: start and multiplier are secret, so keys cannot be crafted to share counters
 * with a popular one. Not for cryptography. Takes time by the length of the key, about a nanosecond a character.
 */
export function makeKeyHash(random: () => number = Math.random): KeyHash {
  const start = anyBits(random);
  // 5 modulo 8 keeps every bit in play, as multipliers of random number generators do.
  const multiplier = (anyBits(random) & ~7) | 5;
  return (key) => {
    let hash = start ^ key.length;
    for (let i = 0; i < key.length; i++) {
      hash = Math.imul(hash ^ key.charCodeAt(i), multiplier);
      // Multiplying carries upwards only; without this the low bits would never see the high ones.
      hash ^= hash >>> 15;
    }
    return hash;
  };
}

/** Spreads what differs in some bits over all of them (the finalizer of MurmurHash3). */
export function scatter(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}

function anyBits(random: () => number): number {
  return Math.floor(random() * 0x1_0000_0000) | 0;
}
