/** Three digits at most: `0.21 ms`, `4.2 ms`, `131 ms`. */
export function asMilliseconds(seconds: number): string {
  return `${threeDigits(seconds * 1000)} ms`;
}

/** @param share from 0 to 1. */
export function asPercent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value.toFixed(value >= 9.995 ? 1 : 2);
}

/** @param bytes in use or allowed. */
export function asMegabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
